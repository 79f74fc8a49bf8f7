#include "profile/summary.h"

#include "profile_builder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct profile_function *find_function(const struct profile *profile,
						    const struct profile_function_vector *functions,
						    const char *name)
{
	for (size_t i = 0; i < functions->count; i++) {
		if (strcmp(profile_text(profile, functions->items[i].name), name) == 0)
			return &functions->items[i];
	}
	fail_msg("no function %s", name);
	return NULL;
}

static void assert_function(const struct profile *profile,
			    const struct profile_function_vector *functions, const char *name,
			    uint64_t self_count, uint64_t children_count)
{
	const struct profile_function *function = find_function(profile, functions, name);

	assert_int_equal(function->self_count, self_count);
	assert_int_equal(function->children_count, children_count);
	assert_int_equal(function->self_period, self_count * PROFILE_BUILDER_PERIOD_NS);
	assert_int_equal(function->children_period, children_count * PROFILE_BUILDER_PERIOD_NS);
}

static void test_functions_self_and_children(void **state)
{
	struct profile *profile = profile_build("app;main;a;b 10\n"
						"app;main;a 5\n"
						"app;main;c;b 3\n"
						"app;main 1\n");
	struct profile_function_vector functions = { 0 };

	profile_functions_of(profile, 0, &functions);
	assert_int_equal(functions.count, 4);
	assert_function(profile, &functions, "main", 1, 19);
	assert_function(profile, &functions, "a", 5, 15);
	assert_function(profile, &functions, "b", 13, 13);
	assert_function(profile, &functions, "c", 0, 3);
	assert_string_equal(profile_text(profile, functions.items[0].name), "b");
	assert_string_equal(profile_text(profile, functions.items[3].name), "c");
	profile_function_vector_deinit(&functions);
	profile_destroy(profile);
}

static void test_recursion_counts_a_sample_once(void **state)
{
	struct profile *profile = profile_build("app;f;g;f;g;f 10\n"
						"app;f;g 2\n"
						"app;g;f 3\n");
	struct profile_function_vector functions = { 0 };

	profile_functions_of(profile, 0, &functions);
	assert_function(profile, &functions, "f", 13, 15);
	assert_function(profile, &functions, "g", 2, 15);
	profile_function_vector_deinit(&functions);
	profile_destroy(profile);
}

static void test_inlined_recursion_counts_once(void **state)
{
	struct profile *profile = profile_build("app;f;f_[i];g_[i] 4\n");
	struct profile_function_vector functions = { 0 };

	profile_functions_of(profile, 0, &functions);
	assert_function(profile, &functions, "f", 0, 4);
	assert_function(profile, &functions, "g", 4, 4);
	assert_int_equal(find_function(profile, &functions, "g")->flags, FRAME_IS_INLINED);
	profile_function_vector_deinit(&functions);
	profile_destroy(profile);
}

static void test_functions_merge_lines_but_not_objects(void **state)
{
	struct profile_builder builder;
	struct profile_builder_frame frames[2] = { { .name = "f", .file = "f.c", .line = 1 } };
	struct profile_function_vector functions = { 0 };

	profile_builder_init(&builder);
	profile_intern_thread(builder.profile, 1, 1, "app", "app");
	profile_builder_add_sample(&builder, 0, profile_builder_stack(&builder, frames, 1),
				   STACK_END_ROOT, 1);
	frames[0].line = 2;
	profile_builder_add_sample(&builder, 0, profile_builder_stack(&builder, frames, 1),
				   STACK_END_ROOT, 2);
	frames[0].object = "/lib/other.so";
	profile_builder_add_sample(&builder, 0, profile_builder_stack(&builder, frames, 1),
				   STACK_END_ROOT, 4);

	profile_functions_of(builder.profile, 0, &functions);
	assert_int_equal(functions.count, 2);
	assert_int_equal(functions.items[0].self_count, 4);
	assert_int_equal(functions.items[1].self_count, 3);
	profile_function_vector_deinit(&functions);
	profile_destroy(builder.profile);
}

static void test_equal_functions_sort_by_name_then_object(void **state)
{
	struct profile *profile = profile_build("app;zebra 1\n"
						"app;ant@/lib/b.so 1\n"
						"app;ant@/lib/a.so 1\n");
	struct profile_function_vector functions = { 0 };

	profile_functions_of(profile, 0, &functions);
	assert_string_equal(profile_text(profile, functions.items[0].name), "ant");
	assert_string_equal(
		profile_text(profile, profile->objects.items[functions.items[0].object].name),
		"a.so");
	assert_string_equal(
		profile_text(profile, profile->objects.items[functions.items[1].object].name),
		"b.so");
	assert_string_equal(profile_text(profile, functions.items[2].name), "zebra");
	profile_function_vector_deinit(&functions);
	profile_destroy(profile);
}

/** Callers with no time of their own: the outermost first, whatever their names. */
static void test_equal_self_sorts_by_children(void **state)
{
	static const char *const names[] = { "leaf", "zoo", "middle", "ant" };
	struct profile *profile = profile_build("app;zoo;middle;leaf 3\n"
						"app;zoo;ant;leaf 1\n"
						"app;zoo;middle;leaf 2\n");
	struct profile_function_vector functions = { 0 };

	profile_functions_of(profile, 0, &functions);
	assert_int_equal(functions.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(profile_text(profile, functions.items[i].name), names[i]);
	profile_function_vector_deinit(&functions);
	profile_destroy(profile);
}

static void test_functions_of_one_event_only(void **state)
{
	struct profile_builder builder;
	struct profile_function_vector functions = { 0 };

	profile_builder_init(&builder);
	profile_builder_add(&builder, "app;main;a 1\n");
	builder.event = profile_add_event(builder.profile, "cycles", "cycles");
	profile_builder_add(&builder, "app;main;b 2\n");

	profile_functions_of(builder.profile, builder.event, &functions);
	assert_int_equal(functions.count, 2);
	assert_function(builder.profile, &functions, "main", 0, 2);
	assert_function(builder.profile, &functions, "b", 2, 2);
	profile_function_vector_deinit(&functions);
	profile_destroy(builder.profile);
}

static void test_functions_of_an_empty_profile(void **state)
{
	struct profile *profile = profile_create();
	struct profile_function_vector functions = { 0 };

	profile_add_event(profile, "cpu-clock", "ns");
	profile_functions_of(profile, 0, &functions);
	assert_int_equal(functions.count, 0);
	profile_function_vector_deinit(&functions);
	profile_destroy(profile);
}

static void test_very_deep_stacks(void **state)
{
	enum {
		DEPTH = 200000
	};
	struct profile *profile = profile_build("app;f 1\n");
	struct profile_function_vector functions = { 0 };
	uint32_t location = profile->stacks.items[1].location;
	uint32_t stack = 1;

	for (uint32_t i = 0; i < DEPTH; i++)
		stack = profile_intern_stack(profile, stack, location);
	profile_add_sample(profile, 0, 0, stack, STACK_END_ROOT, 2, 2 * PROFILE_BUILDER_PERIOD_NS);
	profile_functions_of(profile, 0, &functions);
	assert_int_equal(functions.count, 1);
	assert_function(profile, &functions, "f", 3, 3);
	profile_function_vector_deinit(&functions);
	profile_destroy(profile);
}

static void test_quality_counts_ends_names_and_losses(void **state)
{
	struct profile *profile = profile_build("app;main;a 6\n"
						"app;main;[unknown]@/lib/x.so 2 copy-ended\n"
						"app;sys_[k] 2 none\n"
						"app 10 none\n");
	struct profile_quality quality;

	profile->losses.lost_records = 3;
	profile->losses.lost_samples = 2;
	profile_quality_of(profile, 0, &quality);
	assert_int_equal(quality.n_samples, 20);
	assert_int_equal(quality.period_total, 20 * PROFILE_BUILDER_PERIOD_NS);
	assert_int_equal(quality.n_user_stacks, 8);
	assert_int_equal(quality.n_complete, 6);
	assert_int_equal(quality.n_by_end[STACK_END_COPY_ENDED], 2);
	assert_int_equal(quality.n_by_end[STACK_END_NONE], 12);
	assert_int_equal(quality.n_lost, 5);
	assert_true(fabs(quality.complete_share - 0.75) < 1e-12);
	assert_true(fabs(quality.named_share - 0.8) < 1e-12);
	assert_true(fabs(quality.lost_share - 0.2) < 1e-12);
	profile_destroy(profile);
}

static void test_quality_of_nothing(void **state)
{
	struct profile *profile = profile_create();
	struct profile_quality quality;

	profile_add_event(profile, "cpu-clock", "ns");
	profile_quality_of(profile, 0, &quality);
	assert_int_equal(quality.n_samples, 0);
	assert_true(quality.complete_share == 1);
	assert_true(quality.named_share == 1);
	assert_true(quality.lost_share == 0);
	profile_destroy(profile);
}

static void assert_share(double share, const char *expected)
{
	char text[PROFILE_NUMBER_SIZE_BYTES];

	profile_format_share(share, text);
	assert_string_equal(text, expected);
}

static void test_shares_never_round_to_all_or_nothing(void **state)
{
	assert_share(0, "0.0 %");
	assert_share(0.0001, "<0.1 %");
	assert_share(0.1234, "12.3 %");
	assert_share(0.99999, "99.9 %");
	assert_share(1, "100.0 %");
}

static void assert_quality(const char *lines, const char *expected)
{
	struct profile *profile = profile_build(lines);
	struct profile_quality quality;
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);

	profile_quality_of(profile, 0, &quality);
	profile_quality_write(&quality, file);
	fclose(file);
	assert_string_equal(text, expected);
	free(text);
	profile_destroy(profile);
}

static void test_quality_line(void **state)
{
	assert_quality("app;main 1700\n"
		       "app;[unknown]@/lib/x.so 2 stuck\n",
		       "1,702 samples, 99.9 % complete stacks, 99.9 % named, 0 lost");
	assert_quality("app;sys_[k] 5 none\n", "5 samples, no user stacks, 100.0 % named, 0 lost");
	assert_quality("app;main 5 untraced\n",
		       "5 samples, stacks as recorded, 100.0 % named, 0 lost");
	assert_quality("", "0 samples, 0 lost");
}

static void assert_count(uint64_t count, const char *expected)
{
	char text[PROFILE_NUMBER_SIZE_BYTES];

	profile_format_count(count, text);
	assert_string_equal(text, expected);
}

static void test_counts_are_grouped(void **state)
{
	assert_count(0, "0");
	assert_count(999, "999");
	assert_count(1000, "1,000");
	assert_count(4991, "4,991");
	assert_count(123456, "123,456");
	assert_count(UINT64_MAX, "18,446,744,073,709,551,615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions_self_and_children),
		cmocka_unit_test(test_recursion_counts_a_sample_once),
		cmocka_unit_test(test_inlined_recursion_counts_once),
		cmocka_unit_test(test_functions_merge_lines_but_not_objects),
		cmocka_unit_test(test_equal_functions_sort_by_name_then_object),
		cmocka_unit_test(test_equal_self_sorts_by_children),
		cmocka_unit_test(test_functions_of_one_event_only),
		cmocka_unit_test(test_functions_of_an_empty_profile),
		cmocka_unit_test(test_very_deep_stacks),
		cmocka_unit_test(test_quality_counts_ends_names_and_losses),
		cmocka_unit_test(test_quality_of_nothing),
		cmocka_unit_test(test_quality_line),
		cmocka_unit_test(test_shares_never_round_to_all_or_nothing),
		cmocka_unit_test(test_counts_are_grouped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
