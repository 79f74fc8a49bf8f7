#include "profile_builder.h"

#include "profile/unnamed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct profile_object *object_of(struct profile *profile, const char *path)
{
	return &profile->objects.items[profile_intern_object(profile, path, NULL)];
}

static void test_where_names_lack_and_where_files_are_damaged(void **state)
{
	struct profile *profile =
		profile_build("app;main@/bin/app;[unknown]@/lib/leaf.so 3\n"
			      "app;main@/bin/app;[unknown]@/lib/other.so 5\n"
			      "app;[unknown]@/lib/caller.so;work@/lib/torn.so 2\n");
	struct unnamed_object_vector unnamed = { 0 };
	struct index_vector damaged = { 0 };

	object_of(profile, "/lib/leaf.so")->problem = profile_intern_text(profile, "no symbols");
	/* Only callers in it lack names, and a package would bring them. */
	object_of(profile, "/lib/caller.so")->problem = profile_intern_text(profile, "stripped");
	object_of(profile, "/lib/caller.so")->problem_hint = profile_intern_text(profile, "apt");
	object_of(profile, "/lib/torn.so")->problem = profile_intern_text(profile, "cut off");

	profile_unnamed_of(profile, 0, &unnamed);
	assert_int_equal(unnamed.count, 2);
	assert_int_equal(unnamed.items[0].object,
			 profile_intern_object(profile, "/lib/other.so", NULL));
	assert_int_equal(unnamed.items[0].count, 5);
	assert_true(unnamed.items[0].share == 0.5);
	assert_int_equal(unnamed.items[1].object,
			 profile_intern_object(profile, "/lib/leaf.so", NULL));

	profile_damaged_of(profile, &unnamed, &damaged);
	assert_int_equal(damaged.count, 1);
	assert_int_equal(damaged.items[0], profile_intern_object(profile, "/lib/torn.so", NULL));
	index_vector_deinit(&damaged);
	unnamed_object_vector_deinit(&unnamed);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_names_lack_and_where_files_are_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
