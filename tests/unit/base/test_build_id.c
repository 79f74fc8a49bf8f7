#include "cmocka_headers.h"

#include "base/build_id.h"

static void unknown_is_empty_text(void **state)
{
	const struct build_id unknown = { 0 };
	char text[BUILD_ID_TEXT_SIZE_BYTES] = "x";

	build_id_format(&unknown, text);
	assert_string_equal(text, "");
}

static void bytes_become_lower_case_hex(void **state)
{
	struct build_id build_id = { .bytes = { 0x00, 0x9f, 0xab, 0xff }, .size_bytes = 4 };
	char text[BUILD_ID_TEXT_SIZE_BYTES];

	build_id_format(&build_id, text);
	assert_string_equal(text, "009fabff");
	build_id.size_bytes = BUILD_ID_SIZE_MAX_BYTES;
	build_id_format(&build_id, text);
	assert_string_equal(text, "009fabff00000000000000000000000000000000");
}

static void only_known_ids_are_equal(void **state)
{
	const struct build_id unknown = { 0 };
	const struct build_id a = { .bytes = { 1, 2 }, .size_bytes = 2 };
	const struct build_id same = { .bytes = { 1, 2, 9 }, .size_bytes = 2 };
	const struct build_id longer = { .bytes = { 1, 2, 0 }, .size_bytes = 3 };
	const struct build_id other = { .bytes = { 1, 3 }, .size_bytes = 2 };

	assert_true(build_id_equal(&a, &same));
	assert_false(build_id_equal(&a, &longer));
	assert_false(build_id_equal(&a, &other));
	assert_false(build_id_equal(&unknown, &unknown));
	assert_false(build_id_equal(&a, &unknown));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_is_empty_text),
		cmocka_unit_test(bytes_become_lower_case_hex),
		cmocka_unit_test(only_known_ids_are_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
