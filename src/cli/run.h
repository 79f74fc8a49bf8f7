#pragma once

/** The main job, in parts: options -> recording -> deliverables -> report on the terminal. */

#include "analyze/analyzer.h"
#include "capture/launch.h"
#include "capture/sampler.h"
#include "cli/export_format.h"
#include "cli/fold_options.h"
#include "cli/flamegraph_options.h"
#include "cli/machine.h"
#include "cli/output_folder.h"
#include "cli/run_containers.h"
#include "cli/run_control.h"
#include "cli/run_counters.h"
#include "cli/run_perf_data.h"
#include "cli/run_spans.h"
#include "cli/run_target.h"
#include "cli/symbol_search.h"
#include "cli/run_user.h"
#include "explain/explanation.h"
#include "output/output_format.h"

#include <sys/resource.h>

/** The command line of `perf-profile run`, taken apart. */
struct run_options {
	struct sampler_options sampler;
	struct sampled_event_vector events; /**< -e; names owned. */
	struct run_target target;
	struct symbolizer_options symbols;
	struct symbol_search search;
	struct profile_fold fold;
	struct output_options output;
	struct flamegraph_setup graph; /**< Of output. */
	struct string_vector rule_paths;
	const struct rule_set *rules; /**< The shipped ones and those of rule_paths. Borrowed. */
	struct format_vector exports; /**< Beside the deliverables; may repeat and name these. */
	const char *folder_path;      /**< -o; NULL: a fresh one. */
	bool may_replace;
	bool recovers_stacks;      /**< --recover-stacks */
	bool is_wall;              /**< --wall */
	uint64_t off_cpu_least_ns; /**< --off-cpu-min */
	struct output_policy output_policy;
	struct run_user user; /**< --user */
	bool has_user;
	struct run_control_options control;
	struct run_spans spans; /**< --begin, --end */
	struct run_keeping keeping;
	uint64_t duration_ns;           /**< 0: until the command ends. */
	uint64_t script_size_max_bytes; /**< Of perf-script.txt; a larger one is left out. */
	unsigned int n_repeats;
	bool is_repeated_until_enough; /**< Not oftener than n_repeats. */
	bool is_quiet;
	bool is_built_first; /**< --build */
	bool shows_timings;
	const struct launch_place *place; /**< Of the command; NULL: where we are. */
	char **command; /**< argv of the command, NULL at the end; no words: none is started. */
};

/** Where the time of the job itself went, for --timings. */
struct run_timings {
	uint64_t start_ns;    /**< All times on CLOCK_MONOTONIC. */
	uint64_t sampling_ns; /**< Rings open, command about to exec. */
	uint64_t command_end_ns;
	uint64_t drained_ns; /**< Last record analysed. */
	uint64_t named_ns;
	uint64_t perf_data_ns;
	uint64_t written_ns;
	uint64_t kept_ns; /**< The cache has what this run found out. */
};

/** What recording leaves behind. */
struct recording {
	struct analyzer *analyzer;
	struct run_perf_data perf_data;    /**< All zero: nothing is written. */
	struct machine machine;            /**< Looked at once, before the first run. */
	struct string_vector degradations; /**< Owned copies. */
	size_t n_degradations_said;        /**< On the terminal. */
	struct sampler_facts facts;        /**< Strings static; its degradations moved above. */
	uint64_t n_samples;
	uint64_t n_spans;               /**< Of --begin: how many began. */
	uint64_t looked_at_sleepers_ns; /**< When that was done last. */
	unsigned int n_snapshots;
	pid_t snapshot_pid; /**< Of the process that writes one; 0: none is being written. */
	struct output_folder snapshot_folder;
	unsigned int n_runs;
	struct index_vector children; /**< Processes of the command that have not ended. */
	uint64_t wall_ns;
	uint64_t machine_busy_ns; /**< As in profile_info; 0 for what is attached to. */
	uint64_t start_realtime_ns;
	struct run_counters *counters;     /**< NULL: no PMU, or nothing launched. */
	struct rusage usage;               /**< Of the command and its waited-for children. */
	bool has_command;                  /**< Something was started and waited for. */
	int wait_status;                   /**< Of the last run. */
	bool has_exec_failed;              /**< The error of recording_run() is the command's. */
	bool is_stopped_by_user;           /**< Ctrl-C or another ending signal. */
	bool is_aborted;                   /**< A second Ctrl-C: no reports wanted. */
	struct run_containers *containers; /**< Of the whole machine; NULL: not asked. */
	struct run_timings timings;
};

/**
 * Run the command once more into the same profile. The target's list of threads may grow. perf.data
 * is written only if recording->perf_data was created.
 */
struct error *recording_add_run(struct recording *recording,
				struct run_options *options) MUST_CHECK;

/** Run the command under the sampler, as often as asked; fills everything but the reports. */
struct error *recording_run(struct recording *recording, struct run_options *options,
			    const struct output_folder *folder) MUST_CHECK;

/**
 * Name everything, complete the profile's info and perf.data. That perf.data could not be
 * written is left in perf_data.error.
 */
struct error *recording_finish(struct recording *recording,
			       const struct run_options *options) MUST_CHECK;

/** The event of the profile that reports are about. After recording_finish(). */
uint32_t run_shown_event(const struct recording *recording, const struct run_options *options);

/** Of the analyzer that makes the profile. */
struct analyzer_options run_analyzer_options(const struct run_options *options);

/**
 * Begin to write the deliverables of what has been recorded so far into a folder of their own in
 * @p folder; the recording goes on as if nothing had been. perf.data is among them where it is
 * made at the end only (--overwrite).
 *
 * @param running_ns  How long the present run has been sampled.
 */
struct error *recording_snapshot_begin(struct recording *recording,
				       const struct run_options *options,
				       const struct output_folder *folder,
				       uint64_t running_ns) MUST_CHECK;

/** See whether it is written, or wait until it is; then recording->snapshot_pid is 0. */
struct error *recording_snapshot_end(struct recording *recording, bool must_wait) MUST_CHECK;
void recording_deinit(struct recording *recording);

/** One file of the output folder, for the list at the end. */
struct deliverable {
	const char *name;
	const char *purpose;
	struct error *error; /**< Why it could not be written; NULL: it is there. Owned. */
};

DEFINE_VECTOR(deliverable_vector, struct deliverable)

/** What --script-limit is when nobody says. */
#define SCRIPT_SIZE_MAX_DEFAULT_BYTES (UINT64_C(256) << 20)

/** Tell of deliverables that would be too large: into recording->degradations, before it is
 * finished. */
void deliverables_note_too_large(struct recording *recording, const struct run_options *options,
				 const struct output_folder *folder);

/**
 * Write everything that is made from the profile, after perf.data, which is on the list
 * already. A file that cannot be written is noted in the list and never stops the others.
 */
void deliverables_write(struct deliverable_vector *deliverables, const struct profile *profile,
			struct explanation *explanation, const struct run_options *options,
			const struct output_folder *folder);
void deliverable_vector_destroy_items(struct deliverable_vector *deliverables);

/** Say on the terminal what the recording will lack, or lacks, as far as that was not said yet. */
void run_degradations_print(struct recording *recording);

/** The end of the job on the terminal. */
void run_report_print(struct recording *recording, const struct explanation *explanation,
		      const struct deliverable_vector *deliverables,
		      const struct output_folder *folder, const struct run_options *options);

/** @param cache  NULL: none was used. */
void run_timings_print(const struct recording *recording, const struct cache *cache);

/** "12.3 s", "450 ms"; @p text at least 32 bytes. */
void format_duration(uint64_t duration_ns, char *text);
