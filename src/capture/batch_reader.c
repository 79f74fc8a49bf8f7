#include "capture/batch_reader.h"

void batch_reader_deinit(struct batch_reader *reader)
{
	if (reader->batch)
		batch_queue_recycle(reader->queue, reader->batch);
	reader->batch = NULL;
}

struct bytes batch_reader_left(struct batch_reader *reader, uint64_t timeout_ns, bool *is_end_ret)
{
	if (reader->batch && reader->position >= reader->batch->bytes.count)
		batch_reader_deinit(reader);
	if (!reader->batch) {
		reader->batch = batch_queue_take(reader->queue, timeout_ns, is_end_ret);
		reader->position = 0;
	}
	if (!reader->batch)
		return (struct bytes){ 0 };
	return (struct bytes){ reader->batch->bytes.items + reader->position,
			       reader->batch->bytes.count - reader->position };
}

void batch_reader_skip(struct batch_reader *reader, size_t size_bytes)
{
	reader->position += size_bytes;
}

struct error *batch_reader_decode(struct batch_reader *reader, struct bytes left,
				  struct record *ret)
{
	RETURN_IF_ERROR(record_decode(reader->layouts, left, reader->name, reader->position, ret));
	reader->position += ret->bytes.size;
	return NULL;
}

struct error *batch_reader_next(struct batch_reader *reader, uint64_t timeout_ns,
				struct record *ret, enum record_source_state *state_ret)
{
	bool is_end = false;
	struct bytes left = batch_reader_left(reader, timeout_ns, &is_end);

	if (!left.size) {
		*state_ret = is_end ? RECORD_SOURCE_END : RECORD_SOURCE_IDLE;
		return NULL;
	}
	RETURN_IF_ERROR(batch_reader_decode(reader, left, ret));
	*state_ret = RECORD_SOURCE_RECORD;
	return NULL;
}
