#pragma once

/**
 * Writes a perf.data file (file mode) that any perf opens, while recording.
 * Records are appended in time order; samples with finished callchains
 * (record_encode_sample()). The header is made good by _finish(); a file whose
 * writer died is still readable up to its last finished round.
 *
 * Compressed, the records are COMPRESSED ones as perf record -z writes them, with rounds between.
 *
 * Source: tools/perf/Documentation/perf.data-file-format.txt of the kernel.
 */

#include "base/output_file.h"
#include "object/object.h"
#include "record/record.h"

struct perf_data_writer;

struct perf_data_writer_options {
	/** As recorded; stored as record_attr_for_storage() makes them. */
	const struct perf_event_attr *attrs;
	const char *const *event_names;
	const struct record_layout_table *layouts; /**< Attr count and event ids. */
	unsigned int compression_level;            /**< zstd's, 1 to 22; 0: not compressed. */
};

/** Header feature sections (tools/perf/util/header.h). NULL and 0 are left out. */
struct perf_data_features {
	const char *hostname, *os_release, *version, *arch, *cpu_description, *cpu_id;
	uint32_t n_cpus_available, n_cpus_online;
	uint64_t total_memory_kib;
	char *const *command; /**< argv, NULL at the end. */
	uint64_t first_sample_time_ns, last_sample_time_ns;
	uint32_t clock_id; /**< CLOCK_MONOTONIC */
	struct build_id_record *build_ids;
	size_t n_build_ids;
};

/** @param output  Borrowed; opened by the caller, committed by the caller after _finish(). */
struct error *perf_data_writer_create(struct output_file *output,
				      const struct perf_data_writer_options *options,
				      struct perf_data_writer **ret) MUST_CHECK;

/** Append one whole record as it is (side band) or as re-encoded (samples). */
struct error *perf_data_writer_append(struct perf_data_writer *writer,
				      struct bytes record) MUST_CHECK;

/**
 * Synthesize the kernel's and its modules' MMAP records, so that perf names kernel
 * frames. To be called before the first sample. Writes nothing when the kernel hides
 * its addresses (kptr_restrict).
 *
 * @param kallsyms_path, modules_path  /proc/kallsyms and /proc/modules; what cannot be read
 *                                     is taken for hidden.
 */
struct error *perf_data_writer_append_kernel_maps(struct perf_data_writer *writer,
						  const char *kallsyms_path,
						  const char *modules_path) MUST_CHECK;

/**
 * Marks that everything so far is older than everything from the round after next on.
 * Flushes: what is finished survives the writer.
 */
struct error *perf_data_writer_finish_round(struct perf_data_writer *writer) MUST_CHECK;

/** Write features and the final header. */
struct error *perf_data_writer_finish(struct perf_data_writer *writer,
				      const struct perf_data_features *features) MUST_CHECK;
void perf_data_writer_destroy(struct perf_data_writer *writer);
