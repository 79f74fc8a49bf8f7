#include "record/record_window.h"

struct record_chunk {
	struct record_chunk *next;
	size_t begin, end; /**< Of what is in it. */
	_Alignas(8) uint8_t bytes[RECORD_WINDOW_CHUNK_BYTES];
};

void record_window_init(struct record_window *window, const struct record_layout_table *layouts,
			const struct record_window_limits *limits, record_window_handler *leaves,
			void *context)
{
	*window = (struct record_window){
		.limits = *limits,
		.layouts = layouts,
		.leaves = leaves,
		.context = context,
	};
}

void record_window_deinit(struct record_window *window)
{
	while (window->first) {
		struct record_chunk *next = window->first->next;

		free(window->first);
		window->first = next;
	}
	window->last = NULL;
}

static struct bytes record_at(const struct record_chunk *chunk, size_t offset)
{
	struct perf_event_header header;

	memcpy(&header, chunk->bytes + offset, sizeof(header));
	return (struct bytes){ chunk->bytes + offset, header.size };
}

/** 0: it has none. */
static uint64_t time_of(const struct record_window *window, struct bytes bytes)
{
	uint64_t time_ns = 0;
	size_t size_bytes;

	error_destroy(record_decode_time(window->layouts, bytes, "kept records", 0, &time_ns,
					 &size_bytes));
	return time_ns;
}

static void drop_oldest(struct record_window *window)
{
	struct record_chunk *chunk = window->first;
	struct bytes bytes = record_at(chunk, chunk->begin);
	struct record record;
	struct error *error =
		record_decode(window->layouts, bytes, "kept records", chunk->begin, &record);

	if (!error) {
		window->leaves(window->context, &record);
		window->n_samples_left += record.type == PERF_RECORD_SAMPLE;
		window->left_time_ns = MAX(window->left_time_ns, record.time_ns);
	}
	error_destroy(error);
	chunk->begin += bytes.size;
	window->size_bytes -= bytes.size;
	if (chunk->begin < chunk->end)
		return;
	window->first = chunk->next;
	if (!window->first)
		window->last = NULL;
	free(chunk);
}

static bool has_too_old(const struct record_window *window)
{
	uint64_t oldest_ns;

	if (!window->limits.span_ns || !window->first)
		return false;
	oldest_ns = time_of(window, record_at(window->first, window->first->begin));
	return oldest_ns < window->newest_time_ns &&
	       window->newest_time_ns - oldest_ns > window->limits.span_ns;
}

void record_window_append(struct record_window *window, struct bytes record)
{
	struct record_chunk *chunk;

	window->newest_time_ns = MAX(window->newest_time_ns, time_of(window, record));
	while (window->first && (has_too_old(window) ||
				 window->size_bytes + record.size > window->limits.size_bytes))
		drop_oldest(window);
	if (!window->last || window->last->end + record.size > RECORD_WINDOW_CHUNK_BYTES) {
		chunk = memory_allocate(1, sizeof(*chunk));
		if (window->last)
			window->last->next = chunk;
		else
			window->first = chunk;
		window->last = chunk;
	}
	memcpy(window->last->bytes + window->last->end, record.data, record.size);
	window->last->end += record.size;
	window->size_bytes += record.size;
}

struct bytes record_window_next(const struct record_window *window,
				struct record_window_cursor *cursor)
{
	struct bytes record;

	if (!cursor->has_begun) {
		cursor->has_begun = true;
		cursor->chunk = window->first;
		cursor->offset = window->first ? window->first->begin : 0;
	}
	if (cursor->chunk && cursor->offset == cursor->chunk->end) {
		cursor->chunk = cursor->chunk->next;
		cursor->offset = cursor->chunk ? cursor->chunk->begin : 0;
	}
	if (!cursor->chunk)
		return (struct bytes){ 0 };
	record = record_at(cursor->chunk, cursor->offset);
	cursor->offset += record.size;
	return record;
}
