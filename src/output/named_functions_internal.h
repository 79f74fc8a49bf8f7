#pragma once

/**
 * The functions of a profile as files for other programs name them. Those programs
 * have no notion of "no symbol", so code without one is named after its object.
 */

#include "profile/summary.h"

/** The function's name, or "[libx.so]" for code without a symbol. Hostile text; free(). */
char *function_name(const struct profile *profile, const struct profile_function *function);

struct named_functions {
	struct profile_function_vector functions; /**< By number, without weights. */
	uint32_t *of_frame;                       /**< Number by frame id. */
	char **names;     /**< By number: function_name(). Hostile text, owned. */
	string_id *files; /**< By number: its source file, where first seen; 0: unknown. */
};

void named_functions_init(struct named_functions *named, const struct profile *profile);
void named_functions_deinit(struct named_functions *named);
