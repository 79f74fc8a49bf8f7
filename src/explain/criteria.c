#include "explain/explanation_internal.h"

#include "base/count_noun.h"
#include "explain/layout_internal.h"

#include <inttypes.h>

static void criterion_append(struct criterion_vector *criteria, const char *name,
			     enum criterion_verdict verdict, char *detail, char *hint)
{
	criterion_vector_append(criteria, (struct criterion){ .name = name,
							      .verdict = verdict,
							      .detail = detail,
							      .hint = hint });
}

const char *criterion_verdict_name(enum criterion_verdict verdict)
{
	static const char *const names[] = {
		[CRITERION_MET] = "met",
		[CRITERION_WARNING] = "warning",
		[CRITERION_FAILED] = "failed",
	};

	return names[verdict];
}

static enum criterion_verdict verdict_of(double value, double wanted, double least)
{
	if (value >= wanted)
		return CRITERION_MET;
	return value >= least ? CRITERION_WARNING : CRITERION_FAILED;
}

/** "-F 4985": so many times as often, if that is sensible; else NULL. free() it. */
static char *higher_rate_option(const struct profile_event *event, uint64_t factor)
{
	if (event->frequency_hz && event->frequency_hz * factor <= SAMPLING_RATE_SENSIBLE_MAX_HZ)
		return memory_format_text("-F %" PRIu64, event->frequency_hz * factor);
	if (event->period && event->period / factor)
		return memory_format_text("-c %" PRIu64, event->period / factor);
	return NULL;
}

/** How to get enough samples; free() it. */
static char *samples_hint(uint64_t n_samples, const struct profile *profile,
			  const struct profile_event *event)
{
	/* What runs anyway can only be watched for longer. */
	bool is_command = !profile->info.target;
	_cleanup_free_ char *rate = NULL, *more = NULL;
	uint64_t factor;

	if (!n_samples)
		return memory_duplicate_text(
			is_command ? "it used no CPU time that could be sampled: give it "
				     "more work, or add --repeat 100"
				   : "it used no CPU time that could be sampled: record it while "
				     "it works, or for longer (--duration)");
	factor = (SAMPLES_WANTED + n_samples - 1) / n_samples;
	rate = higher_rate_option(event, factor);
	if (is_command)
		more = memory_format_text("add --repeat %" PRIu64 "%s give it more work", factor,
					  rate ? "," : " or");
	else
		more = memory_format_text("record %" PRIu64 " times as long (--duration)", factor);
	return memory_format_text("%" PRIu64 " more are needed: %s%s%s", SAMPLES_WANTED - n_samples,
				  more, rate ? ", or use " : "", rate ? rate : "");
}

static void check_samples(struct explanation *explanation, const struct profile *profile)
{
	const struct profile_event *event = &profile->events.items[explanation->event];
	uint64_t n_samples = explanation->quality.n_samples;
	char count[LAYOUT_NUMBER_SIZE_BYTES], wanted[LAYOUT_NUMBER_SIZE_BYTES];
	enum criterion_verdict verdict =
		verdict_of((double)n_samples, SAMPLES_WANTED, SAMPLES_LEAST);

	profile_format_count(n_samples, count);
	profile_format_count(SAMPLES_WANTED, wanted);
	criterion_append(&explanation->criteria, "enough samples", verdict,
			 memory_format_text("%s (wanted: %s)", count, wanted),
			 verdict == CRITERION_MET ? NULL : samples_hint(n_samples, profile, event));
}

/** The commonest way in which stacks were cut short. */
static enum stack_end commonest_bad_end(const struct profile_quality *quality)
{
	enum stack_end worst = STACK_END_NONE;

	for (enum stack_end end = 0; end < N_STACK_ENDS; end++) {
		if (end == STACK_END_NONE || stack_end_is_complete(end))
			continue;
		if (worst == STACK_END_NONE || quality->n_by_end[end] > quality->n_by_end[worst])
			worst = end;
	}
	return worst;
}

/** The largest stack copy the kernel takes: below 64 KiB, a multiple of 8 (perf_event.h). */
#define STACK_COPY_MAX_BYTES 65528

char *explanation_stacks_hint(enum stack_end end, const struct profile *profile)
{
	switch (end) {
	case STACK_END_COPY_ENDED:
		if (profile->info.stack_copy_bytes < STACK_COPY_MAX_BYTES)
			return memory_format_text(
				"use --call-graph dwarf,%d%s", STACK_COPY_MAX_BYTES,
				profile->info.has_stack_windows ? ""
								: "; root can copy deeper stacks");
		return memory_duplicate_text(
			profile->info.has_stack_windows
				? "stacks are deeper than can be copied: build with "
				  "-fno-omit-frame-pointer and use --call-graph fp"
				: "deeper stacks can be copied by root, or with CAP_BPF, "
				  "CAP_PERFMON and CAP_SYS_PTRACE, but not with -a; "
				  "--recover-stacks looks in the process, later");
	case STACK_END_NO_RULE:
	case STACK_END_BAD_RULE:
		return memory_duplicate_text("build with -fasynchronous-unwind-tables or "
					     "-fno-omit-frame-pointer");
	case STACK_END_NO_MAPPING:
	case STACK_END_STUCK:
		return memory_duplicate_text("code made at run time: have it keep frame pointers "
					     "(node --interpreted-frames-native-stack, java "
					     "-XX:+PreserveFramePointer)");
	default:
		return NULL;
	}
}

static void check_stacks(struct explanation *explanation, const struct profile *profile)
{
	const struct profile_quality *quality = &explanation->quality;
	enum stack_end end = commonest_bad_end(quality);
	char complete[LAYOUT_NUMBER_SIZE_BYTES], count[LAYOUT_NUMBER_SIZE_BYTES];
	enum criterion_verdict verdict;
	char *detail;

	if (!quality->n_user_stacks) {
		criterion_append(&explanation->criteria, "complete stacks", CRITERION_MET,
				 memory_duplicate_text("no user stacks were recorded"), NULL);
		return;
	}
	if (quality->n_by_end[STACK_END_UNTRACED] == quality->n_user_stacks) {
		criterion_append(&explanation->criteria, "complete stacks", CRITERION_WARNING,
				 memory_duplicate_text("the recording does not say"), NULL);
		return;
	}
	verdict = verdict_of(quality->complete_share, COMPLETE_SHARE_WANTED, COMPLETE_SHARE_LEAST);
	profile_format_share(quality->complete_share, complete);
	profile_format_count(quality->n_by_end[end], count);
	detail = quality->n_by_end[end]
			 ? memory_format_text("%s (wanted: 99 %%); most of the others: %s (%s)",
					      complete, stack_end_description(end), count)
			 : memory_format_text("%s (wanted: 99 %%)", complete);
	criterion_append(&explanation->criteria, "complete stacks", verdict, detail,
			 verdict == CRITERION_MET ? NULL : explanation_stacks_hint(end, profile));
}

/** Of a path in a hint. */
#define NAME_COLUMNS 48

/** What mends the library with the most nameless samples; free() it. */
static char *names_hint(const struct explanation *explanation, const struct profile *profile)
{
	_cleanup_free_ char *library = NULL;
	const struct profile_object *object;

	if (!explanation->unresolved.count)
		return NULL;
	object = &profile->objects.items[explanation->unresolved.items[0].object];
	library = layout_shorten(profile_text(profile, object->path), NAME_COLUMNS);
	if (object->problem_hint)
		return memory_format_text("%s: %s", library,
					  profile_text(profile, object->problem_hint));
	return memory_format_text("most of it is in %s", library);
}

static void check_names(struct explanation *explanation, const struct profile *profile)
{
	double named_share = explanation->quality.named_share;
	enum criterion_verdict verdict =
		verdict_of(named_share, NAMED_SHARE_WANTED, NAMED_SHARE_LEAST);
	char named[LAYOUT_NUMBER_SIZE_BYTES];

	profile_format_share(named_share, named);
	criterion_append(&explanation->criteria, "symbols resolved", verdict,
			 memory_format_text("%s of the samples (wanted: 95 %%)", named),
			 verdict == CRITERION_MET ? NULL : names_hint(explanation, profile));
}

/** "-F 499": half as often, in the words of the run. */
static char *lower_rate_option(const struct profile *profile)
{
	const struct profile_event *event = profile->events.items;

	if (profile->events.count && event->period)
		return memory_format_text("-c %" PRIu64, event->period * 2);
	if (profile->events.count && event->frequency_hz > 1)
		return memory_format_text("-F %" PRIu64, (event->frequency_hz + 1) / 2);
	return memory_duplicate_text("-F 499");
}

static void check_losses(struct explanation *explanation, const struct profile *profile)
{
	const struct profile_losses *losses = &profile->losses;
	const struct profile_quality *quality = &explanation->quality;
	char count[LAYOUT_NUMBER_SIZE_BYTES], share[LAYOUT_NUMBER_SIZE_BYTES];
	_cleanup_free_ char *lower = lower_rate_option(profile);

	if (quality->n_lost) {
		profile_format_count(quality->n_lost, count);
		profile_format_share(quality->lost_share, share);
		criterion_append(
			&explanation->criteria, "nothing lost",
			quality->lost_share <= LOST_SHARE_MOST ? CRITERION_WARNING
							       : CRITERION_FAILED,
			memory_format_text("%s records lost (%s)", count, share),
			memory_format_text("use larger rings (-m 8M) or a lower rate (%s)", lower));
	} else if (losses->throttles) {
		profile_format_count(losses->throttles, count);
		criterion_append(&explanation->criteria, "nothing lost", CRITERION_WARNING,
				 memory_format_text("the kernel paused sampling %s times", count),
				 memory_format_text("use a lower rate (%s)", lower));
	} else if (losses->unreadable_records) {
		profile_format_count(losses->unreadable_records, count);
		criterion_append(&explanation->criteria, "nothing lost", CRITERION_WARNING,
				 memory_format_text("%s %s could not be read", count,
						    count_noun(losses->unreadable_records, "record",
							       "records")),
				 NULL);
	} else {
		criterion_append(&explanation->criteria, "nothing lost", CRITERION_MET,
				 memory_duplicate_text("0 records lost"), NULL);
	}
}

/** Shares of functions hold on a busy machine, too; times do not. */
static void check_machine(struct explanation *explanation, const struct profile *profile)
{
	if (explanation->others_cpus <= 0)
		return;
	criterion_append(&explanation->criteria, "quiet machine",
			 explanation->is_machine_full ? CRITERION_WARNING : CRITERION_MET,
			 memory_format_text("other programs kept %.2f of %u CPUs busy",
					    explanation->others_cpus, profile->info.n_cpus),
			 explanation->is_machine_full
				 ? memory_duplicate_text("it may have taken longer than it would "
							 "alone; to compare times, use compare")
				 : NULL);
}

void criteria_collect(struct explanation *explanation, const struct profile *profile)
{
	check_samples(explanation, profile);
	if (explanation->quality.n_samples) {
		check_stacks(explanation, profile);
		check_names(explanation, profile);
	}
	check_losses(explanation, profile);
	check_machine(explanation, profile);
}
