#pragma once

/**
 * The records of a recording on their way into perf.data: samples with the chains that were
 * found, waits in the place of the records they were worked out from, ids of the first run.
 */

#include "analyze/analyzer.h"
#include "record/record.h"

struct record_source;

/** Where the records go: whole ones, valid during the call. */
typedef struct error *run_storage_sink(void *context, struct bytes record);

struct run_storage {
	struct perf_event_attr *attrs; /**< Of the records as they are stored, as all here. */
	const char **event_names;
	struct record_layout *layouts;
	uint64_t *ids;
	uint32_t *event_of_id;
	struct record_layout_table table;
	uint32_t n_source_events;
	uint32_t *stored_events; /**< By event of the source; UINT32_MAX: not stored. */
	uint64_t *first_ids;     /**< By stored event: what its records are given as their id. */
	uint32_t off_cpu_event;  /**< As stored; UINT32_MAX: there is none. */
	uint8_t *buffer;
	run_storage_sink *sink;
	void *context;
};

/** @param source  Its attrs and names are copied. */
void run_storage_init(struct run_storage *storage, const struct record_source *source,
		      const struct analyzer *analyzer, run_storage_sink *sink, void *context);
void run_storage_deinit(struct run_storage *storage);

/**
 * Append a record that the analyzer has just taken, and what it made of it.
 *
 * @param layouts  Of the source it came from: the first run's or a later one's.
 */
struct error *run_storage_append(struct run_storage *storage, struct analyzer *analyzer,
				 const struct record_layout_table *layouts,
				 const struct record *record) MUST_CHECK;

/** Append waits that were over when the run was. */
struct error *run_storage_append_waits(struct run_storage *storage,
				       struct analyzer *analyzer) MUST_CHECK;

/** A record of processes that was made, as one of the first event's; valid until the next. */
struct bytes run_storage_encode_side_band(struct run_storage *storage, const struct record *record);
