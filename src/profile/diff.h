#pragma once

/**
 * What changed between two profiles, function by function, in seconds per run or whatever else
 * the sides are measured in: time_s says what all of a side's samples are taken for.
 *
 * A function is told by its name and by whether it is the kernel's: programs and libraries
 * may lie elsewhere and be built anew. Inlined functions count as functions of their own.
 */

#include "profile/profile.h"

/** A profile and how long one run really took. */
struct diff_side {
	const struct profile *profile;
	uint32_t event;
	double time_s;        /**< Time on the CPU per run, measured without profiling. */
	double time_error_s;  /**< Its standard error; 0: exact. */
	uint32_t n_runs;      /**< Runs in the profile. */
	bool is_hex_stripped; /**< Names that differ in addresses (0x12) are one: 0x... */
};

/** One function. Times are its own, without what it calls, unless they say otherwise. */
struct function_change {
	char *name;    /**< Owned. */
	char *library; /**< Last part of its path, from the first side that has it. Owned. */
	bool is_kernel;
	uint64_t reference_count, changed_count; /**< Samples. */
	double reference_s, changed_s;
	double reference_children_s, changed_children_s; /**< With what it calls. */
	/** Own time and that of what is inlined into it where a sample was. */
	double reference_whole_s, changed_whole_s;
	/** The function it was inlined into at most of its samples; NULL: none. Owned. */
	char *inlined_into;
	double inlined_weight; /**< While votes for that are counted. */
	double change_s;       /**< changed_s - reference_s */
	double low_s, high_s;  /**< 95 % interval of change_s from the numbers of samples. */
	/**
	 * Holm's test over all functions of the table, at 5 %; and more than two samples per run,
	 * because the first samples of each run fall on the same instructions, or just beside them.
	 */
	bool is_significant;
};

DEFINE_VECTOR(function_change_vector, struct function_change)

/**
 * All functions of both, largest change of own time first, ties by name.
 *
 * @param ret  Replaced; free with function_changes_deinit().
 */
void profile_diff(const struct diff_side *reference, const struct diff_side *changed,
		  struct function_change_vector *ret);

/** Neither the function nor what it calls was seen before (after). */
bool function_change_is_new(const struct function_change *change);
bool function_change_is_gone(const struct function_change *change);

/** "new", "gone" or "": for tables. */
const char *function_change_remark(const struct function_change *change);

/** A copy with hexadecimal digits behind "0x" replaced by "...". Free with free(). */
char *function_name_without_hex(const char *name);

void function_changes_deinit(struct function_change_vector *changes);
