/*
 * The flame graph's viewer. It takes the place of the static picture when the file is opened
 * on its own, and draws from the data element. tree.js, labels.js, overlay.js, page.js,
 * details.js, drawing.js, state.js and this file are one function in the SVG. No network, no
 * eval; names enter the page only as text or attribute values set through the DOM.
 */

/* About the width of a sheet in landscape, so that letters keep their size there. */
const SHEET_WIDTH_PX = 1060;

class Viewer extends State {
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

	toggleTheme() {
		this.state.theme = this.isDark() ? "light" : "dark";
		this.store(false);
		this.applyTheme();
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
		this.tip.hide();
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

	/** Leave only the stacks that go through a function. */
	keepFunction() {
		const { frame, parent } = this.subject();

		if (!parent || this.data.isChart)
			return;
		this.addToFilters("s" + frame);
	}

	/** Search for a function by its whole name. */
	findFunction() {
		const name = this.profile.name(this.subject().frame);

		this.state.isRegex = this.state.isCaseSensitive = true;
		this.search("^" + name.replace(REGEX_SPECIAL, "\\$&") + "$");
	}

	/** The menu of the frame under the pointer or with the focus. */
	openMenu(x, y) {
		const frame = this.subject();
		const box = this.app.getBoundingClientRect();
		const entries = [];

		this.hovered = null;
		this.current = frame;
		if (frame !== this.zoomed)
			entries.push(["Zoom to it", "Enter", () => this.zoomTo(frame)]);
		if (this.zoomed.parent)
			entries.push(["Zoom back", "Esc", () => this.zoomBack()]);
		if (frame.parent) {
			entries.push(["Mark it everywhere", "f", () => this.findFunction()]);
			entries.push(["Hide it everywhere", "x", () => this.hideFunction()]);
			if (!this.data.isChart)
				entries.push(["Only stacks with it", "s", () => this.keepFunction()]);
			entries.push(["Copy name", "c", () => this.copyName()]);
			entries.push(["Copy stack", "C", () => this.copyStack()]);
		}
		if (this.state.filters.length)
			entries.push(["Undo: " + this.describeFilters(), "u", () => this.showAgain()]);
		entries.push([
			this.state.isFolded ? "Show recursion" : "Merge recursion", "m",
			() => this.toggle("isFolded")
		]);
		this.tip.hide();
		this.showDetails(frame);
		this.menu.open(x - box.x, y - box.y, this.profile.name(frame.frame), entries);
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

	/** The whole graph on one sheet, light, without what cannot be pressed on paper. */
	print(isPrinting) {
		this.app.classList.toggle("printed", isPrinting);
		this.app.style.width = isPrinting ? SHEET_WIDTH_PX + "px" : "";
		this.applyTheme();
		this.fillWindow();
		this.draw();
		if (isPrinting)
			this.fillSheet(SHEET_WIDTH_PX);
	}

	/* ------------------------------------------------------------ events */

	hover(frame) {
		this.hovered = frame;
		this.app.classList.toggle("hovering", frame !== null);
		this.tip.hide();
		this.showDetails(frame);
	}

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
		this.graph.addEventListener("pointermove", (event) => {
			const frame = frameAt(event) || null;

			this.hover(frame);
			if (frame && event.pointerType === "mouse" && this.menu.element.hidden)
				this.showTip(frame, event.clientX, event.clientY);
		});
		this.graph.addEventListener("pointerleave", () => this.hover(null));
		this.graph.addEventListener("contextmenu", (event) => {
			const frame = frameAt(event);

			if (!frame || event.shiftKey) /* with Shift: the browser's own */
				return;
			event.preventDefault();
			this.hovered = frame;
			/* From the keyboard it comes without a place. */
			const box = this.elements.get(frame).getBoundingClientRect();
			const isPlaced = event.clientX || event.clientY;
			this.openMenu(isPlaced ? event.clientX : box.x, isPlaced ? event.clientY : box.bottom);
		});
		this.more.addEventListener("click", () => {
			const box = this.more.getBoundingClientRect();

			this.openMenu(box.right, box.top);
		});
		this.graph.addEventListener("focusin", (event) => {
			const frame = frameAt(event);

			if (frame) {
				this.current = frame;
				this.hover(null);
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
		addEventListener("beforeprint", () => this.print(true));
		addEventListener("afterprint", () => this.print(false));
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

		this.tip.hide();
		/* The browser's own search does not find names that are cut. */
		if ((event.key === "f" && (event.ctrlKey || event.metaKey)) || event.key === "F3") {
			Viewer.keys["/"](this);
			event.preventDefault();
			return;
		}
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
	"f": (viewer) => viewer.findFunction(),
	"s": (viewer) => viewer.keepFunction(),
	"c": (viewer) => viewer.copyName(),
	"C": (viewer) => viewer.copyStack(),
	"?": (viewer) => viewer.showHelp(viewer.help.hidden),
	"Home": (viewer) => viewer.zoomTo(viewer.view.root),
};

const svg = document.currentScript.ownerSVGElement;
const source = svg.querySelector("#flame-data");

new Viewer(svg, JSON.parse(source.textContent));
