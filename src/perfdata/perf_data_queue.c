#include "perfdata/perf_data_queue_internal.h"

#include "base/memory.h"

#include <assert.h>

/** Room for copies in one piece of memory; several of the largest records. */
#define CHUNK_SIZE_BYTES ((size_t)256 * 1024)

struct record_chunk {
	size_t used_bytes;
	size_t n_left; /**< Copies not taken yet, and one while it is being filled or lent. */
	_Alignas(8) uint8_t bytes[CHUNK_SIZE_BYTES];
};

static void chunk_put(struct perf_data_queue *queue, struct record_chunk *chunk)
{
	if (!chunk || --chunk->n_left > 0)
		return;
	queue->copies_size_bytes -= sizeof(*chunk);
	free(chunk);
}

/** All of memory_allocate()'s zeros would be written once for nothing. */
static struct record_chunk *chunk_create(struct perf_data_queue *queue)
{
	struct record_chunk *chunk = memory_resize(NULL, 1, sizeof(*chunk));

	chunk->used_bytes = 0;
	chunk->n_left = 1;
	queue->copies_size_bytes += sizeof(*chunk);
	return chunk;
}

static struct record_chunk *copy_into_chunk(struct perf_data_queue *queue, struct bytes bytes,
					    const uint8_t **copy_ret)
{
	size_t padded_size_bytes = (bytes.size + 7) / 8 * 8;
	struct record_chunk *chunk = queue->filling;

	if (!chunk || chunk->used_bytes + padded_size_bytes > sizeof(chunk->bytes)) {
		chunk_put(queue, chunk);
		chunk = chunk_create(queue);
		queue->filling = chunk;
	}
	memcpy(chunk->bytes + chunk->used_bytes, bytes.data, bytes.size);
	*copy_ret = chunk->bytes + chunk->used_bytes;
	chunk->used_bytes += padded_size_bytes;
	chunk->n_left++;
	return chunk;
}

void perf_data_queue_deinit(struct perf_data_queue *queue)
{
	for (size_t i = queue->next; i < queue->n_entries; i++)
		chunk_put(queue, queue->entries[i].chunk);
	chunk_put(queue, queue->lent);
	chunk_put(queue, queue->filling);
	assert(queue->copies_size_bytes == 0);
	free(queue->entries);
	*queue = (struct perf_data_queue){ 0 };
}

void perf_data_queue_append(struct perf_data_queue *queue, const struct raw_record *raw,
			    uint64_t time_ns)
{
	bool is_aligned = (uintptr_t)raw->bytes.data % sizeof(uint64_t) == 0;
	struct queued_record entry = {
		.time_ns = time_ns,
		.sequence = queue->n_appended++,
		.offset = raw->offset,
		.bytes = raw->bytes.data,
		.size_bytes = (uint32_t)raw->bytes.size,
	};

	if (!raw->is_stable || !is_aligned)
		entry.chunk = copy_into_chunk(queue, raw->bytes, &entry.bytes);
	if (queue->n_entries == queue->capacity) {
		queue->capacity = queue->capacity ? queue->capacity * 2 : 1024;
		queue->entries =
			memory_resize(queue->entries, queue->capacity, sizeof(*queue->entries));
	}
	if (queue->n_entries > 0 && queue->entries[queue->n_entries - 1].time_ns > time_ns)
		queue->is_unsorted = true;
	queue->entries[queue->n_entries++] = entry;
	queue->time_max_ns = MAX(queue->time_max_ns, time_ns);
}

bool perf_data_queue_is_drained(const struct perf_data_queue *queue)
{
	return queue->next == queue->n_ready;
}

bool perf_data_queue_is_full(const struct perf_data_queue *queue)
{
	return queue->n_entries >= PERF_DATA_QUEUE_ENTRIES_MAX ||
	       queue->copies_size_bytes >= PERF_DATA_QUEUE_COPIES_MAX_BYTES;
}

static int compare_queued_records(const void *a, const void *b)
{
	const struct queued_record *left = a, *right = b;

	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns ? -1 : 1;
	return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

/** Drop what was taken and put the rest in order. */
static void arrange(struct perf_data_queue *queue)
{
	assert(perf_data_queue_is_drained(queue));
	queue->n_entries -= queue->next;
	memmove(queue->entries, queue->entries + queue->next,
		queue->n_entries * sizeof(*queue->entries));
	queue->next = 0;
	queue->n_ready = 0;
	if (queue->is_unsorted)
		qsort(queue->entries, queue->n_entries, sizeof(*queue->entries),
		      compare_queued_records);
	queue->is_unsorted = false;
}

static void make_ready(struct perf_data_queue *queue, uint64_t time_ns)
{
	while (queue->n_ready < queue->n_entries &&
	       queue->entries[queue->n_ready].time_ns <= time_ns)
		queue->n_ready++;
}

void perf_data_queue_release(struct perf_data_queue *queue, uint64_t time_ns)
{
	if (queue->n_entries == 0)
		return;
	arrange(queue);
	make_ready(queue, time_ns);
}

void perf_data_queue_release_half(struct perf_data_queue *queue)
{
	if (queue->n_entries == 0)
		return;
	arrange(queue);
	make_ready(queue, queue->entries[queue->n_entries / 2].time_ns);
}

bool perf_data_queue_take(struct perf_data_queue *queue, struct queued_record *ret)
{
	chunk_put(queue, queue->lent);
	queue->lent = NULL;
	if (perf_data_queue_is_drained(queue))
		return false;
	*ret = queue->entries[queue->next++];
	queue->lent = ret->chunk;
	return true;
}
