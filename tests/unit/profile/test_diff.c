#include "profile/diff.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/** Samples of functions that are roots, 1 ms each. */
struct weight {
	const char *function;
	const char *object;
	uint64_t n_samples;
	uint32_t flags;
};

static struct profile *make_profile(const struct weight *weights, size_t n_weights)
{
	struct profile *profile = profile_create();
	uint32_t event = profile_add_event(profile, "cpu-clock", "ns");
	uint32_t thread = profile_intern_thread(profile, 1, 1, "a", "a");

	for (size_t i = 0; i < n_weights; i++) {
		const struct build_id none = { 0 };
		uint32_t object = profile_intern_object(profile, weights[i].object, &none);
		uint32_t location =
			profile_intern_location(profile, object, i, i, LOCATION_USER, 0);
		struct profile_frame frame = {
			.name = profile_intern_text(profile, weights[i].function),
			.object = object,
			.flags = weights[i].flags,
		};
		uint32_t id = profile_intern_frame(profile, &frame);

		profile_set_location_frames(profile, location, &id, 1, 0);
		profile_add_sample(profile, thread, event,
				   profile_intern_stack(profile, 0, location), STACK_END_ROOT,
				   weights[i].n_samples, weights[i].n_samples * 1000000);
	}
	return profile;
}

static const struct function_change *find(const struct function_change_vector *changes,
					  const char *name, bool is_kernel)
{
	for (size_t i = 0; i < changes->count; i++) {
		if (strcmp(changes->items[i].name, name) == 0 &&
		    changes->items[i].is_kernel == is_kernel)
			return &changes->items[i];
	}
	return NULL;
}

static const struct weight old_weights[] = {
	{ "parse", "/old/prog", 4000, 0 },
	{ "render", "/old/prog", 5900, 0 },
	{ "legacy", "/old/prog", 100, 0 },
	{ "memcpy", "/lib/libc.so.6", 10, 0 },
	{ "memcpy", "[kernel]", 20, FRAME_IS_KERNEL },
};
static const struct weight new_weights[] = {
	{ "parse", "/new/prog-2", 1000, 0 },   { "render", "/new/prog-2", 5950, 0 },
	{ "memcpy", "/lib/libc.so.6", 12, 0 }, { "memcpy", "[kernel]", 21, FRAME_IS_KERNEL },
	{ "modern", "/new/prog-2", 90, 0 },
};

static void test_changes_are_per_run_and_told_by_name(void **state)
{
	struct profile *old = make_profile(old_weights, ARRAY_SIZE(old_weights));
	struct profile *new = make_profile(new_weights, ARRAY_SIZE(new_weights));
	struct diff_side reference = { .profile = old, .time_s = 10.03, .n_runs = 10 };
	struct diff_side changed = { .profile = new, .time_s = 7.073, .n_runs = 10 };
	struct function_change_vector changes;
	const struct function_change *change;

	profile_diff(&reference, &changed, &changes);
	assert_int_equal(changes.count, 6);
	change = &changes.items[0];
	assert_string_equal(change->name, "parse");
	assert_true(fabs(change->change_s + 3) < 1e-9);
	assert_true(change->low_s < -3 && change->high_s > -3 && change->high_s < -2.8);
	assert_true(change->is_significant);
	assert_int_equal(change->reference_count, 4000);
	assert_int_equal(change->changed_count, 1000);

	change = find(&changes, "render", false);
	assert_false(change->is_significant);
	assert_true(change->low_s < 0 && change->high_s > 0);
	change = find(&changes, "legacy", false);
	assert_true(change->is_significant);
	assert_int_equal(change->changed_count, 0);
	change = find(&changes, "modern", false);
	assert_true(change->is_significant);
	assert_true(change->reference_s == 0 && change->changed_s > 0);
	assert_int_equal(find(&changes, "memcpy", false)->reference_count, 10);
	assert_int_equal(find(&changes, "memcpy", true)->reference_count, 20);
	function_changes_deinit(&changes);

	/* The same counts from 200 runs: "legacy" is half a sample per run. */
	reference.n_runs = changed.n_runs = 200;
	profile_diff(&reference, &changed, &changes);
	assert_false(find(&changes, "legacy", false)->is_significant);
	assert_true(find(&changes, "parse", false)->is_significant);
	function_changes_deinit(&changes);
	profile_destroy(old);
	profile_destroy(new);
}

static void test_a_profile_with_itself(void **state)
{
	struct profile *profile = make_profile(old_weights, ARRAY_SIZE(old_weights));
	struct diff_side side = { .profile = profile, .time_s = 1, .n_runs = 1 };
	struct function_change_vector changes;

	profile_diff(&side, &side, &changes);
	assert_int_equal(changes.count, 5);
	for (size_t i = 0; i < changes.count; i++) {
		assert_true(changes.items[i].change_s == 0);
		assert_false(changes.items[i].is_significant);
	}
	function_changes_deinit(&changes);
	profile_destroy(profile);
}

static void test_empty_profiles(void **state)
{
	struct profile *profile = profile_create();
	struct diff_side side = { .profile = profile, .time_s = 1, .n_runs = 1 };
	struct function_change_vector changes;

	profile_add_event(profile, "cpu-clock", "ns");
	profile_diff(&side, &side, &changes);
	assert_int_equal(changes.count, 0);
	function_changes_deinit(&changes);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes_are_per_run_and_told_by_name),
		cmocka_unit_test(test_a_profile_with_itself),
		cmocka_unit_test(test_empty_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
