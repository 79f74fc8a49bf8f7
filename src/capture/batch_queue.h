#pragma once

/**
 * Records on their way from the thread that empties the rings to the thread
 * that analyses them: whole batches, in order. One producer, one consumer;
 * every function may be called from either. When the consumer falls so far behind that
 * the limit is reached, the producer waits: the rings fill and the kernel counts what it
 * loses, so nothing disappears silently.
 */

#include "base/bytes.h"
#include "base/vector.h"

#include <pthread.h>

/** More than ten seconds of 32 KiB stacks at 997 Hz on one CPU. */
#define BATCH_QUEUE_SIZE_MAX_BYTES ((size_t)512 * 1024 * 1024)

struct batch {
	struct batch *next;
	struct byte_vector bytes; /**< Whole records, 8-byte aligned, in time order. */
};

struct batch_queue {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct batch *first, *last;
	struct batch *spare; /**< Emptied batches, kept for their memory. */
	size_t size_bytes;
	size_t size_max_bytes; /**< The most it ever held. */
	bool is_closed;
	bool is_abandoned; /**< The consumer is gone: put() drops. */
};

void batch_queue_init(struct batch_queue *queue);
void batch_queue_deinit(struct batch_queue *queue);

/** Producer: an empty batch to fill. */
struct batch *batch_queue_get_empty(struct batch_queue *queue);

/** Producer: hand over a filled batch; waits while the queue is full. */
void batch_queue_put(struct batch_queue *queue, struct batch *batch);

/** Producer: nothing more will come. */
void batch_queue_close(struct batch_queue *queue);

/** Consumer: the next batch, or NULL after @p timeout_ns or at the end (*is_end_ret). */
struct batch *batch_queue_take(struct batch_queue *queue, uint64_t timeout_ns, bool *is_end_ret);

/** Consumer: give a read batch back. */
void batch_queue_recycle(struct batch_queue *queue, struct batch *batch);

/** The most bytes that waited so far. */
size_t batch_queue_size_max_bytes(struct batch_queue *queue);

/** Consumer: no more takes; a waiting producer goes on. */
void batch_queue_abandon(struct batch_queue *queue);
