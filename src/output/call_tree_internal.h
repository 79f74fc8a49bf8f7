#pragma once

/**
 * The stacks of one event merged by name: a tree whose first level are thread
 * names and whose other levels are frames. Stacks that differ only by address or
 * line, or by a thread of the same name, share their nodes.
 */

#include "base/hash_map.h"
#include "profile/profile.h"

/** Node 0 is above all and nobody's child; ids of children are larger than their parent's. */
struct call_tree_node {
	uint32_t parent;
	uint32_t name;         /**< What the caller numbered its threads and frames with. */
	uint32_t first_child;  /**< 0: none. */
	uint32_t next_sibling; /**< 0: none. */
	uint64_t self_count;   /**< Samples that end here. */
	uint64_t self_period;
};

DEFINE_VECTOR(call_tree_node_vector, struct call_tree_node)
DEFINE_HASH_MAP(call_tree_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct call_tree {
	struct call_tree_node_vector nodes;
	struct call_tree_map ids; /**< parent << 32 | name. */
};

/**
 * @param event	          Event id.
 * @param name_of_thread  By thread id; threads with one number are one.
 * @param name_of_frame   By frame id; frames with one number are one.
 */
void call_tree_init(struct call_tree *tree, const struct profile *profile, uint32_t event,
		    const uint32_t *name_of_thread, const uint32_t *name_of_frame);
void call_tree_deinit(struct call_tree *tree);

/** A cursor for visiting all nodes depth first, without recursion: stacks may be very deep. */
struct call_tree_walk {
	const struct call_tree *tree;
	uint32_t node;
	bool is_entering; /**< Else leaving: everything below was visited. */
};

/** Start at node 0, which is not visited itself. */
struct call_tree_walk call_tree_walk_begin(const struct call_tree *tree);

/** Move to the next node to enter or leave; false: all done. */
bool call_tree_walk_next(struct call_tree_walk *walk);
