#include "unwind/walk_internal.h"

#include "base/hash_map.h"

/**
 * Beyond the copy of the stack, in the memory of the process as it is now. A wrong frame is
 * worse than a missing one; so all of this must hold, or nothing is kept:
 *
 * - The return addresses of the last frames inside the copy are still where they were: the
 *   thread has not left them, or is in them again.
 * - The end of the copy is as it was to the byte: these are the same calls, not the same functions
 *   called from elsewhere.
 * - Each return address beyond lies behind a call instruction of mapped code.
 * - No other callers were found behind the same frame inside the copy: of two that take turns,
 *   now says nothing about then.
 * - The walk ends at the root. One that takes the frame of another function for that
 *   of this one misses the return address of its caller, and ends elsewhere.
 */

/** So many frames inside the copy are compared, where it has as many. */
#define ANCHORS_MAX 16

/** So much of the copy's end is compared: saved registers and local variables too. */
#define TAIL_SIZE_BYTES 1024

/** Below the stack pointer nothing is of use, whatever it is. */
#define BELOW_STACK_SIZE_BYTES (UINT64_C(1) << 20)

bool walk_read_word_beyond(const struct walk *walk, uint64_t address, uint64_t *ret)
{
	const size_t size_bytes = walk->architecture->is_64_bit ? 8 : 4;

	/* Without a copy, there is nothing to compare with. */
	if (!walk->live->reader || !walk->stack.size ||
	    (address < walk->stack_start && walk->stack_start - address < BELOW_STACK_SIZE_BYTES))
		return false;
	return live_memory_read_word(walk->live, address, size_bytes, ret);
}

/** Whether the word at @p address of the copy is still there. */
static bool is_unchanged(const struct walk *walk, uint64_t address)
{
	const size_t size_bytes = walk->architecture->is_64_bit ? 8 : 4;
	uint64_t then, now;

	return walk_read_copied_word(walk, address, &then) &&
	       live_memory_read_word(walk->live, address, size_bytes, &now) && then == now;
}

/** The outer end of the copy, byte for byte. */
static bool is_tail_unchanged(const struct walk *walk)
{
	const uint64_t end = walk->stack_start + walk->stack.size;
	const uint64_t size_bytes = MIN(walk->stack.size, (size_t)TAIL_SIZE_BYTES);

	for (uint64_t address = end - size_bytes; address < end; address += 8) {
		if (!is_unchanged(walk, address))
			return false;
	}
	return true;
}

/** The frame just left is the last step: its return address lies beyond. */
bool walk_beyond_begin(const struct walk *walk)
{
	const size_t word_size_bytes = walk->architecture->is_64_bit ? 8 : 4;
	size_t n_anchors = 0;

	for (size_t i = walk->steps->count; i-- > 0 && n_anchors < ANCHORS_MAX;) {
		const struct step *step = &walk->steps->items[i];
		uint64_t slot = step->cfa - word_size_bytes;
		uint64_t word;

		if (!step->cfa || !walk_read_copied_word(walk, slot, &word))
			continue;
		if (!is_unchanged(walk, slot))
			return false;
		n_anchors++;
	}
	return n_anchors > 0 && is_tail_unchanged(walk);
}

bool walk_beyond_is_credible(const struct walk *walk)
{
	return walk->is_exact || !walk->instruction_pointer ||
	       walk_is_return_address(walk, walk->instruction_pointer);
}

bool outer_chains_agree(struct outer_chain *chains, const struct walk *walk,
			const struct address_frame_vector *frames)
{
	struct outer_chain *chain = &chains[walk->inside_key & (OUTER_CHAINS_SIZE - 1)];
	uint64_t hash = 0;

	for (size_t i = walk->n_frames_inside; i < frames->count; i++)
		hash = hash_combine(hash, frames->items[i].runtime_address);
	if (chain->key != walk->inside_key)
		*chain = (struct outer_chain){ .key = walk->inside_key, .hash = hash };
	chain->has_changed |= chain->hash != hash;
	return !chain->has_changed;
}
