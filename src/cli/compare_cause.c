#include "cli/compare.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cli/run.h"
#include "cli/run_signals.h"
#include "cli/terminal.h"
#include "compare/schedule.h"
#include "output/flamegraph.h"

#include <math.h>
#include <string.h>

/** Between the default and what disturbs: a few seconds of runs give thousands of samples. */
#define FREQUENCY_HZ 4999

/** Enough that a function of 1 % is known to a fourteenth of itself. */
#define SAMPLES_ENOUGH 20000

#define ROUNDS_LEAST 2

/** The profiled sides, by number. */
struct profiling {
	const struct comparison *comparison;
	struct recording *recordings;
	struct run_options *options;
	struct launch_place *places; /**< Of the commands. */
	uint32_t n_runs;             /**< Of each side. */
};

static void profiling_init(struct profiling *profiling, const struct comparison *comparison)
{
	size_t n_sides = comparison->sides.count;

	*profiling = (struct profiling){
		.comparison = comparison,
		.recordings = memory_allocate(n_sides, sizeof(*profiling->recordings)),
		.options = memory_allocate(n_sides, sizeof(*profiling->options)),
		.places = memory_allocate(n_sides, sizeof(*profiling->places)),
	};
	for (size_t i = 0; i < n_sides; i++) {
		profiling->places[i] = comparison->options->place;
		profiling->places[i].folder = comparison->sides.items[i].folder;
		profiling->options[i] = (struct run_options){
			.sampler = { .frequency_hz = FREQUENCY_HZ },
			.command = comparison->sides.items[i].command.argv,
			.place = &profiling->places[i],
			.n_repeats = 1,
		};
	}
}

static void profiling_deinit(struct profiling *profiling)
{
	for (size_t i = 0; i < profiling->comparison->sides.count; i++)
		recording_deinit(&profiling->recordings[i]);
	free(profiling->recordings);
	free(profiling->options);
	free(profiling->places);
}

static bool has_enough(const struct profiling *profiling)
{
	for (size_t i = 0; i < profiling->comparison->sides.count; i++) {
		if (profiling->recordings[i].n_samples < SAMPLES_ENOUGH)
			return false;
	}
	return true;
}

static struct error *run_hook(const struct profiling *profiling, const struct side *side,
			      const char *what, const char *script)
{
	static const struct run_watch watch = { .set_running = compare_set_running,
						.is_stopped = compare_is_stopped };

	return side_run_hook(side, profiling->comparison->options, what, script, &watch);
}

static struct error *record_side(struct profiling *profiling, size_t number)
{
	const struct side *side = &profiling->comparison->sides.items[number];

	RETURN_IF_ERROR(run_hook(profiling, side, "--prepare", side->hooks.prepare));
	RETURN_IF_ERROR(
		recording_add_run(&profiling->recordings[number], &profiling->options[number]));
	compare_set_running(NULL, 0);
	return run_hook(profiling, side, "--conclude", side->hooks.conclude);
}

/** All sides in turns, as when timed. */
static struct error *record_all(struct profiling *profiling)
{
	const struct comparison *comparison = profiling->comparison;
	size_t n_runs = 2 * comparison->sides.count, n_rounds = 0;
	_cleanup_free_ size_t *order = memory_allocate(n_runs, sizeof(size_t));
	uint64_t start_ns = clock_monotonic_ns();
	uint64_t budget_ns =
		(uint64_t)((double)comparison->options->budget_ns * COMPARE_PROFILING_SHARE);
	struct random random = { comparison->options->seed };

	while (n_rounds < ROUNDS_LEAST ||
	       (!has_enough(profiling) && clock_monotonic_ns() - start_ns < budget_ns)) {
		schedule_block(&random, comparison->sides.count, order);
		for (size_t i = 0; i < n_runs; i++) {
			RETURN_IF_ERROR(record_side(profiling, order[i]));
			if (compare_is_stopped(NULL))
				return NULL;
		}
		n_rounds++;
		profiling->n_runs += 2;
	}
	return NULL;
}

/** Time on the CPU per run, from the runs without profiling. */
static void measure_side(const struct comparison *comparison, const struct side *side,
			 struct diff_side *ret)
{
	_cleanup_free_ double *values = NULL;
	struct series series = side_series(side, METRIC_TASK_CLOCK, &values);
	struct estimate median;

	if (!series.count) {
		free(values);
		series = side_series(side, METRIC_TIME, &values);
	}
	median = statistics_median_estimate(series, comparison->options->seed, 1000);
	ret->time_s = median.value;
	ret->time_error_s = (median.interval.high - median.interval.low) / (2 * 1.96);
}

static struct finding_change *find_finding(struct finding_change_vector *changes, const char *title)
{
	struct finding_change *change;

	for (size_t i = 0; i < changes->count; i++) {
		if (strcmp(changes->items[i].title, title) == 0)
			return &changes->items[i];
	}
	change = finding_change_vector_append_new(changes);
	change->title = memory_duplicate_text(title);
	return change;
}

static void add_findings(const struct profile *profile, const struct rule_set *rules,
			 bool is_changed, struct finding_change_vector *changes)
{
	struct explanation *explanation = explanation_create(profile, rules, 0);

	for (size_t i = 0; i < explanation->findings.count; i++) {
		const struct finding *finding = &explanation->findings.items[i];
		struct finding_change *change = find_finding(changes, finding->rule->title);
		double error =
			explanation_sampling_error(finding->share, explanation->quality.n_samples);

		*(is_changed ? &change->changed_share : &change->reference_share) = finding->share;
		*(is_changed ? &change->changed_error : &change->reference_error) = error;
	}
	explanation_destroy(explanation);
}

/** In wall time or time on the CPU. */
static bool is_different(const struct comparison *comparison, size_t side)
{
	return comparison_change(comparison, side, METRIC_TIME).is_different ||
	       comparison_change(comparison, side, METRIC_TASK_CLOCK).is_different;
}

static struct cause *explain_side(const struct profiling *profiling, size_t side,
				  const struct rule_set *rules)
{
	const struct comparison *comparison = profiling->comparison;
	struct cause *cause = memory_allocate(1, sizeof(*cause));
	struct diff_side reference = {
		.profile = analyzer_profile(profiling->recordings[0].analyzer),
		.n_runs = profiling->n_runs,
	};
	struct diff_side changed = {
		.profile = analyzer_profile(profiling->recordings[side].analyzer),
		.n_runs = profiling->n_runs,
	};

	measure_side(comparison, &comparison->sides.items[0], &reference);
	measure_side(comparison, &comparison->sides.items[side], &changed);
	profile_diff(&reference, &changed, &cause->functions);
	add_findings(reference.profile, rules, false, &cause->findings);
	add_findings(changed.profile, rules, true, &cause->findings);
	cause->is_different = is_different(comparison, side);
	cause->reference_s = reference.time_s;
	cause->changed_s = changed.time_s;
	cause->n_reference_samples = profiling->recordings[0].n_samples;
	cause->n_changed_samples = profiling->recordings[side].n_samples;
	return cause;
}

/** Differences take the programs of both sides for the same, whatever they are called. */
static void name_program(struct profile *profile, const struct side *side)
{
	const char *word = side->command.argv[0], *slash = strrchr(word, '/');

	free(profile->info.program);
	free(profile->info.command);
	profile->info.program = memory_duplicate_text(slash ? slash + 1 : word);
	profile->info.command = memory_duplicate_text(side->command.text);
}

static struct error *explain_all(struct profiling *profiling, struct comparison *comparison)
{
	struct rule_set *rules = rule_set_create();
	struct error *error = rule_set_read_default(rules);

	for (size_t i = 0; i < comparison->sides.count && !error; i++) {
		name_program(analyzer_profile(profiling->recordings[i].analyzer),
			     &comparison->sides.items[i]);
		error = analyzer_finish(profiling->recordings[i].analyzer);
	}
	for (size_t i = 1; i < comparison->sides.count && !error; i++)
		comparison->sides.items[i].cause = explain_side(profiling, i, rules);
	rule_set_destroy(rules);
	return error;
}

/** "FILE", of a third side "FILE-3" before its suffix. Free it. */
static char *graph_path(const char *path, size_t side)
{
	const char *name = strrchr(path, '/'), *dot = strrchr(name ? name : path, '.');
	int length = (int)(dot ? dot - path : (ptrdiff_t)strlen(path));

	if (side == 1)
		return memory_duplicate_text(path);
	return memory_format_text("%.*s-%zu%s", length, path, side + 1, dot ? dot : "");
}

/** Both sides ran equally often: counts of samples are comparable as they are. */
static struct error *write_graph(const struct profiling *profiling, const char *path, size_t side)
{
	const struct side_vector *sides = &profiling->comparison->sides;
	const struct flame_difference_options how = { 0 };
	struct flame_side before = { analyzer_profile(profiling->recordings[0].analyzer), 0 };
	struct flame_side after = { analyzer_profile(profiling->recordings[side].analyzer), 0 };
	struct output_options options = output_options_default();
	_cleanup_free_ char *title =
		memory_format_text("%s → %s", sides->items[0].name, sides->items[side].name);
	struct output_file output;

	options.title = title;
	RETURN_IF_ERROR(output_file_create(&output, path, true));
	return output_file_finish(
		&output, flamegraph_write_difference(before, after, &how, &options, output.file));
}

static struct error *write_graphs(const struct profiling *profiling, const char *path)
{
	for (size_t side = 1; path && side < profiling->comparison->sides.count; side++) {
		_cleanup_free_ char *name = graph_path(path, side);

		RETURN_IF_ERROR(write_graph(profiling, name, side));
	}
	return NULL;
}

struct error *compare_find_causes(struct comparison *comparison, const char *flamegraph_path)
{
	struct profiling profiling;
	struct error *error;

	terminal_set_status("profiling");
	profiling_init(&profiling, comparison);
	error = record_all(&profiling);
	if (!error && !compare_is_stopped(NULL))
		error = explain_all(&profiling, comparison);
	if (!error && !compare_is_stopped(NULL))
		error = write_graphs(&profiling, flamegraph_path);
	profiling_deinit(&profiling);
	terminal_set_status(NULL);
	return error;
}
