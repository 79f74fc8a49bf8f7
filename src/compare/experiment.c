#include "compare/comparison.h"

#include "base/clock.h"
#include "base/memory.h"
#include "compare/counters.h"
#include "compare/output_check.h"
#include "compare/schedule.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#define N_RESAMPLES_STOPPING 1000

/** Runs of the empty script whose median is the shell's own time. */
#define SHELL_RUNS 21

/** The width is looked at again when there are this much more runs: looking costs time. */
#define LOOK_GROWTH 1.1

/** Making all runs of a comparison. */
struct experiment {
	struct comparison *comparison;
	const struct comparison_options *options;
	const struct comparison_watch *watch;
	size_t first; /**< Side that is run; those before it were measured another day. */
	struct random random;
	uint64_t start_ns;
	uint32_t n_timed;
	double width;
};

/** The widest interval of the time's ratio; with one side that of its median. */
static double reached_width(const struct comparison *comparison)
{
	double widest = 0;

	if (comparison->sides.count == 1) {
		_cleanup_free_ double *values = NULL;
		struct estimate median = statistics_median_estimate(
			side_series(&comparison->sides.items[0], METRIC_TIME, &values),
			comparison->options->seed, N_RESAMPLES_STOPPING);

		return (median.interval.high - median.interval.low) / 2 / median.value;
	}
	for (size_t side = 1; side < comparison->sides.count; side++) {
		struct estimate ratio;

		if (!comparison_ratio(comparison, side, METRIC_TIME, N_RESAMPLES_STOPPING, &ratio))
			return INFINITY;
		widest = fmax(widest, (ratio.interval.high - ratio.interval.low) / 2);
	}
	return widest;
}

static bool is_stopped(const struct experiment *experiment)
{
	return run_watch_is_stopped(&experiment->watch->run);
}

static struct error *failure_error(const struct side *side, const char *what,
				   const struct timed_run *run)
{
	_cleanup_free_ char *end = timed_run_describe_end(run);

	return error_new(ERROR_SYSTEM, "%s %s %s", side->name, what, end);
}

struct error *side_run_hook(const struct side *side, const struct comparison_options *options,
			    const char *what, const char *script, const struct run_watch *watch)
{
	struct run_setting setting = { .place = options->hooks_place, .watch = watch };
	struct command_line line;
	struct timed_run run;
	struct error *error;

	if (!script)
		return NULL;
	setting.place.folder = side->folder;
	command_line_for_shell(script, &options->shell, &line);
	error = timed_run_make(line.argv, &setting, &run);
	command_line_deinit(&line);
	if (error || timed_run_is_good(&run) || run_watch_is_stopped(watch))
		return error;
	return error_with_hint(failure_error(side, what, &run),
			       "--show-output shows what it says");
}

static struct error *run_hook(struct experiment *experiment, const struct side *side,
			      const char *what, const char *script)
{
	return side_run_hook(side, experiment->options, what, script, &experiment->watch->run);
}

static struct run_setting command_setting(const struct experiment *experiment,
					  const struct side *side)
{
	struct run_setting setting = {
		.place = experiment->options->place,
		.timeout_ns = experiment->options->timeout_ns,
		.counts_hardware = experiment->comparison->has_hardware,
		.watch = &experiment->watch->run,
	};

	setting.place.folder = side->folder;
	return setting;
}

static struct error *run_side(struct experiment *experiment, struct side *side,
			      struct timed_run *ret)
{
	const struct comparison_options *options = experiment->options;
	struct run_setting setting = command_setting(experiment, side);
	struct error *error;

	if (experiment->watch->show_progress)
		experiment->watch->show_progress(
			experiment->watch->run.context, experiment->comparison,
			(size_t)(side - experiment->comparison->sides.items), experiment->width);
	RETURN_IF_ERROR(run_hook(experiment, side, "--prepare", side->hooks.prepare));
	error = timed_run_make(side->command.argv, &setting, ret);
	if (error)
		return error_wrap(error, "%s", side->name);
	RETURN_IF_ERROR(run_hook(experiment, side, "--conclude", side->hooks.conclude));
	if (timed_run_is_good(ret) || options->accepts_failure || is_stopped(experiment))
		return NULL;
	error = failure_error(side, "command", ret);
	return error_with_hint(error,
			       "-i goes on after failures, --show-output shows what it says");
}

static bool uses_shell(const struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->sides.count; i++) {
		if (comparison->sides.items[i].command.is_shell)
			return true;
	}
	return false;
}

/** How long the shell needs for nothing. */
static struct error *measure_shell(struct experiment *experiment)
{
	static const enum metric measured[] = { METRIC_TIME, METRIC_USER, METRIC_SYSTEM,
						METRIC_TASK_CLOCK };
	struct comparison *comparison = experiment->comparison;
	double values[ARRAY_SIZE(measured)][SHELL_RUNS];
	struct run_setting setting =
		command_setting(experiment, &comparison->sides.items[experiment->first]);
	struct command_line line;
	struct error *error = NULL;

	if (!uses_shell(comparison))
		return NULL;
	command_line_for_shell("", &experiment->options->shell, &line);
	for (size_t i = 0; i < SHELL_RUNS && !error; i++) {
		struct timed_run run;

		error = timed_run_make(line.argv, &setting, &run);
		for (size_t m = 0; m < ARRAY_SIZE(measured) && !error; m++)
			values[m][i] = run.values[measured[m]];
	}
	command_line_deinit(&line);
	for (size_t m = 0; m < ARRAY_SIZE(measured) && !error; m++) {
		double median = statistics_median((struct series){ values[m], SHELL_RUNS });

		comparison->shell_s[measured[m]] = isnan(median) ? 0 : median;
	}
	return error;
}

static void take_shell_off(const struct comparison *comparison, const struct side *side,
			   struct timed_run *run)
{
	for (int i = 0; i < N_METRICS && side->command.is_shell; i++) {
		if (comparison->shell_s[i] > 0)
			run->values[i] = fmax(run->values[i] - comparison->shell_s[i], 0);
	}
}

/** One run of @p side with its standard output in @p descriptor. */
static struct error *capture_output(struct experiment *experiment, struct side *side,
				    int descriptor)
{
	struct comparison_options options = *experiment->options;
	struct experiment capture = *experiment;
	struct timed_run run;

	options.place.output_fd = descriptor;
	capture.options = &options;
	return run_side(&capture, side, &run);
}

static struct error *check_outputs(struct experiment *experiment)
{
	struct side_vector *sides = &experiment->comparison->sides;
	int first = -1, other = -1;
	struct error *error = NULL;

	if (!experiment->options->checks_output || experiment->first)
		return NULL;
	first = memfd_create("output", MFD_CLOEXEC);
	if (first < 0)
		return error_from_errno(errno, "cannot keep the output");
	error = capture_output(experiment, &sides->items[0], first);
	for (size_t i = 1; i < sides->count && !error && !is_stopped(experiment); i++) {
		other = memfd_create("output", MFD_CLOEXEC);
		if (other < 0)
			error = error_from_errno(errno, "cannot keep the output");
		else
			error = capture_output(experiment, &sides->items[i], other);
		if (!error && !is_stopped(experiment))
			error = output_check(sides->items[0].name, first, sides->items[i].name,
					     other);
		if (other >= 0)
			close(other);
	}
	close(first);
	return error;
}

static struct error *warm_up(struct experiment *experiment)
{
	struct comparison *comparison = experiment->comparison;

	for (uint32_t i = 0; i < experiment->options->n_warmups; i++) {
		for (size_t side = experiment->first; side < comparison->sides.count; side++) {
			struct timed_run run;

			if (is_stopped(experiment))
				return NULL;
			RETURN_IF_ERROR(run_side(experiment, &comparison->sides.items[side], &run));
		}
	}
	return NULL;
}

static struct error *run_block(struct experiment *experiment)
{
	struct side_vector *sides = &experiment->comparison->sides;
	size_t n_sides = sides->count - experiment->first, n_runs = 2 * n_sides;
	_cleanup_free_ size_t *order = memory_allocate(n_runs, sizeof(size_t));

	schedule_block(&experiment->random, n_sides, order);
	/* An odd number of runs was asked for: half of the last block. */
	if (experiment->options->n_runs_exact &&
	    sides->items[experiment->first].runs.count + 1 == experiment->options->n_runs_exact)
		n_runs = n_sides;
	for (size_t i = 0; i < n_runs; i++) {
		struct side *side = &sides->items[experiment->first + order[i]];
		struct timed_run run;

		RETURN_IF_ERROR(run_side(experiment, side, &run));
		if (is_stopped(experiment))
			return NULL;
		side->n_failed += !timed_run_is_good(&run);
		take_shell_off(experiment->comparison, side, &run);
		run.order = experiment->n_timed++;
		run_vector_append(&side->runs, run);
	}
	return NULL;
}

/** @return whether to stop, and why. */
static bool is_enough(struct experiment *experiment, size_t *next_look)
{
	const struct comparison_options *options = experiment->options;
	struct comparison *comparison = experiment->comparison;
	size_t n_runs = comparison->sides.items[experiment->first].runs.count;

	if (is_stopped(experiment)) {
		comparison->end = COMPARISON_STOPPED;
		return true;
	}
	comparison->end = COMPARISON_RUNS_MADE;
	if (options->n_runs_exact)
		return n_runs >= options->n_runs_exact;
	if (n_runs >= options->n_runs_most)
		return true;
	if (n_runs < options->n_runs_least)
		return false;
	comparison->end = COMPARISON_BUDGET_SPENT;
	if (clock_monotonic_ns() - experiment->start_ns >= options->budget_ns)
		return true;
	if (n_runs < *next_look)
		return false;
	*next_look = (size_t)ceil((double)n_runs * LOOK_GROWTH);
	experiment->width = reached_width(comparison);
	comparison->end = COMPARISON_PRECISE;
	return experiment->width <= options->precision;
}

/** A stop in the middle of a block leaves sides with different numbers of runs. */
static void drop_unpaired_runs(struct experiment *experiment)
{
	struct side_vector *sides = &experiment->comparison->sides;
	size_t n_runs = sides->items[experiment->first].runs.count;

	for (size_t i = experiment->first; i < sides->count; i++)
		n_runs = MIN(n_runs, sides->items[i].runs.count);
	for (size_t i = experiment->first; i < sides->count; i++)
		sides->items[i].runs.count = n_runs;
}

static struct error *run_all(struct experiment *experiment)
{
	size_t next_look = 0;

	for (size_t i = experiment->first; i < experiment->comparison->sides.count; i++) {
		const struct side *side = &experiment->comparison->sides.items[i];

		RETURN_IF_ERROR(run_hook(experiment, side, "--setup", side->hooks.setup));
	}
	RETURN_IF_ERROR(check_outputs(experiment));
	RETURN_IF_ERROR(measure_shell(experiment));
	RETURN_IF_ERROR(warm_up(experiment));
	while (!is_enough(experiment, &next_look))
		RETURN_IF_ERROR(run_block(experiment));
	drop_unpaired_runs(experiment);
	return NULL;
}

struct error *comparison_run(struct comparison *comparison, const struct comparison_watch *watch)
{
	struct experiment experiment = {
		.comparison = comparison,
		.options = comparison->options,
		.watch = watch,
		.first = comparison_stored_sides(comparison),
		.random = { comparison->options->seed },
		.start_ns = clock_monotonic_ns(),
		.width = NAN,
	};
	struct error *error;

	assert(experiment.first < comparison->sides.count);
	comparison->is_paired = experiment.first == 0;
	comparison->has_hardware = counters_have_hardware();
	error = run_all(&experiment);
	for (size_t i = experiment.first; i < comparison->sides.count; i++) {
		const struct side *side = &comparison->sides.items[i];
		struct error *cleanup_error =
			run_hook(&experiment, side, "--cleanup", side->hooks.cleanup);

		if (error)
			error_destroy(cleanup_error);
		else
			error = cleanup_error;
	}
	return error;
}
