#include "profile/activity_text.h"

#include "base/clock.h"
#include "base/escape.h"
#include "profile/summary.h"

#include <inttypes.h>

#define GROUPS_SHOWN_MAX       12
#define TIMELINES_SHOWN_MAX    8
#define BAR_COLUMNS            40
#define THREAD_WAITS_SHOWN_MAX 15
#define PLACES_SHOWN_MAX       8

/** Of a call path, from the outermost and up to the innermost function. */
#define PATH_OUTER_MAX 3
#define PATH_INNER_MAX 5

/** Shares below this are not worth a line. */
#define SHARE_LEAST 0.005

static void format_duration(uint64_t duration_ns, char text[PROFILE_NUMBER_SIZE_BYTES])
{
	double seconds = (double)duration_ns / (double)NS_PER_S;

	if (seconds >= 1)
		snprintf(text, PROFILE_NUMBER_SIZE_BYTES, "%.2f s", seconds);
	else if (seconds >= 1e-3)
		snprintf(text, PROFILE_NUMBER_SIZE_BYTES, "%.1f ms", seconds * 1e3);
	else
		snprintf(text, PROFILE_NUMBER_SIZE_BYTES, "%.1f us", seconds * 1e6);
}

/** An empty line: nothing behind the prefix. */
static void write_gap(const char *prefix, FILE *file)
{
	size_t length = strlen(prefix);

	while (length > 0 && prefix[length - 1] == ' ')
		length--;
	fprintf(file, "%.*s\n", (int)length, prefix);
}

static double share_of(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static void write_group(const struct activity *activity, const struct activity_group *group,
			const struct profile *profile, const char *prefix, FILE *file)
{
	char cpu[PROFILE_NUMBER_SIZE_BYTES], off_cpu[PROFILE_NUMBER_SIZE_BYTES] = "-";
	char share[PROFILE_NUMBER_SIZE_BYTES];
	const struct activity_thread *busiest = &activity->threads.items[group->busiest];

	format_duration(group->cpu_ns, cpu);
	if (group->off_cpu_ns)
		format_duration(group->off_cpu_ns, off_cpu);
	profile_format_share(share_of(group->cpu_ns, activity->cpu_ns), share);
	fprintf(file, "%s%10s  %7s  %10s  %7" PRIu32 "  ", prefix, cpu, share, off_cpu,
		group->n_threads);
	escape_write_plain(file, *group->name ? group->name : "[no name]");
	if (activity_group_is_uneven(group)) {
		fputs("  (uneven: ", file);
		escape_write_plain(file, profile_text(profile, busiest->comm));
		fprintf(file, " has %.0f %% of it, evenly it would be %.0f %%)",
			100 * share_of(group->cpu_most_ns, group->cpu_ns),
			100.0 / group->n_threads);
	}
	fputc('\n', file);
}

static void write_groups(const struct activity *activity, const struct profile *profile,
			 const char *prefix, FILE *file)
{
	size_t n_shown = MIN(activity->groups.count, (size_t)GROUPS_SHOWN_MAX);

	fprintf(file, "%s%10s  %7s  %10s  %7s  %s\n", prefix, "CPU time", "share", "off CPU",
		"threads", "name");
	for (size_t i = 0; i < n_shown; i++)
		write_group(activity, &activity->groups.items[i], profile, prefix, file);
	if (n_shown < activity->groups.count)
		fprintf(file, "%s... and %zu more\n", prefix, activity->groups.count - n_shown);
}

static void write_concurrency(const struct activity *activity, const char *prefix, FILE *file)
{
	uint64_t total_ns = 0;

	for (size_t i = 0; i < activity->concurrency_ns.count; i++)
		total_ns += activity->concurrency_ns.items[i];
	if (!total_ns)
		return;
	write_gap(prefix, file);
	fprintf(file, "%sCPUs busy at once, by share of the time (%s)\n", prefix,
		activity->is_exact ? "from context switches" : "from the times of samples");
	for (size_t i = 0; i < activity->concurrency_ns.count; i++) {
		double share = share_of(activity->concurrency_ns.items[i], total_ns);
		char text[PROFILE_NUMBER_SIZE_BYTES];

		if (share < SHARE_LEAST)
			continue;
		profile_format_share(share, text);
		fprintf(file, "%s%6zu  %7s  ", prefix, i, text);
		for (int column = 0; column < (int)(share * BAR_COLUMNS + 0.5); column++)
			fputc('#', file);
		fputc('\n', file);
	}
}

/** How much of @p whole: blank, '.' for a trace, then tenths. */
static char level_of(uint64_t part, double whole)
{
	double level = whole > 0 ? (double)part / whole * 10 : 0;

	if (part == 0)
		return ' ';
	if (level < 0.5)
		return '.';
	return (char)('0' + (int)MIN(level + 0.5, 9.0));
}

static void write_timeline(const uint64_t slots_ns[ACTIVITY_SLOTS], double full_ns,
			   const char *name, const char *prefix, FILE *file)
{
	fprintf(file, "%s|", prefix);
	for (size_t i = 0; i < ACTIVITY_SLOTS; i++)
		fputc(level_of(slots_ns[i], full_ns), file);
	fputs("| ", file);
	escape_write_plain(file, name);
	fputc('\n', file);
}

static void write_timelines(const struct activity *activity, const struct profile *profile,
			    const char *prefix, FILE *file)
{
	double slot_ns = (double)activity->span_ns / ACTIVITY_SLOTS;
	uint32_t n_cpus = MAX(profile->info.n_cpus, 1u);
	char column[PROFILE_NUMBER_SIZE_BYTES];

	if (!activity->has_times)
		return;
	format_duration((uint64_t)slot_ns, column);
	write_gap(prefix, file);
	fprintf(file,
		"%sCPU use over time, %s a column, in tenths: of %u CPUs for all, of one CPU for "
		"a thread\n",
		prefix, column, n_cpus);
	write_timeline(activity->slots_ns, slot_ns * n_cpus, "all", prefix, file);
	for (size_t i = 0; i < MIN(activity->threads.count, (size_t)TIMELINES_SHOWN_MAX); i++) {
		const struct activity_thread *thread = &activity->threads.items[i];
		_cleanup_free_ char *name = memory_format_text(
			"%s (%" PRIu32 ")", profile_text(profile, thread->comm), thread->tid);

		if (thread->cpu_ns)
			write_timeline(thread->slots_ns, slot_ns, name, prefix, file);
	}
}

void activity_write(const struct activity *activity, const struct profile *profile,
		    const char *prefix, FILE *file)
{
	if (!activity->threads.count)
		return;
	write_groups(activity, profile, prefix, file);
	write_concurrency(activity, prefix, file);
	write_timelines(activity, profile, prefix, file);
}

char *waits_describe(const struct waits *waits, const struct profile *profile)
{
	const struct profile_schedule *schedule = &profile->schedule;
	char total[PROFILE_NUMBER_SIZE_BYTES], least[PROFILE_NUMBER_SIZE_BYTES];
	char short_time[PROFILE_NUMBER_SIZE_BYTES], count[PROFILE_NUMBER_SIZE_BYTES];
	char estimated_time[PROFILE_NUMBER_SIZE_BYTES];
	_cleanup_free_ char *left_out = NULL, *sampled = NULL, *estimated = NULL;

	format_duration(waits->period_ns, total);
	profile_format_count(waits->count, count);
	if (schedule->n_short) {
		format_duration(schedule->least_ns, least);
		format_duration(schedule->short_ns, short_time);
		left_out = memory_format_text("; %" PRIu64 " shorter than %s left out (%s)",
					      schedule->n_short, least, short_time);
	}
	if (schedule->n_waits > schedule->n_short &&
	    schedule->n_with_stack < schedule->n_waits - schedule->n_short)
		sampled = memory_format_text(
			". There were too many to take the stack of each: stacks of %.1f %% of "
			"them "
			"(%.1f %% of the time) were taken; the others are %sshared "
			"out among waits of the same thread and length",
			100 * share_of(schedule->n_with_stack,
				       schedule->n_waits - schedule->n_short),
			100 * share_of(schedule->with_stack_ns,
				       schedule->waits_ns - schedule->short_ns),
			schedule->estimated_ns ? "" : "timed exactly and ");
	if (schedule->estimated_ns) {
		format_duration(schedule->estimated_ns, estimated_time);
		estimated = memory_format_text(
			". Threads switched too often to time every wait without slowing them: "
			"%.1f %% of this time (%s) is estimated from bursts in which all waits "
			"were timed; timing makes them longer and fewer there",
			100 * share_of(schedule->estimated_ns, schedule->waits_ns), estimated_time);
	}
	return memory_format_text("Threads were off the CPU for %s, in %s waits%s%s%s.", total,
				  count, left_out ? left_out : "", sampled ? sampled : "",
				  estimated ? estimated : "");
}

static void write_total(const struct waits *waits, const struct wait_total *wait,
			const struct profile *profile, const char *prefix, FILE *file)
{
	char time[PROFILE_NUMBER_SIZE_BYTES], share[PROFILE_NUMBER_SIZE_BYTES];
	char average[PROFILE_NUMBER_SIZE_BYTES] = "-", count[PROFILE_NUMBER_SIZE_BYTES];
	char reason[WAIT_NAME_SIZE_BYTES];

	format_duration(wait->period_ns, time);
	profile_format_share(share_of(wait->period_ns, waits->period_ns), share);
	profile_format_count(wait->count, count);
	if (wait->count)
		format_duration(wait->period_ns / wait->count, average);
	wait_name(profile, wait->reason, reason);
	fprintf(file, "%s%10s  %7s  %11s  %10s  %s", prefix, time, share, count, average, reason);
}

static void write_total_heading(const char *prefix, const char *last, FILE *file)
{
	fprintf(file, "%s%10s  %7s  %11s  %10s  %s\n", prefix, "time", "share", "waits", "average",
		last);
}

/** "main > serve > ... > read_request > read": the way from the root, its middle left out. */
static void write_path(const struct profile *profile, uint32_t stack, FILE *file)
{
	struct index_vector frames = { 0 };
	size_t n_hidden;

	profile_expand_stack(profile, stack, &frames);
	n_hidden = frames.count > PATH_OUTER_MAX + PATH_INNER_MAX
			   ? frames.count - PATH_OUTER_MAX - PATH_INNER_MAX
			   : 0;
	for (size_t i = 0; i < frames.count; i++) {
		if (n_hidden && i == PATH_OUTER_MAX) {
			fputs(" > ...", file);
			i += n_hidden;
		}
		fputs(i ? " > " : "", file);
		escape_write_plain(
			file, profile_text(profile, profile->frames.items[frames.items[i]].name));
	}
	index_vector_deinit(&frames);
}

static void write_places(const struct waits *waits, const struct profile *profile,
			 const char *prefix, FILE *file)
{
	size_t n_shown = MIN(waits->by_place.count, (size_t)PLACES_SHOWN_MAX);

	if (!n_shown)
		return;
	write_gap(prefix, file);
	write_total_heading(prefix, "reason and call path", file);
	for (size_t i = 0; i < n_shown; i++) {
		const struct wait_total *wait = &waits->by_place.items[i];

		if (share_of(wait->period_ns, waits->period_ns) < SHARE_LEAST)
			break;
		write_total(waits, wait, profile, prefix, file);
		fprintf(file, "\n%s                ", prefix);
		write_path(profile, wait->stack, file);
		fputc('\n', file);
	}
}

void waits_write(const struct waits *waits, const struct profile *profile, const char *prefix,
		 FILE *file)
{
	if (!waits->by_reason.count)
		return;
	write_total_heading(prefix, "reason", file);
	for (size_t i = 0; i < waits->by_reason.count; i++) {
		write_total(waits, &waits->by_reason.items[i], profile, prefix, file);
		fputc('\n', file);
	}
	write_gap(prefix, file);
	write_total_heading(prefix, "reason  thread", file);
	for (size_t i = 0; i < MIN(waits->by_thread.count, (size_t)THREAD_WAITS_SHOWN_MAX); i++) {
		write_total(waits, &waits->by_thread.items[i], profile, prefix, file);
		fputs("  ", file);
		escape_write_plain(file, profile_text(profile, waits->by_thread.items[i].comm));
		fputc('\n', file);
	}
	write_places(waits, profile, prefix, file);
}
