#include "file_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <zstd.h>

#include <cmocka.h>

#define N_SAMPLES 5000

/** perf's way: one zstd stream over all records, flushed into records of up to 64 KiB. */
struct compressor {
	ZSTD_CCtx *zstd;
	uint32_t type;
	struct record_builder *file;
};

static void append_compressed_record(struct compressor *compressor, const void *bytes,
				     size_t size_bytes)
{
	record_builder_begin(compressor->file, compressor->type, 0);
	if (compressor->type == RECORD_TYPE_COMPRESSED2)
		record_builder_u64(compressor->file, size_bytes);
	record_builder_bytes(compressor->file, bytes, size_bytes);
	if (compressor->type == RECORD_TYPE_COMPRESSED2)
		record_builder_pad(compressor->file);
	record_builder_end(compressor->file);
}

static void compress_piece(struct compressor *compressor, struct bytes piece)
{
	static uint8_t buffer[60000];
	ZSTD_inBuffer input = { piece.data, piece.size, 0 };
	size_t left = 1;

	while (left > 0) {
		ZSTD_outBuffer output = { buffer, sizeof(buffer), 0 };

		left = ZSTD_compressStream2(compressor->zstd, &output, &input, ZSTD_e_flush);
		assert_false(ZSTD_isError(left));
		append_compressed_record(compressor, buffer, output.pos);
	}
}

static struct bytes simple_samples(struct record_builder *builder)
{
	for (uint64_t i = 0; i < N_SAMPLES; i++)
		append_simple_sample(builder, i + 1);
	return record_builder_all(builder);
}

/** Pieces of a size that is no multiple of a record's: records straddle the chunks. */
static void assert_pieces_read_back(uint32_t type, size_t piece_size)
{
	struct record_builder file = { 0 }, plain = { 0 };
	struct compressor compressor = { ZSTD_createCCtx(), type, &file };
	struct bytes samples = simple_samples(&plain);
	struct read_back read_back;

	append_pipe_header(&file, 112);
	for (size_t position = 0; position < samples.size; position += piece_size)
		compress_piece(&compressor,
			       (struct bytes){ samples.data + position,
					       MIN(piece_size, samples.size - position) });
	append_simple_sample(&file, N_SAMPLES + 1);
	read_back = read_back_bytes(record_builder_all(&file));
	assert_null(read_back.error);
	assert_int_equal(read_back.times_ns.count, N_SAMPLES + 1);
	for (uint64_t i = 0; i <= N_SAMPLES; i++)
		assert_int_equal(read_back.times_ns.items[i], i + 1);
	read_back_deinit(&read_back);
	ZSTD_freeCCtx(compressor.zstd);
	record_builder_deinit(&plain);
	record_builder_deinit(&file);
}

static void test_records_straddle_chunks(void **state)
{
	const size_t piece_sizes[] = { 37, 1001, 70001, 1000000 };

	for (size_t i = 0; i < ARRAY_SIZE(piece_sizes); i++) {
		assert_pieces_read_back(RECORD_TYPE_COMPRESSED, piece_sizes[i]);
		assert_pieces_read_back(RECORD_TYPE_COMPRESSED2, piece_sizes[i]);
	}
}

/** Frame after frame, each with its content size. */
static void test_whole_frames(void **state)
{
	struct record_builder file = { 0 }, plain = { 0 };
	struct bytes samples = simple_samples(&plain);
	struct compressor compressor = { NULL, RECORD_TYPE_COMPRESSED, &file };
	struct read_back read_back;

	append_pipe_header(&file, 112);
	for (size_t position = 0; position < samples.size; position += 3200) {
		uint8_t frame[4000];
		size_t size = ZSTD_compress(frame, sizeof(frame), samples.data + position, 3200, 1);

		assert_false(ZSTD_isError(size));
		append_compressed_record(&compressor, frame, size);
	}
	read_back = read_back_bytes(record_builder_all(&file));
	assert_null(read_back.error);
	assert_int_equal(read_back.types.count, N_SAMPLES);
	read_back_deinit(&read_back);
	record_builder_deinit(&plain);
	record_builder_deinit(&file);
}

static struct read_back read_with_body(uint32_t type, const void *body, size_t size_bytes)
{
	struct record_builder file = { 0 };
	struct read_back read_back;

	append_pipe_header(&file, 112);
	append_simple_sample(&file, 1);
	record_builder_begin(&file, type, 0);
	record_builder_bytes(&file, body, size_bytes);
	record_builder_end(&file);
	append_simple_sample(&file, 2);
	read_back = read_back_bytes(record_builder_all(&file));
	record_builder_deinit(&file);
	return read_back;
}

static void test_rubbish_is_an_error_after_what_came_before(void **state)
{
	struct read_back read_back = read_with_body(RECORD_TYPE_COMPRESSED, "no zstd in here.", 16);

	assert_int_equal(read_back.types.count, 1);
	assert_non_null(read_back.error);
	/* Pipe header 16, attr 128, one sample of 32. */
	assert_non_null(strstr(read_back.error, "compressed record at offset 176"));
	read_back_deinit(&read_back);
}

static void test_size_in_compressed2_is_checked(void **state)
{
	const uint64_t sizes[] = { 1, UINT32_MAX, UINT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct read_back read_back =
			read_with_body(RECORD_TYPE_COMPRESSED2, &sizes[i], sizeof(sizes[i]));

		assert_non_null(strstr(read_back.error, "longer than its record"));
		assert_int_equal(read_back.types.count, 1);
		read_back_deinit(&read_back);
	}
}

static void test_empty_compressed_record(void **state)
{
	struct read_back read_back = read_with_body(RECORD_TYPE_COMPRESSED, "", 0);

	assert_null(read_back.error);
	assert_int_equal(read_back.types.count, 2);
	read_back_deinit(&read_back);
}

/** 600 MiB of one byte, which reads as records of an unknown type, in a few KB. */
static void test_bomb_is_stopped(void **state)
{
	const size_t n_pieces = 600, piece_size = 1024 * 1024;
	_cleanup_free_ uint8_t *piece = memory_allocate(1, piece_size);
	static uint8_t bomb[65000];
	ZSTD_outBuffer output = { bomb, sizeof(bomb), 0 };
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	struct read_back read_back;

	memset(piece, 0x50, piece_size);
	for (size_t i = 0; i < n_pieces; i++) {
		ZSTD_inBuffer input = { piece, piece_size, 0 };

		ZSTD_compressStream2(zstd, &output, &input, ZSTD_e_continue);
		assert_int_equal(input.pos, input.size);
	}
	assert_int_equal(ZSTD_compressStream2(zstd, &output, &(ZSTD_inBuffer){ 0 }, ZSTD_e_end), 0);
	read_back = read_with_body(RECORD_TYPE_COMPRESSED, bomb, output.pos);
	assert_non_null(read_back.error);
	assert_non_null(strstr(read_back.error, "grows past 512 MiB"));
	assert_int_equal(read_back.types.count, 1);
	read_back_deinit(&read_back);
	ZSTD_freeCCtx(zstd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_straddle_chunks),
		cmocka_unit_test(test_whole_frames),
		cmocka_unit_test(test_rubbish_is_an_error_after_what_came_before),
		cmocka_unit_test(test_size_in_compressed2_is_checked),
		cmocka_unit_test(test_empty_compressed_record),
		cmocka_unit_test(test_bomb_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
