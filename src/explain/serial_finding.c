/**
 * A program of several threads that mostly keeps one CPU busy: not a matter of functions'
 * names, so no rule of the rule file can tell it.
 */

#include "explain/explanation_internal.h"

#include "base/clock.h"
#include "base/memory.h"

/** From this share of the samples on. */
#define ALONE_SHARE_LEAST 0.7

/** Shorter recordings say nothing. */
#define SPAN_LEAST_NS (NS_PER_S / 10)

static const struct rule serial_rule = {
	.id = "serial",
	.title = "One CPU busy, the others idle",
	.meaning = "While these samples were taken, no other CPU was busy for this program, though "
		   "it has several threads: its parts wait for each other. More CPUs would not "
		   "make it faster.",
	.advice =
		"look at the longest stretches with one busy thread in the timeline under Threads; "
		"split that thread's work, or let it go on while others work; --off-cpu says what "
		"the idle threads wait for",
	.share_least = ALONE_SHARE_LEAST,
};

/** Of the process that did most: one program after another is no lack of parallelism. */
static size_t count_threads(const struct activity *activity)
{
	size_t n_threads = 0;

	for (size_t i = 0; i < activity->threads.count; i++)
		n_threads += activity->threads.items[i].pid == activity->threads.items[0].pid;
	return n_threads;
}

static void offer_function(struct finding *finding, const struct finding_function *function)
{
	size_t position = finding->n_functions;

	while (position > 0 && finding->functions[position - 1].period < function->period)
		position--;
	if (position == EXPLANATION_FUNCTIONS_MAX)
		return;
	finding->n_functions = MIN(finding->n_functions + 1, (size_t)EXPLANATION_FUNCTIONS_MAX);
	for (size_t i = finding->n_functions - 1; i > position; i--)
		finding->functions[i] = finding->functions[i - 1];
	finding->functions[position] = *function;
}

/** By sample: of how many of its ticks nobody else ran. */
static void weigh_samples(const struct explanation *explanation, const struct profile *profile,
			  struct rule_weight *weights_ret)
{
	for (size_t i = 0; i < profile->ticks.count; i++) {
		const struct profile_tick *tick = &profile->ticks.items[i];

		if (!explanation->activity.is_alone[i])
			continue;
		weights_ret[tick->sample].count++;
		weights_ret[tick->sample].period += tick->period;
	}
}

static void collect_functions(const struct profile *profile, const struct rule_weight *weights,
			      struct finding *finding)
{
	_cleanup_free_ uint32_t *of_frame =
		memory_allocate(profile->frames.count, sizeof(*of_frame));
	struct profile_function_vector functions = { 0 };

	profile_number_functions(profile, &functions, of_frame);
	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		uint32_t n_frames;
		const uint32_t *frames;

		if (!weights[i].count || !sample->stack)
			continue;
		frames = location_frame_ids(profile, profile->stacks.items[sample->stack].location,
					    &n_frames);
		functions.items[of_frame[frames[0]]].self_count += weights[i].count;
		functions.items[of_frame[frames[0]]].self_period += weights[i].period;
	}
	for (size_t i = 0; i < functions.count; i++) {
		if (functions.items[i].self_period)
			offer_function(finding, &(struct finding_function){
							.name = functions.items[i].name,
							.object = functions.items[i].object,
							.count = functions.items[i].self_count,
							.period = functions.items[i].self_period });
	}
	profile_function_vector_deinit(&functions);
}

static void insert(struct finding_vector *findings, const struct finding *finding)
{
	size_t position;

	finding_vector_append_new(findings);
	for (position = findings->count - 1;
	     position > 0 && findings->items[position - 1].period < finding->period; position--)
		findings->items[position] = findings->items[position - 1];
	findings->items[position] = *finding;
}

void serial_finding_collect(struct explanation *explanation, const struct profile *profile)
{
	const struct activity *activity = &explanation->activity;
	struct finding finding = { .rule = &serial_rule };
	_cleanup_free_ struct rule_weight *weights = NULL;

	if (!activity->is_alone || explanation->event >= profile->events.count ||
	    profile->events.items[explanation->event].measure != PROFILE_SAMPLED ||
	    activity->span_ns < SPAN_LEAST_NS || profile->info.n_cpus < 2 ||
	    explanation->quality.n_samples < SAMPLES_LEAST || count_threads(activity) < 2 ||
	    !explanation->quality.period_total)
		return;
	weights = memory_allocate(profile->samples.count, sizeof(*weights));
	weigh_samples(explanation, profile, weights);
	for (size_t i = 0; i < profile->samples.count; i++) {
		finding.count += weights[i].count;
		finding.period += weights[i].period;
		if (weights[i].period <= finding.hottest_stack_period)
			continue;
		finding.hottest_stack = profile->samples.items[i].stack;
		finding.hottest_stack_period = weights[i].period;
	}
	finding.share = (double)finding.period / (double)explanation->quality.period_total;
	if (finding.share < ALONE_SHARE_LEAST)
		return;
	collect_functions(profile, weights, &finding);
	insert(&explanation->findings, &finding);
}
