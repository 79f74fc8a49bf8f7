#include "symbols/symbol_pieces_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct symbol_frame inlined_frames[] = {
	{ .name = "inner",
	  .linkage_name = "_Z5inner",
	  .file = "/a.c",
	  .line = 7,
	  .is_inlined = true },
	{ .name = "outer", .linkage_name = "outer", .file = NULL, .line = 0 },
};
static const struct symbol_frame plain_frames[] = {
	{ .name = "outer", .linkage_name = "outer", .file = "/b.c", .line = UINT32_MAX >> 1 },
};

static const struct symbol_result inlined = {
	.status = SYMBOL_FOUND,
	.symbol_elf_address = 0x100,
	.symbol_size_bytes = 0x80,
	.frames = inlined_frames,
	.n_frames = ARRAY_SIZE(inlined_frames),
};
static const struct symbol_result plain = {
	.status = SYMBOL_FOUND,
	.symbol_elf_address = 0x100,
	.symbol_size_bytes = 0x80,
	.frames = plain_frames,
	.n_frames = ARRAY_SIZE(plain_frames),
};
static const struct symbol_result nothing = { .status = SYMBOL_NO_MATCH };

static void add(struct symbol_answer_vector *answers, uint64_t start, uint64_t end,
		const struct symbol_result *result)
{
	symbol_answer_vector_append(
		answers, (struct symbol_answer){ .start = start, .end = end, .result = *result });
}

/** The content of a file, in memory as a cache gives it. */
static struct bytes write(const struct symbol_pieces *old, struct symbol_answer_vector *answers)
{
	struct byte_vector content = { 0 };

	symbol_pieces_write(old, answers, SYMBOLS_DEBUG, &content);
	symbol_answer_vector_deinit(answers);
	return (struct bytes){ content.items, content.count };
}

static struct bytes write_example(void)
{
	struct symbol_answer_vector answers = { 0 };

	add(&answers, 0x140, 0x180, &plain);
	add(&answers, 0x100, 0x140, &inlined);
	add(&answers, 0x200, 0x201, &nothing);
	return write(&(struct symbol_pieces){ 0 }, &answers);
}

static void assert_frame(const struct symbol_frame *frame, const struct symbol_frame *expected)
{
	assert_string_equal(frame->name, expected->name);
	assert_string_equal(frame->linkage_name, expected->linkage_name);
	if (expected->file)
		assert_string_equal(frame->file, expected->file);
	else
		assert_null(frame->file);
	assert_int_equal(frame->line, expected->line);
	assert_int_equal(frame->is_inlined, expected->is_inlined);
}

/** @param expected  NULL: @p address is in no piece. */
static void assert_answer(const struct symbol_pieces *pieces, uint64_t address,
			  const struct symbol_result *expected)
{
	const struct symbol_piece *piece = symbol_pieces_find(pieces, address);
	struct symbol_result result;
	struct arena arena = { 0 };

	if (!expected) {
		assert_null(piece);
		return;
	}
	assert_non_null(piece);
	result = symbol_pieces_result(pieces, piece, &arena);
	assert_int_equal(result.status, expected->status);
	assert_int_equal(result.symbol_elf_address, expected->symbol_elf_address);
	assert_int_equal(result.symbol_size_bytes, expected->symbol_size_bytes);
	assert_int_equal(result.n_frames, expected->n_frames);
	for (uint32_t i = 0; i < result.n_frames; i++)
		assert_frame(&result.frames[i], &expected->frames[i]);
	arena_deinit(&arena);
}

static void test_answers_come_back(void **state)
{
	struct bytes content = write_example();
	struct symbol_pieces pieces;

	assert_null(symbol_pieces_read(content, &pieces));
	assert_int_equal(pieces.n_pieces, 3);
	assert_int_equal(pieces.source_kind, SYMBOLS_DEBUG);
	assert_answer(&pieces, 0xff, NULL);
	assert_answer(&pieces, 0x100, &inlined);
	assert_answer(&pieces, 0x13f, &inlined);
	assert_answer(&pieces, 0x140, &plain);
	assert_answer(&pieces, 0x17f, &plain);
	assert_answer(&pieces, 0x180, NULL);
	assert_answer(&pieces, 0x200, &nothing);
	assert_answer(&pieces, 0x201, NULL);
	free((void *)content.data);
}

static void test_neighbours_with_one_answer_are_one_piece(void **state)
{
	struct symbol_answer_vector answers = { 0 };
	struct symbol_pieces pieces;
	struct bytes content;

	add(&answers, 0x100, 0x110, &plain);
	add(&answers, 0x110, 0x120, &plain);
	add(&answers, 0x130, 0x140, &plain);
	content = write(&(struct symbol_pieces){ 0 }, &answers);
	assert_null(symbol_pieces_read(content, &pieces));
	assert_int_equal(pieces.n_pieces, 2);
	assert_answer(&pieces, 0x11f, &plain);
	assert_answer(&pieces, 0x120, NULL);
	free((void *)content.data);
}

/** What is old stays wherever nothing new is said. */
static void test_old_and_new(void **state)
{
	struct bytes old_content = write_example(), content;
	struct symbol_answer_vector answers = { 0 };
	struct symbol_pieces old, pieces;

	assert_null(symbol_pieces_read(old_content, &old));
	add(&answers, 0x120, 0x160, &nothing);
	add(&answers, 0x300, 0x310, &plain);
	add(&answers, 0x80, 0x90, &plain);
	content = write(&old, &answers);
	free((void *)old_content.data);
	assert_null(symbol_pieces_read(content, &pieces));
	assert_answer(&pieces, 0x80, &plain);
	assert_answer(&pieces, 0x90, NULL);
	assert_answer(&pieces, 0x100, &inlined);
	assert_answer(&pieces, 0x11f, &inlined);
	assert_answer(&pieces, 0x120, &nothing);
	assert_answer(&pieces, 0x15f, &nothing);
	assert_answer(&pieces, 0x160, &plain);
	assert_answer(&pieces, 0x180, NULL);
	assert_answer(&pieces, 0x200, &nothing);
	assert_answer(&pieces, 0x30f, &plain);
	free((void *)content.data);
}

static void test_nothing_at_all(void **state)
{
	struct symbol_answer_vector answers = { 0 };
	struct bytes content = write(&(struct symbol_pieces){ 0 }, &answers);
	struct symbol_pieces pieces;

	assert_null(symbol_pieces_read(content, &pieces));
	assert_null(symbol_pieces_find(&pieces, 0));
	assert_null(symbol_pieces_find(&(struct symbol_pieces){ 0 }, 0));
	free((void *)content.data);
}

static void test_too_many_old_ones_are_dropped(void **state)
{
	struct symbol_answer_vector answers = { 0 };
	struct symbol_pieces old, pieces;
	struct bytes old_content, content;

	for (uint64_t i = 0; i < SYMBOL_PIECES_MAX; i++)
		add(&answers, 2 * i, 2 * i + 1, &nothing);
	old_content = write(&(struct symbol_pieces){ 0 }, &answers);
	assert_null(symbol_pieces_read(old_content, &old));
	assert_int_equal(old.n_pieces, SYMBOL_PIECES_MAX);
	add(&answers, 1, 2, &plain);
	content = write(&old, &answers);
	assert_null(symbol_pieces_read(content, &pieces));
	assert_int_equal(pieces.n_pieces, 1);
	assert_answer(&pieces, 1, &plain);
	free((void *)old_content.data);
	free((void *)content.data);
}

/** Read everything of a content; the sanitizers are the judges. @return whether it was accepted. */
static bool read_all(const uint8_t *bytes, size_t size_bytes)
{
	/* A copy of exactly that size. */
	_cleanup_free_ uint8_t *copy = memory_allocate(size_bytes + !size_bytes, 1);
	_cleanup_error_ struct error *error = NULL;
	struct symbol_pieces pieces;
	struct arena arena = { 0 };
	size_t length = 0;

	if (size_bytes)
		memcpy(copy, bytes, size_bytes);
	error = symbol_pieces_read((struct bytes){ copy, size_bytes }, &pieces);
	if (error)
		return false;
	for (uint64_t address = 0xf0; address < 0x210; address++) {
		const struct symbol_piece *piece = symbol_pieces_find(&pieces, address);
		struct symbol_result result;

		if (!piece)
			continue;
		result = symbol_pieces_result(&pieces, piece, &arena);
		for (uint32_t i = 0; i < result.n_frames; i++)
			length += strlen(result.frames[i].name) +
				  strlen(result.frames[i].linkage_name) +
				  (result.frames[i].file ? strlen(result.frames[i].file) : 0);
	}
	arena_deinit(&arena);
	assert_true(length < 1000000);
	return true;
}

static void test_cut_anywhere(void **state)
{
	struct bytes content = write_example();

	assert_true(read_all(content.data, content.size));
	for (size_t size = 0; size < content.size; size++)
		assert_false(read_all(content.data, size));
	free((void *)content.data);
}

static void test_changed_anywhere(void **state)
{
	static const uint8_t changes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 255 };
	struct bytes content = write_example();
	uint8_t *bytes = (uint8_t *)content.data;
	unsigned int n_refused = 0;

	for (size_t i = 0; i < content.size; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(changes); k++) {
			bytes[i] ^= changes[k];
			n_refused += !read_all(content.data, content.size);
			bytes[i] ^= changes[k];
		}
	}
	assert_true(n_refused > 500);
	free((void *)content.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_come_back),
		cmocka_unit_test(test_neighbours_with_one_answer_are_one_piece),
		cmocka_unit_test(test_old_and_new),
		cmocka_unit_test(test_nothing_at_all),
		cmocka_unit_test(test_too_many_old_ones_are_dropped),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_changed_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
