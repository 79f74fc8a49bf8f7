#include "output_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

char *output_text(const struct output_format *format, const struct profile *profile,
		  const struct output_options *options)
{
	struct output_options defaults = output_options_default();
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);

	assert_non_null(file);
	assert_null(format->write(profile, options ? options : &defaults, file));
	assert_false(ferror(file));
	fclose(file);
	assert_int_equal(strlen(text), size_bytes); /* no NUL slipped through */
	return text;
}

void assert_output_has(const struct output_format *format, struct profile *profile,
		       const char *part)
{
	char *text = output_text(format, profile, NULL);

	if (!strstr(text, part))
		fail_msg("no '%s' in:\n%s", part, text);
	free(text);
	profile_destroy(profile);
}
