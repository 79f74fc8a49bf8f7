#include "cli/run_options.h"

enum {
	OPTION_OUTPUT = RUN_OPTIONS_RESULT,
	OPTION_FORCE,
	OPTION_EXPORT,
	OPTION_COMPRESS,
	OPTION_SCRIPT_LIMIT,
	OPTION_RULES,
	OPTION_BUILD,
	OPTION_TIMINGS,
	OPTION_QUIET,
};

static const struct option_spec options[] = {
	{ OPTION_OUTPUT, 'o', "output", "DIR",
	  "Folder of the deliverables. Default: perf-profile.out/PROGRAM-TIME.", "DIR" },
	{ OPTION_FORCE, 'f', "force", NULL,
	  "Replace the files of an earlier run in the folder given with -o.", NULL },
	{ OPTION_EXPORT, 0, "export", "FORMAT",
	  "Write the profile in one more format: pprof, speedscope, firefox and others "
	  "(perf-profile export --list). May be given again.",
	  EXPORT_FORMAT_NAMES },
	{ OPTION_COMPRESS, 'z', "compress", "[LEVEL]",
	  "Compress perf.data with zstd while it is written, as perf record -z does. Levels are 1 "
	  "(the default) to 22.",
	  NULL },
	{ OPTION_SCRIPT_LIMIT, 0, "script-limit", "SIZE",
	  "Leave out perf-script.txt when it would be larger; perf-profile script prints it from "
	  "perf.data. 0: always leave it out. Default: 256M.",
	  NULL },
	{ OPTION_RULES, 0, "rules", "FILE",
	  "More rules for findings, beside the shipped ones. May be given again.", "FILE" },
	{ OPTION_BUILD, 0, "build", NULL,
	  "Build the command's program first, with debug information and frame pointers, and "
	  "profile that instead; see perf-profile build.",
	  NULL },
	{ OPTION_TIMINGS, 0, "timings", NULL, "Say where the time of the job itself went.", NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "Only errors on the terminal.", NULL },
	OPTION_END,
};

static struct error *read_export(const char *value, struct format_vector *exports)
{
	const struct output_format *format;

	RETURN_IF_ERROR(export_format_read("--export", value, NULL, &format));
	format_vector_append(exports, format);
	return NULL;
}

static struct error *read_compression(const char *value, unsigned int *level_ret)
{
	uint64_t level = 1;

	if (value)
		RETURN_IF_ERROR(option_read_u64("--compress", value, 1, 22, &level));
	*level_ret = (unsigned int)level;
	return NULL;
}

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct run_options *run = context;

	*is_known_ret = true;
	switch (id) {
	case OPTION_OUTPUT:
		run->folder_path = value;
		return NULL;
	case OPTION_FORCE:
		run->may_replace = true;
		return NULL;
	case OPTION_EXPORT:
		return read_export(value, &run->exports);
	case OPTION_COMPRESS:
		return read_compression(value, &run->keeping.compression_level);
	case OPTION_SCRIPT_LIMIT:
		return option_read_size("--script-limit", value, 0, UINT64_MAX / 2,
					&run->script_size_max_bytes);
	case OPTION_RULES:
		string_vector_append(&run->rule_paths, value);
		return NULL;
	case OPTION_BUILD:
		run->is_built_first = true;
		return NULL;
	case OPTION_TIMINGS:
		run->shows_timings = true;
		return NULL;
	case OPTION_QUIET:
		run->is_quiet = true;
		return NULL;
	default:
		*is_known_ret = false;
		return NULL;
	}
}

const struct option_topic run_options_result = {
	.heading = "What is made of it",
	.options = options,
	.apply = apply,
};
