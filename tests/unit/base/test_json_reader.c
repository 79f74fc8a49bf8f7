#include "base/json_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct json_reader reader_of(const char *text)
{
	return json_reader_make((struct bytes){ (const uint8_t *)text, strlen(text) }, "text");
}

static void test_values(void **state)
{
	struct json_reader json = reader_of(
		" {\"a\\u00e9\\ud83d\\ude00\" : [1, -2.5e1,\t1234567890],"
		" \"b\":\"x\\n\\\"\", \"c\": {\"d\": [null, true, {}]}}");
	struct byte_vector text = { 0 };
	double number;
	bool is_there;

	assert_null(json_reader_enter(&json, '{'));
	assert_null(json_reader_next(&json, &is_there));
	assert_true(is_there);
	assert_null(json_reader_key(&json, &text));
	assert_string_equal((char *)text.items, "a\xc3\xa9\xf0\x9f\x98\x80");
	assert_null(json_reader_enter(&json, '['));
	for (int i = 0; i < 3; i++) {
		static const double expected[] = { 1, -25, 1234567890 };

		assert_null(json_reader_next(&json, &is_there));
		assert_true(is_there);
		assert_null(json_reader_number(&json, &number));
		assert_true(number == expected[i]);
	}
	assert_null(json_reader_next(&json, &is_there));
	assert_false(is_there);
	assert_null(json_reader_next(&json, &is_there));
	assert_null(json_reader_key(&json, &text));
	assert_null(json_reader_string(&json, &text));
	assert_string_equal((char *)text.items, "x\n\"");
	assert_null(json_reader_next(&json, &is_there));
	assert_null(json_reader_key(&json, &text));
	assert_null(json_reader_skip(&json));
	assert_null(json_reader_next(&json, &is_there));
	assert_false(is_there);
	assert_int_equal(json_reader_peek(&json), 0);
	byte_vector_deinit(&text);
}

static void check_refused(const char *text, const char *part)
{
	struct json_reader json = reader_of(text);
	struct error *error = json_reader_skip(&json);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FORMAT);
	assert_non_null(strstr(error->message, part));
	error_destroy(error);
}

static void test_wrong_text(void **state)
{
	char deep[200];

	check_refused("", "a value is missing at offset 0");
	check_refused("{", "ends too early at offset 1");
	check_refused("[1", "ends too early");
	check_refused("[1 2]", "a comma is missing at offset 3");
	check_refused("{\"a\" 1}", "a colon is missing");
	check_refused("{1:2}", "a string is missing");
	check_refused("\"abc", "a string without end");
	check_refused("\"\\x\"", "a wrong escape");
	check_refused("\"\\u12g4\"", "a wrong \\u escape");
	check_refused("1e999", "a number is missing");
	check_refused("--1", "a number is missing");
	check_refused("[}", "a value is missing");
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	check_refused(deep, "too many levels");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_wrong_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
