#include "../base/cmocka_headers.h"

#include "project_tree.h"

#include <stdio.h>
#include <string.h>

#define FLAG "-Cforce-frame-pointers=yes"

static int make_project(void **state)
{
	*state = project_tree_create();
	project_tree_write(*state, "Cargo.toml", "[package]\nname = 'x'\n");
	project_tree_write(*state, "Cargo.lock", "");
	return 0;
}

static int remove_project(void **state)
{
	project_tree_remove(*state);
	free(*state);
	return 0;
}

static char *words_for(const char *tree_path, const char *program, char *const *environment)
{
	struct build_plan *plan = project_tree_plan(tree_path, program, environment);
	char *words = project_tree_words(&plan->steps.items[0]);

	build_plan_destroy(plan);
	return words;
}

static char *const plain[] = { "HOME=/nonexistent", "PATH=/usr/bin:/bin", NULL };

static void the_programs_place_says_how_it_was_built(void **state)
{
	_cleanup_free_ char *bin = words_for(*state, "./target/release/x", plain);
	_cleanup_free_ char *example = words_for(*state, "target/quick-one/examples/demo", plain);
	_cleanup_free_ char *bench =
		words_for(*state, "target/release/deps/speed-0123456789abcdef", plain);
	_cleanup_free_ char *cross =
		words_for(*state, "target/aarch64-unknown-linux-gnu/release/x", plain);

	assert_contains(bin, "--locked ");
	assert_contains(bin, "--profile release --bin x ");
	assert_contains(example, "--profile quick-one --example demo ");
	assert_contains(bench, "--profile bench --bench speed ");
	assert_contains(cross, "--target aarch64-unknown-linux-gnu --bin x ");
}

static void debug_builds_become_optimised_and_say_so(void **state)
{
	struct build_plan *plan = project_tree_plan(*state, "target/debug/x", plain);
	_cleanup_free_ char *words = project_tree_words(&plan->steps.items[0]);

	assert_contains(words, "--profile release ");
	assert_int_equal(plan->notes.count, 1);
	assert_contains(plan->notes.items[0], "debug build");
	build_plan_destroy(plan);
}

static void the_environment_asks_for_debug_information(void **state)
{
	static char *const own[] = { "HOME=/nonexistent", "CARGO_PROFILE_QUICK_ONE_DEBUG=2",
				     "CARGO_TARGET_DIR=/users/own", NULL };
	struct build_plan *plan = project_tree_plan(*state, "target/quick-one/x", own);

	assert_string_equal(environment_value(&plan->environment, "CARGO_PROFILE_QUICK_ONE_DEBUG"),
			    "2");
	assert_string_equal(environment_value(&plan->environment, "CARGO_PROFILE_QUICK_ONE_STRIP"),
			    "none");
	assert_contains(environment_value(&plan->environment, "CARGO_TARGET_DIR"),
			plan->folder_path);
	assert_null(environment_value(&plan->environment, "CARGO_PROFILE_QUICK_ONE_LTO"));
	build_plan_destroy(plan);
}

static void flags_of_the_environment_are_kept(void **state)
{
	static char *const flags[] = { "HOME=/nonexistent", "RUSTFLAGS=--cfg mine", NULL };
	static char *const encoded[] = { "HOME=/nonexistent", "RUSTFLAGS=--cfg not",
					 "CARGO_ENCODED_RUSTFLAGS=--cfg\x1fmine", NULL };
	struct build_plan *plan = project_tree_plan(*state, NULL, flags);
	_cleanup_free_ char *words = project_tree_words(&plan->steps.items[0]);

	assert_string_equal(environment_value(&plan->environment, "RUSTFLAGS"), "--cfg mine " FLAG);
	assert_lacks(words, "--config");
	build_plan_destroy(plan);
	plan = project_tree_plan(*state, NULL, encoded);
	assert_string_equal(environment_value(&plan->environment, "CARGO_ENCODED_RUSTFLAGS"),
			    "--cfg\x1fmine\x1f" FLAG);
	assert_string_equal(environment_value(&plan->environment, "RUSTFLAGS"), "--cfg not");
	build_plan_destroy(plan);
}

static void flags_of_configuration_files_are_joined(void **state)
{
	_cleanup_free_ char *none = words_for(*state, NULL, plain);

	assert_contains(none, "--config build.rustflags=[\"" FLAG "\"] ");
	project_tree_write(*state, ".cargo/config.toml",
			   "[build]\nrustflags = ['-Copt-level=2']\n# rustflags = 'no'\n"
			   "[target.'cfg(unix)']\nrustflags = [\n\"--cfg\", \"a\"]\n"
			   "[target.x86_64-unknown-linux-gnu]\nrustflags = \"--cfg b\"\n");
	_cleanup_free_ char *both = words_for(*state, NULL, plain);

	assert_contains(both, "--config build.rustflags=[\"" FLAG "\"] ");
	assert_contains(both, "--config target.'cfg(unix)'.rustflags=[\"" FLAG "\"] ");
	assert_contains(both,
			"--config target.x86_64-unknown-linux-gnu.rustflags=\"--cfg b " FLAG "\" ");
}

static void a_project_without_lock_file_is_copied(void **state)
{
	_cleanup_free_ char *lock = memory_format_text("%s/Cargo.lock", (char *)*state);
	struct build_plan *plan;

	assert_int_equal(remove(lock), 0);
	plan = project_tree_plan(*state, NULL, plain);
	assert_string_equal(plan->tree_path, *state);
	assert_contains(plan->steps.items[0].folder_path, plan->folder_path);
	build_plan_destroy(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_programs_place_says_how_it_was_built,
						make_project, remove_project),
		cmocka_unit_test_setup_teardown(debug_builds_become_optimised_and_say_so,
						make_project, remove_project),
		cmocka_unit_test_setup_teardown(the_environment_asks_for_debug_information,
						make_project, remove_project),
		cmocka_unit_test_setup_teardown(flags_of_the_environment_are_kept, make_project,
						remove_project),
		cmocka_unit_test_setup_teardown(flags_of_configuration_files_are_joined,
						make_project, remove_project),
		cmocka_unit_test_setup_teardown(a_project_without_lock_file_is_copied, make_project,
						remove_project),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
