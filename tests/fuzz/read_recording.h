#pragma once

/** All of a recording read once, as every user of the reader does. */

#include "fuzz_target.h"
#include "perfdata/perf_data_reader.h"

/** More would only be slow: the window of what waits is in all of them. */
#define READ_RECORDS_MAX 100000

static inline size_t sum_header(const struct perf_data_header *header)
{
	const char *texts[] = { header->hostname, header->os_release,      header->version,
				header->arch,     header->cpu_description, header->cpu_id,
				header->command };
	size_t total = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		total += texts[i] ? strlen(texts[i]) : 0;
	for (uint64_t i = 0; i < header->n_build_ids; i++)
		total += strlen(header->build_ids[i].path) + header->build_ids[i].build_id.bytes[0];
	return total;
}

/** @param path  As perf_data_reader_open() takes it. */
static inline void read_recording(const char *path)
{
	enum record_source_state state = RECORD_SOURCE_RECORD;
	struct record_source *source;
	struct error *error = perf_data_reader_open(path, &source);
	uint64_t n_errors = 0;

	if (error) {
		fuzz_check_error(error);
		return;
	}
	for (size_t n = 0; n < READ_RECORDS_MAX && state == RECORD_SOURCE_RECORD; n++) {
		struct record record;

		error = source->next(source, 0, &record, &state);
		/* Each error is about another record, or the end. */
		FUZZ_CHECK(!error || ++n_errors < READ_RECORDS_MAX);
		if (!error && state == RECORD_SOURCE_RECORD) {
			FUZZ_CHECK(record.bytes.size >= sizeof(struct perf_event_header));
			FUZZ_CHECK(record.event_index < source->layouts->n_layouts);
		}
		fuzz_check_error(error);
	}
	FUZZ_CHECK(sum_header(perf_data_reader_header(source)) < SIZE_MAX);
	source->destroy(source);
}
