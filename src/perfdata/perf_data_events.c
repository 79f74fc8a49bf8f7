#include "perfdata/perf_data_header_internal.h"

#include <stdio.h>

/** Events of one file. perf stat of all tracepoints has some 2000. */
#define N_EVENTS_MAX 16384

/** Ids of one file: events times CPUs or threads. */
#define N_IDS_MAX ((size_t)4 * 1024 * 1024)

void perf_data_events_deinit(struct perf_data_events *events)
{
	arena_deinit(&events->arena);
	attr_vector_deinit(&events->attrs);
	layout_vector_deinit(&events->layouts);
	address_vector_deinit(&events->ids);
	index_vector_deinit(&events->event_of_id);
	name_vector_deinit(&events->names);
}

struct error *perf_data_events_add(struct perf_data_events *events, struct byte_reader *attr,
				   struct byte_reader *ids)
{
	struct perf_event_attr ours = { 0 };
	size_t n_ids = byte_reader_left(ids) / sizeof(uint64_t);

	if (events->attrs.count >= N_EVENTS_MAX)
		return byte_reader_error(attr, "more than 16384 events");
	if (n_ids > N_IDS_MAX - events->ids.count)
		return byte_reader_error(ids, "more than 4 million event ids");
	if (byte_reader_left(attr) < PERF_ATTR_SIZE_VER0)
		return byte_reader_past_end(attr, PERF_ATTR_SIZE_VER0);
	memcpy(&ours, attr->bytes.data + attr->position, MIN(byte_reader_left(attr), sizeof(ours)));
	if (attr->swap)
		record_swap_attr((uint8_t *)&ours, sizeof(ours));
	ours.size = (uint32_t)MIN(byte_reader_left(attr), sizeof(ours));

	for (size_t i = 0; i < n_ids; i++) {
		uint64_t id;

		RETURN_IF_ERROR(byte_reader_u64(ids, &id));
		address_vector_append(&events->ids, id);
		index_vector_append(&events->event_of_id, (uint32_t)events->attrs.count);
	}
	attr_vector_append(&events->attrs, ours);
	layout_vector_append(&events->layouts, record_layout_of(&ours));
	name_vector_append(&events->names, NULL);
	return NULL;
}

void perf_data_events_set_name(struct perf_data_events *events, size_t event_index,
			       const char *name, size_t length)
{
	if (event_index >= events->names.count || events->names.items[event_index] || length == 0 ||
	    name[0] == 0)
		return;
	length = strnlen(name, length);
	events->names.items[event_index] = arena_duplicate_text(&events->arena, name, length);
}

bool perf_data_events_find(const struct perf_data_events *events, uint64_t id,
			   uint32_t *event_index_ret)
{
	for (size_t i = 0; i < events->ids.count; i++) {
		if (events->ids.items[i] != id)
			continue;
		*event_index_ret = events->event_of_id.items[i];
		return true;
	}
	return false;
}

/** For events the file has no name for, the names of perf_event_open(2). */
static void make_name(struct perf_data_events *events, size_t event_index)
{
	static const char *const hardware[] = {
		"cycles",
		"instructions",
		"cache-references",
		"cache-misses",
		"branches",
		"branch-misses",
		"bus-cycles",
		"stalled-cycles-frontend",
		"stalled-cycles-backend",
		"ref-cycles",
	};
	static const char *const software[] = {
		"cpu-clock",        "task-clock",   "page-faults",  "context-switches",
		"cpu-migrations",   "minor-faults", "major-faults", "alignment-faults",
		"emulation-faults", "dummy",        "bpf-output",   "cgroup-switches",
	};
	const struct perf_event_attr *attr = &events->attrs.items[event_index];
	char name[64];

	if (attr->type == PERF_TYPE_HARDWARE && attr->config < ARRAY_SIZE(hardware))
		snprintf(name, sizeof(name), "%s", hardware[attr->config]);
	else if (attr->type == PERF_TYPE_SOFTWARE && attr->config < ARRAY_SIZE(software))
		snprintf(name, sizeof(name), "%s", software[attr->config]);
	else
		snprintf(name, sizeof(name), "event %u:0x%llx", attr->type,
			 (unsigned long long)attr->config);
	perf_data_events_set_name(events, event_index, name, sizeof(name));
}

/** What record_layout_table asks of several events. */
static bool can_be_told_apart(const struct record_layout *a, const struct record_layout *b)
{
	const uint64_t placing_fields = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
					PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
					PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU;

	if (a->has_sample_id_all != b->has_sample_id_all)
		return false;
	if (a->sample_type & b->sample_type & PERF_SAMPLE_IDENTIFIER)
		return true;
	return (a->sample_type & placing_fields) == (b->sample_type & placing_fields);
}

struct error *perf_data_events_finish(struct perf_data_events *events, const char *source)
{
	if (events->attrs.count == 0)
		return error_new(ERROR_FORMAT, "%s: no event is described", source);
	for (size_t i = 1; i < events->layouts.count; i++)
		if (!can_be_told_apart(&events->layouts.items[0], &events->layouts.items[i]))
			return error_new(ERROR_UNSUPPORTED,
					 "%s: the records of its events cannot be told apart",
					 source);
	for (size_t i = 0; i < events->attrs.count; i++)
		make_name(events, i);
	record_ids_sort(events->ids.items, events->event_of_id.items, events->ids.count);
	events->table = (struct record_layout_table){
		.layouts = events->layouts.items,
		.n_layouts = (uint32_t)events->layouts.count,
		.ids = events->ids.items,
		.event_of_id = events->event_of_id.items,
		.n_ids = (uint32_t)events->ids.count,
		.has_ascending_ids = true,
	};
	return NULL;
}
