#include "unwind/walk_internal.h"

#include "base/clock.h"
#include "base/hash_map.h"

/**
 * Beyond the copy of the stack, in the memory of the process as it is now: for threads that
 * sleep, and for others where somebody asked for it, as nothing proves that it was so at the moment
 * of the sample. All of this must hold, or nothing is kept:
 *
 * - The return addresses of the last frames inside the copy are still where they were: the
 *   thread has not left them, or is in them again.
 * - The end of the copy is as it was to the byte: these are the same calls, not the same functions
 *   called from elsewhere.
 * - Each return address beyond lies behind a call instruction of mapped code.
 * - Each of these was there at many looks in a row, the first of them before the sample, and the
 *   thread ran between any two: of two callers that take turns, now says nothing about then.
 * - The walk ends at the root. One that takes the frame of another function for that
 *   of this one misses the return address of its caller, and ends elsewhere.
 */

/** So many frames inside the copy are compared, where it has as many. */
#define ANCHORS_MAX 16

/** So much of the copy's end is compared: saved registers and local variables too. */
#define TAIL_SIZE_BYTES 1024

/**
 * So many looks must agree. Callers that take turns at equal shares, faster than the looks, pass
 * for steady once in 2^16.
 */
#define LOOKS_MIN 16

/**
 * Samples are analysed many at once: what is seen for the next of them is the same look. So it is
 * while the thread has no newer sample, because it has to wait for a CPU.
 */
#define LOOKS_APART_MIN_NS NS_PER_MS

/** After a longer time nobody knows what was there meanwhile. */
#define LOOKS_APART_MAX_NS (200 * NS_PER_MS)

/** Below the stack pointer nothing is of use, whatever it is. */
#define BELOW_STACK_SIZE_BYTES (UINT64_C(1) << 20)

bool walk_read_word_beyond(const struct walk *walk, uint64_t address, uint64_t *ret)
{
	const size_t size_bytes = walk->architecture->is_64_bit ? 8 : 4;

	/* Without a copy, there is nothing to compare with. */
	if (!walk->reads_live || !walk->stack->bytes.size ||
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
	const uint64_t end = walk->stack_start + walk->stack->bytes.size;
	const uint64_t size_bytes = MIN(walk->stack->bytes.size, (size_t)TAIL_SIZE_BYTES);

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

bool outer_word_is_steady(struct outer_word_map *words, uint64_t key, uint64_t value,
			  const struct memory_reader *reader)
{
	struct outer_word *word;
	uint64_t apart_ns;
	bool is_new;

	if (words->count >= OUTER_WORDS_MAX)
		outer_word_map_deinit(words);
	word = outer_word_map_insert(words, key, &is_new);
	apart_ns = reader->now_ns - word->last_ns;
	if (is_new || word->value != value || apart_ns > LOOKS_APART_MAX_NS) {
		*word = (struct outer_word){ .value = value,
					     .first_ns = reader->now_ns,
					     .last_ns = reader->now_ns,
					     .n_looks = 1 };
	} else if (apart_ns >= LOOKS_APART_MIN_NS && reader->copied_ns > word->last_ns) {
		word->last_ns = reader->now_ns;
		word->n_looks++;
	}
	return reader->copied_ns == reader->now_ns ||
	       (word->n_looks >= LOOKS_MIN && word->first_ns < reader->copied_ns);
}
