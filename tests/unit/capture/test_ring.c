#include "capture/perf_events/ring.h"

#include "base/memory.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define RING_SIZE_BYTES 64

/* A ring as the kernel would have it, in plain memory. */
struct fake_ring {
	struct perf_event_mmap_page control;
	_Alignas(8) uint8_t data[RING_SIZE_BYTES];
	uint8_t bounce[RECORD_SIZE_MAX_BYTES + 8];
	struct ring ring;
};

static struct fake_ring *fake_ring_create(void)
{
	struct fake_ring *fake = memory_allocate(1, sizeof(*fake));

	fake->ring = (struct ring){ .control = &fake->control,
				    .data = fake->data,
				    .size_bytes = RING_SIZE_BYTES,
				    .bounce = fake->bounce };
	return fake;
}

/** Write a record of @p size_bytes filled with @p filler, wrapping as the kernel does. */
static void fake_ring_write(struct fake_ring *fake, uint16_t size_bytes, uint8_t filler)
{
	uint8_t record[RING_SIZE_BYTES];
	struct perf_event_header header = { .type = PERF_RECORD_COMM, .size = size_bytes };

	memset(record, filler, sizeof(record));
	memcpy(record, &header, sizeof(header));
	for (uint16_t i = 0; i < size_bytes; i++)
		fake->data[(fake->control.data_head + i) % RING_SIZE_BYTES] = record[i];
	fake->control.data_head += size_bytes;
}

static void assert_next(struct fake_ring *fake, uint16_t size_bytes, uint8_t filler)
{
	struct bytes record = ring_peek(&fake->ring);

	assert_int_equal(record.size, size_bytes);
	for (size_t i = sizeof(struct perf_event_header); i < size_bytes; i++)
		assert_int_equal(record.data[i], filler);
	ring_skip(&fake->ring, record.size);
	ring_release(&fake->ring);
}

static void test_empty(void **state)
{
	struct fake_ring *fake = fake_ring_create();

	ring_snapshot(&fake->ring);
	assert_int_equal(ring_peek(&fake->ring).size, 0);
	free(fake);
}

static void test_records_in_order_and_tail(void **state)
{
	struct fake_ring *fake = fake_ring_create();

	fake_ring_write(fake, 16, 1);
	fake_ring_write(fake, 24, 2);
	assert_int_equal(ring_peek(&fake->ring).size, 0); /* not seen before a snapshot */
	ring_snapshot(&fake->ring);
	assert_next(fake, 16, 1);
	assert_int_equal(fake->control.data_tail, 16);
	assert_next(fake, 24, 2);
	assert_int_equal(fake->control.data_tail, 40);
	assert_int_equal(ring_peek(&fake->ring).size, 0);
	free(fake);
}

static void test_record_around_the_end(void **state)
{
	struct fake_ring *fake = fake_ring_create();

	for (uint8_t round = 1; round < 50; round++) {
		fake_ring_write(fake, 40, round);
		ring_snapshot(&fake->ring);
		assert_next(fake, 40, round);
	}
	free(fake);
}

static void test_impossible_size_stops(void **state)
{
	struct fake_ring *fake = fake_ring_create();

	fake_ring_write(fake, 16, 1);
	((struct perf_event_header *)fake->data)->size = 4;
	ring_snapshot(&fake->ring);
	assert_int_equal(ring_peek(&fake->ring).size, 0);
	((struct perf_event_header *)fake->data)->size = 48;
	assert_int_equal(ring_peek(&fake->ring).size, 0);
	free(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_records_in_order_and_tail),
		cmocka_unit_test(test_record_around_the_end),
		cmocka_unit_test(test_impossible_size_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
