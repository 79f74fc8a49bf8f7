#pragma once

#include "output/output_format.h"

/** What @p format writes for @p profile with @p options (NULL: the defaults); free() it. */
char *output_text(const struct output_format *format, const struct profile *profile,
		  const struct output_options *options);

/** What @p format writes for @p profile, which is destroyed, must hold @p part. */
void assert_output_has(const struct output_format *format, struct profile *profile,
		       const char *part);
