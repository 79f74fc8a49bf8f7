/* What is said about frames and the view, below the graph; what can be copied. */

class Details extends Page {
	/** The line about one frame; null: about the zoomed one. */
	showDetails(shown) {
		const frame = shown || this.zoomed;
		const number = frame.frame;
		const [title, href, target] = this.attributes.get(number) || ["", "", ""];

		this.detailsName.replaceChildren();
		if (this.data.nameLabel)
			this.detailsName.append(
				make("span", { text: this.data.nameLabel, class: "label" }), " ");
		const [name, whole] = nameInShort(title || this.profile.name(number));

		this.detailsName.append(make("b", { text: name }));
		if (href)
			this.detailsName.append(make(
				"a", { href, target: target || "_top", rel: "noopener noreferrer", text: href }));
		for (const text of this.whereOf(number))
			this.detailsName.append(make("span", { text }));
		if (whole)
			this.detailsName.append(make("div", { text: whole, class: "whole" }));
		this.detailsFigures.replaceChildren();
		for (const [value, text] of this.figures(frame))
			this.detailsFigures.append(make("span", null, make("b", { text: value }), " " + text));
	}

	/** What kind of code it is and where it comes from. */
	whereOf(number) {
		const profile = this.profile;
		const flags = profile.flags(number);
		const where = [];

		if (flags & IS_THREAD)
			where.push("thread");
		if (flags & IS_INCOMPLETE)
			where.push("these stacks could not be followed to their root");
		if (flags & IS_ELIDED)
			where.push("functions too small to be kept in this file");
		if (profile.library(number))
			where.push(profile.library(number));
		if (profile.file(number))
			where.push(
				profile.file(number) + (profile.line(number) ? ":" + profile.line(number) : ""));
		for (const [flag, word] of [[IS_INLINED, "inlined"], [IS_JIT, "JIT"],
				 [IS_RECOVERED, "recovered"], [IS_UNKNOWN, "no symbol"]]) {
			if (flags & flag)
				where.push(word);
		}
		return where;
	}

	/** At the pointer. */
	showTip(frame, x, y) {
		const box = this.app.getBoundingClientRect();
		const [title] = this.attributes.get(frame.frame) || [""];
		const figures = this.figures(frame).slice(0, this.data.difference ? 4 : 2)
			.map(([value, text]) => (value + " " + text).trim())
			.join(this.data.difference ? ", " : " \u00b7 ");

		this.tip.show(x - box.x, y - box.y, title || this.profile.name(frame.frame), figures,
			this.whereOf(frame.frame).join(" \u00b7 "));
	}

	figures(frame) {
		const all = this.view.all;
		const share = frame.total / Math.max(all, 1);
		const figures = [[this.formatCount(frame.total), this.data.countName]];
		let percent = formatPercent(share);

		if (this.data.difference)
			return this.changeFigures(frame);

		/* With a factor, counts are not those of samples. */
		if (this.data.countName === "samples" && !this.data.factor && frame.parent)
			percent +=
				" \u00b1\u2009" + (100 * shareError(share, all)).toFixed(share < 0.1 ? 2 : 1);
		figures.push([percent, "of all"]);
		if (this.zoomed.parent && frame.depth >= this.zoomed.depth)
			figures.push([formatPercent(frame.total / this.zoomed.total), "of the zoomed"]);
		const self = this.view.selfOf(frame);

		if (!this.state.isReversed && frame.parent)
			figures.push([this.formatCount(self), "self"]);
		else if (this.state.isReversed && self > 0)
			figures.push([this.formatCount(self), "start here"]);
		if (frame.parent && !(this.profile.flags(frame.frame) & IS_ELIDED)) {
			const { total, n_places } = this.everywhere(frame.frame);

			if (n_places > 1)
				figures.push([
					formatPercent(total / Math.max(all, 1)),
					"in all its " + formatCount(n_places) + " places"
				]);
		}
		return figures;
	}

	/** A function's samples wherever it is on a stack, each stack counted once. */
	everywhere(number) {
		if (this.view.everywhere === undefined)
			this.view.everywhere = this.view.sumByFrame();
		const { totals, places } = this.view.everywhere;

		return { total: totals[number], n_places: places[number] };
	}

	/** Before, after, and what changed, as it is compared. */
	changeFigures(frame) {
		const { before, after } = frame;
		const all = Math.max(this.compared("before"), this.compared("after"), 1);
		const change = this.changeOf(frame);
		const side = (name, count) => this.formatCount(count) + " (" +
			formatPercent(count / Math.max(this.profile.all(name), 1)) + ")";
		const figures = [
			[formatChange(change / all), "of all"], [side("before", before), "before"],
			[side("after", after), "after"]
		];

		if (before > 0 && after > 0)
			figures.push(
				[formatChange(change / (before * this.data.difference.factor)), "of itself"]);
		else
			figures.push([after > 0 ? "new" : "gone", ""]);
		return figures;
	}

	/** With what --factor asks for. */
	formatCount(count) {
		return formatCount(
			this.data.factor ? Math.round(count * this.data.factor) : Math.round(count));
	}

	showNote() {
		const [n_elided, limit] = this.data.elided;
		const notes = [];

		if (this.n_narrow) {
			const width = Number(this.graph.getAttribute("width"));
			const share = this.leastPx / width * this.zoomed.total / this.view.all;

			notes.push(formatCount(this.n_narrow) + (this.n_narrow === 1 ? " frame" : " frames") +
				" under " + (100 * share).toPrecision(1) + " % hidden");
		}
		if (n_elided)
			notes.push(formatCount(n_elided) + " frames under " + this.formatCount(limit) + " " +
				this.data.countName + " not in this file");
		if (this.state.filters.length)
			notes.push(this.describeFilters() + ", u to undo");
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

	copyName() {
		this.copy(this.profile.name(this.subject().frame), "the name");
	}

	copyStack() {
		const names =
			this.subject().path().map((number) => this.profile.name(number).replace(/;/g, ":"));

		this.copy((this.state.isReversed ? names.reverse() : names).join(";"), "the stack");
	}

	/** What keys that act on one frame mean. */
	subject() {
		return this.hovered || this.current;
	}

	/** "2 functions and 'alloc' hidden, only 'parse'". */
	describeFilters() {
		const of = (kind) => this.state.filters.filter((filter) => filter[0] === kind);
		const quoted = (kind) =>
			of(kind).map((filter) => "\u2018" + filter.replace(/^[hk][rc]*:/, "") + "\u2019");
		const n_functions = of("f").length;
		const hidden = quoted("h"), parts = [];
		const kept = of("s").map((filter) => this.profile.name(Number(filter.slice(1))))
			.map((name) => "\u2018" + shortenArguments(name) + "\u2019").concat(quoted("k"));

		if (n_functions)
			hidden.unshift(n_functions + (n_functions === 1 ? " function" : " functions"));
		if (hidden.length)
			parts.push(hidden.join(" and ") + " hidden");
		if (kept.length)
			parts.push("only " + kept.join(" with "));
		return parts.join(", ");
	}
}
