#pragma once

/** Options of all commands that show functions: how much of their names, and which of them. */

#include "cli/options.h"
#include "profile/fold.h"

enum {
	OPTION_NAMES = 1200,
	OPTION_FOLD,
};

#define FOLD_OPTION_SPECS                                                                          \
	{ OPTION_NAMES,                                                                            \
	  0,                                                                                       \
	  "names",                                                                                 \
	  "FORM",                                                                                  \
	  "How functions are called: full, or short, without parameters and with type arguments "  \
	  "as <..>. Default: full.",                                                               \
	  "full short" },                                                                          \
	{                                                                                          \
		OPTION_FOLD, 0, "fold", "KIND,...",                                                \
			"Fold away: closures (show {{closure}} and lambdas as their function), "   \
			"async "                                                                   \
			"(leave out what only hands a call on: futures, executors), recursion "    \
			"(show a "                                                                 \
			"function that calls itself once), unnamed (show functions without a "     \
			"symbol as one for each library), or all.",                                \
			"closures async recursion unnamed all"                                     \
	}

/** Take one option; @p is_known_ret false: it is none of these. */
struct error *fold_options_apply(struct profile_fold *fold, int id, const char *value,
				 bool *is_known_ret) MUST_CHECK;
