#include "compare/cause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct cause *cause, const char *name, double reference_s, double changed_s,
		bool is_significant)
{
	struct function_change *change = function_change_vector_append_new(&cause->functions);

	change->name = memory_duplicate_text(name);
	change->reference_s = reference_s;
	change->changed_s = changed_s;
	change->change_s = changed_s - reference_s;
	change->reference_whole_s = reference_s;
	change->changed_whole_s = changed_s;
	change->is_significant = is_significant;
}

/** From 1 s to @p changed_s, of which parse took 400 ms and now takes 100 ms. */
static struct cause *make_cause(double changed_s, bool is_different, bool is_significant)
{
	struct cause *cause = memory_allocate(1, sizeof(*cause));

	cause->reference_s = 1;
	cause->changed_s = changed_s;
	cause->is_different = is_different;
	add(cause, "parse", 0.4, 0.1, is_significant);
	add(cause, "noise", 0.1, 0.15, false);
	return cause;
}

static void assert_sentence(struct cause *cause, const char *expected)
{
	char *sentence = cause_sentence(cause);

	assert_string_equal(sentence, expected);
	free(sentence);
	cause_destroy(cause);
}

static void test_sentences(void **state)
{
	assert_sentence(make_cause(0.6, true, true),
			"75 % of the gain is parse (400.0 ms -> 100.0 ms a run)");
	assert_sentence(make_cause(0.8, true, true),
			"more than the whole gain is in parse (400.0 ms -> 100.0 ms a run); other "
			"functions made up for some of it");
	assert_sentence(
		make_cause(1, false, true),
		"the whole has not changed provably, but this has: parse (400.0 ms -> 100.0 "
		"ms a run)");
	assert_sentence(make_cause(0.6, true, false),
			"no function can be named as the cause: no change stands out from the "
			"error of sampling");
	/* A function that became faster does not explain a loss. */
	assert_sentence(make_cause(1.5, true, true),
			"no function can be named as the cause: no change stands out from the "
			"error of sampling");
}

/** +0.5 s in step(), 0.4 of it in an addition inlined there; step() was inlined into main(). */
static void test_inlined_functions_are_told_by_where_they_are(void **state)
{
	struct cause *cause = memory_allocate(1, sizeof(*cause));
	struct function_change *changes;

	cause->reference_s = 1;
	cause->changed_s = 1.5;
	cause->is_different = true;
	add(cause, "add", 0.2, 0.6, true);
	add(cause, "step", 0.1, 0.2, true);
	add(cause, "main", 0, 0, false);
	add(cause, "other", 0.7, 0.7, false);
	changes = cause->functions.items;
	changes[0].inlined_into = memory_duplicate_text("step");
	changes[1].inlined_into = memory_duplicate_text("main");
	changes[1].reference_whole_s = changes[2].reference_whole_s = 0.3;
	changes[1].changed_whole_s = changes[2].changed_whole_s = 0.8;
	assert_sentence(cause, "100 % of the loss is step (300.0 ms -> 800.0 ms a run), mostly in "
			       "add, inlined there");
}

static void test_hostile_names_in_markdown(void **state)
{
	struct cause *cause = make_cause(0.6, true, true);
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);

	free(cause->functions.items[0].name);
	cause->functions.items[0].name = memory_duplicate_text("a|b`c\033");
	cause_write_markdown(cause, file);
	fclose(file);
	assert_non_null(strstr(text, "\n| `` a\\|b`c"));
	assert_null(strchr(text, '\033'));
	free(text);
	cause_destroy(cause);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_inlined_functions_are_told_by_where_they_are),
		cmocka_unit_test(test_hostile_names_in_markdown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
