#include "analyze/analyzer_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <string.h>

static bool is_software(const struct perf_event_attr *attr, uint64_t config)
{
	return attr->type == PERF_TYPE_SOFTWARE && attr->config == config;
}

/** Stacks of every switch. perf's own recordings may have them too. */
static bool is_stacks_event(const struct perf_event_attr *attr)
{
	return is_software(attr, PERF_COUNT_SW_CONTEXT_SWITCHES) && !attr->freq &&
	       attr->sample_period == 1 && attr->sample_type & PERF_SAMPLE_CALLCHAIN;
}

static uint32_t add_event(struct profile *profile, const struct perf_event_attr *attr,
			  const char *name)
{
	bool is_off_cpu = strcmp(name, OFF_CPU_EVENT_NAME) == 0;
	bool is_clock = is_software(attr, PERF_COUNT_SW_CPU_CLOCK) ||
			is_software(attr, PERF_COUNT_SW_TASK_CLOCK);
	bool is_cycles =
		attr->type == PERF_TYPE_HARDWARE && attr->config == PERF_COUNT_HW_CPU_CYCLES;
	uint32_t id = profile_add_event(profile, name,
					is_clock || is_off_cpu ? "ns"
					: is_cycles            ? "cycles"
							       : "events");
	struct profile_event *event = &profile->events.items[id];

	if (is_off_cpu)
		event->measure = PROFILE_OFF_CPU;
	else if (attr->freq)
		event->frequency_hz = attr->sample_freq;
	else
		event->period = attr->sample_period;
	return id;
}

uint32_t analyzer_intern_thread(struct analyzer *analyzer, uint32_t pid, uint32_t tid)
{
	return profile_intern_thread(analyzer->profile, pid, tid,
				     process_table_comm(analyzer->processes, pid, tid),
				     process_table_comm(analyzer->processes, pid, pid));
}

static uint32_t thread_of_analyzer(void *context, uint32_t pid, uint32_t tid)
{
	return analyzer_intern_thread(context, pid, tid);
}

/** How often a thread on a CPU has a sample; 0: nobody knows. */
static uint64_t sample_interval_ns(const struct record_source *source)
{
	const struct perf_event_attr *attr = &source->attrs[0];

	return attr->freq && attr->sample_freq ? NS_PER_S / attr->sample_freq : 0;
}

void analyzer_add_events(struct analyzer *analyzer, const struct record_source *source,
			 const struct analyzer_options *options)
{
	bool has_switches = false, has_ready_made = false;

	analyzer->n_events = source->layouts->n_layouts;
	analyzer->event_ids = memory_allocate(analyzer->n_events, sizeof(uint32_t));
	analyzer->stacks_event = analyzer->off_cpu_event = EVENT_NONE;
	for (uint32_t i = 0; i < analyzer->n_events; i++) {
		has_switches |= source->attrs[i].context_switch;
		has_ready_made |= strcmp(source->event_names[i], OFF_CPU_EVENT_NAME) == 0;
		if (is_stacks_event(&source->attrs[i]))
			analyzer->stacks_event = i;
	}
	for (uint32_t i = 0; i < analyzer->n_events; i++) {
		bool is_hidden = !options->origin && has_switches && i > 0 &&
				 (i == analyzer->stacks_event || source->attrs[i].context_switch);

		analyzer->event_ids[i] = is_hidden ? EVENT_NONE
						   : add_event(analyzer->profile, &source->attrs[i],
							       source->event_names[i]);
	}
	if (!has_switches || has_ready_made) {
		analyzer->off_cpu_event = profile_find_measure(analyzer->profile, PROFILE_OFF_CPU);
		return;
	}
	analyzer->off_cpu_event = profile_add_event(analyzer->profile, OFF_CPU_EVENT_NAME, "ns");
	analyzer->profile->events.items[analyzer->off_cpu_event].measure = PROFILE_OFF_CPU;
	analyzer->off_cpu = off_cpu_create(
		analyzer->profile,
		&(struct off_cpu_options){
			.thread_of = thread_of_analyzer,
			.context = analyzer,
			.event = analyzer->off_cpu_event,
			.least_ns = options->off_cpu_least_ns,
			.sample_interval_ns = sample_interval_ns(source),
			.is_of_cpus = options->is_of_cpus,
			.is_live = !options->origin,
			.keeps_ticks = !options->is_without_ticks && !options->is_for_callchains,
			.keeps_samples = !options->origin,
		});
}
