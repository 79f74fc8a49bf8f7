/**
 * Draws a flame graph of a profile written by hand, for the browser tests and
 * for looking at one:
 *
 *     draw_flamegraph [--title=T] [--command=C] [--palette=P] [--width=N]
 *                     [--inverted] [--reversed] < LINES > flamegraph.svg
 *
 * LINES are in the notation of tests/unit/profile/profile_builder.h. Not installed.
 */

#include "base/error.h"
#include "output/output_format.h"
#include "profile_builder.h"

#include <getopt.h>

static const struct option long_options[] = {
	{ "title", required_argument, NULL, 't' },   { "command", required_argument, NULL, 'c' },
	{ "palette", required_argument, NULL, 'p' }, { "width", required_argument, NULL, 'w' },
	{ "program", required_argument, NULL, 'P' }, { "inverted", no_argument, NULL, 'i' },
	{ "reversed", no_argument, NULL, 'r' },      { 0 },
};

static char *read_all(FILE *input)
{
	struct byte_vector text = { 0 };
	char buffer[65536];
	size_t size_bytes;

	while ((size_bytes = fread(buffer, 1, sizeof(buffer), input)) > 0)
		byte_vector_append_bytes(&text, buffer, size_bytes);
	byte_vector_append(&text, 0);
	return (char *)text.items;
}

int main(int argc, char **argv)
{
	struct output_options options = output_options_default();
	const char *command = NULL, *program = NULL;
	_cleanup_free_ char *lines = NULL;
	_cleanup_error_ struct error *error = NULL;
	struct profile *profile;
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 't':
			options.title = optarg;
			break;
		case 'c':
			command = optarg;
			break;
		case 'P':
			program = optarg;
			break;
		case 'p':
			options.palette = optarg;
			break;
		case 'w':
			options.width_px = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'i':
			options.is_inverted = true;
			break;
		case 'r':
			options.is_reversed = true;
			break;
		default:
			return 2;
		}
	}
	lines = read_all(stdin);
	profile = profile_build(lines);
	profile->info.command = memory_duplicate_text(command);
	profile->info.program = memory_duplicate_text(program);
	error = output_format_find("flamegraph")->write(profile, &options, stdout);
	if (error)
		fprintf(stderr, "%s\n", error->message);
	profile_destroy(profile);
	return error ? 1 : 0;
}
