#pragma once

/** Output formats by name, for the options that take one. */

#include "output/output_format.h"

/** For completion: every name in output_formats[]. */
#define EXPORT_FORMAT_NAMES                                                                        \
	"pprof speedscope firefox callgrind chrome csv markdown events collapsed script report "   \
	"flamegraph"

/** The same of export and merge, with what needs an explanation: explained_formats[]. */
#define ALL_EXPORT_FORMAT_NAMES EXPORT_FORMAT_NAMES " summary analysis"

/** What is made from an explanation of the profile by the shipped rules. NULL at the end. */
extern const struct output_format *const explained_formats[];
bool export_format_is_explained(const struct output_format *format);

DEFINE_VECTOR(format_vector, const struct output_format *)

/**
 * @param more  Formats besides output_formats[], NULL at the end; or NULL.
 * @return ERROR_USAGE that lists the known formats when @p value is none.
 */
struct error *export_format_read(const char *option, const char *value,
				 const struct output_format *const *more,
				 const struct output_format **ret) MUST_CHECK;
