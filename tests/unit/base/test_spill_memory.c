#include "cmocka_headers.h"

#include "base/spill_memory.h"

#include <stdint.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define BEYOND_HEAP_BYTES (2u * SPILL_MEMORY_HEAP_MAX_BYTES + (1u << 20))

/** Grow to @p size_bytes in steps, as an array does, and fill it with numbers. */
static void fill(struct spill_memory *memory, size_t size_bytes)
{
	for (size_t end = 4096; end <= size_bytes; end += 4096) {
		spill_memory_grow(memory, end);
		for (size_t i = end - 4096; i < end; i += sizeof(uint32_t))
			memcpy((char *)memory->bytes + i, &(uint32_t){ (uint32_t)i },
			       sizeof(uint32_t));
	}
}

static void assert_filled(const struct spill_memory *memory, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i += sizeof(uint32_t)) {
		uint32_t number;

		memcpy(&number, (const char *)memory->bytes + i, sizeof(number));
		assert_int_equal(number, (uint32_t)i);
	}
}

static void little_is_on_the_heap(void **state)
{
	struct spill_memory memory = { 0 };

	fill(&memory, 1 << 20);
	assert_false(memory.is_file);
	assert_filled(&memory, 1 << 20);
	spill_memory_deinit(&memory);
	assert_null(memory.bytes);
}

static void much_is_in_a_file_and_the_same(void **state)
{
	struct spill_memory memory = { 0 };
	const size_t size_bytes = BEYOND_HEAP_BYTES + (96u << 20);

	fill(&memory, size_bytes);
	assert_true(memory.is_file);
	spill_memory_release_pages(&memory);
	assert_filled(&memory, size_bytes);
	spill_memory_deinit(&memory);
}

static void without_a_folder_it_stays_on_the_heap(void **state)
{
	struct spill_memory memory = { 0 };

	setenv("TMPDIR", "/nonexistent", 1);
	fill(&memory, BEYOND_HEAP_BYTES + (1u << 20));
	unsetenv("TMPDIR");
	assert_false(memory.is_file);
	assert_filled(&memory, BEYOND_HEAP_BYTES);
	spill_memory_deinit(&memory);
}

/** A limit on file sizes is what a full disk looks like from here. */
static void a_file_that_cannot_grow_goes_back_to_the_heap(void **state)
{
	struct spill_memory memory = { 0 };
	struct rlimit before, limit;

	fill(&memory, BEYOND_HEAP_BYTES);
	spill_memory_grow(&memory, BEYOND_HEAP_BYTES);
	assert_true(memory.is_file);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = memory.capacity_bytes;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	spill_memory_grow(&memory, memory.capacity_bytes + 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_false(memory.is_file);
	assert_filled(&memory, BEYOND_HEAP_BYTES);
	spill_memory_deinit(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(little_is_on_the_heap),
		cmocka_unit_test(much_is_in_a_file_and_the_same),
		cmocka_unit_test(without_a_folder_it_stays_on_the_heap),
		cmocka_unit_test(a_file_that_cannot_grow_goes_back_to_the_heap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
