/* Where frames lie, and their elements on the page. */

const GAP_PX = 0.6;
const LABEL_PADDING_PX = 4;
const GRAPH_PADDING_PX = 10;
const WIDTH_MIN_PX = 200;
const LABEL_MIN_PX = 22;
/* Narrower frames are not drawn: nobody can see or hit them. */
const FRAME_MIN_PX = 0.3;
/* Narrower ones are drawn together, one shape per colour: nobody can hit them either. */
const ELEMENT_MIN_PX = 1;

class Drawing extends Details {
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
			const kids = [];

			items.push(item);
			for (const kid of this.view.children(item.frame)) {
				const kidWidth = kid.total * scale;

				if (this.data.isChart)
					x = (kid.start - this.zoomed.start) * scale;
				if (kidWidth >= least)
					kids.push({ frame: kid, x, width: kidWidth, isFaded: false });
				else
					this.n_narrow++;
				x += kidWidth;
			}
			/* The leftmost next: the page's order is that of reading. */
			for (const kid of kids.reverse())
				pending.push(kid);
		}
		this.drawn = items;
	}

	/** The root's rest when --total is more than there is comes last. */
	selfBeforeKids(frame) {
		const rest = frame.parent ? 0 : frame.total - this.view.total[0];

		return this.view.selfOf(frame) - Math.max(rest, 0);
	}

	draw() {
		const room = Math.max(this.scroll.clientWidth - 2 * GRAPH_PADDING_PX, WIDTH_MIN_PX);
		const width = this.data.width || room;
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
		this.empty.hidden = this.view.root.total > 0;
		this.graph.classList.toggle("nothing", this.view.root.total === 0);
		this.empty.textContent = this.state.filters.length
			? "Nothing is left: u undoes the last filter." : "No samples were recorded.";
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
}
