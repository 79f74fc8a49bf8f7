#include "capture/batch_queue.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define N_BATCHES 2000

static void put_number(struct batch_queue *queue, uint64_t number)
{
	struct batch *batch = batch_queue_get_empty(queue);

	assert_int_equal(batch->bytes.count, 0);
	byte_vector_append_bytes(&batch->bytes, &number, sizeof(number));
	batch_queue_put(queue, batch);
}

static void *produce(void *context)
{
	for (uint64_t i = 0; i < N_BATCHES; i++)
		put_number(context, i);
	batch_queue_close(context);
	return NULL;
}

static void test_order_across_threads(void **state)
{
	struct batch_queue queue;
	uint64_t expected = 0, number;
	struct batch *batch;
	bool is_end = false;
	pthread_t thread;

	batch_queue_init(&queue);
	assert_int_equal(pthread_create(&thread, NULL, produce, &queue), 0);
	while (!is_end) {
		batch = batch_queue_take(&queue, NS_PER_S, &is_end);
		if (!batch)
			continue;
		memcpy(&number, batch->bytes.items, sizeof(number));
		assert_int_equal(number, expected++);
		batch_queue_recycle(&queue, batch);
	}
	assert_int_equal(expected, N_BATCHES);
	pthread_join(thread, NULL);
	assert_int_equal(queue.size_bytes, 0);
	assert_true(batch_queue_size_max_bytes(&queue) >= sizeof(number));
	batch_queue_deinit(&queue);
}

static void test_idle_is_not_the_end(void **state)
{
	struct batch_queue queue;
	bool is_end = true;

	batch_queue_init(&queue);
	assert_null(batch_queue_take(&queue, NS_PER_MS, &is_end));
	assert_false(is_end);
	batch_queue_close(&queue);
	assert_null(batch_queue_take(&queue, NS_PER_MS, &is_end));
	assert_true(is_end);
	batch_queue_deinit(&queue);
}

static void test_what_was_put_before_the_close_is_delivered(void **state)
{
	struct batch_queue queue;
	bool is_end;

	batch_queue_init(&queue);
	put_number(&queue, 7);
	batch_queue_close(&queue);
	struct batch *batch = batch_queue_take(&queue, 0, &is_end);

	assert_non_null(batch);
	assert_false(is_end);
	batch_queue_recycle(&queue, batch);
	assert_null(batch_queue_take(&queue, 0, &is_end));
	assert_true(is_end);
	batch_queue_deinit(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_across_threads),
		cmocka_unit_test(test_idle_is_not_the_end),
		cmocka_unit_test(test_what_was_put_before_the_close_is_delivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
