#pragma once

/**
 * Records of another time or machine (a perf.data file): which files, and which
 * kernel symbols, of this machine may name their addresses.
 *
 * Naming by the wrong file gives wrong names, which is worse than none. So a
 * file counts when its build id is the recorded one, or, without a build id, when
 * the recording was made on this machine. The kernel counts when it is the same
 * one; that it was loaded elsewhere since (KASLR, see the kernel's
 * Documentation/admin-guide/kernel-parameters.txt, "nokaslr") is made up for.
 */

#include "base/hash_map.h"
#include "object/object.h"
#include "record/record.h"

/** What a recording says of where it was made. All borrowed; NULL: it does not say. */
struct record_origin {
	const char *hostname;
	const char *os_release;
	const char *architecture; /**< As uname -m. */
	const struct build_id_record *build_ids;
	uint64_t n_build_ids;
	bool is_unfinished;    /**< It lacks all this only because its recorder was killed. */
	bool tells_stack_ends; /**< Its samples are ours: record_stack_end(). */
};

DEFINE_HASH_MAP(build_id_map, const char *, struct build_id, hash_text, equal_text)

enum kernel_match {
	KERNEL_UNDECIDED,
	KERNEL_SAME,  /**< This machine's kernel, perhaps loaded at another address. */
	KERNEL_OTHER, /**< Another one, or nothing to tell by. */
};

struct origin {
	bool is_elsewhere; /**< Another machine, or a recording that does not say which. */
	bool is_same_release;
	bool is_trusting;              /**< The user named the folder with the files. */
	bool tells_stack_ends;         /**< As in struct record_origin. */
	struct build_id_map build_ids; /**< By path; keys are owned. */

	enum kernel_match kernel_match;
	uint64_t kernel_start, kernel_end; /**< As recorded; both 0: unknown. */
	char *kernel_symbol;               /**< The symbol whose address was recorded... */
	uint64_t kernel_symbol_address;    /**< ...and the address. */
	uint64_t kernel_shift;             /**< To add to a recorded address (modulo 2^64). */
};

/** @param registry  Told how far to trust this machine's files. */
void origin_init(struct origin *origin, const struct record_origin *facts,
		 struct object_registry *registry, bool is_trusting);
void origin_deinit(struct origin *origin);

/** Whether the records are of this program's own CPU. NULL architecture: taken to be. */
bool origin_is_native(const struct record_origin *facts);

/** Take note of HEADER_BUILD_ID and of the kernel's mapping; others are ignored. */
void origin_apply(struct origin *origin, const struct record *record);

/** Give a mapping the build id that was recorded for its path, if it has none. */
void origin_complete_mapping(const struct origin *origin, struct mapping_record *mapping);

/**
 * Where a recorded kernel address is in this machine's kernel.
 *
 * @param object_ret  The kernel's object; NULL: nobody can know (a module of another boot).
 */
uint64_t origin_kernel_address(struct origin *origin, struct object_registry *registry,
			       uint64_t address, struct object **object_ret);
