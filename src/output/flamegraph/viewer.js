/*
 * The flame graph's viewer. It takes the place of the static picture when the
 * file is opened on its own, and draws from the data element (its layout is
 * described in flamegraph_data.c). No network, no eval; names enter the page
 * only as text or attribute values set through the DOM.
 */
(function () {
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const XHTML = "http://www.w3.org/1999/xhtml";

const ROW_PX = 18;
const GAP_PX = 0.6;
const LABEL_PADDING_PX = 4;
const LABEL_MIN_PX = 22;
const LABEL_FONT_PX = 12;
/* Narrower frames are not drawn: nobody can see or hit them. */
const FRAME_MIN_PX = 0.3;
const ELLIPSIS = "\u2026";
/* What the Rust compiler puts behind names in its older mangling. */
const RUST_HASH = /::h[0-9a-f]{16}$/;

/* Frame flags: enum frame_flags and enum flamegraph_frame_flags. */
const IS_INLINED = 1, IS_KERNEL = 2, IS_JIT = 4, IS_UNKNOWN = 8, IS_RECOVERED = 16;
const IS_ALL = 256, IS_THREAD = 512, IS_INCOMPLETE = 1024, IS_ELIDED = 2048;

/* ------------------------------------------------------------------ data */

/** The frame tree as it is in the file: nodes in preorder, columns by node index. */
class Profile {
	constructor(data) {
		const n_frames = data.frames.length / 6;
		const n_nodes = data.nodes.length / 3;

		this.data = data;
		this.n_frames = n_frames;
		this.n_nodes = n_nodes;
		this.parent = new Int32Array(n_nodes);
		this.frame = new Int32Array(n_nodes);
		this.end = new Int32Array(n_nodes); /* one past the last node below */
		this.self = new Float64Array(n_nodes);
		this.total = new Float64Array(n_nodes);
		for (let i = 0, before = -1; i < n_nodes; i++) {
			let parent = before;

			for (let up = data.nodes[3 * i]; up > 0; up--)
				parent = this.parent[parent];
			this.parent[i] = parent;
			this.frame[i] = data.nodes[3 * i + 1];
			this.self[i] = this.total[i] = data.nodes[3 * i + 2];
			before = i;
		}
		this.end.fill(0);
		for (let i = n_nodes - 1; i > 0; i--) {
			const parent = this.parent[i];

			if (this.end[i] === 0)
				this.end[i] = i + 1;
			this.total[parent] += this.total[i];
			if (this.end[parent] === 0)
				this.end[parent] = this.end[i];
		}
		this.end[0] = n_nodes;
		data.nodes = null;
	}

	get all() {
		return this.total[0];
	}

	text(frame, column) {
		return this.data.strings[this.data.frames[6 * frame + column]];
	}

	name(frame) {
		return this.text(frame, 0);
	}

	library(frame) {
		return this.text(frame, 1);
	}

	file(frame) {
		return this.text(frame, 2);
	}

	line(frame) {
		return this.data.frames[6 * frame + 3];
	}

	flags(frame) {
		return this.data.frames[6 * frame + 4];
	}

	className(frame) {
		return this.text(frame, 5);
	}
}

/**
 * A frame of the tree as shown. Its children are made when it first gets wide
 * enough to be seen, so that flipping a large profile costs nothing up front.
 * sources: the nodes of the file that were merged into it. In a reversed tree
 * they come in pairs: the innermost node, and how far out of it we are.
 */
class Frame {
	constructor(parent, frame) {
		this.parent = parent;
		this.frame = frame;
		this.depth = parent ? parent.depth + 1 : 0;
		this.total = 0;
		this.sources = [];
		this.kids = null;
		this.element = null;
	}

	/** Frame numbers from the root to here; names a frame in the URL. */
	path() {
		const path = [];

		for (let frame = this; frame.parent; frame = frame.parent)
			path.push(frame.frame);
		return path.reverse();
	}
}

/** Which stacks are shown and from which end: makes the tree's frames. */
class View {
	constructor(profile, options) {
		this.profile = profile;
		this.isReversed = options.isReversed;
		this.isFolded = options.isFolded;
		this.hidden = options.hidden;
		this.root = new Frame(null, profile.frame[0]);
		this.root.total = profile.all;
	}

	children(frame) {
		if (!frame.kids) {
			const groups = new Map();

			if (this.isReversed)
				this.gatherCallers(frame, groups);
			else
				this.gatherCallees(frame, groups);
			frame.kids = Array.from(groups.values()).sort((a, b) => a.frame - b.frame);
		}
		return frame.kids;
	}

	/** Left out: a hidden frame, or one that repeats the frame it stands on. */
	isSkipped(number, below) {
		return this.hidden[number] === 1 || (this.isFolded && number === below);
	}

	group(groups, parent, number) {
		let kid = groups.get(number);

		if (!kid) {
			kid = new Frame(parent, number);
			groups.set(number, kid);
		}
		return kid;
	}

	gatherCallees(frame, groups) {
		const { frame: frames, end, total } = this.profile;
		const parents = frame.parent ? frame.sources.slice() : [0];

		while (parents.length > 0) {
			const parent = parents.pop();

			for (let i = parent + 1; i < end[parent]; i = end[i]) {
				if (this.isSkipped(frames[i], frame.frame)) {
					parents.push(i);
					continue;
				}
				const kid = this.group(groups, frame, frames[i]);
				kid.total += total[i];
				kid.sources.push(i);
			}
		}
	}

	gatherCallers(frame, groups) {
		const { frame: frames, parent, self, n_nodes } = this.profile;
		const add = (leaf, current) => {
			while (current > 0 && this.isSkipped(frames[current], frame.frame))
				current = parent[current];
			if (current <= 0)
				return;
			const kid = this.group(groups, frame, frames[current]);
			kid.total += self[leaf];
			kid.sources.push(leaf, current);
		};

		if (!frame.parent) {
			for (let i = 1; i < n_nodes; i++) {
				if (self[i] > 0)
					add(i, i);
			}
			return;
		}
		for (let k = 0; k < frame.sources.length; k += 2)
			add(frame.sources[k], parent[frame.sources[k + 1]]);
	}

	/** The frame at the end of a path, or as far as the path exists. */
	find(path) {
		let frame = this.root;

		for (const number of path) {
			const kid = this.children(frame).find((kid) => kid.frame === number);

			if (!kid)
				break;
			frame = kid;
		}
		return frame;
	}

	/** Samples that end in this very frame. */
	selfOf(frame) {
		return this.children(frame).reduce((left, kid) => left - kid.total, frame.total);
	}
}

/* ---------------------------------------------------------------- labels */

/** A text's width: the sum of its characters', which are asked for once each. */
const measure = (function () {
	const context = document.createElementNS(XHTML, "canvas").getContext("2d");
	const widths = new Map();

	return function (text) {
		let sum = 0;

		for (const character of text) {
			let width = widths.get(character);

			if (width === undefined) {
				context.font = LABEL_FONT_PX + "px " + FONT_FAMILY;
				width = context.measureText(character).width;
				widths.set(character, width);
			}
			sum += width;
		}
		return sum;
	};
})();

const FONT_FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", ' +
	'"DejaVu Sans", sans-serif';

/** One past the bracket that closes the one at position; 0: none does. */
function closingBracket(text, position) {
	const open = text[position], close = open === "<" ? ">" : ")";
	let depth = 0;

	for (let i = position; i < text.length; i++) {
		if (text[i] === open)
			depth++;
		else if (text[i] === close && text[i - 1] !== "-" && --depth === 0)
			return i + 1;
	}
	return 0;
}

/** Like "operator<" and "operator()", whose brackets are part of the name. */
function isAfterOperator(text, position) {
	return /operator$/.test(text.slice(0, position)) ||
		(text[position] === "<" && /operator<$/.test(text.slice(0, position)));
}

/** Without parameters, and template arguments as "<...>". */
function shortenArguments(name) {
	let short = "";

	for (let i = 0; i < name.length;) {
		const isBracket = name[i] === "<" || name[i] === "(";
		let end = 0;

		if (isBracket && i > 0 && !isAfterOperator(name, i))
			end = closingBracket(name, i);
		if (end && name[i] === "(" && name[end] === ":")
			end = 0;
		if (!end) {
			short += name[i++];
			continue;
		}
		if (name[i] === "(")
			break;
		short += end - i > 3 ? "<" + ELLIPSIS + ">" : name.slice(i, end);
		i = end;
	}
	return short;
}

/** Where the parts of a name start: after "::" and "/", outside brackets. */
function partStarts(name) {
	const starts = [];
	let depth = 0;

	for (let i = 0; i < name.length; i++) {
		if (name[i] === "<" || name[i] === "(")
			depth++;
		else if ((name[i] === ">" || name[i] === ")") && depth > 0)
			depth--;
		if (depth > 0)
			continue;
		if (name[i] === ":" && name[i + 1] === ":") {
			while (name[i] === ":")
				i++;
			if (i < name.length)
				starts.push(i);
			i--;
		} else if (name[i] === "/" && i + 1 < name.length) {
			starts.push(i + 1);
		}
	}
	return starts;
}

/** Names to try, longest first. The last may be cut further. */
const labelCandidates = (function () {
	const cache = new Map();

	return function (name) {
		let candidates = cache.get(name);

		if (!candidates) {
			const whole = name.replace(RUST_HASH, "");
			const short = shortenArguments(whole);

			candidates = [whole];
			if (short !== whole)
				candidates.push(short);
			const starts = partStarts(short);

			for (const start of starts)
				candidates.push(ELLIPSIS + short.slice(start));
			if (starts.length)
				candidates.push(short.slice(starts[starts.length - 1]));
			cache.set(name, candidates);
		}
		return candidates;
	};
})();

/** Cut at the right, between words when there is a boundary nearby. */
function cutRight(text, width) {
	let left = width - measure(ELLIPSIS), low = 0;

	for (const character of text) {
		left -= measure(character);
		if (left < 0)
			break;
		low += character.length;
	}
	if (low < 3)
		return "";
	for (let cut = low; cut > 3 && cut > low - 6; cut--) {
		if (/[_ <(.]/.test(text[cut]) ||
		    (/[a-z]/.test(text[cut - 1]) && /[A-Z]/.test(text[cut])))
			return text.slice(0, cut) + ELLIPSIS;
	}
	return text.slice(0, low) + ELLIPSIS;
}

function fitLabel(name, width) {
	const candidates = labelCandidates(name);

	for (const candidate of candidates) {
		if (measure(candidate) <= width)
			return candidate;
	}
	return cutRight(candidates[candidates.length - 1], width);
}

/* --------------------------------------------------------------- figures */

function formatCount(count) {
	return count.toLocaleString("en-US");
}

function formatPercent(share) {
	const percent = 100 * share;

	return (percent >= 99.995 ? "100" : percent >= 10 ? percent.toFixed(1)
							  : percent.toFixed(2)) + "\u2009%";
}

/** Half the width of the 95 % interval of a share found in n samples. */
function shareError(share, n) {
	return n > 0 ? 1.96 * Math.sqrt(share * (1 - share) / n) : 0;
}

/* ------------------------------------------------------------------ page */

function make(tag, properties, ...kids) {
	const element = document.createElementNS(XHTML, tag);

	for (const [key, value] of Object.entries(properties || {})) {
		if (key === "text")
			element.textContent = value;
		else if (key === "click")
			element.addEventListener("click", value);
		else
			element.setAttribute(key, value);
	}
	element.append(...kids);
	return element;
}

const KEYS = [
	["/", "search"],
	["n  N", "next, previous match"],
	["Esc", "close, clear the search, zoom back"],
	["\u2190 \u2191 \u2193 \u2192", "walk the frames"],
	["Enter", "zoom to the frame (again: back)"],
	["Home", "show everything"],
	["i", "flip: flames or icicles"],
	["r", "callers: merge from the innermost function on"],
	["k", "kernel frames on or off"],
	["m", "merge direct recursion"],
	["x  u", "hide the function everywhere, undo"],
	["c  C", "copy the name, the whole stack"],
	["d", "dark or light"],
	["?", "this help"],
];

class Viewer {
	constructor(svg, data) {
		this.svg = svg;
		this.profile = new Profile(data);
		this.data = data;
		this.state = this.defaultState();
		this.drawn = [];
		this.views = new Map();
		this.matched = null;
		this.current = null; /* the focused frame */
		this.hovered = null; /* the one under the mouse */
		this.matchIndex = -1;
		this.hasKernel = data.frames.some((flags, i) => i % 6 === 4 && flags & IS_KERNEL);
		this.build();
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
			hide: [],
			theme: "",
		};
	}

	/* ---------------------------------------------------- build the page */

	build() {
		const outer = document.createElementNS(SVG, "foreignObject");

		this.svg.querySelector("#picture").remove();
		this.svg.removeAttribute("viewBox");
		this.svg.removeAttribute("role");
		for (const [name, value] of [["width", "100%"], ["height", "100%"]]) {
			this.svg.setAttribute(name, value);
			outer.setAttribute(name, value);
		}
		this.svg.classList.add("live");
		this.app = make("div", { class: "app" });
		this.app.append(this.buildBar(), this.buildLegend(), this.buildGraph(),
				this.buildDetails(), this.buildHelp());
		outer.append(this.app);
		this.svg.append(outer);
	}

	buildBar() {
		const button = (label, title, key, click) => {
			const element = make("button", { type: "button", title: title + " (" + key + ")", click },
					     make("span", { text: label }));

			return element;
		};
		const data = this.data;
		const heads = make("div", { class: "heads" }, make("h1", { text: data.title, title: data.title }),
				   make("p", { text: data.subtitle }));

		if (data.quality)
			heads.append(make("p", { text: data.quality, class: data.isQualityPoor ? "poor" : "" }));
		this.buttons = {
			reset: button("Reset zoom", "Show everything", "Home", () => this.zoomTo(this.view.root)),
			invert: button("Icicle", "Flip: root at the top or at the bottom", "i", () => this.toggle("isInverted")),
			reverse: button("Callers", "Merge from the innermost function on", "r", () => this.toggle("isReversed")),
			kernel: button("Hide kernel", "Leave kernel frames out", "k", () => this.toggle("isKernelHidden")),
			theme: button("Dark", "Dark or light", "d", () => this.toggleTheme()),
			help: button("?", "Keys and help", "?", () => this.showHelp(this.help.hidden)),
		};
		this.buttons.reset.classList.add("reset");
		this.buttons.kernel.hidden = !this.hasKernel;
		const tools = make("div", { class: "tools" },
				   make("div", { class: "buttons", role: "toolbar", "aria-label": "View" },
					...Object.values(this.buttons)),
				   this.buildSearch());

		return make("div", { class: "bar" }, heads, tools);
	}

	buildSearch() {
		const option = (label, title, click) =>
			make("button", { type: "button", class: "option", title, "aria-label": title, text: label, click });

		this.input = make("input", {
			type: "text", placeholder: "Search", "aria-label": "Search functions",
			spellcheck: "false", autocomplete: "off", title: "Search (/); lib:NAME finds a library",
		});
		this.options = {
			isCaseSensitive: option("Aa", "Match case", () => this.toggle("isCaseSensitive")),
			isRegex: option(".*", "Regular expression", () => this.toggle("isRegex")),
		};
		this.clear = option("\u00d7", "Clear the search (Esc)", () => this.search(""));
		this.next = option("\u203a", "Next match (n)", () => this.step(1));
		this.previous = option("\u2039", "Previous match (N)", () => this.step(-1));
		this.found = make("output", { class: "found", "aria-live": "polite" });
		return make("div", { class: "search", role: "search" }, this.found,
			    this.previous, this.next,
			    make("span", { class: "field" }, this.input, this.clear,
				 this.options.isCaseSensitive, this.options.isRegex));
	}

	buildLegend() {
		const legend = make("div", { class: "legend", "aria-label": "Share of samples by colour" });
		const entries = this.data.legend;

		this.legendButtons = new Map();
		for (let i = 0; i < entries.length; i += 3) {
			const name = this.data.strings[entries[i]];
			const query = "lib:" + name;
			const chip = make(this.data.palette === "library" ? "button" : "span", { class: "chip" },
					  make("i", { class: "c" + entries[i + 1] }), make("b", { text: name }),
					  make("span", { text: formatPercent(entries[i + 2] / this.profile.all) }));

			if (chip.localName === "button") {
				chip.title = "Share of the samples that end in " + name + "; click to mark";
				chip.addEventListener("click", () => this.search(this.state.search === query ? "" : query));
				this.legendButtons.set(query, chip);
			}
			legend.append(chip);
		}
		legend.hidden = entries.length === 0;
		return legend;
	}

	buildGraph() {
		this.graph = document.createElementNS(SVG, "svg");
		this.graph.setAttribute("class", "graph");
		this.graph.setAttribute("role", "tree");
		this.graph.setAttribute("aria-label", "Flame graph of " + this.data.title);
		this.frames = document.createElementNS(SVG, "g");
		this.frames.id = "frames";
		this.graph.append(this.frames);
		this.scroll = make("div", { class: "scroll" });
		this.scroll.append(this.graph);
		return this.scroll;
	}

	buildDetails() {
		this.detailsName = make("div", { class: "name" });
		this.detailsFigures = make("div", { class: "figures" });
		this.note = make("div", { class: "note" });
		return make("div", { class: "details" },
			    make("div", { class: "hovered", role: "status" }, this.detailsName, this.detailsFigures),
			    this.note);
	}

	buildHelp() {
		const table = make("table");

		for (const [key, text] of KEYS) {
			const cell = make("th");

			for (const one of key.split(/ +/))
				cell.append(make("kbd", { text: one }));
			table.append(make("tr", null, cell, make("td", { text })));
		}
		this.help = make("div", { class: "help", role: "dialog", "aria-label": "Help", hidden: "",
					  click: (event) => event.target === this.help && this.showHelp(false) },
				 make("div", { tabindex: "-1" }, make("h2", { text: "Keys" }), table,
				      make("p", { text: "Width is the share of samples, not time going by. " +
					      "The percentage after \u00b1 is the error to expect from " +
					      "sampling (95 % interval)." })));
		return this.help;
	}

	/* ------------------------------------------------------------- state */

	readState() {
		const query = new URLSearchParams(location.hash.slice(1));
		const state = this.defaultState();
		const flag = (key, name) => {
			if (query.has(key))
				state[name] = query.get(key) === "1";
		};
		const numbers = (key) => (query.get(key) || "").split(".").filter((text) => /^\d+$/.test(text))
			.map(Number).filter((number) => number < this.profile.n_frames);

		state.zoom = numbers("zoom");
		state.hide = numbers("hide");
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
		if (this.state.hide.length)
			query.set("hide", this.state.hide.join("."));
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

		this.state[name] = !this.state[name];
		if (name === "isReversed")
			this.state.zoom = [];
		if (isTree)
			this.current = null;
		this.store(false);
		this.apply(true);
	}

	isDark() {
		return this.state.theme ? this.state.theme === "dark"
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

		sheet.cssRules[0].media.mediaText = queries[this.state.theme];
		this.svg.style.colorScheme = this.isDark() ? "dark" : "light";
		this.buttons.theme.firstChild.textContent = this.isDark() ? "Light" : "Dark";
	}

	/** The tree for the present state; kept, so that going back finds the same frames. */
	chooseView() {
		const { isReversed, isKernelHidden, isFolded, hide } = this.state;
		const key = [isReversed, isKernelHidden, isFolded, ...hide].join();

		if (!this.views.has(key)) {
			const hidden = new Uint8Array(this.profile.n_frames);

			for (let i = 0; isKernelHidden && i < hidden.length; i++)
				hidden[i] = this.profile.flags(i) & IS_KERNEL ? 1 : 0;
			for (const frame of hide)
				hidden[frame] = 1;
			this.views.set(key, new View(this.profile, { isReversed, isFolded, hidden }));
		}
		this.view = this.views.get(key);
	}

	apply(isScrolling) {
		this.applyTheme();
		this.chooseView();
		this.zoomed = this.view.find(this.state.zoom);
		this.buttons.reset.disabled = !this.zoomed.parent;
		this.buttons.invert.setAttribute("aria-pressed", String(this.state.isInverted));
		this.buttons.reverse.setAttribute("aria-pressed", String(this.state.isReversed));
		this.buttons.kernel.setAttribute("aria-pressed", String(this.state.isKernelHidden));
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
		const flags = isCaseSensitive ? "u" : "iu";

		if (!search)
			return null;
		if (search.startsWith("lib:")) {
			const library = search.slice(4);

			if (library === "kernel")
				return (frame) => (this.profile.flags(frame) & IS_KERNEL) !== 0;
			return (frame) => this.profile.library(frame) === library;
		}
		const source = isRegex ? search : search.replace(/[\\^$.*+?()[\]{}|\/]/g, "\\$&");
		const pattern = new RegExp(source, flags);

		return (frame) => pattern.test(this.profile.name(frame));
	}

	/** Samples with a matched frame anywhere on their stack, each counted once. */
	matchedTotal() {
		const { parent, frame, total, n_nodes } = this.profile;
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
		let isMatched = null, isWrong = false;

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
				const isReal = !(this.profile.flags(i) & (IS_ALL | IS_ELIDED));

				this.matched[i] = isReal && isMatched(i) ? 1 : 0;
				n_functions += this.matched[i];
			}
			this.matchText = n_functions === 0 ? "no match"
				: formatPercent(this.matchedTotal() / this.profile.all) + " in " +
				  formatCount(n_functions) + (n_functions === 1 ? " function" : " functions");
		}
		this.found.textContent = this.matchText;
		this.input.setAttribute("aria-invalid", String(isWrong));
		this.clear.hidden = !this.state.search;
		this.next.hidden = this.previous.hidden = !this.matched;
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
		const matches = this.drawn.filter((item) => this.matched && this.matched[item.frame.frame])
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
		this.found.textContent = (this.matchIndex + 1) + " of " + matches.length + " \u00b7 " +
			this.matchText;
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

		for (let frame = this.zoomed.parent; frame; frame = frame.parent)
			items.push({ frame, x: 0, width, isFaded: true });
		pending.push({ frame: this.zoomed, x: 0, width, isFaded: false });
		this.n_narrow = 0;
		while (pending.length > 0) {
			const item = pending.pop();
			/* What ends in the frame itself comes first, as in the static picture. */
			let x = item.x + this.view.selfOf(item.frame) * scale;

			items.push(item);
			for (const kid of this.view.children(item.frame)) {
				const kidWidth = kid.total * scale;

				if (kidWidth >= FRAME_MIN_PX)
					pending.push({ frame: kid, x, width: kidWidth, isFaded: false });
				else
					this.n_narrow++;
				x += kidWidth;
			}
		}
		this.drawn = items;
	}

	draw() {
		const width = this.data.width || Math.max(this.scroll.clientWidth - 20, 200);
		const hadFocus = this.graph.contains(document.activeElement);

		this.layout(width);
		this.n_rows = this.drawn.reduce((rows, item) => Math.max(rows, item.frame.depth + 1), 1);
		this.graph.setAttribute("width", width);
		this.graph.setAttribute("height", this.n_rows * ROW_PX);
		this.app.classList.toggle("inverted", this.state.isInverted);
		this.app.classList.toggle("searching", Boolean(this.matched));
		const fragment = document.createDocumentFragment();
		this.elements = new Map();
		for (const item of this.drawn)
			fragment.append(this.drawFrame(item));
		this.frames.replaceChildren(fragment);
		if (!this.elements.has(this.current))
			this.current = this.zoomed;
		const element = this.elements.get(this.current);
		element.setAttribute("tabindex", "0");
		if (hadFocus)
			element.focus({ preventScroll: true });
		this.showNote();
	}

	drawFrame(item) {
		const number = item.frame.frame;
		const name = this.profile.name(number);
		const group = document.createElementNS(SVG, "g");
		const rect = document.createElementNS(SVG, "rect");
		const y = this.rowTop(item.frame);
		const label = item.width >= LABEL_MIN_PX ? fitLabel(name, item.width - 2 * LABEL_PADDING_PX) : "";

		group.setAttribute("class", "frame" + (item.isFaded ? " faded" : "") +
			(this.matched && this.matched[number] ? " match" : ""));
		group.setAttribute("role", "treeitem");
		group.setAttribute("aria-level", item.frame.depth + 1);
		group.setAttribute("aria-label", name + ", " + formatPercent(item.frame.total / this.profile.all));
		group.flameFrame = item.frame;
		rect.setAttribute("class", this.profile.className(number));
		rect.setAttribute("x", item.x.toFixed(2));
		rect.setAttribute("y", y);
		rect.setAttribute("width", Math.max(item.width - GAP_PX, 0.3).toFixed(2));
		rect.setAttribute("height", ROW_PX - 1);
		group.append(rect);
		if (label) {
			const text = document.createElementNS(SVG, "text");

			text.setAttribute("x", (item.x + LABEL_PADDING_PX).toFixed(2));
			text.setAttribute("y", y + ROW_PX - 5.5);
			text.textContent = label;
			group.append(text);
		}
		this.elements.set(item.frame, group);
		return group;
	}

	rowTop(frame) {
		return (this.state.isInverted ? frame.depth : this.n_rows - 1 - frame.depth) * ROW_PX;
	}

	/** With tall graphs: the zoomed frame and a few of its callers at the root's side. */
	scrollToZoomed() {
		const rows = Math.max(this.zoomed.depth - 3, 0) * ROW_PX;

		this.scroll.scrollTop = this.state.isInverted
			? rows : this.scroll.scrollHeight - this.scroll.clientHeight - rows;
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
			target = this.view.children(frame).filter(isDrawn)
				.reduce((best, kid) => !best || kid.total > best.total ? kid : best, null);
		} else {
			const row = this.drawn.filter((item) => item.frame.depth === frame.depth)
				.sort((a, b) => a.x - b.x).map((item) => item.frame);

			target = row[row.indexOf(frame) + (key === "ArrowLeft" ? -1 : 1)];
		}
		this.focus(target && isDrawn(target) ? target : frame);
	}

	/* ----------------------------------------------------------- details */

	/** The line about one frame; null: about the focused or the zoomed one. */
	showDetails(shown) {
		const frame = shown || this.zoomed;
		const number = frame.frame;
		const profile = this.profile;
		const flags = profile.flags(number);
		const all = profile.all;
		const where = [];

		this.detailsName.replaceChildren(make("b", { text: profile.name(number) }));
		if (flags & IS_THREAD)
			where.push("thread");
		if (flags & IS_INCOMPLETE)
			where.push("these stacks could not be followed to their root");
		if (flags & IS_ELIDED)
			where.push("functions too small to be kept in this file");
		if (profile.library(number))
			where.push(profile.library(number));
		if (profile.file(number))
			where.push(profile.file(number) + (profile.line(number) ? ":" + profile.line(number) : ""));
		for (const [flag, word] of [[IS_INLINED, "inlined"], [IS_JIT, "JIT"], [IS_RECOVERED, "recovered"],
					    [IS_UNKNOWN, "no symbol"]]) {
			if (flags & flag)
				where.push(word);
		}
		for (const text of where)
			this.detailsName.append(make("span", { text }));
		this.detailsFigures.replaceChildren(...this.figures(frame, all).map(([value, text]) =>
			make("span", null, make("b", { text: value }), " " + text)));
	}

	figures(frame, all) {
		const share = frame.total / Math.max(all, 1);
		const figures = [[formatCount(frame.total), this.data.countName]];
		let percent = formatPercent(share);

		if (this.data.countName === "samples" && frame.parent)
			percent += " \u00b1\u2009" + (100 * shareError(share, all)).toFixed(share < 0.1 ? 2 : 1);
		figures.push([percent, "of all"]);
		if (this.zoomed.parent && frame.depth >= this.zoomed.depth)
			figures.push([formatPercent(frame.total / this.zoomed.total), "of the zoomed"]);
		const self = this.view.selfOf(frame);

		if (!this.state.isReversed && frame.parent)
			figures.push([formatCount(self), "self"]);
		else if (this.state.isReversed && self > 0)
			figures.push([formatCount(self), "start here"]);
		return figures;
	}

	showNote() {
		const [n_elided, limit] = this.data.elided;
		const notes = [];

		if (this.n_narrow)
			notes.push(formatCount(this.n_narrow) + (this.n_narrow === 1 ? " frame" : " frames") + " under " +
				(100 * FRAME_MIN_PX * this.zoomed.total / this.profile.all /
				 Number(this.graph.getAttribute("width"))).toPrecision(1) + " % hidden");
		if (n_elided)
			notes.push(formatCount(n_elided) + " frames under " + formatCount(limit) + " " +
				this.data.countName + " not in this file");
		if (this.state.hide.length)
			notes.push(this.state.hide.length + (this.state.hide.length === 1 ? " function" : " functions") +
				" hidden, u to undo");
		this.note.textContent = notes.join(" \u00b7 ") || "click to zoom, ? for keys";
	}

	say(text) {
		this.note.textContent = text;
	}

	copy(text, what) {
		const done = () => this.say("copied " + what);
		const failed = () => this.say("this browser does not let the page copy");

		if (navigator.clipboard)
			navigator.clipboard.writeText(text).then(done, failed);
		else
			failed();
	}

	copyStack() {
		const names = this.subject().path().map((number) => this.profile.name(number).replace(/;/g, ":"));

		this.copy((this.state.isReversed ? names.reverse() : names).join(";"), "the stack");
	}

	/** What keys that act on one frame mean. */
	subject() {
		return this.hovered || this.current;
	}

	hideFunction() {
		const { frame, parent } = this.subject();

		if (!parent)
			return;
		this.state.hide = this.state.hide.concat(frame);
		this.state.zoom = this.state.zoom.filter((number) => number !== frame);
		this.current = parent;
		this.hovered = null;
		this.store(false);
		this.apply(false);
	}

	showAgain() {
		this.state.hide = this.state.hide.slice(0, -1);
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
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.applyTheme());
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
	"u": (viewer) => viewer.showAgain(),
	"c": (viewer) => viewer.copy(viewer.profile.name(viewer.subject().frame), "the name"),
	"C": (viewer) => viewer.copyStack(),
	"?": (viewer) => viewer.showHelp(viewer.help.hidden),
	"Home": (viewer) => viewer.zoomTo(viewer.view.root),
};

const svg = document.currentScript.ownerSVGElement;
const source = svg.querySelector("#flame-data");

new Viewer(svg, JSON.parse(source.textContent));
})();
