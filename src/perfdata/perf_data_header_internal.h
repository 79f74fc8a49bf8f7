#pragma once

/** What a perf.data file says about itself: events and feature sections. */

#include "base/arena.h"
#include "base/vector.h"
#include "perfdata/perf_data_format_internal.h"
#include "perfdata/perf_data_input_internal.h"
#include "perfdata/perf_data_reader.h"

DEFINE_VECTOR(attr_vector, struct perf_event_attr)
DEFINE_VECTOR(layout_vector, struct record_layout)
DEFINE_VECTOR(name_vector, const char *)
DEFINE_VECTOR(build_id_record_vector, struct build_id_record)

/** The events of a file, gathered one by one. */
struct perf_data_events {
	struct arena arena; /**< Names. */
	struct attr_vector attrs;
	struct layout_vector layouts;
	struct address_vector ids;
	struct index_vector event_of_id;
	struct name_vector names; /**< NULL until known. */
	struct record_layout_table table;
};

void perf_data_events_deinit(struct perf_data_events *events);

/** @param attr  As many bytes as the file has; longer and shorter than ours are fine. */
struct error *perf_data_events_add(struct perf_data_events *events, struct byte_reader *attr,
				   struct byte_reader *ids) MUST_CHECK;

/** Names an event; the first name stays. Out of range: ignored. */
void perf_data_events_set_name(struct perf_data_events *events, size_t event_index,
			       const char *name, size_t length);

/** The event of @p id; false: no such. */
bool perf_data_events_find(const struct perf_data_events *events, uint64_t id,
			   uint32_t *event_index_ret);

/** Fill in missing names and the table. No more events after that. */
struct error *perf_data_events_finish(struct perf_data_events *events,
				      const char *source) MUST_CHECK;

/** Header facts with the memory behind them. */
struct perf_data_facts {
	struct perf_data_header header;
	uint64_t n_missing_bytes; /**< Data that the header promises and the file does not have. */
	struct error *features_error; /**< The file ends before its features do; NULL: no. */
	struct arena arena;
	struct build_id_record_vector build_ids;
};

void perf_data_facts_deinit(struct perf_data_facts *facts);

/**
 * Take in the body of one feature section. Unknown and broken ones are left out:
 * the records can be read without.
 */
void perf_data_facts_add(struct perf_data_facts *facts, struct perf_data_events *events,
			 uint32_t feature, struct byte_reader body);

/**
 * Read the file header: magic, events, features. Afterwards the input is at the
 * first record; a mapped input ends where the data does.
 *
 * In pipe mode there is only the magic here, and events come as records. Either way
 * perf_data_events_finish() is for the caller.
 */
struct error *perf_data_header_read(struct perf_data_input *input, struct perf_data_events *events,
				    struct perf_data_facts *facts) MUST_CHECK;
