#pragma once

/** An environment to start programs with: a copy that can be changed. */

#include "build/text_vector.h"

struct environment {
	struct text_vector entries; /**< "NAME=VALUE", each name once. */
};

/** Start from @p entries ("NAME=VALUE", NULL at the end), such as environ(7). */
void environment_init(struct environment *environment, char *const *entries);
void environment_deinit(struct environment *environment);

/** The value of @p name, or NULL: not set. Valid until the next change. */
const char *environment_value(const struct environment *environment, const char *name);

void environment_set(struct environment *environment, const char *name, const char *value);

/** Put @p text behind what @p name holds, @p separator between them unless it holds nothing. */
void environment_add(struct environment *environment, const char *name, char separator,
		     const char *text);
