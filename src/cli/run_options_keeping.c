#include "cli/run_options.h"

#include <string.h>

/** Of --overwrite: an hour at 997 Hz of a program with 40 frames, or more. */
#define WINDOW_SIZE_DEFAULT_BYTES (UINT64_C(256) << 20)

/** What would hold less than one long record is a mistake. */
#define KEPT_SIZE_LEAST_BYTES UINT64_C(65536)
#define KEPT_SIZE_MOST_BYTES  (UINT64_C(1) << 50)

/** The kept records are in memory. */
#define WINDOW_SIZE_MOST_BYTES (UINT64_C(1) << 40)

#define PARTS_MOST 1000000

enum {
	OPTION_MAX_SIZE = RUN_OPTIONS_KEEPING,
	OPTION_SWITCH_OUTPUT,
	OPTION_SWITCH_MAX_FILES,
	OPTION_OVERWRITE,
};

static const struct option_spec options[] = {
	{ OPTION_OVERWRITE, 0, "overwrite", "[SIZE|TIME]",
	  "Flight recorder: keep in memory only the last SIZE (512K, 64M, 1G) or TIME (30s, 5m, "
	  "1h) "
	  "of what is recorded, however long that is, and make all files of that at the end. "
	  "SIGUSR2 "
	  "makes them at once, in a folder snapshot-N, and recording goes on; so does snapshot "
	  "through --control. Default: 256M; a TIME is not more than that either.",
	  "30s 64M" },
	{ OPTION_SWITCH_OUTPUT, 0, "switch-output", "[signal|SIZE|TIME]",
	  "Begin a new perf.data on SIGUSR2, or whenever it has SIZE or is TIME old; what there "
	  "was "
	  "is then complete and called perf.data.DATE. Reports are of all.",
	  "signal 100M 10m" },
	{ OPTION_SWITCH_MAX_FILES, 0, "switch-max-files", "N",
	  "Of these files keep only the newest N. Default: all.", NULL },
	{ OPTION_MAX_SIZE, 0, "max-size", "SIZE",
	  "Stop, as with --duration, when perf.data has SIZE of records.", NULL },
	OPTION_END,
};

/** Where sizes have letters of which none is a unit of time: perf's "10M" and "10m". */
static bool is_size(const char *value)
{
	size_t length = strlen(value);

	return length && strchr("BKMG", value[length - 1]);
}

static struct error *read_size(const char *option, const char *value, uint64_t most, uint64_t *ret)
{
	return option_read_size(option, value, KEPT_SIZE_LEAST_BYTES, most, ret);
}

static struct error *read_span(const char *option, const char *value, uint64_t *ret)
{
	uint64_t span_ns;

	RETURN_IF_ERROR(option_read_duration(option, value, &span_ns));
	if (!span_ns)
		return error_new(ERROR_USAGE, "%s: '%s' is no time at all", option, value);
	*ret = span_ns;
	return NULL;
}

/** SIZE or TIME. A number alone could be either. */
static struct error *read_size_or_span(const char *option, const char *value, uint64_t size_most,
				       uint64_t *size_ret, uint64_t *span_ns_ret)
{
	struct error *error;

	if (is_size(value))
		return read_size(option, value, size_most, size_ret);
	error = value[strspn(value, "0123456789.")] ? read_span(option, value, span_ns_ret)
						    : error_new(ERROR_USAGE,
								"%s: '%s' is neither a size nor "
								"a time",
								option, value);
	return error_with_hint(error, "write a size with K, M or G behind it (64M), or a time with "
				      "s, m or h (30s)");
}

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct run_options *run = context;
	struct run_keeping *keeping = &run->keeping;
	uint64_t number;

	*is_known_ret = true;
	switch (id) {
	case OPTION_OVERWRITE:
		keeping->is_last_only = true;
		run->control.signalled = RUN_REQUEST_SNAPSHOT;
		keeping->last = (struct record_window_limits){ WINDOW_SIZE_DEFAULT_BYTES, 0 };
		if (!value)
			return NULL;
		return read_size_or_span("--overwrite", value, WINDOW_SIZE_MOST_BYTES,
					 &keeping->last.size_bytes, &keeping->last.span_ns);
	case OPTION_SWITCH_OUTPUT:
		keeping->is_in_parts = true;
		run->control.signalled = RUN_REQUEST_SWITCH;
		keeping->part_size_bytes = keeping->part_span_ns = 0;
		if (!value || strcmp(value, "signal") == 0)
			return NULL;
		return read_size_or_span("--switch-output", value, KEPT_SIZE_MOST_BYTES,
					 &keeping->part_size_bytes, &keeping->part_span_ns);
	case OPTION_SWITCH_MAX_FILES:
		RETURN_IF_ERROR(
			option_read_u64("--switch-max-files", value, 1, PARTS_MOST, &number));
		keeping->n_parts_max = (unsigned int)number;
		return NULL;
	case OPTION_MAX_SIZE:
		return read_size("--max-size", value, KEPT_SIZE_MOST_BYTES,
				 &keeping->size_max_bytes);
	default:
		*is_known_ret = false;
		return NULL;
	}
}

struct error *run_options_keeping_check(const struct run_options *run)
{
	const struct run_keeping *keeping = &run->keeping;

	if (keeping->is_last_only && keeping->is_in_parts)
		return error_with_hint(
			error_new(ERROR_USAGE,
				  "--overwrite and --switch-output exclude each other"),
			"with --overwrite, SIGUSR2 writes what there is at that time");
	if (keeping->is_last_only && keeping->size_max_bytes)
		return error_with_hint(
			error_new(ERROR_USAGE, "--overwrite and --max-size exclude each other"),
			"--overwrite=SIZE keeps the last SIZE, --max-size SIZE the first");
	if (keeping->n_parts_max && !keeping->is_in_parts)
		return error_new(ERROR_USAGE, "--switch-max-files needs --switch-output");
	return NULL;
}

const struct option_topic run_options_keeping = {
	.heading = "How much is kept",
	.options = options,
	.apply = apply,
};
