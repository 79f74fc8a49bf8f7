#pragma once

/** --colors, wherever a flame graph is drawn. */

#include "base/error.h"

#define PALETTE_OPTION_HELP                                                                        \
	"Colours of the flame graph: library, kind, rust, hot and others. Default: library."

#define PALETTE_OPTION_VALUES                                                                      \
	"library kind safe rust hot mem io java js python perl red green blue aqua yellow purple " \
	"orange"

/** @return ERROR_USAGE with the list of known ones. */
struct error *palette_option_read(const char *value, const char **ret) MUST_CHECK;
