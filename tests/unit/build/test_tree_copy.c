#include "../base/cmocka_headers.h"

#include "build/tree_copy_internal.h"
#include "project_tree.h"

#include "build/paths.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct trees {
	char *top, *tree, *copy;
};

static int make_trees(void **state)
{
	struct trees *trees = memory_allocate(1, sizeof(*trees));

	trees->top = project_tree_create();
	trees->tree = path_join(trees->top, "tree");
	trees->copy = path_join(trees->top, "copy");
	project_tree_write(trees->tree, "src/a.c", "a");
	project_tree_write(trees->tree, "generated.h", "theirs");
	*state = trees;
	return 0;
}

static int remove_trees(void **state)
{
	struct trees *trees = *state;

	project_tree_remove(trees->top);
	free(trees->top);
	free(trees->tree);
	free(trees->copy);
	free(trees);
	return 0;
}

static void copy_again(const struct trees *trees)
{
	assert_null(tree_copy(trees->tree, trees->copy, trees->top));
}

static void sources_are_copied_and_build_folders_are_not(void **state)
{
	const struct trees *trees = *state;

	project_tree_write(trees->tree, "src/a.o", "object");
	project_tree_write(trees->tree, ".git/config", "x");
	project_tree_write(trees->tree, "target/CACHEDIR.TAG", "x");
	project_tree_write(trees->tree, "out/CMakeCache.txt", "x");
	copy_again(trees);
	assert_true(project_tree_has(trees->copy, "src/a.c", "a"));
	assert_false(path_has_file(trees->copy, "src/a.o"));
	assert_false(path_has_folder(trees->copy, ".git"));
	assert_false(path_has_folder(trees->copy, "target"));
	assert_false(path_has_folder(trees->copy, "out"));
}

static void changes_follow_and_departed_files_depart(void **state)
{
	const struct trees *trees = *state;
	_cleanup_free_ char *gone = path_join(trees->tree, "generated.h");

	copy_again(trees);
	project_tree_write(trees->tree, "src/a.c", "changed");
	assert_int_equal(unlink(gone), 0);
	copy_again(trees);
	assert_true(project_tree_has(trees->copy, "src/a.c", "changed"));
	assert_false(path_has_file(trees->copy, "generated.h"));
}

static void what_the_build_has_written_stays(void **state)
{
	const struct trees *trees = *state;

	copy_again(trees);
	project_tree_write(trees->copy, "generated.h", "made by our build");
	project_tree_write(trees->copy, "program", "made by our build");
	project_tree_write(trees->tree, "program", "made by their build");
	for (int i = 0; i < 2; i++) {
		copy_again(trees);
		assert_true(project_tree_has(trees->copy, "generated.h", "made by our build"));
		assert_true(project_tree_has(trees->copy, "program", "made by our build"));
	}
	assert_true(project_tree_has(trees->tree, "program", "made by their build"));
}

static void no_link_leads_back_into_the_tree(void **state)
{
	const struct trees *trees = *state;
	_cleanup_free_ char *link = path_join(trees->tree, "include");
	_cleanup_free_ char *outside_link = path_join(trees->tree, "outside");
	_cleanup_free_ char *target = path_join(trees->tree, "src");
	_cleanup_free_ char *outside = path_join(trees->top, "elsewhere");
	_cleanup_free_ char *copied = path_join(trees->copy, "include");

	project_tree_write(outside, "b.c", "b");
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(symlink(outside, outside_link), 0);
	copy_again(trees);
	copy_again(trees);
	_cleanup_free_ char *real = realpath(copied, NULL);

	assert_non_null(path_inside(real, trees->copy));
	assert_true(project_tree_has(trees->copy, "include/a.c", "a"));
	project_tree_write(trees->copy, "outside/b.c", "written by the build");
	assert_true(project_tree_has(outside, "b.c", "b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sources_are_copied_and_build_folders_are_not,
						make_trees, remove_trees),
		cmocka_unit_test_setup_teardown(changes_follow_and_departed_files_depart,
						make_trees, remove_trees),
		cmocka_unit_test_setup_teardown(what_the_build_has_written_stays, make_trees,
						remove_trees),
		cmocka_unit_test_setup_teardown(no_link_leads_back_into_the_tree, make_trees,
						remove_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
