#pragma once

/** Functions line by line and instruction by instruction, with each one's share. */

#include "cli/input_options.h"
#include "profile/annotation.h"

struct annotate_options {
	double percent_limit; /**< Functions with less of their own are left out. */
	const char *objdump;
	bool is_without_source, is_without_code;
	const struct open_profile_options *open; /**< Where symbols come from. */
	uint32_t event;
};

/** @return ERROR_NOT_FOUND when no function is above the limit. */
struct error *annotate_write(const struct annotate_options *options, const struct profile *profile,
			     FILE *file) MUST_CHECK;
