#pragma once

/** Figures that several outputs show: totals, stack quality, hottest functions. */

#include "profile/profile.h"

#include <stdio.h>

/** Whether the graph can be trusted. Counts are samples of one event. */
struct profile_quality {
	uint64_t n_samples;
	uint64_t period_total;
	uint64_t n_user_stacks; /**< Samples with a user stack (end is not NONE). */
	uint64_t n_complete;    /**< Of these, those that reach the root. */
	uint64_t n_by_end[N_STACK_ENDS];
	uint64_t n_lost;
	double complete_share; /**< n_complete / n_user_stacks; 1 when there are none. */
	double named_share;    /**< Share of leaf frames with a name, by samples. */
	double lost_share;     /**< n_lost / (n_samples + n_lost). */
};

/** @param event  Event id. */
void profile_quality_of(const struct profile *profile, uint32_t event, struct profile_quality *ret);

/** Functions are told apart by name and object (not by line). */
struct profile_function {
	string_id name;
	uint32_t object;
	uint32_t flags;           /**< enum frame_flags of the frames merged here. */
	uint64_t self_period;     /**< It was the innermost frame. */
	uint64_t children_period; /**< It was anywhere on the stack (counted once per sample). */
	uint64_t self_count;
	uint64_t children_count;
};

DEFINE_VECTOR(profile_function_vector, struct profile_function)

/**
 * Number the functions of all frames.
 *
 * @param functions_ret          By number, without weights. Replaced.
 * @param function_of_frame_ret  Number by frame id: room for profile->frames.count.
 */
void profile_number_functions(const struct profile *profile,
			      struct profile_function_vector *functions_ret,
			      uint32_t *function_of_frame_ret);

/**
 * All functions of one event, descending self period, then self count; those with equal
 * self by what they call, then by name.
 */
void profile_functions_of(const struct profile *profile, uint32_t event,
			  struct profile_function_vector *ret);

/**
 * "1,702 samples, 99.9 % complete stacks, 98.2 % named, 0 lost": no newline. Without samples
 * there is nothing to take a share of: "0 samples, 0 lost".
 */
void profile_quality_write(const struct profile_quality *quality, FILE *file);

/** Room for any of the texts below. */
#define PROFILE_NUMBER_SIZE_BYTES 32

/** "12.3 %"; what is not quite all is never "100.0 %", what is something never "0.0 %". */
void profile_format_share(double share, char text[PROFILE_NUMBER_SIZE_BYTES]);

/** "4,991" : thousands separated, for text reports. */
void profile_format_count(uint64_t count, char text[PROFILE_NUMBER_SIZE_BYTES]);
