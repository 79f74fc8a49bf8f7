#pragma once

/**
 * The frame tree behind a flame graph: all stacks of one event merged by frame
 * from the root on (or, reversed, from the leaf on).
 *
 *   root "all" -> thread name -> outermost function -> ... -> innermost function
 *
 * Code without a name is called "[object]", as in the folded output. Two frames
 * are one when name, object and kind are equal; the line does not
 * matter. A stack that does not reach its root gets a frame "[incomplete stack]"
 * between the thread's name and its outermost known frame, so that a broken
 * tower is not mistaken for a caller-less function. Stacks that were never asked
 * for (STACK_END_NONE) or that a foreign profile says nothing about
 * (STACK_END_UNTRACED) get none.
 *
 * Weights are samples, as in the folded output.
 *
 * Two other trees have the same shape: a chart (flame_tree_init_chart()) merges only
 * stacks that follow each other in time, and a difference (flame_tree_init_difference())
 * holds the samples of two profiles.
 */

#include "profile/profile.h"

/** Parent of the root, and the end of a list of siblings. */
#define FLAME_NODE_NONE UINT32_MAX

/** The root's index. */
#define FLAME_NODE_ROOT 0

enum flame_frame_kind {
	FLAME_FRAME_ALL,        /**< The root. */
	FLAME_FRAME_THREAD,     /**< A thread's name. */
	FLAME_FRAME_INCOMPLETE, /**< Marks stacks that do not reach their root. */
	FLAME_FRAME_ELIDED,     /**< Stands for several frames too small to be kept. */
	FLAME_FRAME_CODE,       /**< A function. */
	FLAME_FRAME_GAP, /**< Of charts: time of the parent itself between two of its children. */
};

/** What is written on a node. Many nodes share one. */
struct flame_frame {
	enum flame_frame_kind kind;
	const char *name;              /**< Borrowed from the profile, or static. Hostile text. */
	const struct profile *profile; /**< Where object and file are; NULL: not code. Borrowed. */
	uint32_t object;               /**< Object id; meaningful for FLAME_FRAME_CODE. */
	string_id file;                /**< 0: unknown, or not the same everywhere. */
	uint32_t line;                 /**< 0: unknown, or not the same everywhere. */
	uint32_t flags; /**< enum frame_flags; inlined only when it was everywhere. */
};

struct flame_node {
	uint32_t parent;
	uint32_t frame;       /**< Index into flame_tree.frames, which is sorted by name. */
	uint64_t self_count;  /**< Samples that end here; of differences: the larger side's. */
	uint64_t total_count; /**< Samples through here: self and all below. */
};

/** A node's place in the tree, made by flame_tree_link(). */
struct flame_link {
	uint32_t first_child; /**< Children are sorted by name. */
	uint32_t next_sibling;
	uint32_t depth; /**< 0 for the root. */
};

/** Of a node of a difference: samples on each side. As they are, not normalised. */
struct flame_change {
	uint64_t before_self_count, after_self_count;
	uint64_t before_total_count, after_total_count;
};

DEFINE_VECTOR(flame_frame_vector, struct flame_frame)
DEFINE_VECTOR(flame_node_vector, struct flame_node)
DEFINE_VECTOR(flame_link_vector, struct flame_link)
DEFINE_VECTOR(flame_change_vector, struct flame_change)

/** A parent's index is below those of its children. Read freely. */
struct flame_tree {
	const struct profile *profile; /**< Borrowed. */
	struct arena
		names; /**< Made here: "[object]". A reversed tree borrows those of its tree. */
	struct flame_frame_vector frames;
	struct flame_node_vector nodes;
	struct flame_link_vector links;     /**< By node; none before flame_tree_link(). */
	struct flame_change_vector changes; /**< By node, of differences; others have none. */
	bool has_distinct_siblings; /**< No two with one frame: there is nothing to merge. */
	bool is_in_order; /**< Siblings are in the order of their indices, not of their names. */
	bool is_chart;
	bool is_difference;
	double before_factor; /**< Of differences: counts of before times this compare to after's.
			       */
	uint64_t n_elided;    /**< Nodes taken out by flame_tree_elide(). */
	uint64_t elided_limit_count; /**< They have fewer samples than this. 0: none were taken out.
				      */
};

/** All zero when the tree is no difference. */
static inline struct flame_change flame_tree_change(const struct flame_tree *tree, size_t node)
{
	return tree->changes.count > 0 ? tree->changes.items[node] : (struct flame_change){ 0 };
}

/** Merge the stacks of @p event, root first. */
void flame_tree_init(struct flame_tree *ret, const struct profile *profile, uint32_t event);

/** The same with siblings in the order in which the profile has them. */
void flame_tree_init_unsorted(struct flame_tree *ret, const struct profile *profile,
			      uint32_t event);

/**
 * The samples of @p event in order of time, thread by thread: neighbours are merged as far
 * as their stacks are the same from the root on. The order is that of the profile's ticks,
 * or that of its samples when it keeps none. A thread is called "NAME-PID/TID", or just by
 * its name when nothing else is known.
 *
 * A tick stands for one sample; where a sample has fewer ticks than samples (folded lines),
 * for as many as its period says.
 */
void flame_tree_init_chart(struct flame_tree *ret, const struct profile *profile, uint32_t event);

/** One side of a difference. */
struct flame_side {
	const struct profile *profile;
	uint32_t event;
};

struct flame_difference_options {
	bool is_normalized;   /**< Count before's samples as if it had as many as after. */
	bool is_hex_stripped; /**< "0x7f12" in names is "0x...": addresses differ anyway. */
	double before_factor; /**< If not: as if each were so many, for as long as after; 0: 1. */
};

/**
 * The stacks of two profiles merged. Frames are one when their names, kinds and the last
 * parts of their objects' paths are; the profiled programs count as one object, and their
 * main threads as one name, whatever they are called. Widths (self_count) are the larger
 * of both sides, so that nothing that vanished is out of sight.
 */
void flame_tree_init_difference(struct flame_tree *ret, struct flame_side before,
				struct flame_side after,
				const struct flame_difference_options *options);

/**
 * Let stacks start at the innermost function with one of @p names. Stacks without any stay
 * whole. Not for charts.
 */
void flame_tree_rebase(struct flame_tree *tree, const struct string_vector *names);

/**
 * The same stacks merged from the innermost frame on. Nodes below @p limit_count
 * samples are left out (they are what makes such a tree large) and counted.
 */
void flame_tree_init_reversed(struct flame_tree *ret, const struct flame_tree *tree,
			      uint64_t limit_count);

/**
 * Make the tree at most about @p n_nodes_max nodes large: the smallest nodes of
 * each parent give way to one FLAME_FRAME_ELIDED child with their samples.
 * Nodes of at least @p keep_share of all samples always stay.
 */
void flame_tree_elide(struct flame_tree *tree, size_t n_nodes_max, double keep_share);

/**
 * Once the nodes stay as they are, before links are looked at: put them into their places.
 * What large trees lose to flame_tree_elide() needs none.
 */
void flame_tree_link(struct flame_tree *tree);

/** The node after @p node when children come right after their parent; FLAME_NODE_NONE at the end.
 */
uint32_t flame_tree_next(const struct flame_tree *tree, uint32_t node);

/** The same, leaving out the nodes below @p node. */
uint32_t flame_tree_skip(const struct flame_tree *tree, uint32_t node);

void flame_tree_deinit(struct flame_tree *tree);
