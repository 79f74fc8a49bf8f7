/*
 * The frame tree: as it is in the data element (flamegraph_data.c describes it),
 * and as it is shown: from the root or from the leaf, with or without frames.
 */

/* Frame flags: enum frame_flags and enum flamegraph_frame_flags. */
const IS_INLINED = 1, IS_KERNEL = 2, IS_JIT = 4, IS_UNKNOWN = 8, IS_RECOVERED = 16;
const IS_ALL = 256, IS_THREAD = 512, IS_INCOMPLETE = 1024, IS_ELIDED = 2048, IS_GAP = 4096;

/** The frame tree as it is in the file: nodes in preorder, columns by node index. */
class Profile {
	constructor(data) {
		const n_columns = data.difference ? 4 : 3;
		const n_nodes = data.nodes.length / n_columns;

		this.data = data;
		this.n_frames = data.frames.length / 6;
		this.n_nodes = n_nodes;
		this.parent = new Int32Array(n_nodes);
		this.frame = new Int32Array(n_nodes);
		this.end = new Int32Array(n_nodes); /* one past the last node below */
		this.measures = new Map();
		const self = new Float64Array(n_nodes),
			  before = new Float64Array(data.difference ? n_nodes : 0);

		for (let i = 0, previous = -1; i < n_nodes; i++) {
			let parent = previous;

			for (let up = data.nodes[n_columns * i]; up > 0; up--)
				parent = this.parent[parent];
			this.parent[i] = parent;
			this.frame[i] = data.nodes[n_columns * i + 1];
			self[i] = data.nodes[n_columns * i + 2];
			if (data.difference)
				before[i] = data.nodes[n_columns * i + 3];
			previous = i;
		}
		for (let i = n_nodes - 1; i >= 0; i--) {
			if (this.end[i] === 0)
				this.end[i] = i + 1;
			if (i > 0 && this.end[this.parent[i]] === 0)
				this.end[this.parent[i]] = this.end[i];
		}
		if (data.difference) {
			this.addMeasure("before", before);
			this.addMeasure("after", self);
			this.addMeasure("both",
				self.map((count, i) => Math.max(count, before[i] * data.difference.factor)));
		} else {
			this.addMeasure("both", self);
		}
		this.start = data.isChart ? this.starts(self) : null;
		data.nodes = null;
	}

	addMeasure(name, self) {
		this.measures.set(name, { self, total: this.sums(self) });
	}

	/** Of each node and all below. */
	sums(self) {
		const total = self.slice();

		for (let i = this.n_nodes - 1; i > 0; i--)
			total[this.parent[i]] += total[i];
		return total;
	}

	/** Where nodes start when what ends in a node comes before its children. */
	starts(self) {
		const start = new Float64Array(this.n_nodes);
		const { total } = this.measures.get("both");
		const next = self.slice(); /* where the next child starts, from the node's start */

		for (let i = 1; i < this.n_nodes; i++) {
			const parent = this.parent[i];

			start[i] = start[parent] + next[parent];
			next[parent] += total[i];
		}
		return start;
	}

	/** Samples of everything; the picture's width may stand for more (--total). */
	all(measure) {
		const sum = this.measures.get(measure).total[0];

		return measure === "both" ? Math.max(sum, this.data.total) : sum;
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
		this.start = 0;	 /* of charts: samples left of it */
		this.before = 0; /* of differences: samples on both sides */
		this.after = 0;
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
		const { self, total } = profile.measures.get(options.measure);

		this.profile = profile;
		this.isReversed = options.isReversed;
		this.isFolded = options.isFolded;
		this.hidden = options.hidden;
		this.all = profile.all(options.measure);
		this.self = self;
		this.total = total;
		this.before = profile.data.difference && profile.measures.get("before");
		this.after = profile.data.difference && profile.measures.get("after");
		for (const kept of options.kept)
			this.keep(kept);
		this.root = new Frame(null, profile.frame[0]);
		this.root.total = options.kept.length ? this.total[0] : this.all;
		if (this.before) {
			this.root.before = this.before.total[0];
			this.root.after = this.after.total[0];
		}
	}

	/** Only stacks with one of these frames on them. */
	keep(frames) {
		const { parent, frame, n_nodes } = this.profile;
		const isKept = new Uint8Array(n_nodes);
		const only = (self) => self.map((count, i) => isKept[i] ? count : 0);

		for (let i = 0; i < n_nodes; i++)
			isKept[i] = frames[frame[i]] || (i > 0 && isKept[parent[i]]) ? 1 : 0;
		this.self = only(this.self);
		this.total = this.profile.sums(this.self);
		for (const side of this.before ? ["before", "after"] : []) {
			const self = only(this[side].self);

			this[side] = { self, total: this.profile.sums(self) };
		}
	}

	/** By frame: samples with it on their stack, each counted once; and where it is how often. */
	sumByFrame() {
		const { frame, end, n_nodes, n_frames } = this.profile;
		const totals = new Float64Array(n_frames), places = new Uint32Array(n_frames);
		const inside = new Uint32Array(n_frames); /* one past the nodes below its last place */

		for (let i = 1; i < n_nodes; i++) {
			const number = frame[i];

			if (this.total[i] <= 0)
				continue;
			places[number]++;
			if (i < inside[number])
				continue;
			totals[number] += this.total[i];
			inside[number] = end[i];
		}
		return { totals, places };
	}

	children(frame) {
		if (!frame.kids) {
			const kids = this.isReversed ? this.gatherCallers(frame) : this.gatherCallees(frame);

			if (this.isReversed || !this.profile.data.isInOrder)
				kids.sort((a, b) => a.frame - b.frame);
			frame.kids = kids;
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

	addNode(kid, i) {
		kid.total += this.total[i];
		kid.sources.push(i);
		if (this.before) {
			kid.before += this.before.total[i];
			kid.after += this.after.total[i];
		}
	}

	gatherCallees(frame) {
		const { frame: frames, end, start } = this.profile;
		const groups = new Map(), kids = [];
		let last = null;

		for (const parent of frame.parent ? frame.sources : [0]) {
			for (let i = parent + 1; i < end[parent];) {
				if (this.total[i] === 0) {
					i = end[i];
					continue;
				}
				if (this.isSkipped(frames[i], frame.frame)) {
					i++;
					continue;
				}
				if (start) {
					/* In charts only neighbours are one. */
					if (!last || last.frame !== frames[i] || last.start + last.total !== start[i]) {
						last = new Frame(frame, frames[i]);
						last.start = start[i];
						kids.push(last);
					}
					this.addNode(last, i);
				} else {
					this.addNode(this.group(groups, frame, frames[i]), i);
				}
				i = end[i];
			}
		}
		return start ? kids : Array.from(groups.values());
	}

	gatherCallers(frame) {
		const { frame: frames, parent, n_nodes } = this.profile;
		const groups = new Map();
		const add = (leaf, current) => {
			while (current > 0 && this.isSkipped(frames[current], frame.frame))
				current = parent[current];
			if (current <= 0)
				return;
			const kid = this.group(groups, frame, frames[current]);
			kid.total += this.self[leaf];
			kid.sources.push(leaf, current);
			if (this.before) {
				kid.before += this.before.self[leaf];
				kid.after += this.after.self[leaf];
			}
		};

		if (!frame.parent) {
			for (let i = 1; i < n_nodes; i++) {
				if (this.self[i] > 0)
					add(i, i);
			}
		} else {
			for (let k = 0; k < frame.sources.length; k += 2)
				add(frame.sources[k], parent[frame.sources[k + 1]]);
		}
		return Array.from(groups.values());
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
