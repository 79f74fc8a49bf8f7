#include "output/flame_tree.h"

#include "base/memory.h"
#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/** The tree as indented lines "NAME TOTAL", with " self N" where stacks end. Free with free(). */
static char *tree_text(struct flame_tree *tree)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);

	flame_tree_link(tree);
	for (uint32_t i = FLAME_NODE_ROOT; i != FLAME_NODE_NONE; i = flame_tree_next(tree, i)) {
		const struct flame_node *node = &tree->nodes.items[i];

		fprintf(file, "%*s%s %llu", (int)tree->links.items[i].depth, "",
			tree->frames.items[node->frame].name,
			(unsigned long long)node->total_count);
		if (node->self_count)
			fprintf(file, " self %llu", (unsigned long long)node->self_count);
		fputc('\n', file);
	}
	fclose(file);
	return text;
}

static void assert_tree(struct flame_tree *tree, const char *expected)
{
	char *text = tree_text(tree);

	assert_string_equal(text, expected);
	free(text);
}

static void assert_stacks(const char *lines, const char *expected)
{
	struct profile *profile = profile_build(lines);
	struct flame_tree tree;

	flame_tree_init(&tree, profile, 0);
	assert_tree(&tree, expected);
	flame_tree_deinit(&tree);
	profile_destroy(profile);
}

static void test_stacks_are_merged_from_the_root(void **state)
{
	assert_stacks("app;main;b 2\n"
		      "app;main;a;x 3\n"
		      "app;main;a 5\n",
		      "all 10\n"
		      " app 10\n"
		      "  main 10\n"
		      "   a 8 self 5\n"
		      "    x 3 self 3\n"
		      "   b 2 self 2\n");
}

static void test_siblings_are_in_the_order_of_folded_lines(void **state)
{
	/* ' ' and '0' sort before ';', which ends a name; '_' and letters after it. */
	assert_stacks("app;a 1\n"
		      "app;a\\ b 1\n"
		      "app;a0 1\n"
		      "app;a_ 1\n"
		      "app;B 1\n",
		      "all 5\n app 5\n  B 1 self 1\n  a b 1 self 1\n  a0 1 self 1\n  a 1 self 1\n"
		      "  a_ 1 self 1\n");
}

/** Code at several addresses is several stacks of a profile, and what is below it as well. */
static void test_what_several_stacks_call_is_merged(void **state)
{
	struct profile *profile = profile_create();
	uint32_t object = profile_intern_object(profile, "/bin/app", NULL);
	uint32_t event = profile_add_event(profile, "cycles", "");
	uint32_t thread = profile_intern_thread(profile, 1, 1, "app", "app");
	uint32_t frames[3];
	struct flame_tree tree;

	for (uint32_t i = 0; i < 3; i++) {
		static const char *const names[] = { "main", "call", "leaf" };

		frames[i] = profile_intern_frame(
			profile, &(struct profile_frame){
					 .name = profile_intern_text(profile, names[i]),
					 .object = object,
				 });
	}
	for (uint32_t i = 0; i < 27; i++) {
		uint32_t path[3], stacks[3];

		for (uint32_t k = 0; k < 3; k++) {
			uint32_t address = i / (k == 0 ? 9 : k == 1 ? 3 : 1) % 3;

			path[k] = profile_intern_location(profile, object, 16 * k + address, 0,
							  LOCATION_USER, 0);
			profile_set_location_frames(profile, path[k], &frames[k], 1, 0);
		}
		profile_intern_stacks(profile, 0, path, 3, stacks);
		profile_add_sample(profile, thread, event, stacks[2], STACK_END_ROOT, 1, 0);
		if (i % 3 == 0)
			profile_add_sample(profile, thread, event, stacks[1], STACK_END_ROOT, 1, 0);
	}
	flame_tree_init(&tree, profile, event);
	assert_tree(&tree, "all 36\n app 36\n  main 36\n   call 36 self 9\n    leaf 27 self 27\n");
	assert_int_equal(tree.nodes.count, 5);
	for (uint32_t i = 1; i < tree.nodes.count; i++)
		assert_true(tree.nodes.items[i].parent < i);
	flame_tree_deinit(&tree);
	profile_destroy(profile);
}

static void test_threads_of_one_name_are_merged(void **state)
{
	assert_stacks("worker-1/2;run 2\n"
		      "worker-1/3;run 3\n",
		      "all 5\n worker 5\n  run 5 self 5\n");
}

static void test_functions_of_one_name_in_two_objects_are_two(void **state)
{
	assert_stacks("app;main;hash@/lib/a.so 2\n"
		      "app;main;hash@/lib/b.so 3\n",
		      "all 5\n app 5\n  main 5\n   hash 2 self 2\n   hash 3 self 3\n");
}

static void test_inlined_functions_stand_on_their_callers(void **state)
{
	assert_stacks("app;main;inner_[i];innermost_[i];work 4\n",
		      "all 4\n app 4\n  main 4\n   inner 4\n    innermost 4\n     work 4 self 4\n");
}

static void test_stacks_that_miss_their_root_are_marked(void **state)
{
	assert_stacks("app;main 3\n"
		      "app;lost 2 copy-ended\n"
		      "app;foreign 1 untraced\n"
		      "app;thread_[k] 4 none\n",
		      "all 10\n"
		      " app 10\n"
		      "  [incomplete stack] 2\n"
		      "   lost 2 self 2\n"
		      "  foreign 1 self 1\n"
		      "  main 3 self 3\n"
		      "  thread 4 self 4\n");
}

static void test_code_without_a_name_is_called_by_its_object(void **state)
{
	assert_stacks("app;main;[unknown]@/usr/lib/libx.so;[unknown]@[vdso] 2\n"
		      "app;main;[unknown]@/usr/lib/libx.so 3\n",
		      "all 5\n app 5\n  main 5\n   [libx.so] 5 self 3\n    [vdso] 2 self 2\n");
}

static void test_only_one_event_is_taken(void **state)
{
	struct profile_builder builder;
	struct flame_tree tree;

	profile_builder_init(&builder);
	profile_builder_add(&builder, "app;main 3\n");
	builder.event = profile_add_event(builder.profile, "faults", "");
	profile_builder_add(&builder, "app;fault 4\n");
	flame_tree_init(&tree, builder.profile, builder.event);
	assert_tree(&tree, "all 4\n app 4\n  fault 4 self 4\n");
	flame_tree_deinit(&tree);
	profile_destroy(builder.profile);
}

static void test_no_samples_make_a_root(void **state)
{
	assert_stacks("", "all 0\n");
}

static void test_line_is_known_when_it_is_one(void **state)
{
	const struct profile_builder_frame frames[] = { { .name = "f", .file = "f.c", .line = 3 },
							{ .name = "g", .file = "f.c", .line = 7 } };
	const struct profile_builder_frame others[] = { { .name = "f", .file = "f.c", .line = 4 },
							{ .name = "g", .file = "f.c", .line = 7 } };
	struct profile_builder builder;
	struct flame_tree tree;
	uint32_t thread;

	profile_builder_init(&builder);
	thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
	profile_builder_add_sample(&builder, thread, profile_builder_stack(&builder, frames, 2),
				   STACK_END_ROOT, 1);
	profile_builder_add_sample(&builder, thread, profile_builder_stack(&builder, others, 2),
				   STACK_END_ROOT, 1);
	flame_tree_init(&tree, builder.profile, builder.event);
	assert_tree(&tree, "all 2\n app 2\n  f 2\n   g 2 self 2\n");
	for (size_t i = 0; i < tree.frames.count; i++) {
		const struct flame_frame *frame = &tree.frames.items[i];

		if (frame->kind == FLAME_FRAME_CODE) {
			assert_string_equal(profile_text(builder.profile, frame->file), "f.c");
			assert_int_equal(frame->line, frame->name[0] == 'g' ? 7 : 0);
		}
	}
	flame_tree_deinit(&tree);
	profile_destroy(builder.profile);
}

static void assert_reversed(const char *lines, uint64_t limit_count, const char *expected,
			    uint64_t n_elided)
{
	struct profile *profile = profile_build(lines);
	struct flame_tree tree, reversed;

	flame_tree_init(&tree, profile, 0);
	flame_tree_init_reversed(&reversed, &tree, limit_count);
	assert_tree(&reversed, expected);
	assert_int_equal(reversed.n_elided, n_elided);
	flame_tree_deinit(&reversed);
	flame_tree_deinit(&tree);
	profile_destroy(profile);
}

static void test_reversed_merges_from_the_leaf(void **state)
{
	static const char lines[] = "app;main;parse;copy 20\n"
				    "app;init;copy 15\n"
				    "app;main 4\n";

	assert_reversed(lines, 1,
			"all 39\n"
			" copy 35\n"
			"  init 15\n"
			"   app 15 self 15\n"
			"  parse 20\n"
			"   main 20\n"
			"    app 20 self 20\n"
			" main 4\n"
			"  app 4 self 4\n",
			0);
	assert_reversed(lines, 16, "all 39\n copy 35\n  parse 20\n   main 20\n    app 20 self 20\n",
			2);
}

static void test_small_nodes_give_way_when_there_are_too_many(void **state)
{
	struct profile *profile = profile_build("app;main;a 1\n"
						"app;main;b;x 2\n"
						"app;main;c 500\n"
						"app;main;d 400\n"
						"app;main 97\n");
	struct flame_tree tree;

	flame_tree_init(&tree, profile, 0);
	flame_tree_elide(&tree, 100, 0.01); /* few enough: nothing happens */
	assert_int_equal(tree.n_elided, 0);
	flame_tree_elide(&tree, 2, 0.01);
	assert_tree(&tree, "all 1000\n app 1000\n  main 1000 self 97\n   c 500 self 500\n"
			   "   d 400 self 400\n   [small frames] 3 self 3\n");
	assert_int_equal(tree.n_elided, 3);
	assert_int_equal(tree.elided_limit_count, 10);
	flame_tree_deinit(&tree);
	profile_destroy(profile);
}

static void test_elision_stops_when_few_enough_are_left(void **state)
{
	struct profile *profile = profile_build("app;a 1\napp;b 2\napp;c 3\napp;d 994\n");
	struct flame_tree tree;

	flame_tree_init(&tree, profile, 0);
	flame_tree_elide(&tree, 5, 0.5);
	/* 6 nodes, 5 wanted: what is not larger than the sixth goes. */
	assert_tree(&tree, "all 1000\n app 1000\n  b 2 self 2\n  c 3 self 3\n  d 994 self 994\n"
			   "  [small frames] 1 self 1\n");
	flame_tree_deinit(&tree);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks_are_merged_from_the_root),
		cmocka_unit_test(test_siblings_are_in_the_order_of_folded_lines),
		cmocka_unit_test(test_what_several_stacks_call_is_merged),
		cmocka_unit_test(test_threads_of_one_name_are_merged),
		cmocka_unit_test(test_functions_of_one_name_in_two_objects_are_two),
		cmocka_unit_test(test_inlined_functions_stand_on_their_callers),
		cmocka_unit_test(test_stacks_that_miss_their_root_are_marked),
		cmocka_unit_test(test_code_without_a_name_is_called_by_its_object),
		cmocka_unit_test(test_only_one_event_is_taken),
		cmocka_unit_test(test_no_samples_make_a_root),
		cmocka_unit_test(test_line_is_known_when_it_is_one),
		cmocka_unit_test(test_reversed_merges_from_the_leaf),
		cmocka_unit_test(test_small_nodes_give_way_when_there_are_too_many),
		cmocka_unit_test(test_elision_stops_when_few_enough_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
