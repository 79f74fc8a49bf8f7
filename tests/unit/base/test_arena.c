#include "cmocka_headers.h"

#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena arena = { 0 };
	unsigned char *pieces[500];

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		pieces[i] = arena_allocate(&arena, i);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], 0);
		memset(pieces[i], (int)(i & 0xff), i);
	}
	/* None has moved and none overlaps: each still has its own bytes. */
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], i & 0xff);
	}
	arena_deinit(&arena);
}

static void a_piece_may_be_larger_than_a_block(void **state)
{
	struct arena arena = { 0 };
	size_t size_bytes = 1000000;
	char *small = arena_allocate(&arena, 10);
	char *large = arena_allocate(&arena, size_bytes);

	small[9] = 's';
	memset(large, 'l', size_bytes);
	assert_int_equal(small[9], 's');
	assert_true(arena.total_bytes >= size_bytes + 10);
	arena_deinit(&arena);
	assert_null(arena.blocks);
	assert_int_equal(arena.total_bytes, 0);
}

static void text_is_copied_with_a_nul(void **state)
{
	struct arena arena = { 0 };

	assert_string_equal(arena_duplicate_text(&arena, "abcdef", 3), "abc");
	assert_string_equal(arena_duplicate_text(&arena, NULL, 0), "");
	arena_deinit(&arena);
}

static void deinit_of_an_empty_arena_is_fine(void **state)
{
	struct arena arena = { 0 };

	arena_deinit(&arena);
	arena_deinit(&arena);
	assert_null(arena.blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(a_piece_may_be_larger_than_a_block),
		cmocka_unit_test(text_is_copied_with_a_nul),
		cmocka_unit_test(deinit_of_an_empty_arena_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
