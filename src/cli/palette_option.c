#include "cli/palette_option.h"

#include "output/palette.h"

#include <stdio.h>
#include <stdlib.h>

struct error *palette_option_read(const char *value, const char **ret)
{
	char *known = NULL;
	size_t size_bytes = 0;
	struct error *error;
	FILE *file;

	if (palette_find(value)) {
		*ret = value;
		return NULL;
	}
	file = open_memstream(&known, &size_bytes);
	for (size_t i = 0; file && i < n_palettes; i++)
		fprintf(file, "%s%s", i ? ", " : "", palettes[i].name);
	if (file)
		fclose(file);
	error = error_with_hint(error_new(ERROR_USAGE, "--colors: unknown palette '%s'", value),
				"one of: %s", known ? known : "");
	free(known);
	return error;
}
