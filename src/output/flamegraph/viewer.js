/*
 * The flame graph's viewer. It takes the place of the static picture when the
 * file is opened on its own, and draws from the data element. tree.js, labels.js,
 * page.js, details.js and this file are one function in the SVG. No network, no eval; names
 * enter the page only as text or attribute values set through the DOM.
 */

const GAP_PX = 0.6;
const LABEL_PADDING_PX = 4;
const LABEL_MIN_PX = 22;
/* Narrower frames are not drawn: nobody can see or hit them. */
const FRAME_MIN_PX = 0.3;
/* Narrower ones are drawn together, one shape per colour: nobody can hit them either. */
const ELEMENT_MIN_PX = 1;

/** Tells frames by their names; null: by nothing. Throws at a wrong regular expression. */
function matcherOf(profile, search, isRegex, isCaseSensitive) {
	if (!search)
		return null;
	if (search.startsWith("lib:")) {
		const library = search.slice(4);

		if (library === "kernel")
			return (frame) => (profile.flags(frame) & IS_KERNEL) !== 0;
		return (frame) => profile.library(frame) === library;
	}
	const source = isRegex ? search : search.replace(/[\\^$.*+?()[\]{}|\/]/g, "\\$&");
	const pattern = new RegExp(source, isCaseSensitive ? "u" : "iu");

	return (frame) => pattern.test(profile.name(frame));
}

class Viewer extends Details {
	constructor(svg, data) {
		super(svg, data);
		this.rowHeight = data.rowHeight;
		labelFont.size = data.fontSize;
		labelFont.family = getComputedStyle(this.frames).fontFamily;
		this.attributes = new Map(data.attributes.map(([frame, ...rest]) => [frame, rest]));
		this.state = this.defaultState();
		this.drawn = [];
		this.views = new Map();
		this.matched = null;
		this.current = null; /* the focused frame */
		this.hovered = null; /* the one under the mouse */
		this.matchIndex = -1;
		this.readState();
		this.listen();
		this.apply(true);
	}

	defaultState() {
		return {
			zoom: [],
			search: "",
			isRegex: false,
			isCaseSensitive: false,
			isInverted: this.data.isInverted,
			isReversed: this.data.isReversed,
			isKernelHidden: false,
			isFolded: false,
			filters: [],
			measure: "both",
			theme: "",
		};
	}

	/* ------------------------------------------------------------- state */

	readState() {
		const query = new URLSearchParams(location.hash.slice(1));
		const state = this.defaultState();
		const flag = (key, name) => {
			if (query.has(key))
				state[name] = query.get(key) === "1";
		};
		const numbers = (key) =>
			(query.get(key) || "").split(".").filter((text) => /^\d+$/.test(text)).map(Number)
				.filter((number) => number < this.profile.n_frames);

		state.zoom = numbers("zoom");
		state.filters =
			query.getAll("filter").filter((filter) => /^(f\d+$|[hk]r?c?:)/.test(filter));
		if (this.data.difference && ["before", "after"].includes(query.get("widths")))
			state.measure = query.get("widths");
		state.search = query.get("search") || "";
		state.theme = ["dark", "light"].includes(query.get("theme")) ? query.get("theme") : "";
		flag("regex", "isRegex");
		flag("case", "isCaseSensitive");
		flag("icicle", "isInverted");
		flag("callers", "isReversed");
		flag("nokernel", "isKernelHidden");
		flag("merge", "isFolded");
		this.state = state;
	}

	hash() {
		const query = new URLSearchParams();
		const usual = this.defaultState();
		const flag = (key, name) => {
			if (this.state[name] !== usual[name])
				query.set(key, this.state[name] ? "1" : "0");
		};

		if (this.state.zoom.length)
			query.set("zoom", this.state.zoom.join("."));
		if (this.state.search)
			query.set("search", this.state.search);
		flag("regex", "isRegex");
		flag("case", "isCaseSensitive");
		flag("icicle", "isInverted");
		flag("callers", "isReversed");
		flag("nokernel", "isKernelHidden");
		flag("merge", "isFolded");
		for (const filter of this.state.filters)
			query.append("filter", filter);
		if (this.state.measure !== "both")
			query.set("widths", this.state.measure);
		if (this.state.theme)
			query.set("theme", this.state.theme);
		return "#" + query;
	}

	/** A zoom is a step in the browser's history; all else belongs to the step it is in. */
	store(isStep) {
		const url = location.href.replace(/#.*/, "") + this.hash();

		try {
			if (isStep)
				history.pushState({ steps: this.steps() + 1 }, "", url);
			else
				history.replaceState({ steps: this.steps() }, "", url);
		} catch (error) {
			/* Not allowed here (a sandbox): the view works, the URL stays. */
		}
	}

	/** How many zooms of ours the browser can go back through. */
	steps() {
		return history.state && history.state.steps || 0;
	}

	toggle(name) {
		const isTree = name === "isReversed" || name === "isKernelHidden" || name === "isFolded";

		if (name === "isReversed" && this.data.isChart)
			return;
		this.state[name] = !this.state[name];
		if (name === "isReversed")
			this.state.zoom = [];
		if (isTree)
			this.current = null;
		this.store(false);
		this.apply(true);
	}

	showMeasure(measure) {
		this.state.measure = measure;
		this.current = null;
		this.store(false);
		this.apply(true);
	}

	nextMeasure() {
		const measures = Array.from(this.measureButtons.keys());

		if (measures.length)
			this.showMeasure(
				measures[(measures.indexOf(this.state.measure) + 1) % measures.length]);
	}

	/** The theme chosen, or the one the file's background needs; "": the reader's. */
	theme() {
		return this.state.theme || this.data.theme || "";
	}

	isDark() {
		return this.theme() ? this.theme() === "dark"
							: matchMedia("(prefers-color-scheme: dark)").matches;
	}

	toggleTheme() {
		this.state.theme = this.isDark() ? "light" : "dark";
		this.store(false);
		this.applyTheme();
	}

	applyTheme() {
		const sheet = this.svg.querySelector("#flame-dark").sheet;
		const queries = { "": "(prefers-color-scheme: dark)", dark: "all", light: "not all" };

		sheet.cssRules[0].media.mediaText = queries[this.theme()];
		this.svg.style.colorScheme = this.isDark() ? "dark" : "light";
		this.buttons.theme.firstChild.textContent = this.isDark() ? "Light" : "Dark";
	}

	/** The tree for the present state; kept, so that going back finds the same frames. */
	chooseView() {
		const { isReversed, isKernelHidden, isFolded, filters, measure } = this.state;
		const key = JSON.stringify([isReversed, isKernelHidden, isFolded, measure, ...filters]);

		if (!this.views.has(key)) {
			const { n_frames } = this.profile;
			const hidden = new Uint8Array(n_frames), kept = [];
			const leftOut = IS_GAP | (isKernelHidden ? IS_KERNEL : 0);

			for (let i = 0; i < n_frames; i++)
				hidden[i] = this.profile.flags(i) & leftOut ? 1 : 0;
			for (const filter of filters)
				this.addFilter(filter, hidden, kept);
			this.views.set(
				key, new View(this.profile, { isReversed, isFolded, hidden, kept, measure }));
		}
		this.view = this.views.get(key);
	}

	/**
	 * "f12": hide frame 12; "h:text", "k:text": hide or keep what a search finds, with the
	 * letters r and c before the colon as a regular expression, or if its case matches.
	 */
	addFilter(filter, hidden, kept) {
		const [, kind, flags, text] = /^([fhk])([rc]*):?(.*)$/su.exec(filter);

		if (kind === "f") {
			hidden[Number(text)] = 1;
			return;
		}
		const frames = kind === "h" ? hidden : new Uint8Array(this.profile.n_frames);
		let isMatch = null;

		try {
			isMatch = matcherOf(this.profile, text, flags.includes("r"), flags.includes("c"));
		} catch (error) {
			return; /* a link with a wrong regular expression */
		}

		for (let i = 0; isMatch && i < frames.length; i++) {
			if (isMatch(i) && !(this.profile.flags(i) & IS_ALL))
				frames[i] = 1;
		}
		if (kind === "k")
			kept.push(frames);
	}

	apply(isScrolling) {
		this.applyTheme();
		this.chooseView();
		this.zoomed = this.view.find(this.state.zoom);
		this.buttons.reset.disabled = !this.zoomed.parent;
		this.buttons.invert.setAttribute("aria-pressed", String(this.state.isInverted));
		this.buttons.reverse.setAttribute("aria-pressed", String(this.state.isReversed));
		this.buttons.kernel.setAttribute("aria-pressed", String(this.state.isKernelHidden));
		for (const [measure, button] of this.measureButtons)
			button.setAttribute("aria-pressed", String(this.state.measure === measure));
		for (const [name, option] of Object.entries(this.options))
			option.setAttribute("aria-pressed", String(this.state[name]));
		if (this.input.value !== this.state.search)
			this.input.value = this.state.search;
		this.match();
		this.draw();
		if (isScrolling)
			this.scrollToZoomed();
		this.showDetails(null);
	}

	/* ------------------------------------------------------------ search */

	matcher() {
		const { search, isRegex, isCaseSensitive } = this.state;

		return matcherOf(this.profile, search, isRegex, isCaseSensitive);
	}

	/** Samples with a matched frame anywhere on their stack, each counted once. */
	matchedTotal() {
		const { parent, frame, n_nodes } = this.profile;
		const { total } = this.view;
		const isInside = new Uint8Array(n_nodes);
		let sum = 0;

		for (let i = 1; i < n_nodes; i++) {
			if (isInside[parent[i]]) {
				isInside[i] = 1;
			} else if (this.matched[frame[i]] && !this.view.hidden[frame[i]]) {
				isInside[i] = 1;
				sum += total[i];
			}
		}
		return sum;
	}

	match() {
		let isMatched = null, isWrong = false, isNothing = true;

		try {
			isMatched = this.matcher();
		} catch (error) {
			isWrong = true;
		}
		this.matched = null;
		this.matchIndex = -1;
		this.matchText = isWrong ? "not a regular expression" : "";
		if (isMatched) {
			let n_functions = 0;

			this.matched = new Uint8Array(this.profile.n_frames);
			for (let i = 0; i < this.matched.length; i++) {
				const isReal = !(this.profile.flags(i) & (IS_ALL | IS_ELIDED | IS_GAP));

				this.matched[i] = isReal && isMatched(i) ? 1 : 0;
				n_functions += this.matched[i];
			}
			isNothing = n_functions === 0;
			this.matchText = isNothing
				? "no match"
				: formatPercent(this.matchedTotal() / this.view.all) + " in " +
					formatCount(n_functions) + (n_functions === 1 ? " function" : " functions");
		}
		this.found.textContent = this.matchText;
		this.input.setAttribute("aria-invalid", String(isWrong));
		this.clear.hidden = !this.state.search;
		this.next.hidden = this.previous.hidden = !this.matched;
		this.hideMatches.hidden = !this.matched || isNothing;
		this.keepMatches.hidden = !this.matched || isNothing || Boolean(this.data.isChart);
		for (const [query, chip] of this.legendButtons)
			chip.setAttribute("aria-pressed", String(query === this.state.search));
	}

	search(text) {
		this.state.search = text;
		this.store(false);
		this.apply(false);
	}

	/** Go to the next match drawn, from left to right and root to leaf. */
	step(direction) {
		const matches =
			this.drawn.filter((item) => this.isMatch(item.frame) && this.elements.has(item.frame))
				.sort((a, b) => a.x - b.x || a.frame.depth - b.frame.depth);

		if (!matches.length) {
			if (this.matched)
				this.found.textContent = this.matchText + ", none wide enough to show here";
			return;
		}
		this.matchIndex = this.matchIndex < 0 && direction < 0
			? matches.length - 1
			: (this.matchIndex + direction + matches.length) % matches.length;
		this.focus(matches[this.matchIndex].frame);
		this.found.textContent =
			(this.matchIndex + 1) + " of " + matches.length + " \u00b7 " + this.matchText;
	}

	/* -------------------------------------------------------------- zoom */

	zoomTo(frame) {
		if (frame === this.zoomed)
			return;
		this.state.zoom = frame.path();
		this.current = frame;
		this.store(true);
		this.apply(true);
		this.focus(frame);
	}

	zoomBack() {
		if (this.steps() > 0)
			history.back();
		else
			this.zoomTo(this.view.root);
	}

	/** A click or Enter. */
	activate(frame) {
		if (frame === this.zoomed && frame.parent)
			this.zoomBack();
		else
			this.zoomTo(frame);
	}

	/* -------------------------------------------------------------- draw */

	/** Fill this.drawn with {frame, x, width, isFaded} in pixels. */
	layout(width) {
		const items = [], pending = [];
		const scale = width / Math.max(this.zoomed.total, 1);
		const [leastPx, leastShare] = this.data.leastWidth || [0, 0];
		const least = Math.max(leastPx, leastShare * this.view.all * scale) || FRAME_MIN_PX;

		for (let frame = this.zoomed.parent; frame; frame = frame.parent)
			items.push({ frame, x: 0, width, isFaded: true });
		pending.push({ frame: this.zoomed, x: 0, width, isFaded: false });
		this.n_narrow = 0;
		this.leastPx = least;
		while (pending.length > 0) {
			const item = pending.pop();
			/* What ends in the frame itself comes first, as in the static picture. */
			let x = item.x + (this.selfBeforeKids(item.frame)) * scale;

			items.push(item);
			for (const kid of this.view.children(item.frame)) {
				const kidWidth = kid.total * scale;

				if (this.data.isChart)
					x = (kid.start - this.zoomed.start) * scale;
				if (kidWidth >= least)
					pending.push({ frame: kid, x, width: kidWidth, isFaded: false });
				else
					this.n_narrow++;
				x += kidWidth;
			}
		}
		this.drawn = items;
	}

	/** The root's rest when --total is more than there is comes last. */
	selfBeforeKids(frame) {
		const rest = frame.parent ? 0 : frame.total - this.view.total[0];

		return this.view.selfOf(frame) - Math.max(rest, 0);
	}

	draw() {
		const width = this.data.width || Math.max(this.scroll.clientWidth - 20, 200);
		const hadFocus = this.graph.contains(document.activeElement);

		this.layout(width);
		this.n_rows = this.drawn.reduce((rows, item) => Math.max(rows, item.frame.depth + 1), 1);
		this.graph.setAttribute("width", width);
		this.graph.setAttribute("height", this.n_rows * this.rowHeight);
		this.app.classList.toggle("inverted", this.state.isInverted);
		this.app.classList.toggle("searching", Boolean(this.matched));
		const fragment = document.createDocumentFragment();
		this.elements = new Map();
		this.drawNarrow(fragment);
		for (const item of this.drawn) {
			if (item.width >= ELEMENT_MIN_PX)
				fragment.append(this.drawFrame(item));
		}
		this.frames.replaceChildren(fragment);
		if (!this.elements.has(this.current))
			this.current = this.zoomed;
		const element = this.elements.get(this.current);
		element.setAttribute("tabindex", "0");
		if (hadFocus)
			element.focus({ preventScroll: true });
		this.showNote();
	}

	isMatch(frame) {
		return this.matched !== null && this.matched[frame.frame] === 1;
	}

	drawNarrow(fragment) {
		const shapes = new Map();

		for (const { frame, x, width } of this.drawn) {
			if (width >= ELEMENT_MIN_PX)
				continue;
			const key = this.className(frame) + (this.isMatch(frame) ? " match" : "");
			const shape = "M" + x.toFixed(2) + " " + this.rowTop(frame) + "h" +
				Math.max(width - GAP_PX, 0.3).toFixed(2) + "v" + (this.rowHeight - 1) + "H" +
				x.toFixed(2) + "z";

			shapes.set(key, (shapes.get(key) || "") + shape);
		}
		for (const [key, shape] of shapes) {
			const path = document.createElementNS(SVG, "path");

			path.setAttribute("class", "narrow " + key);
			path.setAttribute("d", shape);
			path.setAttribute("aria-hidden", "true");
			fragment.append(path);
		}
	}

	drawFrame(item) {
		const number = item.frame.frame;
		const name = this.profile.name(number);
		const group = document.createElementNS(SVG, "g");
		const rect = document.createElementNS(SVG, "rect");
		const y = this.rowTop(item.frame);
		const label = item.width >= LABEL_MIN_PX
			? fitLabel(name, item.width - 2 * LABEL_PADDING_PX, this.data.isCutRight)
			: "";

		group.setAttribute("class",
			"frame" + (item.isFaded ? " faded" : "") + (this.isMatch(item.frame) ? " match" : ""));
		group.setAttribute("role", "treeitem");
		group.setAttribute("aria-level", item.frame.depth + 1);
		group.setAttribute(
			"aria-label", name + ", " + formatPercent(item.frame.total / this.view.all));
		this.addAttributes(group, number);
		group.flameFrame = item.frame;
		rect.setAttribute("class", this.className(item.frame));
		if (this.data.isDiffused)
			rect.setAttribute("fill-opacity",
				(0.25 + 0.75 * Math.sqrt(item.frame.total / this.view.all)).toFixed(2));
		rect.setAttribute("x", item.x.toFixed(2));
		rect.setAttribute("y", y);
		rect.setAttribute("width", Math.max(item.width - GAP_PX, 0.3).toFixed(2));
		rect.setAttribute("height", this.rowHeight - 1);
		group.append(rect);
		if (label) {
			const text = document.createElementNS(SVG, "text");

			text.setAttribute("x", (item.x + LABEL_PADDING_PX).toFixed(2));
			text.setAttribute("y", y + (this.rowHeight + labelFont.size) / 2 - 2.5);
			text.textContent = label;
			group.append(text);
		}
		this.elements.set(item.frame, group);
		return group;
	}

	/** What --nameattr says; the file holds only harmless ones. */
	addAttributes(group, number) {
		const [, , , extras] = this.attributes.get(number) || ["", "", "", []];

		for (let i = 0; i < extras.length; i += 2) {
			if (extras[i] === "class")
				group.classList.add(...extras[i + 1].split(/\s+/).filter(Boolean));
			else
				group.setAttribute(extras[i], extras[i + 1]);
		}
	}

	/** The colour: of differences by how much a frame changed, else the function's. */
	className(frame) {
		const { difference } = this.data;

		if (!difference || !frame.parent)
			return this.profile.className(frame.frame);
		const change = this.changeOf(frame);
		const step = difference.max > 0 && Math.abs(change) >= 0.5
			? Math.ceil(Math.sqrt(Math.min(Math.abs(change) / difference.max, 1)) * CHANGE_STEPS)
			: 0;

		return "d" + (change < 0 ? -step : step) + (frame.after > 0 ? "" : " gone");
	}

	changeOf(frame) {
		return frame.after - frame.before * this.data.difference.factor;
	}

	rowTop(frame) {
		return (this.state.isInverted ? frame.depth : this.n_rows - 1 - frame.depth) *
			this.rowHeight;
	}

	/** With tall graphs: the zoomed frame and a few of its callers at the root's side. */
	scrollToZoomed() {
		const rows = Math.max(this.zoomed.depth - 3, 0) * this.rowHeight;

		this.scroll.scrollTop = this.state.isInverted
			? rows
			: this.scroll.scrollHeight - this.scroll.clientHeight - rows;
		this.heightBefore = this.scroll.clientHeight;
		this.keepBottom(false);
	}

	/** Flames stand on the lower edge when the window's height changes. */
	keepBottom(isRestoring) {
		const { scrollHeight, clientHeight, scrollTop } = this.scroll;

		if (isRestoring && !this.state.isInverted)
			this.scroll.scrollTop = scrollHeight - clientHeight - (this.bottomBefore || 0);
		else if (clientHeight === this.heightBefore)
			this.bottomBefore = Math.max(scrollHeight - clientHeight - scrollTop, 0);
		this.heightBefore = clientHeight;
	}

	focus(frame) {
		const element = this.elements.get(frame);

		if (!element)
			return;
		const before = this.elements.get(this.current);
		if (before)
			before.removeAttribute("tabindex");
		this.current = frame;
		element.setAttribute("tabindex", "0");
		element.focus({ preventScroll: true });
		element.firstChild.scrollIntoView({ block: "nearest", inline: "nearest" });
		this.showDetails(frame);
	}

	/** Arrow keys: towards the leaves, the root, or the sibling on that side. */
	walk(key) {
		const outwards = this.state.isInverted ? "ArrowUp" : "ArrowDown";
		const frame = this.current;
		const isDrawn = (other) => this.elements.has(other);
		let target = null;

		if (key === outwards) {
			target = frame.parent;
		} else if (key === "ArrowUp" || key === "ArrowDown") {
			target = this.view.children(frame).filter(isDrawn).reduce(
				(best, kid) => !best || kid.total > best.total ? kid : best, null);
		} else {
			const row =
				this.drawn.filter((item) => item.frame.depth === frame.depth && isDrawn(item.frame))
					.sort((a, b) => a.x - b.x)
					.map((item) => item.frame);

			target = row[row.indexOf(frame) + (key === "ArrowLeft" ? -1 : 1)];
		}
		this.focus(target && isDrawn(target) ? target : frame);
	}

	/* ------------------------------------------------------------- filters */

	hideFunction() {
		const { frame, parent } = this.subject();

		if (!parent)
			return;
		this.state.zoom = this.state.zoom.filter((number) => number !== frame);
		this.current = parent;
		this.hovered = null;
		this.addToFilters("f" + frame);
	}

	/** Hide ("h") or keep ("k") what the search finds. */
	filterMatches(kind) {
		const { search, isRegex, isCaseSensitive } = this.state;

		if (!this.matched || !this.matched.includes(1) || (kind === "k" && this.data.isChart))
			return;
		this.state.search = "";
		this.addToFilters(
			kind + (isRegex ? "r" : "") + (isCaseSensitive ? "c" : "") + ":" + search);
	}

	addToFilters(filter) {
		this.state.filters = this.state.filters.concat(filter);
		this.store(false);
		this.apply(false);
	}

	showAgain() {
		this.state.filters = this.state.filters.slice(0, -1);
		this.store(false);
		this.apply(false);
	}

	showHelp(isShown) {
		this.help.hidden = !isShown;
		if (isShown)
			this.help.firstChild.focus();
		else
			this.focus(this.current);
	}

	/* ------------------------------------------------------------ events */

	listen() {
		const frameAt = (event) => {
			const element = event.target.closest && event.target.closest(".frame");

			return element && element.flameFrame;
		};

		this.graph.addEventListener("click", (event) => {
			const frame = frameAt(event);

			if (frame)
				this.activate(frame);
		});
		const hover = (frame) => {
			this.hovered = frame;
			this.showDetails(frame);
		};

		this.graph.addEventListener("mousemove", (event) => hover(frameAt(event) || null));
		this.graph.addEventListener("mouseleave", () => hover(null));
		this.graph.addEventListener("focusin", (event) => {
			const frame = frameAt(event);

			if (frame) {
				this.current = frame;
				this.hovered = null;
				this.showDetails(frame);
			}
		});
		this.input.addEventListener("input", () => this.search(this.input.value));
		this.input.addEventListener("keydown", (event) => this.onSearchKey(event));
		document.addEventListener("keydown", (event) => this.onKey(event));
		addEventListener("popstate", () => {
			this.readState();
			this.apply(true);
		});
		matchMedia("(prefers-color-scheme: dark)")
			.addEventListener("change", () => this.applyTheme());
		this.scroll.addEventListener("scroll", () => this.keepBottom(false));
		new ResizeObserver(() => {
			if (this.scroll.clientWidth !== this.widthBefore) {
				this.widthBefore = this.scroll.clientWidth;
				this.draw();
			}
			this.keepBottom(true);
		}).observe(this.scroll);
	}

	onSearchKey(event) {
		if (event.key === "Enter") {
			this.step(event.shiftKey ? -1 : 1);
			event.preventDefault();
		} else if (event.key === "Escape") {
			if (this.state.search)
				this.search("");
			else
				this.focus(this.current);
		}
		event.stopPropagation();
	}

	onKey(event) {
		const isOnButton = event.target.localName === "button";

		if (event.ctrlKey || event.metaKey || event.altKey)
			return;
		if (event.key === "Escape") {
			if (!this.help.hidden)
				this.showHelp(false);
			else if (this.state.search)
				this.search("");
			else if (this.zoomed.parent)
				this.zoomBack();
		} else if (event.key.startsWith("Arrow")) {
			this.walk(event.key);
		} else if ((event.key === "Enter" || event.key === " ") && !isOnButton) {
			this.activate(this.current);
		} else if (Object.hasOwn(Viewer.keys, event.key)) {
			Viewer.keys[event.key](this);
		} else {
			return;
		}
		event.preventDefault();
	}
}

Viewer.keys = {
	"/": (viewer) => viewer.input.select() || viewer.input.focus(),
	"n": (viewer) => viewer.step(1),
	"N": (viewer) => viewer.step(-1),
	"i": (viewer) => viewer.toggle("isInverted"),
	"r": (viewer) => viewer.toggle("isReversed"),
	"k": (viewer) => viewer.toggle("isKernelHidden"),
	"m": (viewer) => viewer.toggle("isFolded"),
	"d": (viewer) => viewer.toggleTheme(),
	"x": (viewer) => viewer.hideFunction(),
	"h": (viewer) => viewer.filterMatches("h"),
	"o": (viewer) => viewer.filterMatches("k"),
	"u": (viewer) => viewer.showAgain(),
	"v": (viewer) => viewer.nextMeasure(),
	"c": (viewer) => viewer.copy(viewer.profile.name(viewer.subject().frame), "the name"),
	"C": (viewer) => viewer.copyStack(),
	"?": (viewer) => viewer.showHelp(viewer.help.hidden),
	"Home": (viewer) => viewer.zoomTo(viewer.view.root),
};

const svg = document.currentScript.ownerSVGElement;
const source = svg.querySelector("#flame-data");

new Viewer(svg, JSON.parse(source.textContent));
