#include "base/text_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_text(void **state)
{
	char *text;
	size_t size_bytes;
	FILE *stream = text_stream_open(&text, &size_bytes);

	for (int i = 0; i < 10000; i++)
		fputs("word ", stream);
	text_stream_close(stream, &text);
	assert_int_equal(size_bytes, 50000);
	assert_int_equal(strlen(text), size_bytes);
	assert_memory_equal(text + 49990, "word word ", 10);
	free(text);
}

static void test_nothing(void **state)
{
	char *text;
	size_t size_bytes;

	text_stream_close(text_stream_open(&text, &size_bytes), &text);
	assert_int_equal(size_bytes, 0);
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
