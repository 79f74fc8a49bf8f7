#pragma once

/** The state of one walk up a stack, shared by the files that take a step of it. */

#include "base/hash_map.h"
#include "object/object.h"
#include "process/process.h"
#include "unwind/live_memory.h"
#include "unwind/unwind_table.h"
#include "unwind/unwinder.h"

/** Where an address is and what rule holds there. */
struct site {
	struct object *object;          /**< NULL: in no executable mapping. */
	struct unwind_table *table;     /**< NULL: the object has none. */
	const struct unwind_rule *rule; /**< Never NULL. */
	uint64_t elf_address;
	enum stack_end end_for_callers; /**< How the stack ends if the code here has called. */
};

/** A frame that was left, kept to find what it saved. */
struct step {
	const struct unwind_saves *saves; /**< NULL: nobody knows what it saved. */
	uint64_t cfa;
	uint64_t frame_pointer; /**< Inside the frame, not in its caller. */
};

DEFINE_VECTOR(step_vector, struct step)

/** What a step comes to: STACK_END_NONE is "go on". */
struct walk {
	struct unwinder *unwinder;
	struct process *process;
	const struct architecture *architecture;

	const struct stack_copy *stack;
	uint64_t stack_start;        /**< Runtime address of the copy's first byte. */
	struct live_memory *live;    /**< What was not copied. */
	struct stack_extent *extent; /**< To note how far the walk came. */

	/** Registers that were last known all at once: at the leaf, or where a signal hit. */
	struct registers base;
	struct step_vector *steps; /**< Frames left since; innermost first. */

	/* Of the present frame. */
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	uint64_t frame_pointer;
	bool has_frame_pointer;
	bool reads_live;          /**< Words that were not copied are read from the process. */
	bool is_along_chain;      /**< Beyond the copy, by the kernel's chain (walk_chain.c). */
	size_t n_frames_inside;   /**< Found before the copy ended; 0: it has not. */
	bool is_doubtful;         /**< Of the frames beyond the copy, one is not to be believed. */
	bool is_exact;            /**< Stopped or interrupted at the address: it did not call. */
	bool is_by_frame_pointer; /**< Found by the step_by_frame_pointer(). */
};

/** What looks at one word beyond the copy have shown. */
struct outer_word {
	uint64_t value;
	uint64_t first_ns, last_ns; /**< Looks that found it, of CLOCK_MONOTONIC. */
	uint32_t n_looks;           /**< Between these two, all alike. */
};

/** By process and address. */
DEFINE_HASH_MAP(outer_word_map, uint64_t, struct outer_word, hash_u64, equal_u64)

/** When more are known all are forgotten, and have to prove themselves again. */
#define OUTER_WORDS_MAX 65536

/** Between the root and what has frame pointers: main() and a thread's function are so close. */
#define START_FRAMES_MAX 2

/** The callers of what a process or thread starts with, up to the root; innermost first. */
struct start_frames {
	uint64_t addresses[START_FRAMES_MAX];
	size_t count; /**< 0: not known. */
};

/** By process and return address. */
DEFINE_HASH_MAP(start_frames_map, uint64_t, struct start_frames, hash_u64, equal_u64)

/** When more are known all are forgotten: a process has two or three. */
#define START_FRAMES_KNOWN_MAX 4096

/** Note a look; whether the word can be taken for what it was when the stack was copied. */
bool outer_word_is_steady(struct outer_word_map *words, uint64_t key, uint64_t value,
			  const struct memory_reader *reader);

/** The word at @p address of the copied stack; false: not copied. */
bool walk_read_copied_word(const struct walk *walk, uint64_t address, uint64_t *ret);

/** The same of the memory of the process, as it is now; false: not to be had. */
bool walk_read_word_beyond(const struct walk *walk, uint64_t address, uint64_t *ret);

/** Whether what lies beyond the copy can belong to it, when the first frame was found there. */
bool walk_beyond_begin(const struct walk *walk);

/** Whether the present frame, found beyond the copy, can be a caller. */
bool walk_beyond_is_credible(const struct walk *walk);

/** The present frame, at @p site, as the next of @p frames. */
void walk_append_frame(const struct walk *walk, const struct site *site,
		       struct address_frame_vector *frames);

/** Leave the present frame, at @p site. */
enum stack_end walk_step(struct walk *walk, const struct site *site);

/**
 * Go on where the copy ended, along the kernel's chain of frame pointers.
 *
 * @param registers  Of the sample: where that chain begins.
 * @param frames     Those found so far. What is appended is what unwinding would have found.
 * @return whether it led to the root.
 */
bool walk_along_chain(struct walk *walk, const struct registers *registers,
		      struct address_frame_vector *frames);

/** The word at @p address, of the copy or beyond; false: not to be had. */
bool walk_read_word(const struct walk *walk, uint64_t address, uint64_t *ret);

/** The end that stands for a failed walk_read_word(). */
enum stack_end walk_read_failure(const struct walk *walk);

/** A register's value in the present frame, by DWARF number; false: lost. */
bool walk_read_register(const struct walk *walk, uint32_t number, uint64_t *ret);

/** Take the present frame's registers and forget all before: @p registers are all there is. */
void walk_rebase(struct walk *walk, const struct registers *registers);

/** Whether code may return to @p runtime_address: it is mapped, and a call stands before it. */
bool walk_is_return_address(const struct walk *walk, uint64_t runtime_address);

/** Leave a frame that has a compact rule. */
enum stack_end walk_step_by_rule(struct walk *walk, const struct site *site);

/** Leave a frame whose whole row of rules is needed. */
enum stack_end walk_step_by_full_row(struct walk *walk, const struct site *site);

/** Leave a frame of which nothing is known: leaf, frame pointer, signal trampoline. */
enum stack_end walk_step_by_guess(struct walk *walk, const struct site *site);

/**
 * Whether a frame at @p elf_address is the entry point of a program or of ld.so, which says nothing
 * of itself. @p site is of a gap, and has an object.
 */
bool site_is_entry_stub(const struct site *site, uint64_t elf_address);

/** Whether @p object is an ELF file whose bytes can be looked at. May be NULL. */
bool walk_is_in_file(const struct object *object);

/**
 * Whether @p elf_address is the first of the trampoline that signal handlers return to;
 * @p is_exact: any of its instructions.
 */
bool walk_is_sigreturn(const struct architecture *architecture, const struct object *object,
		       uint64_t elf_address, bool is_exact);

/** A frame pointer further out than this is not one. */
#define FRAME_SIZE_MAX_BYTES (UINT64_C(1) << 20)

/** What it means that @p left, the last frame, returns to what is no code. */
enum stack_end walk_end_without_code(const struct walk *walk, const struct address_frame *left);

/** way_out_find() of the walk's process. */
bool unwinder_find_way_out(const struct walk *walk, const struct object *object,
			   uint64_t elf_address, struct way_out *ret);

/** Of the present frame, to be filled in where they are not known yet. Good until the next call. */
struct start_frames *unwinder_start_frames(const struct walk *walk);

/** Find the site of an address, through the unwinder's cache. */
void unwinder_find_site(struct unwinder *unwinder, struct process *process,
			uint64_t runtime_address, struct site *ret);
