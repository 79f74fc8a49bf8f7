#include "cli/export_format.h"

#include "base/text_stream.h"

#include <string.h>

static void write_names(const struct output_format *const *formats, const char *separator,
			FILE *file)
{
	for (; *formats; formats++, separator = ", ")
		fprintf(file, "%s%s", separator, (*formats)->name);
}

static struct error *unknown_format(const char *option, const char *value,
				    const struct output_format *const *more)
{
	char *known = NULL;
	size_t size_bytes = 0;
	FILE *file = text_stream_open(&known, &size_bytes);
	struct error *error;

	write_names(output_formats, "", file);
	write_names(more, ", ", file);
	text_stream_close(file, &known);
	error = error_with_hint(error_new(ERROR_USAGE, "%s: unknown format '%s'", option, value),
				"one of: %s", known);
	free(known);
	return error;
}

struct error *export_format_read(const char *option, const char *value,
				 const struct output_format *const *more,
				 const struct output_format **ret)
{
	static const struct output_format *const none[] = { NULL };
	const struct output_format *found = output_format_find(value);

	more = more ? more : none;
	for (size_t i = 0; !found && more[i]; i++)
		if (strcmp(more[i]->name, value) == 0)
			found = more[i];
	if (!found)
		return unknown_format(option, value, more);
	*ret = found;
	return NULL;
}
