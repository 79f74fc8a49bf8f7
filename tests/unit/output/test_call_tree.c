#include "output/call_tree_internal.h"

#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/** Numbers threads by comm and frames by name. */
static void build_tree(struct call_tree *tree, const struct profile *profile)
{
	uint32_t *of_thread = memory_allocate(profile->threads.count, sizeof(uint32_t));
	uint32_t *of_frame = memory_allocate(profile->frames.count, sizeof(uint32_t));

	for (size_t i = 0; i < profile->threads.count; i++)
		of_thread[i] = profile->threads.items[i].comm;
	for (size_t i = 0; i < profile->frames.count; i++)
		of_frame[i] = profile->frames.items[i].name;
	call_tree_init(tree, profile, 0, of_thread, of_frame);
	free(of_frame);
	free(of_thread);
}

static uint32_t child_named(const struct profile *profile, const struct call_tree *tree,
			    uint32_t parent, const char *name)
{
	uint32_t child = tree->nodes.items[parent].first_child;

	while (child != 0 &&
	       strcmp(profile_text(profile, tree->nodes.items[child].name), name) != 0)
		child = tree->nodes.items[child].next_sibling;
	assert_int_not_equal(child, 0);
	return child;
}

static void test_stacks_merge_by_name(void **state)
{
	struct profile *profile = profile_build("app-1/1;main;work 2\n"
						"app-1/2;main;work@/lib/other.so 3\n"
						"app-1/1;main 5\n"
						"web;main 7\n");
	struct call_tree tree;
	uint32_t app, main_node, work;

	build_tree(&tree, profile);
	assert_int_equal(tree.nodes.count, 1 + 3 + 2);
	app = child_named(profile, &tree, 0, "app");
	main_node = child_named(profile, &tree, app, "main");
	work = child_named(profile, &tree, main_node, "work");
	assert_int_equal(tree.nodes.items[work].self_count, 5);
	assert_int_equal(tree.nodes.items[work].self_period, 5 * PROFILE_BUILDER_PERIOD_NS);
	assert_int_equal(tree.nodes.items[main_node].self_count, 5);
	assert_int_equal(tree.nodes.items[app].self_count, 0);
	assert_int_equal(tree.nodes.items[work].parent, main_node);
	call_tree_deinit(&tree);
	profile_destroy(profile);
}

static void test_walk_enters_and_leaves_every_node_once(void **state)
{
	struct profile *profile = profile_build("a;b;c 1\n"
						"a;b;d 1\n"
						"e;f 1\n");
	unsigned int n_enters[8] = { 0 }, n_leaves[8] = { 0 }, depth = 0;
	struct call_tree_walk walk;
	struct call_tree tree;

	build_tree(&tree, profile);
	assert_int_equal(tree.nodes.count, 7);
	walk = call_tree_walk_begin(&tree);
	while (call_tree_walk_next(&walk)) {
		uint32_t parent = tree.nodes.items[walk.node].parent;

		if (walk.is_entering) {
			assert_int_equal(n_enters[walk.node]++, 0);
			assert_true(parent == 0 || (n_enters[parent] == 1 && !n_leaves[parent]));
			depth++;
		} else {
			assert_int_equal(n_enters[walk.node], 1);
			assert_int_equal(n_leaves[walk.node]++, 0);
			depth--;
		}
	}
	assert_int_equal(depth, 0);
	for (uint32_t i = 1; i < tree.nodes.count; i++)
		assert_int_equal(n_leaves[i], 1);
	call_tree_deinit(&tree);
	profile_destroy(profile);
}

static void test_empty_tree_has_nothing_to_walk(void **state)
{
	struct profile *profile = profile_build("");
	struct call_tree_walk walk;
	struct call_tree tree;

	build_tree(&tree, profile);
	walk = call_tree_walk_begin(&tree);
	assert_false(call_tree_walk_next(&walk));
	call_tree_deinit(&tree);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks_merge_by_name),
		cmocka_unit_test(test_walk_enters_and_leaves_every_node_once),
		cmocka_unit_test(test_empty_tree_has_nothing_to_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
