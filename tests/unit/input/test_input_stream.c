#include "input/line_reader.h"

#include "base/memory.h"
#include "input_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <zlib.h>
#include <zstd.h>
#include <cmocka.h>

/** Larger than the window and not a multiple of anything. */
#define N_LINES 50001

static char *make_lines(size_t *size_bytes_ret)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, size_bytes_ret);

	for (int i = 0; i < N_LINES; i++)
		fprintf(file, "line %d\n", i);
	fclose(file);
	return text;
}

static void check_lines(struct input_stream *stream)
{
	struct line_reader reader = line_reader_make(stream);
	struct text_span line;
	char expected[32];
	bool is_end;

	for (int i = 0; i < N_LINES; i++) {
		assert_null(line_reader_next(&reader, &line, &is_end));
		assert_false(is_end);
		snprintf(expected, sizeof(expected), "line %d", i);
		assert_int_equal(line.length, strlen(expected));
		assert_memory_equal(line.start, expected, line.length);
	}
	assert_null(line_reader_next(&reader, &line, &is_end));
	assert_true(is_end);
	assert_int_equal(reader.line_number, N_LINES);
	input_stream_close(stream);
}

static void test_plain(void **state)
{
	size_t size_bytes;
	char *text = make_lines(&size_bytes);
	struct input_stream *stream = input_of_bytes(text, size_bytes);

	assert_false(input_stream_is_compressed(stream));
	check_lines(stream);
	free(text);
}

static size_t compress_gzip(const char *text, size_t size_bytes, uint8_t *out, size_t capacity)
{
	z_stream gzip = { .next_in = (uint8_t *)text,
			  .avail_in = (uInt)size_bytes,
			  .next_out = out,
			  .avail_out = (uInt)capacity };

	assert_int_equal(deflateInit2(&gzip, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
	deflateEnd(&gzip);
	return capacity - gzip.avail_out;
}

/** Two members, as cat a.gz b.gz makes them. */
static void test_gzip(void **state)
{
	size_t size_bytes, half, n;
	char *text = make_lines(&size_bytes);
	uint8_t *packed = memory_allocate(size_bytes + 4096, 1);

	half = size_bytes / 2;
	n = compress_gzip(text, half, packed, size_bytes);
	n += compress_gzip(text + half, size_bytes - half, packed + n, size_bytes + 4096 - n);
	check_lines(input_of_bytes(packed, n));
	free(packed);
	free(text);
}

static void test_zstd(void **state)
{
	size_t size_bytes, half, n;
	char *text = make_lines(&size_bytes);
	uint8_t *packed = memory_allocate(size_bytes + 4096, 1);

	half = size_bytes / 2;
	n = ZSTD_compress(packed, size_bytes, text, half, 3);
	n += ZSTD_compress(packed + n, size_bytes + 4096 - n, text + half, size_bytes - half, 3);
	check_lines(input_of_bytes(packed, n));
	free(packed);
	free(text);
}

/** Check that it is @p text as far as it goes. */
static size_t read_to_end(struct input_stream *stream, const char *text)
{
	struct bytes bytes;
	size_t n = 0;

	for (;;) {
		assert_null(input_stream_peek(stream, 1, &bytes));
		if (bytes.size == 0)
			return n;
		assert_memory_equal(bytes.data, text + n, bytes.size);
		n += bytes.size;
		input_stream_advance(stream, bytes.size);
	}
}

static void assert_cut(const uint8_t *packed, size_t packed_bytes, const char *text,
		       size_t size_bytes)
{
	struct input_stream *stream = input_of_bytes(packed, packed_bytes - 10);
	struct byte_vector whole = { 0 };
	struct error *error;

	assert_null(input_stream_damage(stream));
	assert_in_range(read_to_end(stream, text), 1, size_bytes);
	assert_non_null(strstr(input_stream_damage(stream), "ends too early near offset "));
	input_stream_close(stream);

	stream = input_of_bytes(packed, packed_bytes - 10);
	error = input_stream_read_whole(stream, INPUT_WHOLE_MAX_BYTES, &whole);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FORMAT);
	error_destroy(error);
	byte_vector_deinit(&whole);
	input_stream_close(stream);
}

/** What came before the cut is there, and the cut is told. */
static void test_cut_compression(void **state)
{
	size_t size_bytes, n;
	char *text = make_lines(&size_bytes);
	uint8_t *packed = memory_allocate(size_bytes, 1);
	struct input_stream *stream;
	struct bytes bytes;
	struct error *error;

	n = compress_gzip(text, size_bytes, packed, size_bytes);
	assert_cut(packed, n, text, size_bytes);
	n = ZSTD_compress(packed, size_bytes, text, size_bytes, 3);
	assert_cut(packed, n, text, size_bytes);

	memset(packed + 4, 0xff, n - 4);
	stream = input_of_bytes(packed, n);
	error = input_stream_peek(stream, 1, &bytes);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FORMAT);
	error_destroy(error);
	input_stream_close(stream);
	free(packed);
	free(text);
}

static void test_empty_and_unended(void **state)
{
	struct input_stream *stream = input_of_text("");
	struct line_reader reader = line_reader_make(stream);
	struct text_span line;
	bool is_end;

	assert_null(line_reader_next(&reader, &line, &is_end));
	assert_true(is_end);
	input_stream_close(stream);

	stream = input_of_text("a\r\nb");
	reader = line_reader_make(stream);
	assert_null(line_reader_next(&reader, &line, &is_end));
	assert_int_equal(line.length, 1);
	assert_null(line_reader_next(&reader, &line, &is_end));
	assert_false(is_end);
	assert_int_equal(line.length, 1);
	assert_null(line_reader_next(&reader, &line, &is_end));
	assert_true(is_end);
	input_stream_close(stream);
}

static void test_endless_line_is_an_error(void **state)
{
	size_t size_bytes = INPUT_WINDOW_MAX_BYTES + 4096, n;
	char *text = memory_allocate(size_bytes, 1);
	uint8_t *packed;
	struct input_stream *stream;
	struct line_reader reader;
	struct error *error;
	struct text_span line;
	bool is_end;

	memset(text, 'x', size_bytes);
	packed = memory_allocate(ZSTD_compressBound(size_bytes), 1);
	n = ZSTD_compress(packed, ZSTD_compressBound(size_bytes), text, size_bytes, 1);
	stream = input_of_bytes(packed, n); /* some kilobytes */
	reader = line_reader_make(stream);
	error = line_reader_next(&reader, &line, &is_end);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "longer than 64 MiB"));
	error_destroy(error);
	input_stream_close(stream);
	free(packed);
	free(text);
}

static void test_missing_file(void **state)
{
	struct input_stream *stream;
	struct error *error = input_stream_open("/nonexistent/file", &stream);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_zstd),
		cmocka_unit_test(test_cut_compression),
		cmocka_unit_test(test_empty_and_unended),
		cmocka_unit_test(test_endless_line_is_an_error),
		cmocka_unit_test(test_missing_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
