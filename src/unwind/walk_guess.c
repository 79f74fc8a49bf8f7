#include "unwind/walk_internal.h"

#include <string.h>

/**
 * Code without unwind information: JIT code, hand-written assembly, signal
 * trampolines, the first instructions of a program.
 */

/** _start of most libcs, and with _dl_start_user that of ld.so, has no FDE and is not longer. */
#define ENTRY_STUB_SIZE_MAX_BYTES 64

/** What lies between main() and the entry stub is a libc's, and small. */
#define START_CODE_WORDS_MAX 64

static const struct unwind_saves nothing_saved;

/** Elf address of the present frame; the site of a caller is one byte before. */
static uint64_t elf_address_of_frame(const struct walk *walk, const struct site *site)
{
	return site->elf_address + (walk->is_exact ? 0 : 1);
}

bool site_is_entry_stub(const struct site *site, uint64_t elf_address)
{
	const uint64_t entry = site->object->entry_elf_address;

	if (!walk_is_in_file(site->object) || !entry || elf_address < entry ||
	    elf_address - entry >= ENTRY_STUB_SIZE_MAX_BYTES)
		return false;
	/* Where _start is described, this is the function after it. */
	return !site->table || unwind_table_find(site->table, entry)->kind == UNWIND_RULE_GAP;
}

bool walk_is_return_address(const struct walk *walk, uint64_t runtime_address)
{
	const uint8_t size_max_bytes = walk->architecture->call_size_max_bytes;
	const struct mapping *mapping = process_find_mapping(walk->process, runtime_address - 1);
	struct site site;
	struct bytes code;
	uint64_t start;

	if (!mapping)
		return false;
	/* The search opens the object. */
	unwinder_find_site(walk->unwinder, walk->process, runtime_address - 1, &site);
	if (!walk_is_in_file(site.object))
		return true;
	start = site.elf_address + 1 - size_max_bytes;
	code = object_bytes_at(site.object, start);
	code.size = MIN(code.size, (size_t)size_max_bytes);
	return code.size == size_max_bytes && walk->architecture->may_follow_call(code);
}

/**
 * A function that has no frame (yet, or any more): the return address is on top,
 * or below @p n_pushed words.
 */
static bool step_as_leaf(struct walk *walk, unsigned int n_pushed)
{
	const uint64_t word_size_bytes = walk->architecture->is_64_bit ? 8 : 4;
	const uint64_t slot = walk->stack_pointer + n_pushed * word_size_bytes;
	uint64_t return_address;

	if (!walk_read_word(walk, slot, &return_address) ||
	    !walk_is_return_address(walk, return_address))
		return false;
	walk->instruction_pointer = return_address;
	walk->stack_pointer = slot + word_size_bytes;
	walk->is_exact = false;
	walk->is_by_frame_pointer = false;
	step_vector_append(walk->steps, (struct step){ .saves = &nothing_saved,
						       .cfa = walk->stack_pointer,
						       .frame_pointer = walk->frame_pointer });
	return true;
}

/*
 * Some libcs give their trampoline no unwind information. A handler returns to
 * its first byte; a sample may hit any instruction of it, or the kernel in the
 * system call that ends it.
 */
static bool is_signal_trampoline(const struct walk *walk, const struct site *site)
{
	return walk_is_sigreturn(walk->architecture, site->object, elf_address_of_frame(walk, site),
				 walk->is_exact);
}

bool walk_is_sigreturn(const struct architecture *architecture, const struct object *object,
		       uint64_t elf_address, bool is_exact)
{
	const struct bytes wanted = architecture->sigreturn_code;
	const size_t depth_max = is_exact ? wanted.size : 0;

	if (!walk_is_in_file(object))
		return false;
	for (size_t depth = 0; depth <= depth_max; depth++) {
		struct bytes code = object_bytes_at(object, elf_address - depth);

		if (code.size >= wanted.size && !memcmp(code.data, wanted.data, wanted.size))
			return true;
	}
	return false;
}

/** A handler was not called: it returns to the start of the trampoline. */
static bool is_handlers_return_address(const struct walk *walk, uint64_t runtime_address)
{
	struct site site;

	unwinder_find_site(walk->unwinder, walk->process, runtime_address, &site);
	return walk_is_sigreturn(walk->architecture, site.object, site.elf_address, false);
}

/** System V x86-64 psABI section 3.2.2: saved frame pointer, return address. */
static enum stack_end step_by_frame_pointer(struct walk *walk)
{
	const uint64_t frame_pointer = walk->frame_pointer;
	uint64_t saved_frame_pointer;
	uint64_t return_address;

	if (!walk->has_frame_pointer)
		return STACK_END_NO_RULE;
	/* In a leaf it may be any other value that happens to be 0. */
	if (!frame_pointer)
		return walk->is_exact ? STACK_END_NO_RULE : STACK_END_FP_ROOT;
	if (frame_pointer % 8 || frame_pointer < walk->stack_pointer ||
	    frame_pointer - walk->stack_pointer >= FRAME_SIZE_MAX_BYTES)
		return STACK_END_NO_RULE;
	if (!walk_read_word(walk, frame_pointer, &saved_frame_pointer) ||
	    !walk_read_word(walk, frame_pointer + 8, &return_address))
		return walk_read_failure(walk);
	/* The outermost frame was not called: Go lets it return to runtime.goexit + 1. */
	if (return_address && saved_frame_pointer &&
	    !walk_is_return_address(walk, return_address) &&
	    !is_handlers_return_address(walk, return_address))
		return STACK_END_NO_RULE;
	step_vector_append(walk->steps, (struct step){ .saves = NULL, .cfa = frame_pointer + 16 });
	walk->instruction_pointer = return_address;
	walk->stack_pointer = frame_pointer + 16;
	walk->frame_pointer = saved_frame_pointer;
	walk->is_exact = false;
	walk->is_by_frame_pointer = true;
	return STACK_END_NONE;
}

static enum stack_end step_by_signal_frame(struct walk *walk)
{
	const struct architecture *architecture = walk->architecture;
	struct registers interrupted = { 0 };

	for (uint32_t number = 0; number < architecture->n_registers; number++) {
		int64_t offset = architecture->sigreturn_register_offsets[number];

		if (!walk_read_word(walk, walk->stack_pointer + (uint64_t)offset,
				    &interrupted.values[number]))
			return walk_read_failure(walk);
	}
	interrupted.valid_mask = (UINT64_C(1) << architecture->n_registers) - 1;
	walk_rebase(walk, &interrupted);
	walk->is_exact = true;
	walk->is_by_frame_pointer = false;
	return STACK_END_NONE;
}

/*
 * Assembly in a file that is described otherwise mostly has no frame, and the
 * compiled code that calls it need not keep a frame pointer. JIT code, V8's
 * builtins and Go do keep it, and leave old return addresses in their frames.
 */
static bool is_called_from_described_code(const struct walk *walk, const struct site *site)
{
	uint64_t return_address;
	struct site caller;

	if (!site->table || !walk_read_word(walk, walk->stack_pointer, &return_address))
		return false;
	unwinder_find_site(walk->unwinder, walk->process, return_address - 1, &caller);
	return caller.rule->kind != UNWIND_RULE_GAP;
}

/*
 * musl has no unwind information for what calls main(). Its frames are left out if nothing
 * else can be among them: each return address from here to that into the entry stub is
 * of code that is not described.
 */
static bool step_to_entry_stub(struct walk *walk, const struct site *site)
{
	const uint64_t word_size_bytes = walk->architecture->is_64_bit ? 8 : 4;
	const struct object *object = site->object;

	if (walk->is_exact)
		return false;
	for (unsigned int i = 0; i < START_CODE_WORDS_MAX; i++) {
		const uint64_t slot = walk->stack_pointer + i * word_size_bytes;
		uint64_t return_address;
		struct site found;

		if (!walk_read_copied_word(walk, slot, &return_address))
			return false;
		if (!walk_is_return_address(walk, return_address))
			continue;
		unwinder_find_site(walk->unwinder, walk->process, return_address - 1, &found);
		if (found.object != object || found.rule->kind != UNWIND_RULE_GAP)
			return false;
		if (!site_is_entry_stub(&found, found.elf_address + 1))
			continue;
		walk->instruction_pointer = return_address;
		walk->stack_pointer = slot + word_size_bytes;
		walk->has_frame_pointer = false;
		step_vector_append(walk->steps,
				   (struct step){ .saves = NULL, .cfa = walk->stack_pointer });
		return true;
	}
	return false;
}

/**
 * What the code itself says, followed to its return. It is a guess all the same: behind a call
 * that never returns comes another function. So what is found must be a return address.
 */
static bool step_by_way_out(struct walk *walk, const struct site *site)
{
	const uint64_t word_size_bytes = walk->architecture->is_64_bit ? 8 : 4;
	struct way_out way;
	uint64_t cfa, return_address;

	if (!unwinder_find_way_out(walk, site->object, elf_address_of_frame(walk, site), &way) ||
	    (way.is_from_frame_pointer && !walk->has_frame_pointer))
		return false;
	cfa = (way.is_from_frame_pointer ? walk->frame_pointer : walk->stack_pointer) +
	      (uint64_t)(int64_t)way.cfa_offset;
	if (cfa <= walk->stack_pointer || cfa - walk->stack_pointer > FRAME_SIZE_MAX_BYTES ||
	    !walk_read_word(walk, cfa - word_size_bytes, &return_address) ||
	    (!walk_is_return_address(walk, return_address) &&
	     !is_handlers_return_address(walk, return_address)))
		return false;
	step_vector_append(walk->steps, (struct step){ .saves = NULL, .cfa = cfa });
	if (way.is_frame_pointer_saved)
		walk->has_frame_pointer =
			walk_read_word(walk, cfa + (uint64_t)(int64_t)way.frame_pointer_offset,
				       &walk->frame_pointer);
	else
		walk->has_frame_pointer &= way.has_frame_pointer;
	walk->instruction_pointer = return_address;
	walk->stack_pointer = cfa;
	walk->is_exact = false;
	walk->is_by_frame_pointer = false;
	return true;
}

enum stack_end walk_step_by_guess(struct walk *walk, const struct site *site)
{
	enum stack_end end;

	if (!site->object)
		return walk->is_exact && step_as_leaf(walk, 0) ? STACK_END_NONE
							       : STACK_END_NO_MAPPING;
	if (site_is_entry_stub(site, elf_address_of_frame(walk, site)))
		return STACK_END_ENTRY;
	if (is_signal_trampoline(walk, site))
		return step_by_signal_frame(walk);
	if (step_by_way_out(walk, site))
		return STACK_END_NONE;
	if (walk->is_exact && is_called_from_described_code(walk, site) && step_as_leaf(walk, 0))
		return STACK_END_NONE;
	end = step_by_frame_pointer(walk);
	/* _init and the start of crtstuff's functions: one push, or room for one. */
	if (end == STACK_END_NO_RULE && walk->is_exact &&
	    (step_as_leaf(walk, 0) || step_as_leaf(walk, 1)))
		return STACK_END_NONE;
	if ((end == STACK_END_NO_RULE || end == STACK_END_FP_ROOT) &&
	    step_to_entry_stub(walk, site))
		return STACK_END_NONE;
	return end;
}
