/* The page around the frames: what there is to see and to press, and figures as text. */

const SVG = "http://www.w3.org/2000/svg";

function formatCount(count) {
	return count.toLocaleString("en-US");
}

function formatPercent(share) {
	const percent = 100 * share;

	const digits = percent >= 99.995 ? 0 : percent >= 10 ? 1 : 2;

	return percent.toFixed(digits) + "\u2009%";
}

/** "+1.23 %" */
function formatChange(share) {
	const percent = 100 * share;
	const digits = Math.abs(percent) >= 100 ? 0 : Math.abs(percent) >= 10 ? 1 : 2;

	return (percent < 0 ? "\u2212" : "+") + Math.abs(percent).toFixed(digits) + "\u2009%";
}

/** Half the width of the 95 % interval of a share found in n samples. */
function shareError(share, n) {
	return n > 0 ? 1.96 * Math.sqrt(share * (1 - share) / n) : 0;
}

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

/** Colours "d-8" to "d8" of differences. */
const CHANGE_STEPS = 8;

const KEYS = [
	["/", "search"],
	["n  N", "next, previous match"],
	["Esc", "close, clear the search, zoom back"],
	["\u2190  \u2191  \u2193  \u2192", "walk the frames"],
	["Enter", "zoom to the frame (again: back)"],
	["Home", "show everything"],
	["i", "flip: flames or icicles"],
	["r", "callers: merge from the innermost function on"],
	["k", "kernel frames on or off"],
	["m", "merge direct recursion"],
	["x  s", "hide the function, show only its stacks"],
	["h  o", "the same of all that the search matches"],
	["u", "undo the last of these"],
	["f", "mark the function everywhere"],
	["c  C", "copy the name, the whole stack"],
	["right click", "what can be done with a frame"],
	["d", "dark or light"],
	["?", "this help"],
];

/** Builds the page; what its controls do is the viewer's. */
class Page {
	constructor(svg, data) {
		this.svg = svg;
		this.data = data;
		this.profile = new Profile(data);
		this.hasKernel = data.frames.some((flags, i) => i % 6 === 4 && flags & IS_KERNEL);
		this.build();
	}

	build() {
		const outer = this.outer = document.createElementNS(SVG, "foreignObject");

		this.svg.querySelector("#picture").remove();
		this.svg.removeAttribute("role");
		this.fillWindow();
		this.svg.classList.add("live");
		this.app = make("div", { class: "app" });
		this.tip = new Tip();
		this.menu = new Menu(() => this.focus(this.current));
		this.app.append(this.buildBar(), this.buildLegend(), this.buildGraph(), this.buildDetails(),
			this.buildHelp(), this.tip.element, this.menu.element);
		outer.append(this.app);
		this.svg.append(outer);
	}

	fillWindow() {
		this.svg.removeAttribute("viewBox");
		for (const element of [this.svg, this.outer]) {
			element.setAttribute("width", "100%");
			element.setAttribute("height", "100%");
		}
	}

	/** Scale what is now @p width wide and has its full height to one sheet. */
	fillSheet(width) {
		const height = this.app.offsetHeight;

		this.svg.setAttribute("viewBox", "0 0 " + width + " " + height);
		this.svg.setAttribute("preserveAspectRatio", "xMidYMin meet");
		this.outer.setAttribute("width", width);
		this.outer.setAttribute("height", height);
	}

	buildBar() {
		const button = (label, title, key, click) => {
			const element =
				make("button", { type: "button", title: title + " (" + key + ")", click },
					make("span", { text: label }));

			return element;
		};
		const data = this.data;
		const heads =
			make("div", { class: "heads" }, make("h1", { text: data.title, title: data.title }),
				make("p", { text: data.subtitle }));

		if (data.quality)
			heads.append(
				make("p", { text: data.quality, class: data.isQualityPoor ? "poor" : "" }));
		this.buttons = {
			reset:
				button("Reset zoom", "Show everything", "Home", () => this.zoomTo(this.view.root)),
			invert: button("Icicle", "Flip: root at the top or at the bottom", "i",
				() => this.toggle("isInverted")),
			reverse: button("Callers", "Merge from the innermost function on", "r",
				() => this.toggle("isReversed")),
			kernel: button(
				"Hide kernel", "Leave kernel frames out", "k", () => this.toggle("isKernelHidden")),
			theme: button("Dark", "Dark or light", "d", () => this.toggleTheme()),
			help: button("?", "Keys and help", "?", () => this.showHelp(this.help.hidden)),
		};
		this.buttons.reset.classList.add("reset");
		this.buttons.kernel.hidden = !this.hasKernel;
		this.buttons.reverse.hidden = Boolean(data.isChart);
		const tools = make("div", { class: "tools" },
			make("div", { class: "buttons", role: "toolbar", "aria-label": "View" },
				...this.buildMeasures(), ...Object.values(this.buttons)),
			this.buildSearch());

		return make("div", { class: "bar" }, heads, tools);
	}

	/** Of differences: what widths stand for. */
	buildMeasures() {
		const names = [
			["both", "Difference", "Widths: the larger of before and after"],
			["before", "Before", "Widths: samples before"],
			["after", "After", "Widths: samples after"]
		];

		this.measureButtons = new Map();
		if (!this.data.difference)
			return [];
		KEYS.splice(-1, 0, ["v", "difference, before, after"]);
		for (const [measure, label, title] of names)
			this.measureButtons.set(measure, make("button", {
				type: "button",
				title: title + " (v)",
				text: label,
				click: () => this.showMeasure(measure)
			}));
		return [make("span", { class: "choice", role: "group", "aria-label": "Widths" },
			...this.measureButtons.values())];
	}

	buildSearch() {
		const option = (label, title, click) => make("button",
			{ type: "button", class: "option", title, "aria-label": title, text: label, click });

		this.input = make("input", {
			type: "text",
			placeholder: "Search",
			"aria-label": "Search functions",
			spellcheck: "false",
			autocomplete: "off",
			title: "Search (/); lib:NAME finds a library",
		});
		this.options = {
			isCaseSensitive: option("Aa", "Match case", () => this.toggle("isCaseSensitive")),
			isRegex: option(".*", "Regular expression", () => this.toggle("isRegex")),
		};
		this.clear = option("\u00d7", "Clear the search (Esc)", () => this.search(""));
		this.next = option("\u203a", "Next match (n)", () => this.step(1));
		this.previous = option("\u2039", "Previous match (N)", () => this.step(-1));
		this.next.classList.add("step");
		this.previous.classList.add("step");
		this.hideMatches = make("button", {
			type: "button",
			text: "Hide",
			title: "Hide the functions found (h)",
			click: () => this.filterMatches("h")
		});
		this.keepMatches = make("button", {
			type: "button",
			text: "Only",
			title: "Only stacks with a function found (o)",
			click: () => this.filterMatches("k")
		});
		this.found = make("output", { class: "found", "aria-live": "polite" });
		return make("div", { class: "search", role: "search" }, this.found, this.previous,
			this.next, this.hideMatches, this.keepMatches,
			make("span", { class: "field" }, this.input, this.clear, this.options.isCaseSensitive,
				this.options.isRegex));
	}

	buildLegend() {
		const legend = make("div", { class: "legend", "aria-label": "Share of samples by colour" });
		const entries = this.data.legend;

		this.legendButtons = new Map();
		if (this.data.difference)
			return this.buildScale();
		for (let i = 0; i < entries.length; i += 3) {
			const name = this.data.strings[entries[i]];
			const query = "lib:" + name;
			const chip = make(this.data.palette === "library" ? "button" : "span",
				{ class: "chip" }, make("i", { class: "c" + entries[i + 1] }),
				make("b", { text: name }),
				make("span", { text: formatPercent(entries[i + 2] / this.profile.all("both")) }));

			if (chip.localName === "button") {
				chip.title = "Share of the samples that end in " + name + "; click to mark";
				chip.addEventListener(
					"click", () => this.search(this.state.search === query ? "" : query));
				this.legendButtons.set(query, chip);
			}
			legend.append(chip);
		}
		legend.hidden = entries.length === 0;
		return legend;
	}

	/** From the largest loss to the largest gain of any frame. */
	buildScale() {
		const all = Math.max(...["before", "after"].map((side) => this.compared(side)));
		const most = this.data.difference.max / Math.max(all, 1);
		const scale = make("div", {
			class: "legend scale",
			role: "img",
			"aria-label": "Colours from " + formatChange(-most) + " to " + formatChange(most) +
				" of all samples"
		},
			make("span", { text: formatChange(-most) }));

		for (let step = -CHANGE_STEPS; step <= CHANGE_STEPS; step++)
			scale.append(make("i", { class: "d" + step }));
		scale.append(make("span", { text: formatChange(most) + " of all" }),
			make("span", { class: "hint", text: "dashed: gone after" }));
		return scale;
	}

	/** All samples of a side, as they are compared. */
	compared(side) {
		return this.profile.all(side) * (side === "before" ? this.data.difference.factor : 1);
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
		this.empty = make("p", { class: "empty", hidden: "" });
		this.scroll.append(this.empty, this.graph);
		return this.scroll;
	}

	buildDetails() {
		this.detailsName = make("div", { class: "name" });
		this.detailsFigures = make("div", { class: "figures" });
		this.note = make("div", { class: "note" });
		this.more = make("button", {
			type: "button",
			class: "more",
			text: "\u22ef",
			title: "What can be done with this frame (right click)",
			"aria-label": "Actions",
			"aria-haspopup": "menu"
		});
		return make("div", { class: "details" },
			make(
				"div", { class: "hovered", role: "status" }, this.detailsName, this.detailsFigures),
			this.note, this.more);
	}

	buildHelp() {
		const table = make("table");

		for (const [key, text] of KEYS) {
			const cell = make("th");

			for (const one of key.split("  "))
				cell.append(make("kbd", { text: one }));
			table.append(make("tr", null, cell, make("td", { text })));
		}
		this.help = make("div", {
			class: "help",
			role: "dialog",
			"aria-label": "Help",
			hidden: "",
			click: (event) => event.target === this.help && this.showHelp(false)
		},
			make("div", { tabindex: "-1" }, make("h2", { text: "Keys" }), table, make("p", {
				text: (this.data.isChart
					? "From left to right is time, thread by thread. "
					: "Width is the share of " + this.data.countName +
						", not time going by. ") +
					"The percentage after \u00b1 is the error to expect from " +
					"sampling (95 % interval)."
			})));
		return this.help;
	}
}
