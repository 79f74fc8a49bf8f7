#include "cli/export_format.h"

#include "base/text_stream.h"

struct error *export_format_read(const char *option, const char *value,
				 const struct output_format **ret)
{
	const struct output_format *found = output_format_find(value);
	char *known = NULL;
	size_t size_bytes = 0;
	struct error *error;
	FILE *file;

	if (found) {
		*ret = found;
		return NULL;
	}
	file = text_stream_open(&known, &size_bytes);
	for (const struct output_format *const *format = output_formats; *format; format++)
		fprintf(file, "%s%s", format == output_formats ? "" : ", ", (*format)->name);
	text_stream_close(file, &known);
	error = error_with_hint(error_new(ERROR_USAGE, "%s: unknown format '%s'", option, value),
				"one of: %s", known);
	free(known);
	return error;
}
