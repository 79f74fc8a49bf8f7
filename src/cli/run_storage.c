#include "cli/run_storage.h"

#include "base/memory.h"
#include <assert.h>

#define NOT_STORED UINT32_MAX

/** How a wait is stored: as perf record --off-cpu does, and with how many there were and why. */
#define OFF_CPU_SAMPLE_TYPE                                                                        \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |            \
	 PERF_SAMPLE_ADDR | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN |         \
	 PERF_SAMPLE_WEIGHT)

static struct perf_event_attr off_cpu_attr(const struct perf_event_attr *first)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = first->size,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = OFF_CPU_SAMPLE_TYPE,
		.inherit = first->inherit,
		.sample_id_all = 1,
		.use_clockid = first->use_clockid,
		.clockid = first->clockid,
	};
}

static void add_event(struct run_storage *storage, const struct perf_event_attr *attr,
		      const char *name)
{
	uint32_t index = storage->table.n_layouts++;

	record_attr_for_storage(attr, &storage->attrs[index]);
	storage->event_names[index] = memory_duplicate_text(name);
	storage->layouts[index] = record_layout_of(&storage->attrs[index]);
}

/** The ids of the source's events; waits get those of an event behind them. */
static void add_ids(struct run_storage *storage, const struct record_layout_table *layouts)
{
	for (uint32_t i = 0; i < layouts->n_ids; i++) {
		uint32_t stored = storage->stored_events[layouts->event_of_id[i]];
		uint32_t last = layouts->n_layouts - 1;

		if (stored == NOT_STORED && layouts->event_of_id[i] == last)
			stored = storage->off_cpu_event;
		if (stored == NOT_STORED)
			continue;
		if (!storage->first_ids[stored])
			storage->first_ids[stored] = layouts->ids[i];
		storage->ids[storage->table.n_ids] = layouts->ids[i];
		storage->event_of_id[storage->table.n_ids++] = stored;
	}
}

void run_storage_init(struct run_storage *storage, const struct record_source *source,
		      const struct analyzer *analyzer, run_storage_sink *sink, void *context)
{
	const struct record_layout_table *layouts = source->layouts;
	const size_t n_events = layouts->n_layouts + 1;
	bool has_hidden = false;

	*storage = (struct run_storage){
		.attrs = memory_allocate(n_events, sizeof(*storage->attrs)),
		.event_names = memory_allocate(n_events, sizeof(*storage->event_names)),
		.layouts = memory_allocate(n_events, sizeof(*storage->layouts)),
		.ids = memory_allocate(layouts->n_ids, sizeof(*storage->ids)),
		.event_of_id = memory_allocate(layouts->n_ids, sizeof(*storage->event_of_id)),
		.n_source_events = layouts->n_layouts,
		.stored_events = memory_allocate(n_events, sizeof(*storage->stored_events)),
		.first_ids = memory_allocate(n_events, sizeof(*storage->first_ids)),
		.off_cpu_event = NOT_STORED,
		.buffer = memory_allocate(1, RECORD_SIZE_MAX_BYTES),
		.sink = sink,
		.context = context,
	};
	for (uint32_t i = 0; i < layouts->n_layouts; i++) {
		bool is_hidden = analyzer_is_off_cpu_source(analyzer, i);

		has_hidden |= is_hidden;
		storage->stored_events[i] = is_hidden ? NOT_STORED : storage->table.n_layouts;
		if (!is_hidden)
			add_event(storage, &source->attrs[i], source->event_names[i]);
	}
	if (has_hidden) {
		const struct perf_event_attr attr = off_cpu_attr(&source->attrs[0]);

		storage->off_cpu_event = storage->table.n_layouts;
		add_event(storage, &attr, OFF_CPU_EVENT_NAME);
	}
	add_ids(storage, layouts);
	storage->table.layouts = storage->layouts;
	storage->table.ids = storage->ids;
	storage->table.event_of_id = storage->event_of_id;
}

void run_storage_deinit(struct run_storage *storage)
{
	for (uint32_t i = 0; i < storage->table.n_layouts; i++)
		free((char *)storage->event_names[i]);
	free(storage->attrs);
	free(storage->event_names);
	free(storage->layouts);
	free(storage->ids);
	free(storage->event_of_id);
	free(storage->stored_events);
	free(storage->first_ids);
	free(storage->buffer);
	*storage = (struct run_storage){ 0 };
}

/**
 * Records in the file carry the ids that its header lists: not those of a later run's events,
 * nor of events that are not stored. With one event nobody looks.
 */
static void put_id(const struct run_storage *storage, uint32_t stored, uint32_t type,
		   struct bytes bytes)
{
	uint64_t id = storage->first_ids[stored];
	size_t offset = type == PERF_RECORD_SAMPLE ? sizeof(struct perf_event_header)
						   : bytes.size - sizeof(id);

	if (storage->table.n_layouts > 1 &&
	    storage->layouts[0].sample_type & PERF_SAMPLE_IDENTIFIER)
		memcpy(storage->buffer + offset, &id, sizeof(id));
}

static struct error *append_wait(struct run_storage *storage, struct analyzer *analyzer,
				 const struct off_cpu_sample *sample)
{
	const struct address_vector *callchain =
		off_cpu_callchain(analyzer_off_cpu(analyzer), sample->place);
	bool is_kernel =
		callchain->count > 1 && callchain->items[0] == (uint64_t)PERF_CONTEXT_KERNEL;
	const struct record record = {
		.misc = is_kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER,
		.pid = sample->pid,
		.tid = sample->tid,
		.time_ns = sample->time_ns,
		.cpu = sample->cpu,
		.id = storage->first_ids[storage->off_cpu_event],
		.sample = { .ip = callchain->count > 1 ? callchain->items[1] : 0,
			    .address = sample->reason,
			    .period = sample->period_ns,
			    .weight = sample->count },
	};
	const struct stored_chain chain = {
		.addresses = callchain->items,
		.count = callchain->count,
		.end = off_cpu_stack_end(analyzer_off_cpu(analyzer), sample->place),
	};
	size_t size_bytes = record_encode_made_sample(&storage->layouts[storage->off_cpu_event],
						      &record, &chain, storage->buffer);

	return storage->sink(storage->context, (struct bytes){ storage->buffer, size_bytes });
}

struct error *run_storage_append_waits(struct run_storage *storage, struct analyzer *analyzer)
{
	struct off_cpu *off_cpu = analyzer_off_cpu(analyzer);
	const struct off_cpu_sample_vector *samples;

	if (!off_cpu)
		return NULL;
	samples = off_cpu_samples(off_cpu);
	for (size_t i = 0; i < samples->count; i++)
		RETURN_IF_ERROR(append_wait(storage, analyzer, &samples->items[i]));
	off_cpu_samples_clear(off_cpu);
	return NULL;
}

struct error *run_storage_append(struct run_storage *storage, struct analyzer *analyzer,
				 const struct record_layout_table *layouts,
				 const struct record *record)
{
	const struct stored_chain chain = {
		.addresses = analyzer_callchain(analyzer)->items,
		.count = analyzer_callchain(analyzer)->count,
		.end = analyzer_stack_end(analyzer),
	};
	uint32_t stored = storage->stored_events[record->event_index];
	struct bytes bytes = { storage->buffer, record->bytes.size };

	assert(record->event_index < storage->n_source_events);
	RETURN_IF_ERROR(run_storage_append_waits(storage, analyzer));
	if (analyzer_off_cpu(analyzer) &&
	    (record->type == PERF_RECORD_SWITCH || record->type == PERF_RECORD_SWITCH_CPU_WIDE))
		return NULL;
	if (stored == NOT_STORED) {
		/* Stacks, taken or lost, and pauses of the times are in the waits. */
		if (layouts->layouts[record->event_index].sample_type & PERF_SAMPLE_CALLCHAIN ||
		    record->type == PERF_RECORD_THROTTLE || record->type == PERF_RECORD_UNTHROTTLE)
			return NULL;
		stored = 0;
	}
	if (record->type == PERF_RECORD_SAMPLE)
		bytes.size = record_encode_sample(&layouts->layouts[record->event_index], record,
						  &chain, storage->buffer);
	else
		memcpy(storage->buffer, record->bytes.data, record->bytes.size);
	put_id(storage, stored, record->type, bytes);
	return storage->sink(storage->context, bytes);
}

struct bytes run_storage_encode_side_band(struct run_storage *storage, const struct record *record)
{
	struct record stored = *record;

	stored.id = storage->first_ids[0];
	return (struct bytes){
		storage->buffer,
		record_encode_side_band(&storage->layouts[0], &stored, storage->buffer),
	};
}
