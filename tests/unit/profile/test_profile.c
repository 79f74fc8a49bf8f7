#include "profile/profile.h"

#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_new_profile_knows_only_the_unknown(void **state)
{
	struct profile *profile = profile_create();

	assert_int_equal(profile->stacks.count, 1);
	assert_int_equal(profile->stacks.items[0].depth, 0);
	assert_int_equal(profile->samples.count, 0);
	assert_string_equal(
		profile_text(profile, profile->frames.items[PROFILE_FRAME_UNKNOWN].name),
		"[unknown]");
	assert_string_equal(
		profile_text(profile, profile->objects.items[PROFILE_OBJECT_UNKNOWN].path),
		"[unknown]");
	profile_destroy(profile);
	profile_destroy(NULL);
}

static void test_objects_differ_by_path_and_build_id(void **state)
{
	struct profile *profile = profile_create();
	struct build_id first = { .bytes = { 1 }, .size_bytes = 20 };
	struct build_id second = { .bytes = { 2 }, .size_bytes = 20 };
	uint32_t libc = profile_intern_object(profile, "/usr/lib/libc.so.6", &first);

	assert_int_equal(profile_intern_object(profile, "/usr/lib/libc.so.6", &first), libc);
	assert_int_not_equal(profile_intern_object(profile, "/usr/lib/libc.so.6", &second), libc);
	assert_int_not_equal(profile_intern_object(profile, "/usr/lib/libc.so.6", NULL), libc);
	assert_int_not_equal(profile_intern_object(profile, "/opt/lib/libc.so.6", &first), libc);
	assert_string_equal(profile_text(profile, profile->objects.items[libc].name), "libc.so.6");
	assert_string_equal(profile_text(profile, profile->objects.items[libc].path),
			    "/usr/lib/libc.so.6");
	profile_destroy(profile);
}

/** Bytes beyond a build id's size are nobody's business. */
static void test_build_id_padding_does_not_count(void **state)
{
	struct profile *profile = profile_create();
	struct build_id clean = { .bytes = { 1, 2 }, .size_bytes = 2 };
	struct build_id dirty = { .bytes = { 1, 2, 3 }, .size_bytes = 2 };

	assert_int_equal(profile_intern_object(profile, "/bin/a", &clean),
			 profile_intern_object(profile, "/bin/a", &dirty));
	profile_destroy(profile);
}

static void assert_object_name(struct profile *profile, const char *path, const char *name)
{
	uint32_t object = profile_intern_object(profile, path, NULL);

	assert_string_equal(profile_text(profile, profile->objects.items[object].name), name);
}

static void test_object_name_is_the_last_part_of_a_path(void **state)
{
	struct profile *profile = profile_create();

	assert_object_name(profile, "/bin/app", "app");
	assert_object_name(profile, "app", "app");
	assert_object_name(profile, "[vdso]", "[vdso]");
	assert_object_name(profile, "[anon:a/b]", "[anon:a/b]");
	assert_object_name(profile, "//anon", "anon");
	assert_object_name(profile, "/tmp/x (deleted)", "x (deleted)");
	assert_object_name(profile, "/tmp/", "/tmp/");
	profile_destroy(profile);
}

static void test_frames_are_interned_whole(void **state)
{
	struct profile *profile = profile_create();
	struct profile_frame frame = {
		.name = profile_intern_text(profile, "main"),
		.object = profile_intern_object(profile, "/bin/app", NULL),
		.file = profile_intern_text(profile, "main.c"),
		.line = 3,
	};
	uint32_t id = profile_intern_frame(profile, &frame);

	assert_int_equal(profile_intern_frame(profile, &frame), id);
	frame.line = 4;
	assert_int_not_equal(profile_intern_frame(profile, &frame), id);
	frame.line = 3;
	frame.flags = FRAME_IS_INLINED;
	assert_int_not_equal(profile_intern_frame(profile, &frame), id);
	profile_destroy(profile);
}

static void test_locations_differ_by_object_address_kind_and_flags(void **state)
{
	struct profile *profile = profile_create();
	uint32_t object = profile_intern_object(profile, "/bin/app", NULL);
	uint32_t first = profile_intern_location(profile, object, 0x10, 0x400010, LOCATION_USER, 0);

	assert_int_equal(profile_intern_location(profile, object, 0x10, 0x500010, LOCATION_USER, 0),
			 first);
	assert_true(profile->locations.items[first].runtime_address == 0x400010);
	assert_int_not_equal(
		profile_intern_location(profile, object, 0x11, 0x400011, LOCATION_USER, 0), first);
	assert_int_not_equal(profile_intern_location(profile, 0, 0x10, 0x400010, LOCATION_USER, 0),
			     first);
	assert_int_not_equal(
		profile_intern_location(profile, object, 0x10, 0x400010, LOCATION_KERNEL, 0),
		first);
	assert_int_not_equal(profile_intern_location(profile, object, 0x10, 0x400010, LOCATION_USER,
						     LOCATION_IS_CALL_SITE),
			     first);
	profile_destroy(profile);
}

static void test_location_without_frames_is_unknown(void **state)
{
	struct profile *profile = profile_create();
	uint32_t location = profile_intern_location(profile, 0, 0x10, 0x10, LOCATION_USER, 0);
	struct index_vector frames = { 0 };

	assert_ptr_equal(profile_location_frame(profile, location, 0),
			 &profile->frames.items[PROFILE_FRAME_UNKNOWN]);
	profile_expand_stack(profile, profile_intern_stack(profile, 0, location), &frames);
	assert_int_equal(frames.count, 1);
	assert_int_equal(frames.items[0], PROFILE_FRAME_UNKNOWN);
	index_vector_deinit(&frames);
	profile_destroy(profile);
}

static void test_frames_of_a_location_can_be_replaced(void **state)
{
	struct profile *profile = profile_build("app;main;helper_[i] 1\n");
	uint32_t location = profile->stacks.items[1].location;
	uint32_t unknown = PROFILE_FRAME_UNKNOWN;

	assert_int_equal(profile->locations.items[location].n_frames, 2);
	profile_set_location_frames(profile, location, &unknown, 1, 7);
	assert_int_equal(profile->locations.items[location].n_frames, 1);
	assert_int_equal(profile->locations.items[location].symbol_offset, 7);
	assert_ptr_equal(profile_location_frame(profile, location, 0),
			 &profile->frames.items[PROFILE_FRAME_UNKNOWN]);
	profile_destroy(profile);
}

static void test_expanded_stack_is_root_first_with_inlined_frames(void **state)
{
	struct profile *profile = profile_build("app;main;outer;middle_[i];inner_[i];leaf 1\n");
	const char *expected[] = { "main", "outer", "middle", "inner", "leaf" };
	struct index_vector frames = { 0 };
	uint32_t stack = profile->samples.items[0].stack;

	index_vector_append(&frames, 99); /* replaced, not appended to */
	profile_expand_stack(profile, stack, &frames);
	assert_int_equal(frames.count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < frames.count; i++)
		assert_string_equal(
			profile_text(profile, profile->frames.items[frames.items[i]].name),
			expected[i]);
	assert_int_equal(profile->stacks.items[stack].depth, 3);

	profile_expand_stack(profile, 0, &frames);
	assert_int_equal(frames.count, 0);
	index_vector_deinit(&frames);
	profile_destroy(profile);
}

static void test_stacks_share_their_outer_part(void **state)
{
	struct profile *profile = profile_build("app;main;a;b 1\n"
						"app;main;a;c 1\n"
						"app;main;a 1\n");

	assert_int_equal(profile->stacks.count, 1 + 4);
	assert_int_equal(profile->stacks.items[profile->samples.items[0].stack].parent,
			 profile->samples.items[2].stack);
	profile_destroy(profile);
}

static void test_a_run_of_stacks_is_what_its_steps_are(void **state)
{
	struct profile *profile = profile_create();
	uint32_t object = profile_intern_object(profile, "/bin/app", NULL);
	uint32_t thread = profile_intern_thread(profile, 1, 1, "app", "app");
	uint32_t event = profile_add_event(profile, "cycles", ""), sample;
	uint32_t path[100], stacks[100], again[100], stack = 0;

	for (uint32_t i = 0; i < ARRAY_SIZE(path); i++)
		path[i] = profile_intern_location(profile, object, i % 7, 0, LOCATION_USER, 0);
	profile_intern_stacks(profile, 0, path, ARRAY_SIZE(path), stacks);
	for (uint32_t i = 0; i < ARRAY_SIZE(path); i++) {
		stack = profile_intern_stack(profile, stack, path[i]);
		assert_int_equal(stacks[i], stack);
		assert_int_equal(profile->stacks.items[stack].depth, i + 1);
	}
	sample = profile_add_sample(profile, thread, event, stack, STACK_END_ROOT, 1, 2);

	profile_release_indexes(profile);
	profile_intern_stacks(profile, stacks[9], path + 10, ARRAY_SIZE(path) - 10, again);
	assert_memory_equal(again, stacks + 10, 90 * sizeof(*again));
	assert_int_equal(profile->stacks.count, 1 + ARRAY_SIZE(path));
	assert_int_equal(profile_add_sample(profile, thread, event, stack, STACK_END_ROOT, 1, 2),
			 sample);
	assert_int_equal(profile->samples.items[sample].count, 2);
	profile_destroy(profile);
}

static void test_threads_differ_by_ids_and_name(void **state)
{
	struct profile *profile = profile_create();
	uint32_t thread = profile_intern_thread(profile, 1, 2, "worker", "");

	assert_int_equal(profile_intern_thread(profile, 1, 2, "worker", "app"), thread);
	assert_string_equal(profile_text(profile, profile->threads.items[thread].process_comm),
			    "app");
	assert_int_equal(profile_intern_thread(profile, 1, 2, "worker", "other"), thread);
	assert_string_equal(profile_text(profile, profile->threads.items[thread].process_comm),
			    "app");
	assert_int_not_equal(profile_intern_thread(profile, 1, 3, "worker", "app"), thread);
	assert_int_not_equal(profile_intern_thread(profile, 1, 2, "renamed", "app"), thread);
	profile_destroy(profile);
}

static void test_samples_add_up_by_thread_event_stack_and_end(void **state)
{
	struct profile *profile = profile_build("app;main 1\n");
	uint32_t cycles = profile_add_event(profile, "cycles", "cycles");
	uint32_t stack = profile->samples.items[0].stack;
	uint32_t first = profile_add_sample(profile, 0, cycles, stack, STACK_END_ROOT, 2, 10);

	assert_int_not_equal(first, 0);
	assert_int_equal(profile_add_sample(profile, 0, cycles, stack, STACK_END_ROOT, 3, 5),
			 first);
	assert_int_equal(profile->samples.items[first].count, 5);
	assert_int_equal(profile->samples.items[first].period, 15);
	assert_int_not_equal(profile_add_sample(profile, 0, cycles, stack, STACK_END_STUCK, 1, 1),
			     first);
	assert_int_not_equal(profile_add_sample(profile, 0, cycles, 0, STACK_END_ROOT, 1, 1),
			     first);
	profile_destroy(profile);
}

static void test_ticks_keep_their_order(void **state)
{
	struct profile *profile = profile_build("app;main 1\n");

	profile_add_tick(profile, 0, 50, 3, 7);
	profile_add_tick(profile, 0, 60, 1, 8);
	assert_int_equal(profile->ticks.count, 2);
	assert_int_equal(profile->ticks.items[0].time_ns, 50);
	assert_int_equal(profile->ticks.items[0].cpu, 3);
	assert_int_equal(profile->ticks.items[1].period, 8);
	profile_destroy(profile);
}

/** Far more entries than the first sets hold: every one is found again. */
static void test_interning_survives_growth(void **state)
{
	struct profile *profile = profile_create();
	uint32_t stacks[2000];

	for (uint32_t i = 0; i < ARRAY_SIZE(stacks); i++) {
		uint32_t location = profile_intern_location(profile, 0, i, i, LOCATION_USER, 0);

		assert_int_equal(location, i);
		stacks[i] = profile_intern_stack(profile, i ? stacks[i - 1] : 0, location);
	}
	assert_int_equal(profile->stacks.items[stacks[1999]].depth, 2000);
	for (uint32_t i = 0; i < ARRAY_SIZE(stacks); i++)
		assert_int_equal(profile_intern_stack(profile, i ? stacks[i - 1] : 0, i),
				 stacks[i]);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_profile_knows_only_the_unknown),
		cmocka_unit_test(test_objects_differ_by_path_and_build_id),
		cmocka_unit_test(test_build_id_padding_does_not_count),
		cmocka_unit_test(test_object_name_is_the_last_part_of_a_path),
		cmocka_unit_test(test_frames_are_interned_whole),
		cmocka_unit_test(test_locations_differ_by_object_address_kind_and_flags),
		cmocka_unit_test(test_location_without_frames_is_unknown),
		cmocka_unit_test(test_frames_of_a_location_can_be_replaced),
		cmocka_unit_test(test_expanded_stack_is_root_first_with_inlined_frames),
		cmocka_unit_test(test_stacks_share_their_outer_part),
		cmocka_unit_test(test_a_run_of_stacks_is_what_its_steps_are),
		cmocka_unit_test(test_threads_differ_by_ids_and_name),
		cmocka_unit_test(test_samples_add_up_by_thread_event_stack_and_end),
		cmocka_unit_test(test_ticks_keep_their_order),
		cmocka_unit_test(test_interning_survives_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
