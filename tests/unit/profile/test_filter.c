#include "profile/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/** Two threads; "sh" runs main -> work on CPU 0, "bash" runs main -> idle on CPU 1. */
static struct profile *make_profile(void)
{
	static const char *const names[] = { "main", "work", "idle" };
	struct profile *profile = profile_create();
	uint32_t object = profile_intern_object(profile, "/bin/a", NULL);
	uint32_t event = profile_add_event(profile, "cycles", "cycles");
	uint32_t threads[2], locations[3], stacks[2];

	threads[0] = profile_intern_thread(profile, 10, 11, "sh", "sh");
	threads[1] = profile_intern_thread(profile, 20, 21, "bash", "bash");
	for (uint32_t i = 0; i < 3; i++) {
		struct profile_frame frame = { .name = profile_intern_text(profile, names[i]),
					       .object = object };
		uint32_t frame_id = profile_intern_frame(profile, &frame);

		locations[i] = profile_intern_location(profile, object, i, i, LOCATION_USER, 0);
		profile_set_location_frames(profile, locations[i], &frame_id, 1, 0);
	}
	stacks[0] = profile_intern_stack(profile, 0, locations[0]);
	for (uint32_t i = 0; i < 10; i++) {
		uint32_t is_second = i % 5 == 0;

		stacks[1] = profile_intern_stack(profile, stacks[0], locations[1 + is_second]);
		profile_add_tick(profile,
				 profile_add_sample(profile, threads[is_second], event, stacks[1],
						    STACK_END_ROOT, 1, 100),
				 1000 + i, is_second, 100);
	}
	return profile;
}

static uint64_t count_samples(const struct profile *profile)
{
	uint64_t count = 0, period = 0;

	for (size_t i = 0; i < profile->samples.count; i++) {
		count += profile->samples.items[i].count;
		period += profile->samples.items[i].period;
	}
	assert_int_equal(period, count * 100);
	assert_int_equal(profile->ticks.count, count);
	for (size_t i = 0; i < profile->ticks.count; i++)
		assert_true(profile->ticks.items[i].sample < profile->samples.count);
	return count;
}

static void check(struct profile_filter *filter, uint64_t expected)
{
	struct profile *profile = make_profile();

	assert_null(profile_filter_apply(filter, profile));
	assert_int_equal(count_samples(profile), expected);
	profile_filter_deinit(filter);
	profile_destroy(profile);
}

static void test_empty_keeps_all(void **state)
{
	struct profile_filter filter = { 0 };

	assert_true(profile_filter_is_empty(&filter));
	check(&filter, 10);
}

static void test_threads(void **state)
{
	struct profile_filter comm = { 0 }, pid = { 0 }, tid = { 0 }, both = { 0 };

	string_vector_append(&comm.comms, "bash");
	check(&comm, 2);
	id_vector_append(&pid.pids, 10);
	check(&pid, 8);
	id_vector_append(&tid.tids, 21);
	check(&tid, 2);
	id_vector_append(&both.pids, 10);
	id_vector_append(&both.tids, 21);
	check(&both, 0);
}

static void test_code(void **state)
{
	struct profile_filter leaf = { 0 }, caller = { 0 }, object = { 0 }, other = { 0 };

	string_vector_append(&leaf.symbols, "work");
	check(&leaf, 8);
	string_vector_append(&caller.symbols, "main"); /* never the innermost */
	check(&caller, 0);
	string_vector_append(&object.objects, "a");
	check(&object, 10);
	string_vector_append(&other.objects, "libc.so.6");
	check(&other, 0);
}

static void test_expressions(void **state)
{
	struct profile_filter focus = { 0 }, ignore = { 0 }, wrong = { 0 };
	struct profile *profile = make_profile();
	struct error *error;

	string_vector_append(&focus.focus, "^id");
	string_vector_append(&focus.focus, "nothing");
	check(&focus, 2);
	string_vector_append(&ignore.ignore, "le$");
	check(&ignore, 8);
	string_vector_append(&wrong.focus, "(");
	error = profile_filter_apply(&wrong, profile);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_USAGE);
	error_destroy(error);
	profile_filter_deinit(&wrong);
	profile_destroy(profile);
}

static void test_times_and_cpus(void **state)
{
	struct profile_filter late = { .time_begin_ns = 5 }, middle = { .time_begin_ns = 2,
									.time_end_ns = 4 };
	struct profile_filter cpu = { 0 };

	check(&late, 5);
	check(&middle, 3);
	id_vector_append(&cpu.cpus, 1);
	check(&cpu, 2);
}

static void test_times_need_ticks(void **state)
{
	struct profile_filter filter = { .time_end_ns = 4 };
	struct profile *profile = make_profile();
	struct error *error;

	profile->ticks.count = 0;
	error = profile_filter_apply(&filter, profile);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_UNSUPPORTED);
	error_destroy(error);
	profile_destroy(profile);
}

static void test_samples_can_be_added_afterwards(void **state)
{
	struct profile_filter filter = { 0 };
	struct profile *profile = make_profile();
	uint32_t stack, id;

	string_vector_append(&filter.comms, "bash");
	assert_null(profile_filter_apply(&filter, profile));
	assert_int_equal(profile->samples.count, 1);
	stack = profile->samples.items[0].stack;
	id = profile_add_sample(profile, profile->samples.items[0].thread, 0, stack,
				STACK_END_ROOT, 1, 100);
	assert_int_equal(id, 0);
	assert_int_equal(profile->samples.items[0].count, 3);
	profile_filter_deinit(&filter);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_keeps_all),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_times_and_cpus),
		cmocka_unit_test(test_times_need_ticks),
		cmocka_unit_test(test_samples_can_be_added_afterwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
