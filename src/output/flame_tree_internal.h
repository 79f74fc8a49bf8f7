#pragma once

/**
 * How flame trees are made: frames are looked up by what they are; nodes are just added, as
 * many as it takes. Then frames are sorted, siblings with one frame are merged, and all are
 * summed up.
 */

#include "base/hash_map.h"
#include "output/flame_tree.h"

struct frame_key {
	enum flame_frame_kind kind;
	string_id name; /**< Of a thread or a function. */
	uint32_t object;
};

static inline uint64_t frame_key_hash(struct frame_key key)
{
	return hash_combine(hash_combine(hash_u32(key.kind), key.name), key.object);
}

static inline bool frame_key_equal(struct frame_key a, struct frame_key b)
{
	return a.kind == b.kind && a.name == b.name && a.object == b.object;
}

DEFINE_HASH_MAP(frame_map, struct frame_key, uint32_t, frame_key_hash, frame_key_equal)

struct flame_builder {
	struct flame_tree *tree;
	struct frame_map frames;
};

void flame_builder_deinit(struct flame_builder *builder);

/** The frame with @p key, made of @p frame if new; else what both have in common stays. */
uint32_t flame_builder_frame(struct flame_builder *builder, struct frame_key key,
			     const struct flame_frame *frame);

/** Of a frame of the tree's profile. */
uint32_t flame_builder_code_frame(struct flame_builder *builder, uint32_t profile_frame);

uint32_t flame_builder_incomplete_frame(struct flame_builder *builder);

/** A new child of @p parent, whatever others it has. */
uint32_t flame_tree_add_node(struct flame_tree *tree, uint32_t parent, uint32_t frame);

/** The stack is known not to reach its root. */
bool flame_end_is_incomplete(enum stack_end end);

/** First of all. */
void flame_tree_add_root(struct flame_tree *tree);

/** Totals of all nodes from their own counts. */
void flame_tree_sum(struct flame_tree *tree);

/** Frame indices become ranks: nodes are compared by number from here on. */
void flame_tree_sort_frames(struct flame_tree *tree);

/** By frame, those with the same frame by number. */
void flame_tree_link_sorted(struct flame_tree *tree);

/** Make one of all siblings with the same frame, the first of them; links the children. */
void flame_tree_merge_siblings(struct flame_tree *tree);

/** Last of all: sort and sum up. Siblings are merged, but those of charts. */
void flame_tree_finish(struct flame_tree *tree);
