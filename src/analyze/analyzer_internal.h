#pragma once

/** What the parts of the analyzer share. */

#include "analyze/analyzer.h"
#include "analyze/naming.h"
#include "analyze/sample_stack.h"
#include "analyze/stack_memo.h"

/** No event of the profile: only the ones behind off-CPU time. */
#define EVENT_NONE UINT32_MAX

struct analyzer {
	struct profile *profile;
	struct object_registry *objects;
	struct process_table *processes;
	struct symbolizer *symbolizer;
	struct sample_stack stacks;
	struct stack_memo memo; /**< Of the stacks of recordings. */
	struct origin origin;
	struct perf_event_attr
		*attrs;         /**< By event. A copy: --repeat goes through several sources. */
	uint32_t *event_ids;    /**< Of the profile, by event of the source; EVENT_NONE. */
	uint32_t n_events;      /**< Of the source. */
	uint32_t stacks_event;  /**< Of the source: samples are where threads leave the CPU. */
	uint32_t off_cpu_event; /**< Of the profile; EVENT_NONE: there is none. */
	struct off_cpu *off_cpu;
	bool has_begun;
	uint64_t last_time_ns;
	bool has_origin;
	struct object_ids object_ids;
	struct analyzer_statistics statistics;
	struct object_servers *servers;
	bool keeps_ticks;
	/** Run-time code was met whose names may change: samples are kept in time to name it. */
	bool has_timed_code;
	bool is_for_callchains;
};

/** The profile's thread of that id, by its present name. */
uint32_t analyzer_intern_thread(struct analyzer *analyzer, uint32_t pid, uint32_t tid);

/**
 * Name and unit of the period of each event, as the sources know them. The two behind
 * off-CPU time are none when we recorded them; in others' files they may be of interest.
 */
void analyzer_add_events(struct analyzer *analyzer, const struct record_source *source,
			 const struct analyzer_options *options);
