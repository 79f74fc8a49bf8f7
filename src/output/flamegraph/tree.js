/*
 * The frame tree: as it is in the data element (flamegraph_data.c describes it),
 * and as it is shown: from the root or from the leaf, with or without frames.
 */

/* Frame flags: enum frame_flags and enum flamegraph_frame_flags. */
const IS_INLINED = 1, IS_KERNEL = 2, IS_JIT = 4, IS_UNKNOWN = 8, IS_RECOVERED = 16;
const IS_ALL = 256, IS_THREAD = 512, IS_INCOMPLETE = 1024, IS_ELIDED = 2048;

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
