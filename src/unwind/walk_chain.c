#include "unwind/walk_internal.h"

/**
 * Beyond the copy, along the chain of frame pointers that the kernel followed at the moment of the
 * sample. That chain is what it is whether or not code keeps frame pointers: unwind information
 * decides what of it to believe. A frame whose rules are "CFA = frame pointer + 2 words, return
 * address and the caller's frame pointer below it" is left by reading the very two words that the
 * kernel read, provided that it had come to the same frame pointer. So:
 *
 * - The chain is followed once more, from the sample's registers and through the copy, to where
 *   it leaves that: there the walk must have stopped, with that frame pointer.
 * - Each frame from there on must have those rules.
 *
 * What is found so is what unwinding would have found with a longer copy. Where a libc without
 * frame pointers started the program or the thread, a few frames are missing to the root. These
 * alone are read from the process as it is now, once: what was called by what nobody calls is there
 * as long as the thread, and threads start alike.
 */

static uint64_t word_size_bytes_of(const struct walk *walk)
{
	return walk->architecture->is_64_bit ? 8 : 4;
}

/** Whether the kernel leaves a frame with this rule as unwinding does. */
static bool is_frame_pointer_rule(const struct walk *walk, const struct unwind_rule *rule)
{
	const int32_t word_size_bytes = (int32_t)word_size_bytes_of(walk);

	return rule->kind == UNWIND_RULE_REGISTER && !rule->is_signal_frame &&
	       rule->cfa_register == walk->architecture->frame_pointer_register &&
	       rule->cfa_offset == 2 * word_size_bytes &&
	       rule->return_address_offset == -word_size_bytes &&
	       rule->frame_pointer == UNWIND_FRAME_POINTER_AT_CFA &&
	       rule->frame_pointer_offset == -2 * word_size_bytes;
}

/**
 * Where in the chain its first word lies that was not copied.
 *
 * @param frame_pointer_ret  What it was read by.
 * @return 0: there is none, or the chain is not of this copy.
 */
static size_t find_departure(const struct walk *walk, const struct registers *registers,
			     uint64_t *frame_pointer_ret)
{
	const struct stack_copy *stack = walk->stack;
	uint64_t frame_pointer =
		registers->values[walk->architecture->frame_pointer_register];

	for (size_t i = 1; i < stack->n_chain; i++) {
		uint64_t saved_frame_pointer, return_address;

		if (!walk_read_copied_word(walk, frame_pointer, &saved_frame_pointer) ||
		    !walk_read_copied_word(walk, frame_pointer + word_size_bytes_of(walk),
					   &return_address)) {
			*frame_pointer_ret = frame_pointer;
			return i;
		}
		if (return_address != stack->chain[i])
			return 0;
		frame_pointer = saved_frame_pointer;
	}
	return 0;
}

/** Take the chain from @p first up to @p end as it is in the process now; false: it is gone. */
static bool follow_live(struct walk *walk, size_t first, size_t end)
{
	const uint64_t word_size_bytes = word_size_bytes_of(walk);
	uint64_t frame_pointer = walk->frame_pointer;

	for (size_t i = first; i < end; i++) {
		uint64_t saved_frame_pointer, return_address;

		if (!live_memory_read_word(walk->live, frame_pointer, word_size_bytes,
					   &saved_frame_pointer) ||
		    !live_memory_read_word(walk->live, frame_pointer + word_size_bytes,
					   word_size_bytes, &return_address) ||
		    return_address != walk->stack->chain[i])
			return false;
		walk->stack_pointer = frame_pointer + 2 * word_size_bytes;
		frame_pointer = saved_frame_pointer;
	}
	walk->frame_pointer = frame_pointer;
	step_vector_append(walk->steps, (struct step){ .cfa = walk->stack_pointer });
	return true;
}

/** Unwind from there to the root; false: it is too far. */
static bool find_start_frames(struct walk *walk, struct start_frames *ret)
{
	struct site site;

	walk->reads_live = true;
	while (ret->count < START_FRAMES_MAX) {
		unwinder_find_site(walk->unwinder, walk->process, walk->instruction_pointer - 1,
				   &site);
		if (walk_step(walk, &site) != STACK_END_NONE || walk->is_exact ||
		    !walk_is_return_address(walk, walk->instruction_pointer))
			return false;
		ret->addresses[ret->count++] = walk->instruction_pointer;
		if (unwinder_is_outermost(walk->unwinder, walk->process, walk->instruction_pointer))
			return true;
	}
	return false;
}

/**
 * From the frame at @p last of the chain to the root, as this process has it now or had it once;
 * all or nothing.
 */
static bool append_start_frames(struct walk *walk, size_t first, size_t last,
				struct address_frame_vector *frames)
{
	struct start_frames *known = unwinder_start_frames(walk);
	struct start_frames found = { 0 };
	struct site site;

	if (!known->count && follow_live(walk, first, last + 1) && find_start_frames(walk, &found))
		*known = found;
	for (size_t i = 0; i < known->count; i++) {
		walk->instruction_pointer = known->addresses[i];
		unwinder_find_site(walk->unwinder, walk->process, walk->instruction_pointer - 1,
				   &site);
		walk_append_frame(walk, &site, frames);
	}
	return known->count > 0;
}

bool walk_along_chain(struct walk *walk, const struct registers *registers,
		      struct address_frame_vector *frames)
{
	const struct stack_copy *stack = walk->stack;
	uint64_t frame_pointer;
	struct site site;
	const size_t first = find_departure(walk, registers, &frame_pointer);

	unwinder_find_site(walk->unwinder, walk->process,
			   walk->instruction_pointer - (walk->is_exact ? 0 : 1), &site);
	if (!first || !walk->has_frame_pointer || walk->frame_pointer != frame_pointer ||
	    !is_frame_pointer_rule(walk, site.rule))
		return false;
	walk->is_along_chain = true;
	walk->is_exact = false;
	walk->is_by_frame_pointer = false;
	for (size_t i = first; i < stack->n_chain; i++) {
		walk->instruction_pointer = stack->chain[i];
		if (!walk->instruction_pointer)
			return true;
		if (!walk_is_return_address(walk, walk->instruction_pointer))
			return false;
		unwinder_find_site(walk->unwinder, walk->process, walk->instruction_pointer - 1,
				   &site);
		walk_append_frame(walk, &site, frames);
		if (unwinder_is_outermost(walk->unwinder, walk->process,
					  walk->instruction_pointer))
			return true;
		if (!is_frame_pointer_rule(walk, site.rule))
			return append_start_frames(walk, first, i, frames);
	}
	return false;
}
