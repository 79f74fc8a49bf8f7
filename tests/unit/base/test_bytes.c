#include "cmocka_headers.h"

#include "base/bytes.h"

#include "error_assertions.h"

static struct byte_reader reader_of(const void *data, size_t size_bytes)
{
	return byte_reader_make((struct bytes){ data, size_bytes }, "test input");
}

static void fixed_sizes_are_read_in_order(void **state)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct byte_reader reader = reader_of(data, sizeof(data));
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	assert_success(byte_reader_u8(&reader, &u8));
	assert_success(byte_reader_u16(&reader, &u16));
	assert_success(byte_reader_u32(&reader, &u32));
	assert_success(byte_reader_u64(&reader, &u64));
	assert_int_equal(u8, 1);
	assert_int_equal(u16, 0x0302);
	assert_int_equal(u32, 0x07060504);
	assert_int_equal(u64, UINT64_C(0x0f0e0d0c0b0a0908));
	assert_int_equal(byte_reader_left(&reader), 0);
}

static void other_byte_order_is_swapped(void **state)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
	struct byte_reader reader = reader_of(data, sizeof(data));
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	reader.swap = true;
	assert_success(byte_reader_u16(&reader, &u16));
	assert_success(byte_reader_u32(&reader, &u32));
	assert_success(byte_reader_u64(&reader, &u64));
	assert_int_equal(u16, 0x0102);
	assert_int_equal(u32, 0x03040506);
	assert_int_equal(u64, UINT64_C(0x0708090a0b0c0d0e));
}

static void a_failed_read_changes_nothing(void **state)
{
	static const uint8_t data[] = { 1, 2, 3 };
	struct byte_reader reader = reader_of(data, sizeof(data));
	uint32_t u32 = 77;
	uint64_t u64 = 88;
	struct bytes run = { data, 99 };
	const char *text = "before";

	assert_failure(byte_reader_u32(&reader, &u32), ERROR_FORMAT, "test input");
	assert_failure(byte_reader_u64(&reader, &u64), ERROR_FORMAT, "8 bytes wanted");
	assert_failure(byte_reader_bytes(&reader, 4, &run), ERROR_FORMAT, "only 3 left");
	assert_failure(byte_reader_skip(&reader, SIZE_MAX), ERROR_FORMAT, "only 3 left");
	assert_failure(byte_reader_text(&reader, &text), ERROR_FORMAT, "without an end");
	assert_int_equal(u32, 77);
	assert_int_equal(u64, 88);
	assert_int_equal(run.size, 99);
	assert_string_equal(text, "before");
	assert_int_equal(reader.position, 0);
}

static void the_empty_run_can_be_read(void **state)
{
	struct byte_reader reader = reader_of(NULL, 0);
	struct bytes run = { (const uint8_t *)"x", 1 };
	const char *text;
	uint8_t u8;
	uint64_t number;

	assert_success(byte_reader_bytes(&reader, 0, &run));
	assert_int_equal(run.size, 0);
	assert_success(byte_reader_skip(&reader, 0));
	assert_success(byte_reader_seek(&reader, 0));
	assert_failure(byte_reader_u8(&reader, &u8), ERROR_FORMAT, "only 0 left");
	assert_failure(byte_reader_text(&reader, &text), ERROR_FORMAT, "only 0 left");
	assert_failure(byte_reader_uleb128(&reader, &number), ERROR_FORMAT, "only 0 left");
}

static void messages_count_from_the_origin(void **state)
{
	static const uint8_t data[] = { 1, 2 };
	struct byte_reader reader = reader_of(data, sizeof(data));
	uint32_t u32;

	reader.origin = 1000;
	assert_success(byte_reader_skip(&reader, 1));
	assert_failure(byte_reader_u32(&reader, &u32), ERROR_FORMAT, "offset 1001");
	assert_failure(byte_reader_error(&reader, "odd thing"), ERROR_FORMAT,
		       "test input: odd thing at offset 1001");
	assert_failure(byte_reader_seek(&reader, 3), ERROR_FORMAT, "1003");
	assert_success(byte_reader_seek(&reader, 2));
	assert_int_equal(byte_reader_left(&reader), 0);
}

static void texts_end_at_their_nul(void **state)
{
	static const char data[] = "first\0\0last";
	struct byte_reader reader = reader_of(data, sizeof(data));
	const char *text;

	assert_success(byte_reader_text(&reader, &text));
	assert_string_equal(text, "first");
	assert_success(byte_reader_text(&reader, &text));
	assert_string_equal(text, "");
	assert_success(byte_reader_text(&reader, &text));
	assert_string_equal(text, "last");
	assert_int_equal(byte_reader_left(&reader), 0);
}

struct leb128_case {
	const char *bytes;
	size_t size_bytes;
	uint64_t value;
};

#define LEB128(bytes, value)                                                                       \
	{                                                                                          \
		bytes, sizeof(bytes) - 1, (uint64_t)(value)                                        \
	}

static void uleb128_values(void **state)
{
	/* The first ones are the examples of DWARF 5, figure 22. */
	static const struct leb128_case cases[] = {
		LEB128("\x02", 2),
		LEB128("\x7f", 127),
		LEB128("\x80\x01", 128),
		LEB128("\x81\x01", 129),
		LEB128("\xb9\x64", 12857),
		LEB128("\x00", 0),
		LEB128("\x80\x80\x00", 0),
		LEB128("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", UINT64_MAX),
		LEB128("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", UINT64_C(1) << 63),
		LEB128("\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 1),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct byte_reader reader = reader_of(cases[i].bytes, cases[i].size_bytes);
		uint64_t value;

		assert_success(byte_reader_uleb128(&reader, &value));
		assert_int_equal(value, cases[i].value);
		assert_int_equal(reader.position, cases[i].size_bytes);
	}
}

static void sleb128_values(void **state)
{
	/* The first ones are the examples of DWARF 5, figure 23. */
	static const struct leb128_case cases[] = {
		LEB128("\x02", 2),
		LEB128("\x7e", -2),
		LEB128("\xff\x00", 127),
		LEB128("\x81\x7f", -127),
		LEB128("\x80\x01", 128),
		LEB128("\x80\x7f", -128),
		LEB128("\x81\x01", 129),
		LEB128("\xff\x7e", -129),
		LEB128("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", INT64_MAX),
		LEB128("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f", INT64_MIN),
		LEB128("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", -1),
		LEB128("\x85\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 5),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct byte_reader reader = reader_of(cases[i].bytes, cases[i].size_bytes);
		int64_t value;

		assert_success(byte_reader_sleb128(&reader, &value));
		assert_int_equal(value, cases[i].value);
		assert_int_equal(reader.position, cases[i].size_bytes);
	}
}

static void leb128_beyond_64_bits_is_refused(void **state)
{
	static const struct leb128_case unsigned_cases[] = {
		LEB128("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 0),
		LEB128("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 0),
	};
	static const struct leb128_case signed_cases[] = {
		LEB128("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 0),
		LEB128("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7e", 0),
		LEB128("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 0),
	};

	for (size_t i = 0; i < ARRAY_SIZE(unsigned_cases); i++) {
		struct byte_reader reader =
			reader_of(unsigned_cases[i].bytes, unsigned_cases[i].size_bytes);
		uint64_t value = 42;

		assert_failure(byte_reader_uleb128(&reader, &value), ERROR_FORMAT, "64 bits");
		assert_int_equal(value, 42);
		assert_int_equal(reader.position, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(signed_cases); i++) {
		struct byte_reader reader =
			reader_of(signed_cases[i].bytes, signed_cases[i].size_bytes);
		int64_t value = 42;

		assert_failure(byte_reader_sleb128(&reader, &value), ERROR_FORMAT, "64 bits");
		assert_int_equal(value, 42);
		assert_int_equal(reader.position, 0);
	}
}

static void leb128_without_an_end_is_refused(void **state)
{
	struct byte_reader reader = reader_of("\x80\x80\x80", 3);
	uint64_t number;
	int64_t signed_number;

	assert_failure(byte_reader_uleb128(&reader, &number), ERROR_FORMAT, "4 bytes wanted");
	assert_failure(byte_reader_sleb128(&reader, &signed_number), ERROR_FORMAT,
		       "4 bytes wanted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_sizes_are_read_in_order),
		cmocka_unit_test(other_byte_order_is_swapped),
		cmocka_unit_test(a_failed_read_changes_nothing),
		cmocka_unit_test(the_empty_run_can_be_read),
		cmocka_unit_test(messages_count_from_the_origin),
		cmocka_unit_test(texts_end_at_their_nul),
		cmocka_unit_test(uleb128_values),
		cmocka_unit_test(sleb128_values),
		cmocka_unit_test(leb128_beyond_64_bits_is_refused),
		cmocka_unit_test(leb128_without_an_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
