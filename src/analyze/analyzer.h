#pragma once

/**
 * The pipeline: the one place that knows the order. Records go in, a profile
 * comes out:
 *
 *   record -> process table -> unwinder -> address stack -> profile (while running)
 *   profile locations -> symbolizer -> names                (once, at the end)
 */

#include "analyze/off_cpu.h"
#include "analyze/origin.h"
#include "base/string_table.h"
#include "process/process.h"
#include "profile/profile.h"
#include "record/record.h"
#include "symbols/symbolizer.h"
#include "unwind/unwinder.h"

struct analyzer;

struct analyzer_options {
	const struct symbolizer_options *symbols;
	const char *symfs_path;
	const struct string_vector *debug_folders; /**< Searched first; NULL: none. */
	struct object_servers *servers; /**< Asked for files, not while recording; NULL: nobody. */
	const struct record_origin *origin; /**< NULL: records of processes that run here now. */
	bool is_without_ticks;              /**< Do not keep every sample in time. */
	bool is_of_cpus;                    /**< Whole CPUs are recorded, not threads. */
	bool completes_stacks;     /**< From the process as it is now, where their copy ended. */
	bool is_for_callchains;    /**< No profile of CPU samples: memory stays as it is. */
	uint64_t off_cpu_least_ns; /**< Waits below are counted, not shown. */
};

/** Time spent and work done, for --timings. */
struct analyzer_statistics {
	uint64_t unwind_ns;
	uint64_t symbols_ns;
	uint64_t n_samples;
	uint64_t n_user_frames;
	struct unwinder_statistics unwinder;
};

/** @param source  Only its layouts, attrs and event names are read here; borrowed. */
struct analyzer *analyzer_create(const struct record_source *source,
				 const struct analyzer_options *options);
void analyzer_destroy(struct analyzer *analyzer);

/** Take one record, in time order. */
struct error *analyzer_apply(struct analyzer *analyzer, const struct record *record) MUST_CHECK;

/**
 * The finished callchain of the sample just applied, kernel-style with
 * PERF_CONTEXT_* markers, return addresses unadjusted: what perf.data stores.
 * Borrowed until the next apply.
 */
const struct address_vector *analyzer_callchain(const struct analyzer *analyzer);

/** Why the user stack of the sample just applied ended. */
enum stack_end analyzer_stack_end(const struct analyzer *analyzer);

/** How far the user stack of the sample just applied could be walked. */
struct stack_extent analyzer_stack_extent(const struct analyzer *analyzer);

/**
 * Records of context switches are among the source's: where they are, so is an event
 * OFF_CPU_EVENT_NAME in the profile, whose samples are waits. From here on threads are watched;
 * before the first record of each run of a live source. Files need neither this nor the end.
 */
void analyzer_begin_run(struct analyzer *analyzer, uint64_t time_ns);
void analyzer_end_run(struct analyzer *analyzer, uint64_t time_ns);

/** Look up in /proc who sleeps where. For live sources, some hundred times a second at most. */
void analyzer_look_at_sleepers(struct analyzer *analyzer, uint64_t now_ns);

/** NULL: there are no such records, or off-CPU samples come ready-made. */
struct off_cpu *analyzer_off_cpu(struct analyzer *analyzer);

/** Whether records of this event are only there to be made into off-CPU samples. */
bool analyzer_is_off_cpu_source(const struct analyzer *analyzer, uint32_t event_index);

/** Name all locations. After it the profile is ready for every output. */
struct error *analyzer_finish(struct analyzer *analyzer) MUST_CHECK;

/** Keep in the cache what was found out; when nobody waits any more. After analyzer_finish(). */
void analyzer_keep(struct analyzer *analyzer);

/** Borrowed. Its info may be filled in by the caller. */
struct profile *analyzer_profile(struct analyzer *analyzer);

/** Who lives now. */
const struct process_table *analyzer_processes(const struct analyzer *analyzer);

/** All objects seen, for build ids. */
struct object_registry *analyzer_objects(struct analyzer *analyzer);

struct analyzer_statistics analyzer_statistics(const struct analyzer *analyzer);
