#pragma once

/**
 * Reads perf.data: file and pipe mode, plain and zstd-compressed, from any
 * perf. A record_source: records come in time order (a two-round window over
 * FINISHED_ROUND, as perf sorts), samples as they were recorded. Files of the other byte
 * order are read like any other.
 *
 * Source: tools/perf/Documentation/perf.data-file-format.txt of the kernel.
 */

#include "record/record.h"

/** Facts from the header features; NULL and 0 when absent. Borrowed from the reader. */
struct perf_data_header {
	const char *hostname, *os_release, *version, *arch, *cpu_description, *cpu_id;
	uint32_t n_cpus_available, n_cpus_online;
	uint64_t total_memory_kib;
	const char *command; /**< Words joined by spaces. */
	bool is_pipe_mode;
	bool is_unfinished; /**< The recorder was killed: the last records may be missing. */
	uint64_t n_build_ids;
	const struct build_id_record *build_ids;
};

/**
 * Open and read up to the first record, so that events are known. Pipe mode has its
 * features as records: the header may still gain facts while reading, and what it
 * lacked is NULL until then.
 *
 * next() gives kernel records and HEADER_BUILD_ID; perf's other own records are used
 * up here. A record that cannot be decoded is an ERROR_FORMAT in its place in time;
 * calling again goes on behind it. An error in the file's structure comes after all
 * that was read before it; calling again gives RECORD_SOURCE_END.
 *
 * @param path  A file, a perf.data folder, or "-": standard input.
 */
struct error *perf_data_reader_open(const char *path, struct record_source **ret) MUST_CHECK;

/** As perf_data_reader_open(). @param name  What messages call a file that is a copy of it. */
struct error *perf_data_reader_open_as(const char *path, const char *name,
				       struct record_source **ret) MUST_CHECK;

/** @param source  From perf_data_reader_open(). */
const struct perf_data_header *perf_data_reader_header(const struct record_source *source);
