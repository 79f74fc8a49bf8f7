#include "output/output_formats_internal.h"

#include "output_text.h"
#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/** Periods of work() and wait() in the event at hand. */
static void add(struct profile_builder *builder, uint32_t thread, uint64_t n_work, uint64_t n_wait)
{
	const struct profile_builder_frame work[] = { { .name = "main" }, { .name = "work" } };
	const struct profile_builder_frame wait[] = { { .name = "main" },
						      { .name = "wait\033[2J" } };

	if (n_work)
		profile_builder_add_sample(builder, thread, profile_builder_stack(builder, work, 2),
					   STACK_END_ROOT, n_work);
	if (n_wait)
		profile_builder_add_sample(builder, thread, profile_builder_stack(builder, wait, 2),
					   STACK_END_ROOT, n_wait);
}

static struct profile *build(void)
{
	struct profile_builder builder;
	uint32_t thread;

	profile_builder_init(&builder);
	thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
	add(&builder, thread, 3, 1);
	builder.event = profile_add_event(builder.profile, "nothing", "events");
	builder.event = profile_add_event(builder.profile, "page-faults", "faults");
	add(&builder, thread, 0, 5);
	return builder.profile;
}

static void test_a_column_for_each_event_that_has_samples(void **state)
{
	assert_output_has(&event_columns_format, build(), "page-faults: 5 samples");
	assert_output_has(&event_columns_format, build(),
			  "    75.00    75.00     0.00     0.00  work");
	assert_output_has(&event_columns_format, build(),
			  "    25.00    25.00   100.00   100.00  wait");
}

static void test_names_are_made_harmless(void **state)
{
	assert_output_has(&event_columns_format, build(), "wait\xef\xbf\xbd[2J");
}

static void test_an_empty_profile_has_a_head(void **state)
{
	assert_output_has(&event_columns_format, profile_create(), "  function\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_column_for_each_event_that_has_samples),
		cmocka_unit_test(test_names_are_made_harmless),
		cmocka_unit_test(test_an_empty_profile_has_a_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
