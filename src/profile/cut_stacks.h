#pragma once

/** Where and why user stacks were cut short. */

#include "profile/profile.h"

/** A way in which stacks were cut short, and the code it happened in. */
struct cut_stacks {
	enum stack_end end;
	uint32_t object; /**< Of the outermost frame. */
	bool is_jit;     /**< That is code made at run time. */
	uint64_t count;
	double share; /**< Of all samples with a user stack, 0..1. */
};

DEFINE_VECTOR(cut_stacks_vector, struct cut_stacks)

/** Of the samples of @p event; descending count, then by object id. */
void profile_cut_stacks_of(const struct profile *profile, uint32_t event,
			   struct cut_stacks_vector *ret);

/** What is wrong with the unwind information of that code, where that ends stacks so; or NULL. */
const char *profile_cut_stacks_reason(const struct profile *profile, const struct cut_stacks *cut);
