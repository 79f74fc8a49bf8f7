#include "cli/check_stacks.h"

#include "base/escape.h"
#include "base/memory.h"
#include "cli/run.h"
#include "cli/terminal.h"

#include <string.h>
#include <unistd.h>

/** Of each list, as many rows. */
#define ROWS_MAX 8

/** Smaller shares than this are not worth a line. */
#define SHARE_MIN 0.0005

static void print_row(double share, const char *object, const char *what, const char *mend)
{
	char percent[PROFILE_NUMBER_SIZE_BYTES];

	profile_format_share(share, percent);
	printf("  %7s  ", percent);
	if (object) {
		escape_write_plain(stdout, object);
		fputs(": ", stdout);
	}
	escape_write_plain(stdout, what);
	fputc('\n', stdout);
	if (mend) {
		fputs("           mend: ", stdout);
		escape_write_plain(stdout, mend);
		fputc('\n', stdout);
	}
}

/** How stacks ended that reached their root, each way with its share. */
static void print_ends(const struct profile_quality *quality)
{
	for (int end = STACK_END_ROOT; end < N_STACK_ENDS; end++) {
		double share = (double)quality->n_by_end[end] / (double)quality->n_user_stacks;

		if (stack_end_is_complete((enum stack_end)end) && share > SHARE_MIN)
			print_row(share, NULL, stack_end_description((enum stack_end)end), NULL);
	}
}

static void print_cuts(const struct profile *profile, const struct explanation *explanation)
{
	const struct cut_stacks_vector *cuts = &explanation->cut_stacks;

	for (size_t i = 0; i < MIN(cuts->count, (size_t)ROWS_MAX); i++) {
		const struct cut_stacks *cut = &cuts->items[i];
		const struct profile_object *object = &profile->objects.items[cut->object];
		const char *reason = profile_cut_stacks_reason(profile, cut);
		_cleanup_free_ char *what =
			memory_format_text("%s%s%s", stack_end_description(cut->end),
					   reason ? ": " : "", reason ? reason : "");
		/* A compiler's options do not help code that it did not make. */
		_cleanup_free_ char *mend = explanation_stacks_hint(
			cut->is_jit ? STACK_END_NO_MAPPING : cut->end, profile);

		print_row(cut->share, profile_text(profile, object->name), what, mend);
	}
}

static void print_names(const struct profile *profile, const struct explanation *explanation)
{
	for (size_t i = 0; i < MIN(explanation->unresolved.count, (size_t)ROWS_MAX); i++) {
		const struct unnamed_object *library = &explanation->unresolved.items[i];
		const struct profile_object *object = &profile->objects.items[library->object];

		print_row(
			library->share, profile_text(profile, object->name),
			object->problem ? profile_text(profile, object->problem) : "no names there",
			object->problem_hint ? profile_text(profile, object->problem_hint) : NULL);
	}
}

/** Nothing but the ways that are open to make it better, worst first. */
static bool print_text(const struct profile *profile, const struct explanation *explanation,
		       const struct string_vector *degradations)
{
	const struct profile_quality *quality = &explanation->quality;
	bool is_good = quality->n_samples > 0;

	explanation_write_quality_line(explanation, stdout);
	fputc('\n', stdout);
	if (quality->n_user_stacks) {
		puts("\nstacks");
		print_ends(quality);
		print_cuts(profile, explanation);
		is_good &= quality->n_complete == quality->n_user_stacks;
	}
	if (explanation->unresolved.count) {
		puts("\nwithout a name");
		print_names(profile, explanation);
		is_good = false;
	}
	for (size_t i = 0; i < degradations->count; i++) {
		fputs(i ? "               " : "\ngiven up       ", stdout);
		escape_write_plain(stdout, degradations->items[i]);
		fputc('\n', stdout);
	}
	if (quality->n_lost)
		puts("\nsamples were lost: lower the rate with -F, or leave the machine idle");
	if (is_good)
		puts("\nNothing to improve: every stack is whole and every function has its name.");
	return is_good;
}

static struct error *report(struct recording *recording, struct run_options *run, bool is_json,
			    int *status_ret)
{
	struct rule_set *rules = rule_set_create();
	struct explanation *explanation;
	struct error *error = recording_finish(recording, run);

	if (error) {
		rule_set_destroy(rules);
		return error;
	}
	explanation = explanation_create(analyzer_profile(recording->analyzer), rules,
					 run_shown_event(recording, run));
	if (is_json)
		explanation_write_json(explanation, analyzer_profile(recording->analyzer), stdout);
	else
		*status_ret = print_text(analyzer_profile(recording->analyzer), explanation,
					 &recording->degradations)
				      ? EXIT_SUCCESS
				      : EXIT_FAILURE;
	analyzer_keep(recording->analyzer);
	explanation_destroy(explanation);
	rule_set_destroy(rules);
	return NULL;
}

struct error *check_stacks(char **command, bool is_json, int *status_ret)
{
	struct run_options run = {
		.output = output_options_default(),
		.n_repeats = 1,
		.command = command,
	};
	struct recording recording = { 0 };
	struct error *error = symbol_search_start(&run.search);

	run.symbols.cache = run.search.cache;
	*status_ret = EXIT_SUCCESS;
	if (!error)
		error = recording_add_run(&recording, &run);
	if (error && recording.has_exec_failed)
		*status_ret = EXIT_CANNOT_EXECUTE;
	if (!error)
		error = report(&recording, &run, is_json, status_ret);
	recording_deinit(&recording);
	symbol_search_finish(&run.search);
	return error;
}
