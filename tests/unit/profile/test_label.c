#include "profile/label.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_code_with_and_without_a_symbol(void **state)
{
	static const struct {
		const char *path, *name;
		uint32_t flags;
		const char *label;
	} cases[] = {
		{ "/lib/libfoo.so", "function", 0, "function" },
		{ "/lib/libfoo.so", "[unknown]", FRAME_IS_UNKNOWN, "[libfoo.so]" },
		{ "/lib/libfoo.so", "[libfoo.so+0x12]", FRAME_IS_UNKNOWN, "[libfoo.so+0x12]" },
		{ "[vdso]", "[unknown]", FRAME_IS_UNKNOWN, "[vdso]" },
	};
	struct profile *profile = profile_create();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t object =
			profile_intern_object(profile, cases[i].path, &(struct build_id){ 0 });
		string_id name = profile_intern_text(profile, cases[i].name);
		_cleanup_free_ char *label = profile_label(profile, name, object, cases[i].flags);

		assert_string_equal(label, cases[i].label);
		assert_int_equal(profile_is_nameless(profile, name),
				 strcmp(cases[i].name, "[unknown]") == 0);
	}
	profile_destroy(profile);
}

static void test_names_by_address(void **state)
{
	_cleanup_free_ char *library = profile_name_by_address("libfoo.so.1", 0x1f2e);
	_cleanup_free_ char *vdso = profile_name_by_address("[vdso]", 0xab0);

	assert_string_equal(library, "[libfoo.so.1+0x1f2e]");
	assert_string_equal(vdso, "[vdso+0xab0]");
	assert_int_equal(profile_label_object_length("libfoo.so.1+0x1f2e"), 11);
	assert_int_equal(profile_label_object_length("a+0x1"), 1);
	assert_int_equal(profile_label_object_length("+0x1"), 0);
	assert_int_equal(profile_label_object_length("libstdc++0x1"), 8);
	assert_int_equal(profile_label_object_length("libfoo.so+0x"), 12);
	assert_int_equal(profile_label_object_length("face"), 4);
	assert_int_equal(profile_label_object_length("0x12"), 4);
	assert_int_equal(profile_label_object_length(""), 0);
}

static void test_builds_by_their_ids(void **state)
{
	const struct build_id one = { { 1 }, 1 }, two = { { 2 }, 1 }, none = { { 0 }, 0 };
	struct profile *a = profile_create(), *b = profile_create();

	profile_intern_object(a, "/old/same", &one);
	profile_intern_object(b, "/new/same", &one);
	profile_intern_object(a, "/lib/other", &one);
	profile_intern_object(b, "/lib/other", &two);
	profile_intern_object(a, "/lib/without", &none);
	profile_intern_object(b, "/lib/without", &none);
	profile_intern_object(a, "/lib/alone", &one);
	assert_true(profile_is_same_build(a, b, "same"));
	assert_false(profile_is_same_build(a, b, "other"));
	assert_false(profile_is_same_build(a, b, "without"));
	assert_false(profile_is_same_build(a, b, "alone"));
	profile_destroy(a);
	profile_destroy(b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code_with_and_without_a_symbol),
		cmocka_unit_test(test_names_by_address),
		cmocka_unit_test(test_builds_by_their_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
