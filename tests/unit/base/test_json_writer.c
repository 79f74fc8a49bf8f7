#include "cmocka_headers.h"

#include "base/json_writer.h"

#include "base/memory.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct sink {
	FILE *file;
	char *text;
	size_t size_bytes;
};

static void sink_open(struct sink *sink)
{
	sink->file = open_memstream(&sink->text, &sink->size_bytes);
	assert_non_null(sink->file);
}

static void assert_written(struct sink *sink, const char *expected)
{
	fclose(sink->file);
	assert_string_equal(sink->text, expected);
	free(sink->text);
}

static void nesting_and_commas(void **state)
{
	struct json_writer json;
	struct sink sink;

	sink_open(&sink);
	json = json_writer_make(sink.file);
	json_begin_object(&json, NULL);
	json_string(&json, "name", "a");
	json_begin_array(&json, "list");
	json_u64(&json, NULL, 1);
	json_u64(&json, NULL, 2);
	json_begin_object(&json, NULL);
	json_end_object(&json);
	json_end_array(&json);
	json_bool(&json, "last", true);
	json_end_object(&json);
	assert_written(&sink, "{\n"
			      "  \"name\": \"a\",\n"
			      "  \"list\": [\n"
			      "    1,\n"
			      "    2,\n"
			      "    {}\n"
			      "  ],\n"
			      "  \"last\": true\n"
			      "}\n");
}

static void numbers_and_words(void **state)
{
	struct json_writer json;
	struct sink sink;

	sink_open(&sink);
	json = json_writer_make(sink.file);
	json_begin_array(&json, NULL);
	json_u64(&json, NULL, UINT64_MAX);
	json_i64(&json, NULL, INT64_MIN);
	json_double(&json, NULL, 0.25);
	json_double(&json, NULL, -1e300);
	json_double(&json, NULL, NAN);
	json_double(&json, NULL, INFINITY);
	json_bool(&json, NULL, false);
	json_string(&json, NULL, NULL);
	json_end_array(&json);
	assert_written(&sink, "[\n"
			      "  18446744073709551615,\n"
			      "  -9223372036854775808,\n"
			      "  0.25,\n"
			      "  -1e+300,\n"
			      "  null,\n"
			      "  null,\n"
			      "  false,\n"
			      "  null\n"
			      "]\n");
}

static void exact_decimals(void **state)
{
	struct json_writer json;
	struct sink sink;

	sink_open(&sink);
	json = json_writer_make_compact(sink.file);
	json_begin_array(&json, NULL);
	json_decimal(&json, NULL, 1234567, 3);
	json_decimal(&json, NULL, 5, 9);
	json_decimal(&json, NULL, UINT64_MAX, 1);
	json_end_array(&json);
	assert_written(&sink, "[\n1234.567,\n0.000000005,\n1844674407370955161.5\n]\n");
}

static void compact(void **state)
{
	struct json_writer json;
	struct sink sink;

	sink_open(&sink);
	json = json_writer_make_compact(sink.file);
	json_begin_object(&json, NULL);
	json_begin_array(&json, "list");
	json_u64(&json, NULL, 1);
	json_null(&json, NULL);
	json_end_array(&json);
	json_begin_object(&json, "object");
	json_string(&json, "a", "b");
	json_u64(&json, "c", 2);
	json_end_object(&json);
	json_begin_array(&json, "empty");
	json_end_array(&json);
	json_end_object(&json);
	assert_written(&sink, "{\n"
			      "\"list\":[1,null],\n"
			      "\"object\":{\"a\":\"b\",\"c\":2},\n"
			      "\"empty\":[]\n"
			      "}\n");
}

static void keys_and_texts_are_escaped(void **state)
{
	struct json_writer json;
	struct sink sink;

	sink_open(&sink);
	json = json_writer_make(sink.file);
	json_begin_object(&json, NULL);
	json_string(&json, "a\"b", "</script>\n");
	json_end_object(&json);
	assert_written(&sink, "{\n  \"a\\\"b\": \"\\u003c/script\\u003e\\u000a\"\n}\n");
}

static void end_without_begin(struct json_writer *json)
{
	json_end_object(json);
}

static void end_of_the_other_kind(struct json_writer *json)
{
	json_begin_array(json, NULL);
	json_end_object(json);
}

static void member_without_key(struct json_writer *json)
{
	json_begin_object(json, NULL);
	json_u64(json, NULL, 1);
}

static void item_with_key(struct json_writer *json)
{
	json_begin_array(json, NULL);
	json_u64(json, "key", 1);
}

static void too_deep(struct json_writer *json)
{
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_begin_array(json, NULL);
}

static void wrong_order_asserts(void **state)
{
	static void (*const mistakes[])(struct json_writer *) = {
		end_without_begin, end_of_the_other_kind, member_without_key, item_with_key,
		too_deep,
	};

	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			struct json_writer json = json_writer_make(fopen("/dev/null", "w"));

			/* Not the test program's handlers, and no noise. */
			signal(SIGABRT, SIG_DFL);
			close(STDERR_FILENO);
			mistakes[i](&json);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nesting_and_commas),
		cmocka_unit_test(numbers_and_words),
		cmocka_unit_test(exact_decimals),
		cmocka_unit_test(compact),
		cmocka_unit_test(keys_and_texts_are_escaped),
		cmocka_unit_test(wrong_order_asserts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
