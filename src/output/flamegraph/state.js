/*
 * What the reader has chosen: kept in the URL, turned into a theme, a view of the tree and
 * matches of the search.
 */

const REGEX_SPECIAL = /[\\^$.*+?()[\]{}|\/]/g;

/** Tells frames by their names; null: by nothing. Throws at a wrong regular expression. */
function matcherOf(profile, search, isRegex, isCaseSensitive) {
	if (!search)
		return null;
	if (search.startsWith("lib:")) {
		const library = search.slice(4);

		if (library === "kernel")
			return (frame) => (profile.flags(frame) & IS_KERNEL) !== 0;
		/* What is waited for has no library and is in the legend by its name. */
		return (frame) => profile.library(frame) === library || profile.name(frame) === library;
	}
	const source = isRegex ? search : search.replace(REGEX_SPECIAL, "\\$&");
	const pattern = new RegExp(source, isCaseSensitive ? "u" : "iu");

	return (frame) => pattern.test(profile.name(frame));
}

class State extends Drawing {
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
			query.getAll("filter").filter((filter) => /^([fs]\d+$|[hk]r?c?:)/.test(filter));
		if (this.data.difference && ["before", "after"].includes(query.get("widths")))
			state.measure = query.get("widths");
		state.search = query.get("search") || "";
		/* As links to flamegraph.pl's files are written: graph.svg?s=PATTERN */
		if (!location.hash && new URLSearchParams(location.search).has("s")) {
			state.search = new URLSearchParams(location.search).get("s");
			state.isRegex = true;
		}
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

	/** The theme chosen, or the one the file's background needs; "": the reader's. */
	theme() {
		return this.state.theme || this.data.theme || "";
	}

	isDark() {
		return this.theme() ? this.theme() === "dark"
							: matchMedia("(prefers-color-scheme: dark)").matches;
	}

	applyTheme() {
		const sheet = this.svg.querySelector("#flame-dark").sheet;
		const queries = { "": "(prefers-color-scheme: dark)", dark: "all", light: "not all" };

		sheet.cssRules[0].media.mediaText =
			queries[this.app.classList.contains("printed") ? "light" : this.theme()];
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
	 * "f12": hide frame 12; "s12": only stacks with it; "h:text", "k:text": hide or keep what
	 * a search finds, with the letters r and c before the colon as a regular expression, or if
	 * its case matches.
	 */
	addFilter(filter, hidden, kept) {
		const [, kind, flags, text] = /^([fshk])([rc]*):?(.*)$/su.exec(filter);

		if (kind === "f") {
			hidden[Number(text)] = 1;
			return;
		}
		if (kind === "s") {
			kept.push(Uint8Array.from(hidden, (_, i) => i === Number(text) ? 1 : 0));
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
}
