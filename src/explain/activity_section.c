/** Threads and waits, in analysis.txt and summary.json. */

#include "explain/explanation_internal.h"

#include "base/json_writer.h"
#include "base/memory.h"
#include "explain/layout_internal.h"
#include "profile/activity_text.h"

#define THREADS_WRITTEN_MAX 100
#define WAITS_WRITTEN_MAX   100
#define PATHS_WRITTEN_MAX   20

void activity_section_write(const struct explanation *explanation, const struct profile *profile,
			    FILE *file)
{
	_cleanup_free_ char *how = NULL;

	if (explanation->activity.threads.count > 1) {
		layout_write_heading(file, "Threads");
		activity_write(&explanation->activity, profile, "  ", file);
	}
	if (!profile->schedule.watched_ns && !explanation->waits.count)
		return;
	how = waits_describe(&explanation->waits, profile);
	layout_write_heading(file, "Waiting");
	layout_write_paragraph(file, 2, how);
	if (explanation->waits.count)
		fputc('\n', file);
	waits_write(&explanation->waits, profile, "  ", file);
}

static void write_thread(struct json_writer *json, const struct profile *profile,
			 const struct activity_thread *thread)
{
	json_begin_object(json, NULL);
	json_u64(json, "pid", thread->pid);
	json_u64(json, "tid", thread->tid);
	json_string(json, "name", profile_text(profile, thread->comm));
	json_u64(json, "cpu_ns", thread->cpu_ns);
	json_u64(json, "off_cpu_ns", thread->off_cpu_ns);
	json_end_object(json);
}

static void write_group(struct json_writer *json, const struct activity *activity,
			const struct activity_group *group)
{
	json_begin_object(json, NULL);
	json_string(json, "name", group->name);
	json_u64(json, "threads", group->n_threads);
	json_u64(json, "cpu_ns", group->cpu_ns);
	json_u64(json, "off_cpu_ns", group->off_cpu_ns);
	json_u64(json, "busiest_tid", activity->threads.items[group->busiest].tid);
	json_u64(json, "busiest_cpu_ns", group->cpu_most_ns);
	json_bool(json, "uneven", activity_group_is_uneven(group));
	json_end_object(json);
}

static void write_threads(struct json_writer *json, const struct activity *activity,
			  const struct profile *profile)
{
	json_begin_object(json, "threads");
	json_string(json, "source", activity->is_exact ? "context-switches" : "samples");
	json_u64(json, "total", activity->threads.count);
	json_begin_array(json, "busiest");
	for (size_t i = 0; i < MIN(activity->threads.count, (size_t)THREADS_WRITTEN_MAX); i++)
		write_thread(json, profile, &activity->threads.items[i]);
	json_end_array(json);
	json_begin_array(json, "groups");
	for (size_t i = 0; i < MIN(activity->groups.count, (size_t)THREADS_WRITTEN_MAX); i++)
		write_group(json, activity, &activity->groups.items[i]);
	json_end_array(json);
	json_begin_array(json, "cpus_busy_ns");
	for (size_t i = 0; i < activity->concurrency_ns.count; i++)
		json_u64(json, NULL, activity->concurrency_ns.items[i]);
	json_end_array(json);
	json_begin_object(json, "timeline");
	json_u64(json, "start_ns", activity->start_ns);
	json_u64(json, "slot_ns", activity->span_ns / ACTIVITY_SLOTS);
	json_begin_array(json, "cpu_ns");
	for (size_t i = 0; activity->has_times && i < ACTIVITY_SLOTS; i++)
		json_u64(json, NULL, activity->slots_ns[i]);
	json_end_array(json);
	json_end_object(json);
	json_end_object(json);
}

static void write_waits_of(struct json_writer *json, const char *name,
			   const struct wait_total_vector *totals, size_t n_most,
			   const struct profile *profile)
{
	json_begin_array(json, name);
	for (size_t i = 0; i < MIN(totals->count, n_most); i++) {
		const struct wait_total *total = &totals->items[i];
		char reason[WAIT_NAME_SIZE_BYTES];

		wait_name(profile, total->reason, reason);
		json_begin_object(json, NULL);
		json_string(json, "reason", reason);
		if (total->comm)
			json_string(json, "thread", profile_text(profile, total->comm));
		json_u64(json, "waits", total->count);
		json_u64(json, "time_ns", total->period_ns);
		if (total->stack)
			path_json_write(json, "path", profile, total->stack);
		json_end_object(json);
	}
	json_end_array(json);
}

static void write_waiting(struct json_writer *json, const struct waits *waits,
			  const struct profile *profile)
{
	const struct profile_schedule *schedule = &profile->schedule;

	json_begin_object(json, "waiting");
	json_u64(json, "waits", waits->count);
	json_u64(json, "time_ns", waits->period_ns);
	json_u64(json, "switches", schedule->n_switches);
	json_u64(json, "waits_with_stack", schedule->n_with_stack);
	json_u64(json, "time_with_stack_ns", schedule->with_stack_ns);
	json_u64(json, "stacks_lost", schedule->n_stacks_lost);
	json_u64(json, "estimated_waits", schedule->n_estimated);
	json_u64(json, "estimated_ns", schedule->estimated_ns);
	json_u64(json, "left_out_below_ns", schedule->least_ns);
	json_u64(json, "left_out_waits", schedule->n_short);
	json_u64(json, "left_out_ns", schedule->short_ns);
	write_waits_of(json, "by_reason", &waits->by_reason, WAITS_WRITTEN_MAX, profile);
	write_waits_of(json, "by_thread", &waits->by_thread, WAITS_WRITTEN_MAX, profile);
	write_waits_of(json, "by_path", &waits->by_place, PATHS_WRITTEN_MAX, profile);
	json_end_object(json);
}

void activity_json_write(struct json_writer *json, const struct explanation *explanation,
			 const struct profile *profile)
{
	write_threads(json, &explanation->activity, profile);
	if (profile->schedule.watched_ns || explanation->waits.count)
		write_waiting(json, &explanation->waits, profile);
}
