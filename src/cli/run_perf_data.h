#pragma once

/**
 * What a recording keeps, and in which files: all of it in perf.data, in parts one after another
 * (--switch-output), or only the last of it (--overwrite, run_window.h).
 */

#include "base/output_file.h"
#include "cli/run_storage.h"
#include "cli/run_window.h"

#include <stdbool.h>

/** What is to be kept, and how. All zero: everything, in one file. */
struct run_keeping {
	uint64_t size_max_bytes;  /**< --max-size, of all records; 0: no limit. */
	bool is_in_parts;         /**< --switch-output */
	uint64_t part_size_bytes; /**< A part is full with so many bytes of records... */
	uint64_t part_span_ns;    /**< ...or after this time; both 0: when SIGUSR2 says so. */
	unsigned int n_parts_max; /**< Full ones; older ones are removed. 0: all stay. */
	bool is_last_only;        /**< --overwrite */
	struct record_window_limits last;
	unsigned int compression_level; /**< Of files; 0: not compressed. */
};

struct recording;
struct run_options;
struct perf_data_writer;

/** When the first and the last sample of a file were taken; both 0: it has none. */
struct run_sample_times {
	uint64_t first_ns, last_ns;
};

struct run_perf_data {
	const struct run_keeping *keeping; /**< NULL: nothing is written at all. */
	char *path;
	bool may_replace;
	struct output_file file;         /**< Not committed yet. */
	struct perf_data_writer *writer; /**< NULL: not begun, or given up. */
	struct run_storage storage;      /**< What the writer is given. */
	struct run_window *window;       /**< Instead of file and writer; NULL: all is kept. */
	struct error *error;             /**< Why there is no file; the rest goes on. */

	/* Of the file that is being written. */
	uint64_t size_bytes; /**< Records only. */
	uint64_t begin_ns;
	uint64_t round_finished_ns; /**< When it was made good last. */
	struct run_sample_times times;

	uint64_t total_size_bytes; /**< Of records, in all parts. */
	bool is_full;              /**< --max-size is reached: records are not taken any more. */
	struct string_vector part_paths; /**< Full ones, owned; removed ones are NULL. */
};

/** Before anything is started: see that the file can be made. */
struct error *run_perf_data_create(struct run_perf_data *data, const struct run_keeping *keeping,
				   const char *path, bool may_replace) MUST_CHECK;

/** The events are known. Does nothing when nothing is to be written, or it has begun. */
struct error *run_perf_data_begin(struct run_perf_data *data, const struct record_source *source,
				  struct analyzer *analyzer) MUST_CHECK;
void run_perf_data_deinit(struct run_perf_data *data);

/* What cannot be written is left in error, and nothing is written from then on. */

/** A record that the analyzer has just taken. @param layouts  As for run_storage_append(). */
void run_perf_data_append(struct run_perf_data *data, struct analyzer *analyzer,
			  const struct record_layout_table *layouts, const struct record *record);

/** Waits that were over when the run was. */
void run_perf_data_append_waits(struct run_perf_data *data, struct analyzer *analyzer);

/** Now and then: what there is survives us. */
void run_perf_data_finish_round(struct run_perf_data *data, uint64_t now_ns);

/** Whether the part that is being written is full. */
bool run_perf_data_part_is_full(const struct run_perf_data *data, uint64_t now_ns);

/** Give the part its name, and begin the next one with all that is known of processes. */
void run_perf_data_switch(struct recording *recording, const struct run_options *options);

/** Write what is missing and give the file its name. */
void run_perf_data_finish(struct recording *recording, const struct run_options *options);

/* For the flight recorder, which writes a file at once. */

/** Begin a file: header, the kernel's maps, and who lives. */
struct error *run_perf_data_begin_file(struct run_perf_data *data,
				       const struct process_table *processes,
				       struct perf_data_writer **ret) MUST_CHECK;

/** Add what is said of the whole, and give the file its name. @p times  Of its samples. */
struct error *run_perf_data_complete_file(struct output_file *file, struct perf_data_writer *writer,
					  const struct recording *recording,
					  const struct run_options *options,
					  const struct run_sample_times *times) MUST_CHECK;
