#include "profile/merge.h"
#include "profile/relabel.h"
#include "profile/rewrite.h"

#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/** Samples of the thread called @p comm whose innermost function is @p leaf. */
static uint64_t count_of(const struct profile *profile, const char *comm, const char *leaf,
			 uint32_t depth)
{
	uint64_t count = 0;

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		const struct profile_thread *thread = &profile->threads.items[sample->thread];
		const struct profile_stack *stack = &profile->stacks.items[sample->stack];
		const struct profile_frame *frame =
			profile_location_frame(profile, stack->location, 0);

		if (strcmp(profile_text(profile, thread->comm), comm) == 0 &&
		    strcmp(profile_text(profile, frame->name), leaf) == 0 && stack->depth == depth)
			count += sample->count;
	}
	return count;
}

static void test_merge(void **state)
{
	struct profile *into = profile_build("app;main;work 30\napp;main;idle 1\n");
	struct profile *from = profile_build("app;main;work 5\nother;main;rest@libc.so.6 7\n");
	size_t n_objects = into->objects.count;

	into->losses.lost_records = 2;
	from->losses.lost_records = 3;
	profile_merge(into, from);
	profile_destroy(from);
	assert_int_equal(count_of(into, "app", "work", 2), 35);
	assert_int_equal(count_of(into, "app", "idle", 2), 1);
	assert_int_equal(count_of(into, "other", "rest", 2), 7);
	assert_int_equal(into->events.count, 1);
	assert_int_equal(into->objects.count, n_objects + 2);
	assert_int_equal(into->losses.lost_records, 5);
	profile_destroy(into);
}

static void test_ticks_stay_in_order(void **state)
{
	struct profile_builder a, b;

	profile_builder_init(&a);
	profile_builder_init(&b);
	a.keeps_ticks = b.keeps_ticks = true;
	profile_builder_add(&a, "app;main;work 3\n");
	profile_builder_add(&b, "app;main;idle 3\n");
	profile_merge(a.profile, b.profile);
	profile_destroy(b.profile);
	assert_int_equal(a.profile->ticks.count, 6);
	for (size_t i = 1; i < 6; i++)
		assert_true(a.profile->ticks.items[i - 1].time_ns <=
			    a.profile->ticks.items[i].time_ns);
	profile_destroy(a.profile);
}

static void test_hidden_frames(void **state)
{
	struct profile *profile = profile_build("app;main;glue;work 30\napp;main;glue 2\n");
	bool *hidden = memory_allocate(profile->frames.count, sizeof(*hidden));

	for (size_t i = 0; i < profile->frames.count; i++)
		hidden[i] =
			strcmp(profile_text(profile, profile->frames.items[i].name), "glue") == 0;
	profile_hide_frames(profile, hidden);
	free(hidden);
	assert_int_equal(count_of(profile, "app", "work", 2), 30);
	assert_int_equal(count_of(profile, "app", "main", 1), 2);
	profile_destroy(profile);
}

static void test_stacks_begin_at_the_innermost(void **state)
{
	struct profile *profile = profile_build("app;main;run;step;run;work 30\n"
						"app;main;run;outer;run_[i];work 4\n"
						"app;main;other 2\n");
	bool *is_first = memory_allocate(profile->frames.count, sizeof(*is_first));

	for (size_t i = 0; i < profile->frames.count; i++)
		is_first[i] =
			strcmp(profile_text(profile, profile->frames.items[i].name), "run") == 0;
	profile_begin_stacks_at(profile, is_first);
	free(is_first);
	assert_int_equal(count_of(profile, "app", "work", 2), 34);
	assert_int_equal(count_of(profile, "app", "other", 2), 2);
	profile_destroy(profile);
}

static void test_names_with_addresses_and_lines(void **state)
{
	const struct profile_builder_frame frames[] = {
		{ .name = "main", .file = "/src/a.c", .line = 7 },
		{ .name = "[unknown]", .object = "/lib/x.so", .flags = FRAME_IS_UNKNOWN },
	};
	struct profile_builder builder;
	uint32_t stack, thread;

	profile_builder_init(&builder);
	thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
	stack = profile_builder_stack(&builder, frames, 2);
	profile_builder_add_sample(&builder, thread, stack, STACK_END_ROOT, 1);
	for (size_t i = 0; i < builder.profile->locations.count; i++)
		builder.profile->locations.items[i].elf_address = 0xab;
	assert_true(profile_name_addresses(builder.profile));
	assert_true(profile_name_lines(builder.profile));
	assert_int_equal(count_of(builder.profile, "app", "[x.so <ab>]", 2), 1);
	assert_string_equal(
		profile_text(builder.profile,
			     profile_location_frame(
				     builder.profile,
				     builder.profile->stacks
					     .items[builder.profile->stacks.items[stack].parent]
					     .location,
				     0)
				     ->name),
		"main:a.c:7");
	profile_destroy(builder.profile);
}

static void test_profiles_that_do_not_know(void **state)
{
	struct profile *profile = profile_build("app;main;[unknown]@/lib/x.so 1\n");

	for (size_t i = 0; i < profile->locations.count; i++)
		profile->locations.items[i].elf_address = 0;
	assert_false(profile_name_addresses(profile));
	assert_false(profile_name_lines(profile));
	profile_destroy(profile);
}

static void test_groups(void **state)
{
	struct profile *profile = profile_build("app-7/8;main 1\napp-7/9;main 2\nsh-5/5;main 4\n");
	struct error *error = profile_group(profile, PROFILE_BY_CPU);

	assert_non_null(error);
	error_destroy(error);
	assert_null(profile_group(profile, PROFILE_BY_THREAD));
	assert_int_equal(count_of(profile, "app (8)", "main", 1), 1);
	assert_int_equal(count_of(profile, "app (9)", "main", 1), 2);
	profile_destroy(profile);

	profile = profile_build("app-7/8;main 1\napp-7/9;main 2\nsh-5/5;main 4\n");
	assert_null(profile_group(profile, PROFILE_BY_PROCESS));
	assert_int_equal(count_of(profile, "app (7)", "main", 1), 3);
	assert_int_equal(count_of(profile, "sh (5)", "main", 1), 4);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_ticks_stay_in_order),
		cmocka_unit_test(test_hidden_frames),
		cmocka_unit_test(test_stacks_begin_at_the_innermost),
		cmocka_unit_test(test_names_with_addresses_and_lines),
		cmocka_unit_test(test_profiles_that_do_not_know),
		cmocka_unit_test(test_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
