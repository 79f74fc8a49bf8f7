#include "capture/batch_queue.h"

#include "base/clock.h"

#include <errno.h>
#include <time.h>

/** A batch that grew past this is freed rather than kept: a burst is not the rule. */
#define SPARE_CAPACITY_MAX_BYTES ((size_t)4 * 1024 * 1024)

void batch_queue_init(struct batch_queue *queue)
{
	pthread_condattr_t attributes;

	*queue = (struct batch_queue){ 0 };
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void batch_list_destroy(struct batch *batch)
{
	while (batch) {
		struct batch *next = batch->next;

		byte_vector_deinit(&batch->bytes);
		free(batch);
		batch = next;
	}
}

void batch_queue_deinit(struct batch_queue *queue)
{
	batch_list_destroy(queue->first);
	batch_list_destroy(queue->spare);
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->mutex);
}

struct batch *batch_queue_get_empty(struct batch_queue *queue)
{
	struct batch *batch;

	pthread_mutex_lock(&queue->mutex);
	batch = queue->spare;
	if (batch)
		queue->spare = batch->next;
	pthread_mutex_unlock(&queue->mutex);
	if (!batch)
		batch = memory_allocate(1, sizeof(*batch));
	batch->next = NULL;
	byte_vector_clear(&batch->bytes);
	return batch;
}

void batch_queue_put(struct batch_queue *queue, struct batch *batch)
{
	pthread_mutex_lock(&queue->mutex);
	while (queue->size_bytes > BATCH_QUEUE_SIZE_MAX_BYTES && !queue->is_abandoned)
		pthread_cond_wait(&queue->changed, &queue->mutex);
	if (queue->last)
		queue->last->next = batch;
	else
		queue->first = batch;
	queue->last = batch;
	queue->size_bytes += batch->bytes.count;
	queue->size_max_bytes = MAX(queue->size_max_bytes, queue->size_bytes);
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

size_t batch_queue_size_max_bytes(struct batch_queue *queue)
{
	size_t size_bytes;

	pthread_mutex_lock(&queue->mutex);
	size_bytes = queue->size_max_bytes;
	pthread_mutex_unlock(&queue->mutex);
	return size_bytes;
}

void batch_queue_close(struct batch_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->is_closed = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

void batch_queue_abandon(struct batch_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->is_abandoned = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

struct batch *batch_queue_take(struct batch_queue *queue, uint64_t timeout_ns, bool *is_end_ret)
{
	uint64_t deadline_ns = clock_monotonic_ns() + timeout_ns;
	struct timespec deadline = { .tv_sec = (time_t)(deadline_ns / NS_PER_S),
				     .tv_nsec = (long)(deadline_ns % NS_PER_S) };
	struct batch *batch;
	int status = 0;

	pthread_mutex_lock(&queue->mutex);
	while (!queue->first && !queue->is_closed && status != ETIMEDOUT)
		status = pthread_cond_timedwait(&queue->changed, &queue->mutex, &deadline);
	batch = queue->first;
	*is_end_ret = !batch && queue->is_closed;
	if (batch) {
		queue->first = batch->next;
		if (!queue->first)
			queue->last = NULL;
		queue->size_bytes -= batch->bytes.count;
		pthread_cond_broadcast(&queue->changed);
	}
	pthread_mutex_unlock(&queue->mutex);
	return batch;
}

void batch_queue_recycle(struct batch_queue *queue, struct batch *batch)
{
	if (batch->bytes.capacity > SPARE_CAPACITY_MAX_BYTES) {
		batch->next = NULL;
		batch_list_destroy(batch);
		return;
	}
	pthread_mutex_lock(&queue->mutex);
	batch->next = queue->spare;
	queue->spare = batch;
	pthread_mutex_unlock(&queue->mutex);
}
