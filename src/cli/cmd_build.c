#include "cli/commands.h"

#include "cli/program_build.h"
#include "cli/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum {
	OPTION_SYSTEM = 1,
	OPTION_BIN,
	OPTION_EXAMPLE,
	OPTION_BENCH,
	OPTION_PROFILE,
	OPTION_PACKAGE,
	OPTION_FEATURES,
	OPTION_ALL_FEATURES,
	OPTION_NO_DEFAULT_FEATURES,
	OPTION_MANIFEST_PATH,
	OPTION_TARGET,
	OPTION_JOBS,
	OPTION_FRESH,
	OPTION_QUIET,
};

static const struct option_spec options[] = {
	{ OPTION_SYSTEM, 0, "system", "NAME", "Only look for this build system.",
	  "cargo cmake meson go zig make" },
	{ OPTION_BIN, 0, "bin", "NAME", "Cargo: this program of the package.", NULL },
	{ OPTION_EXAMPLE, 0, "example", "NAME", "Cargo: this example.", NULL },
	{ OPTION_BENCH, 0, "bench", "NAME", "Cargo: this benchmark.", NULL },
	{ OPTION_PROFILE, 0, "profile", "NAME",
	  "Cargo's profile, CMake's or Meson's build type. Default: the present build's, or an "
	  "optimised one when that is for debugging.",
	  NULL },
	{ OPTION_PACKAGE, 'p', "package", "NAME", "Cargo or Go: this package.", NULL },
	{ OPTION_FEATURES, 0, "features", "LIST", "Cargo: with these features.", NULL },
	{ OPTION_ALL_FEATURES, 0, "all-features", NULL, "Cargo: with all features.", NULL },
	{ OPTION_NO_DEFAULT_FEATURES, 0, "no-default-features", NULL,
	  "Cargo: without the default features.", NULL },
	{ OPTION_MANIFEST_PATH, 0, "manifest-path", "FILE", "Cargo.toml of the project.", "FILE" },
	{ OPTION_TARGET, 0, "target", "NAME",
	  "Cargo: target triple. Others: what to make. Default: what they make by themselves.",
	  NULL },
	{ OPTION_JOBS, 'j', "jobs", "N",
	  "Run N compilers at once. Default: as the build system does; Make runs one.", NULL },
	{ OPTION_FRESH, 0, "fresh", NULL, "Throw away what earlier builds left, then build.",
	  NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "Only errors on the terminal.", NULL },
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile build", "Build what the current folder is the project of." },
	{ "perf-profile build -- ./target/release/server",
	  "Build that program again; print where the new one is." },
	{ "perf-profile --build ./target/release/server --port 8080",
	  "Build it, then profile what was built." },
	{ NULL, NULL },
};

struct build_call {
	struct build_request request;
	struct program_build_options options;
};

static struct error *apply_option(void *context, int id, const char *value)
{
	struct build_call *call = context;
	struct build_request *request = &call->request;
	uint64_t number;

	switch (id) {
	case OPTION_SYSTEM:
		request->system_name = value;
		return NULL;
	case OPTION_BIN:
		request->bin = value;
		return NULL;
	case OPTION_EXAMPLE:
		request->example = value;
		return NULL;
	case OPTION_BENCH:
		request->bench = value;
		return NULL;
	case OPTION_PROFILE:
		request->profile = value;
		return NULL;
	case OPTION_PACKAGE:
		request->package = value;
		return NULL;
	case OPTION_FEATURES:
		request->features = value;
		return NULL;
	case OPTION_ALL_FEATURES:
		request->has_all_features = true;
		return NULL;
	case OPTION_NO_DEFAULT_FEATURES:
		request->is_without_default_features = true;
		return NULL;
	case OPTION_MANIFEST_PATH:
		request->manifest_path = value;
		return NULL;
	case OPTION_TARGET:
		request->target = value;
		return NULL;
	case OPTION_JOBS:
		RETURN_IF_ERROR(option_read_u64("--jobs", value, 1, 4096, &number));
		request->n_jobs = (unsigned int)number;
		return NULL;
	case OPTION_FRESH:
		call->options.is_fresh = true;
		return NULL;
	default: /* OPTION_QUIET */
		call->options.is_quiet = true;
		return NULL;
	}
}

static struct error *parse_call(const struct command *command, int argc, char **argv,
				struct build_call *call)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	const struct build_request *request = &call->request;

	RETURN_IF_ERROR(option_parser_run(&parser, apply_option, call));
	if ((request->bin != NULL) + (request->example != NULL) + (request->bench != NULL) > 1)
		return error_new(ERROR_USAGE, "only one of --bin, --example and --bench");
	/* Its arguments make no difference to how it is built. */
	call->request.program = argv[parser.index];
	return NULL;
}

/** 0: all is there; 1: built, but without debug information. */
static int print_programs(const struct text_vector *paths)
{
	int status = EXIT_SUCCESS, written;

	for (size_t i = 0; i < paths->count; i++) {
		puts(paths->items[i]);
		if (!program_has_debug_info(paths->items[i]))
			status = EXIT_FAILURE;
	}
	written = terminal_finish_output();
	return written == EXIT_SUCCESS ? status : written;
}

static int run_build(const struct command *command, int argc, char **argv)
{
	_cleanup_free_ char *folder = getcwd(NULL, 0);
	struct build_call call = { .request = program_build_request(NULL, folder) };
	struct text_vector paths = { 0 };
	struct error *error = parse_call(command, argc, argv, &call);
	int status = EXIT_OURS;

	terminal_init(call.options.is_quiet);
	if (!error && !folder)
		error = error_from_errno(errno, "cannot tell the current folder");
	if (!error)
		error = program_build(&call.request, &call.options, &paths);
	if (error)
		terminal_print_error(error);
	else
		status = print_programs(&paths);
	text_vector_destroy_items(&paths);
	return status;
}

const struct command command_build = {
	.name = "build",
	.summary = "Build a program optimised, with debug information and frame pointers",
	.usage = "[OPTIONS] [-- COMMAND [ARG...]]",
	.description =
		"Finds how COMMAND's program, or what is in the current folder, is built (Cargo, "
		"CMake, Meson, Go, Zig, Make or configure) and builds it again with debug "
		"information and frame pointers, into a folder of its own under "
		"$XDG_CACHE_HOME/perf-profile/build (~/.cache). Prints the path of what was built "
		"on standard output.\n\n"
		"No file of the project is written, replaced or deleted: settings go through the "
		"environment and the command line, and CMake, Meson and Make work on a copy of the "
		"sources. The project's own optimisation settings are kept; only a build for "
		"debugging becomes an optimised one.\n\n"
		"The exit status is 0 when what was built has debug information, 1 when it has "
		"none, and 125 when it could not be built.",
	.options = options,
	.examples = examples,
	.takes_command = true,
	.run = run_build,
};
