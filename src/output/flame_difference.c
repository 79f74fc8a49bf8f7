#include "output/flame_tree_internal.h"

#include "base/rounding.h"
#include "profile/diff.h"
#include "profile/label.h"

#include <math.h>

/** In a frame's key: the profiled program, whatever it is called. */
#define OWN_OBJECT UINT32_MAX

struct difference {
	struct flame_builder builder;
	const struct profile *before, *after;
	struct string_table texts; /**< Names and objects of both sides, to compare by number. */
	bool is_hex_stripped;
};

static const char *last_part(const struct flame_frame *frame)
{
	return profile_text(frame->profile, frame->profile->objects.items[frame->object].name);
}

/** The kernel cuts a thread's name after 15 bytes: TASK_COMM_LEN in linux/sched.h. */
static bool is_main_thread_name(const char *name, const char *program)
{
	return program && *name && strncmp(name, program, 15) == 0;
}

/** Code without a name whose addresses are of another build on the other side. */
static bool is_unplaced(const struct difference *difference, const struct flame_frame *frame)
{
	return frame->kind == FLAME_FRAME_CODE && frame->flags & FRAME_IS_UNKNOWN &&
	       !profile_is_same_build(difference->before, difference->after, last_part(frame));
}

static struct frame_key difference_key(struct difference *difference, const struct profile *profile,
				       const struct flame_frame *frame)
{
	struct frame_key key = { .kind = frame->kind };
	const char *program = profile->info.program;
	const char *object;

	if (frame->kind == FLAME_FRAME_THREAD) {
		if (is_main_thread_name(frame->name, program))
			key.object = OWN_OBJECT;
		else
			key.name = string_table_intern(&difference->texts, frame->name);
		return key;
	}
	if (frame->kind != FLAME_FRAME_CODE)
		return key;
	object = last_part(frame);
	key.object = string_table_intern(&difference->texts, object);
	if (program && strcmp(object, program) == 0)
		key.object = OWN_OBJECT;
	/* "[old-name]" and "[new-name]" are the same code without a name. */
	if (is_unplaced(difference, frame))
		return key;
	key.name = string_table_intern(&difference->texts, frame->name);
	return key;
}

/** Frame numbers of the merged tree by those of @p side. Known frames stay as they are. */
static uint32_t *difference_frames(struct difference *difference, const struct flame_tree *side)
{
	struct flame_tree *tree = difference->builder.tree;
	uint32_t *frames = memory_allocate(side->frames.count, sizeof(*frames));

	for (size_t i = 0; i < side->frames.count; i++) {
		struct flame_frame frame = side->frames.items[i];
		_cleanup_free_ char *stripped = NULL, *label = NULL;
		struct frame_key key;
		const uint32_t *known;

		if (frame.kind == FLAME_FRAME_ALL) {
			frames[i] = tree->nodes.items[FLAME_NODE_ROOT].frame;
			continue;
		}
		if (is_unplaced(difference, &frame))
			frame.name = label = profile_label(
				side->profile,
				side->profile->frames.items[PROFILE_FRAME_UNKNOWN].name,
				frame.object, frame.flags);
		if (difference->is_hex_stripped)
			frame.name = stripped = function_name_without_hex(frame.name);
		key = difference_key(difference, side->profile, &frame);
		known = frame_map_find(&difference->builder.frames, key);
		frame.name = arena_duplicate_text(&tree->names, frame.name, strlen(frame.name));
		frames[i] = known ? *known : flame_builder_frame(&difference->builder, key, &frame);
	}
	return frames;
}

static void difference_add(struct difference *difference, const struct flame_tree *side,
			   bool is_after)
{
	struct flame_tree *tree = difference->builder.tree;
	_cleanup_free_ uint32_t *frames = difference_frames(difference, side);
	_cleanup_free_ uint32_t *nodes = memory_allocate(side->nodes.count, sizeof(*nodes));

	nodes[FLAME_NODE_ROOT] = FLAME_NODE_ROOT;
	for (size_t i = 1; i < side->nodes.count; i++) {
		const struct flame_node *from = &side->nodes.items[i];
		struct flame_change *change;

		nodes[i] = flame_tree_add_node(tree, nodes[from->parent], frames[from->frame]);
		change = &tree->changes.items[nodes[i]];
		if (is_after)
			change->after_self_count = from->self_count;
		else
			change->before_self_count = from->self_count;
	}
}

void flame_tree_init_difference(struct flame_tree *ret, struct flame_side before,
				struct flame_side after,
				const struct flame_difference_options *options)
{
	struct difference difference = { .builder.tree = ret,
					 .before = before.profile,
					 .after = after.profile,
					 .is_hex_stripped = options->is_hex_stripped };
	struct flame_tree sides[2];
	uint64_t before_count, after_count;

	flame_tree_init(&sides[0], before.profile, before.event);
	flame_tree_init(&sides[1], after.profile, after.event);
	before_count = sides[0].nodes.items[FLAME_NODE_ROOT].total_count;
	after_count = sides[1].nodes.items[FLAME_NODE_ROOT].total_count;
	*ret = (struct flame_tree){ .profile = after.profile,
				    .is_difference = true,
				    .before_factor =
					    options->before_factor ? options->before_factor : 1 };
	if (options->is_normalized && before_count > 0 && after_count > 0)
		ret->before_factor = (double)after_count / (double)before_count;
	string_table_init(&difference.texts);
	flame_tree_add_root(ret);
	difference_add(&difference, &sides[1], true);
	difference_add(&difference, &sides[0], false);
	string_table_deinit(&difference.texts);
	flame_builder_deinit(&difference.builder);
	flame_tree_deinit(&sides[0]);
	flame_tree_deinit(&sides[1]);
	flame_tree_sort_frames(ret);
	flame_tree_merge_siblings(ret);
	for (size_t i = 0; i < ret->nodes.count; i++) {
		const struct flame_change *change = &ret->changes.items[i];
		double compared = (double)change->before_self_count * ret->before_factor;

		ret->nodes.items[i].self_count = MAX(round_u64(compared), change->after_self_count);
	}
	flame_tree_sum(ret);
}
