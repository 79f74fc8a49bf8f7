#include "cli/compare_options.h"

enum {
	OPTION_WARMUP = COMPARE_OPTIONS_RUNS,
	OPTION_RUNS,
	OPTION_RUNS_LEAST,
	OPTION_RUNS_MOST,
	OPTION_PRECISION,
	OPTION_BUDGET,
	OPTION_SEED,
	OPTION_TIMEOUT,
	OPTION_SETUP,
	OPTION_PREPARE,
	OPTION_CONCLUDE,
	OPTION_CLEANUP,
	OPTION_IGNORE_FAILURE,
	OPTION_CHECK_OUTPUT,
};

static const struct option_spec options[] = {
	{ OPTION_WARMUP, 'w', "warmup", "N", "Runs of each command before timing. Default: 1.",
	  NULL },
	{ OPTION_RUNS, 'r', "runs", "N", "Exactly N timed runs of each command.", NULL },
	{ OPTION_RUNS_LEAST, 'm', "min-runs", "N", "At least N timed runs. Default: 10.", NULL },
	{ OPTION_RUNS_MOST, 'M', "max-runs", "N", "At most N timed runs. Default: 10000.", NULL },
	{ OPTION_PRECISION, 0, "precision", "PERCENT",
	  "Stop when the interval of the ratio is this narrow on each side. Default: 1.", NULL },
	{ OPTION_BUDGET, 0, "budget", "TIME",
	  "Stop after TIME even if it is not (seconds, or with ms, s, m); a fifth of it is for "
	  "profiling. Default: 60.",
	  NULL },
	{ OPTION_SEED, 0, "seed", "N",
	  "Seed of the order of runs and of the resampling. Default: another one each time.",
	  NULL },
	{ OPTION_TIMEOUT, 0, "timeout", "TIME", "Kill a run that takes longer; it has failed.",
	  NULL },
	{ OPTION_SETUP, 's', "setup", "SCRIPT", "Run before the first run of each command.", NULL },
	{ OPTION_PREPARE, 'p', "prepare", "SCRIPT",
	  "Run before each run; once for all commands, or given once for each.", NULL },
	{ OPTION_CONCLUDE, 'C', "conclude", "SCRIPT",
	  "Run after each run; once for all commands, or given once for each.", NULL },
	{ OPTION_CLEANUP, 'c', "cleanup", "SCRIPT", "Run after the last run of each command.",
	  NULL },
	{ OPTION_IGNORE_FAILURE, 'i', "ignore-failure", NULL,
	  "Go on when a command ends with a status other than 0; failures are counted.", NULL },
	{ OPTION_CHECK_OUTPUT, 0, "check-output", NULL,
	  "First run each command once and fail, naming the line, unless all print the same.",
	  NULL },
	OPTION_END,
};

static struct error *read_runs(const char *option, const char *value, uint32_t *ret)
{
	uint64_t number;

	RETURN_IF_ERROR(option_read_u64(option, value, 2, COMPARISON_RUNS_MAX, &number));
	*ret = (uint32_t)number;
	return NULL;
}

static struct error *read_precision(const char *value, double *ret)
{
	double percent;

	RETURN_IF_ERROR(option_read_double("--precision", value, 0.001, 100, &percent));
	*ret = percent / 100;
	return NULL;
}

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct compare_request *request = context;
	struct comparison_options *runs = &request->options;
	uint64_t number;

	*is_known_ret = true;
	switch (id) {
	case OPTION_WARMUP:
		RETURN_IF_ERROR(
			option_read_u64("--warmup", value, 0, COMPARISON_RUNS_MAX, &number));
		runs->n_warmups = (uint32_t)number;
		return NULL;
	case OPTION_RUNS:
		return read_runs("--runs", value, &runs->n_runs_exact);
	case OPTION_RUNS_LEAST:
		return read_runs("--min-runs", value, &runs->n_runs_least);
	case OPTION_RUNS_MOST:
		return read_runs("--max-runs", value, &runs->n_runs_most);
	case OPTION_PRECISION:
		return read_precision(value, &runs->precision);
	case OPTION_BUDGET:
		return option_read_duration("--budget", value, &runs->budget_ns);
	case OPTION_SEED:
		return option_read_u64("--seed", value, 0, UINT64_MAX, &runs->seed);
	case OPTION_TIMEOUT:
		return option_read_duration("--timeout", value, &runs->timeout_ns);
	case OPTION_SETUP:
		request->setup = value;
		return NULL;
	case OPTION_PREPARE:
		string_vector_append(&request->prepares, value);
		return NULL;
	case OPTION_CONCLUDE:
		string_vector_append(&request->conclusions, value);
		return NULL;
	case OPTION_CLEANUP:
		request->cleanup = value;
		return NULL;
	case OPTION_IGNORE_FAILURE:
		runs->accepts_failure = true;
		return NULL;
	case OPTION_CHECK_OUTPUT:
		runs->checks_output = true;
		return NULL;
	default:
		*is_known_ret = false;
		return NULL;
	}
}

const struct option_topic compare_options_runs = {
	.heading = "How often, and around what",
	.options = options,
	.apply = apply,
};
