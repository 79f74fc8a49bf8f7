#include "cli/commands.h"

#include "base/json_writer.h"
#include "base/memory.h"
#include "cli/program_text.h"
#include "cli/terminal.h"

#include <elfutils/libdwfl.h>
#include <gnu/libc-version.h>
#include <sys/utsname.h>
#include <zlib.h>
#include <zstd.h>

enum {
	OPTION_JSON = 1,
};

static const struct option_spec options[] = {
	{ OPTION_JSON, 0, "json", NULL, "Print one JSON object.", NULL },
	OPTION_END,
};

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/** A part this program was made of or runs on. */
struct component {
	const char *name;
	const char *version;
};

static void write_text(FILE *file, const struct component *components, size_t n_components)
{
	fputs(PROGRAM_VERSION "\n", file);
	for (size_t i = 0; i < n_components; i++)
		fprintf(file, "%-10s %s\n", components[i].name, components[i].version);
}

static void write_json(FILE *file, const struct component *components, size_t n_components)
{
	struct json_writer json = json_writer_make(file);

	json_begin_object(&json, NULL);
	json_string(&json, "version", PERF_PROFILE_VERSION);
	for (size_t i = 0; i < n_components; i++)
		json_string(&json, components[i].name, components[i].version);
	json_end_object(&json);
}

static int write_version(bool is_json)
{
	_cleanup_free_ char *kernel = NULL;
	struct utsname system;

	if (uname(&system) == 0)
		kernel = memory_format_text("%s %s %s", system.sysname, system.release,
					    system.machine);
	/* Versions of what is loaded now, which may be newer than what was compiled against. */
	struct component components[] = {
		{ "compiler", COMPILER },           { "libc", gnu_get_libc_version() },
		{ "elfutils", dwfl_version(NULL) }, { "zstd", ZSTD_versionString() },
		{ "zlib", zlibVersion() },          { "kernel", kernel ? kernel : "unknown" },
	};

	if (is_json)
		write_json(stdout, components, ARRAY_SIZE(components));
	else
		write_text(stdout, components, ARRAY_SIZE(components));
	return terminal_finish_output();
}

static int run_version(const struct command *command, int argc, char **argv)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	struct error *error;
	bool is_json = false;
	const char *value;
	int id;

	while (!(error = option_parser_next(&parser, &id, &value)) && id != OPTION_ID_END)
		is_json = true;
	if (!error)
		error = option_parser_refuse_operands(&parser);
	if (error) {
		terminal_print_error(error);
		return EXIT_OURS;
	}
	return write_version(is_json);
}

const struct command command_version = {
	.name = "version",
	.summary = "Print versions of the program, its libraries and the kernel",
	.usage = "[OPTIONS]",
	.options = options,
	.run = run_version,
};
