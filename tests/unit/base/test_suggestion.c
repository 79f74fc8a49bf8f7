#include "../base/cmocka_headers.h"

#include "base/suggestion.h"

static void distances(void **state)
{
	assert_int_equal(suggestion_distance("", ""), 0);
	assert_int_equal(suggestion_distance("abc", "abc"), 0);
	assert_int_equal(suggestion_distance("", "abc"), 3);
	assert_int_equal(suggestion_distance("abc", ""), 3);
	assert_int_equal(suggestion_distance("colrs", "colors"), 1);
	assert_int_equal(suggestion_distance("chekc", "check"), 1); /* one swap */
	assert_int_equal(suggestion_distance("kitten", "sitting"), 3);
	assert_int_equal(suggestion_distance("ca", "abc"), 3); /* swapped letters stay together */
}

static void long_words_are_far_from_everything(void **state)
{
	char longest[64], too_long[65];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[63] = '\0';
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[64] = '\0';
	assert_int_equal(suggestion_distance(longest, longest), 0);
	assert_int_equal(suggestion_distance(longest, ""), 63);
	assert_int_equal(suggestion_distance(too_long, too_long), SIZE_MAX);
}

static void assert_suggested(const char *mistyped, const char *expected)
{
	static const char *const names[] = { "frequency",  "force", "output", "colors",
					     "color-mode", "count", "quiet",  "event" };
	struct word_vector words = { 0 };
	char *suggestion;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		word_vector_append(&words, names[i]);
	suggestion = suggestion_make(mistyped, &words, "--");
	if (expected)
		assert_string_equal(suggestion, expected);
	else
		assert_null(suggestion);
	free(suggestion);
	word_vector_deinit(&words);
}

static void near_words_are_suggested_best_first(void **state)
{
	assert_suggested("freqency", "'--frequency'");
	assert_suggested("qiuet", "'--quiet'");
	assert_suggested("colours", "'--colors'");
	assert_suggested("color", "'--colors' or '--color-mode'");
	assert_suggested("cout", "'--count'");
}

static void far_words_are_not(void **state)
{
	assert_suggested("verbose", NULL);
	assert_suggested("x", NULL);
	assert_suggested("", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances),
		cmocka_unit_test(long_words_are_far_from_everything),
		cmocka_unit_test(near_words_are_suggested_best_first),
		cmocka_unit_test(far_words_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
