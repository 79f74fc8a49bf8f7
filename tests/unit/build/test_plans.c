#include "../base/cmocka_headers.h"

#include "project_tree.h"

#include <string.h>

static char *const plain[] = { "HOME=/nonexistent", "PATH=/usr/bin:/bin", "CFLAGS=-O3 -DA=1",
			       NULL };

static int make_folder(void **state)
{
	*state = project_tree_create();
	return 0;
}

static int remove_folder(void **state)
{
	project_tree_remove(*state);
	free(*state);
	return 0;
}

static void assert_recognized(const char *tree_path, const char *program, const char *title)
{
	const struct build_request request = { .program = program,
					       .folder_path = tree_path,
					       .environment = plain };
	struct build_project project;

	assert_null(build_recognize(&request, &project));
	assert_string_equal(build_project_system_title(&project), title);
	assert_string_equal(project.source_path, tree_path);
	build_project_deinit(&project);
}

static void each_system_is_known_by_its_file(void **state)
{
	static const struct {
		const char *name, *title;
	} files[] = {
		{ "Makefile", "Make" },     { "build.zig", "Zig" },        { "go.mod", "Go" },
		{ "meson.build", "Meson" }, { "CMakeLists.txt", "CMake" }, { "Cargo.toml", "Cargo" }
	};

	/* Each wins over those before it. */
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		project_tree_write(*state, files[i].name, "");
		assert_recognized(*state, "deep/below/program", files[i].title);
		assert_recognized(*state, NULL, files[i].title);
	}
}

static void what_is_not_a_project_is_an_error(void **state)
{
	const struct build_request request = { .program = "./x",
					       .folder_path = *state,
					       .environment = plain };
	const struct build_request unknown = { .folder_path = *state,
					       .environment = plain,
					       .system_name = "ant" };
	struct build_project project;
	struct error *error = build_recognize(&request, &project);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);
	error = build_recognize(&unknown, &project);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_USAGE);
	error_destroy(error);
}

static void a_new_cmake_build_is_relwithdebinfo(void **state)
{
	struct build_plan *plan;

	project_tree_write(*state, "CMakeLists.txt", "");
	plan = project_tree_plan(*state, NULL, plain);
	_cleanup_free_ char *words = project_tree_words(&plan->steps.items[0]);

	assert_contains(words, "-DCMAKE_BUILD_TYPE=RelWithDebInfo ");
	assert_contains(environment_value(&plan->environment, "CFLAGS"),
			"-O3 -DA=1 -g -fno-omit-frame-pointer");
	assert_non_null(plan->copy_path);
	build_plan_destroy(plan);
}

static void a_cmake_builds_own_settings_are_kept(void **state)
{
	_cleanup_free_ char *cache = memory_format_text("CMAKE_HOME_DIRECTORY:INTERNAL=%s\n"
							"//comment\n"
							"CMAKE_BUILD_TYPE:STRING=Release\n"
							"CMAKE_C_FLAGS:STRING=-march=x86-64\n"
							"WITH_SPEED:BOOL=ON\n"
							"app_BINARY_DIR:STATIC=%s/out\n",
							(char *)*state, (char *)*state);
	struct build_plan *plan;

	project_tree_write(*state, "CMakeLists.txt", "");
	project_tree_write(*state, "out/CMakeCache.txt", cache);
	plan = project_tree_plan(*state, "out/bin/app", plain);
	_cleanup_free_ char *words = project_tree_words(&plan->steps.items[0]);

	assert_contains(words, "-DCMAKE_BUILD_TYPE=Release ");
	assert_contains(words, "-DCMAKE_C_FLAGS=-march=x86-64 -g -fno-omit-frame-pointer");
	assert_contains(words, "-DWITH_SPEED:BOOL=ON ");
	assert_lacks(words, "app_BINARY_DIR");
	assert_contains(plan->wanted_path, "/build/bin/app");
	build_plan_destroy(plan);
}

static void a_meson_builds_own_settings_are_kept(void **state)
{
	struct build_plan *plan;

	project_tree_write(*state, "meson.build", "project('x', 'c')\n");
	plan = project_tree_plan(*state, NULL, plain);
	_cleanup_free_ char *fresh = project_tree_words(&plan->steps.items[0]);

	assert_contains(fresh, "--buildtype=debugoptimized ");
	build_plan_destroy(plan);
	project_tree_write(*state, "out/meson-private/cmd_line.txt",
			   "[options]\nbuildtype = release\nb_lto = true\nc_args = -DB=2\n\n"
			   "[properties]\n");
	plan = project_tree_plan(*state, "out/app", plain);
	_cleanup_free_ char *words = project_tree_words(&plan->steps.items[0]);

	assert_contains(words, "--buildtype=release -Ddebug=true ");
	assert_contains(words, "-Db_lto=true ");
	assert_contains(words, "-Dc_args=-DB=2 -g -fno-omit-frame-pointer");
	build_plan_destroy(plan);
}

static void a_projects_own_meson_default_is_kept(void **state)
{
	struct build_plan *plan;

	project_tree_write(*state, "meson.build",
			   "project('x', 'c', default_options: ['buildtype=release'])\n");
	plan = project_tree_plan(*state, NULL, plain);
	_cleanup_free_ char *words = project_tree_words(&plan->steps.items[0]);

	assert_contains(words, "--buildtype=release -Ddebug=true ");
	build_plan_destroy(plan);
}

static void go_keeps_symbols_and_the_module_file(void **state)
{
	static char *const own[] = { "HOME=/nonexistent",
				     "GOFLAGS=-mod=mod '-ldflags=-s -w -X main.v=1' -trimpath",
				     NULL };
	struct build_plan *plan;

	project_tree_write(*state, "go.mod", "module x\n");
	project_tree_write(*state, "cmd/tool/main.go", "");
	plan = project_tree_plan(*state, "./tool", own);
	_cleanup_free_ char *words = project_tree_words(&plan->steps.items[0]);

	assert_contains(words, "-mod=readonly ");
	assert_contains(words, "./cmd/tool ");
	assert_string_equal(environment_value(&plan->environment, "GOFLAGS"),
			    "-mod=mod '-ldflags=      -X main.v=1' -trimpath");
	assert_contains(environment_value(&plan->environment, "CGO_CFLAGS"),
			"-g -O2 -g -fno-omit-frame-pointer");
	build_plan_destroy(plan);
}

static void zig_gets_its_option_only_if_it_takes_it(void **state)
{
	struct build_plan *plan;

	project_tree_write(*state, "build.zig", "b.standardOptimizeOption(.{});");
	plan = project_tree_plan(*state, NULL, plain);
	_cleanup_free_ char *words = project_tree_words(&plan->steps.items[0]);

	assert_contains(words, "-Doptimize=ReleaseFast ");
	build_plan_destroy(plan);
	project_tree_write(*state, "build.zig", "");
	plan = project_tree_plan(*state, NULL, plain);
	_cleanup_free_ char *without = project_tree_words(&plan->steps.items[0]);

	assert_lacks(without, "-Doptimize");
	build_plan_destroy(plan);
}

static void make_finds_wrapped_compilers_first(void **state)
{
	struct build_plan *plan;

	project_tree_write(*state, "Makefile", "");
	project_tree_write(*state, "src/Makefile", "");
	plan = project_tree_plan(*state, "src/program", plain);
	assert_string_equal(plan->tree_path, *state);
	assert_string_equal(plan->steps.items[0].folder_path, plan->copy_path);
	assert_int_equal(strncmp(environment_value(&plan->environment, "PATH"), plan->wrapper_path,
				 strlen(plan->wrapper_path)),
			 0);
	/* What a makefile makes of CFLAGS is its own affair. */
	assert_string_equal(environment_value(&plan->environment, "CFLAGS"), "-O3 -DA=1");
	assert_contains(plan->wanted_path, "/src/program");
	build_plan_destroy(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_system_is_known_by_its_file, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(what_is_not_a_project_is_an_error, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_new_cmake_build_is_relwithdebinfo, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_cmake_builds_own_settings_are_kept, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_meson_builds_own_settings_are_kept, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_projects_own_meson_default_is_kept, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(go_keeps_symbols_and_the_module_file, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(zig_gets_its_option_only_if_it_takes_it,
						make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(make_finds_wrapped_compilers_first, make_folder,
						remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
