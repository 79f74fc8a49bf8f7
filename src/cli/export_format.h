#pragma once

/** Output formats by name, for the options that take one. */

#include "output/output_format.h"

/** For completion: every name in output_formats[]. */
#define EXPORT_FORMAT_NAMES                                                                        \
	"pprof speedscope firefox callgrind chrome csv markdown events collapsed script report "   \
	"flamegraph"

DEFINE_VECTOR(format_vector, const struct output_format *)

/** ERROR_USAGE that lists the known formats when @p value is none. */
struct error *export_format_read(const char *option, const char *value,
				 const struct output_format **ret) MUST_CHECK;
