#pragma once

/** Shared by the files of the writer. */

#include "base/vector.h"
#include "perfdata/perf_data_compressor_internal.h"
#include "perfdata/perf_data_format_internal.h"
#include "perfdata/perf_data_writer.h"

struct perf_data_writer {
	struct output_file *output; /**< Borrowed. */
	uint64_t offset;            /**< Where the next byte goes. */
	struct perf_data_file_header header;
	struct perf_data_compressor *compressor; /**< NULL: records are written as they are. */
	struct byte_vector compressed;           /**< Records on their way to the file. */

	/* As stored: without what record_attr_for_storage() drops. */
	struct perf_event_attr *attrs;
	char **event_names;
	struct address_vector *ids; /**< By event. */
	uint32_t n_events;
};

/** The feature table and the bodies behind it, for a file whose data ends at @p offset. */
void perf_data_features_format(const struct perf_data_writer *writer,
			       const struct perf_data_features *features, uint64_t offset,
			       struct byte_vector *ret, uint64_t *feature_bits_ret);
