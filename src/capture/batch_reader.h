#pragma once

/** Records out of a queue of batches, one by one: the `next` of every live record source. */

#include "capture/batch_queue.h"
#include "record/record.h"

struct batch_reader {
	struct batch_queue *queue;                 /**< Borrowed. */
	const struct record_layout_table *layouts; /**< Borrowed. */
	const char *name;                          /**< Of the source, for messages. */
	struct batch *batch;                       /**< Being read; NULL: take the next. */
	size_t position;
};

/** Records not read yet; empty: none came within the time, or none will (*is_end_ret). */
struct bytes batch_reader_left(struct batch_reader *reader, uint64_t timeout_ns, bool *is_end_ret);

/** Go on behind @p size_bytes of what is left. */
void batch_reader_skip(struct batch_reader *reader, size_t size_bytes);

/** Take the first record of what is left apart, and go on behind it. */
struct error *batch_reader_decode(struct batch_reader *reader, struct bytes left,
				  struct record *ret) MUST_CHECK;

/** All of that, as struct record_source has it. */
struct error *batch_reader_next(struct batch_reader *reader, uint64_t timeout_ns,
				struct record *ret, enum record_source_state *state_ret) MUST_CHECK;

/** Give back what is being read. */
void batch_reader_deinit(struct batch_reader *reader);
