/** Flame trees of other forms: charts, differences, unsorted, starting at given functions. */

#include "output/difference.h"
#include "output/flame_tree.h"

#include "base/memory.h"
#include "profile_builder.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/** Indented lines "NAME TOTAL"; of differences "NAME BEFORE>AFTER". */
static void assert_tree(struct flame_tree *tree, const char *expected)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);

	flame_tree_link(tree);
	for (uint32_t i = FLAME_NODE_ROOT; i != FLAME_NODE_NONE; i = flame_tree_next(tree, i)) {
		const struct flame_node *node = &tree->nodes.items[i];

		fprintf(file, "%*s%s ", (int)tree->links.items[i].depth, "",
			tree->frames.items[node->frame].name);
		if (tree->is_difference)
			fprintf(file, "%" PRIu64 ">%" PRIu64 "\n",
				flame_tree_change(tree, i).before_total_count,
				flame_tree_change(tree, i).after_total_count);
		else
			fprintf(file, "%" PRIu64 "\n", node->total_count);
	}
	fclose(file);
	assert_string_equal(text, expected);
	free(text);
}

static void assert_chart(const struct profile *profile, const char *expected)
{
	struct flame_tree tree;

	flame_tree_init_chart(&tree, profile, 0);
	assert_tree(&tree, expected);
	flame_tree_deinit(&tree);
}

static void test_a_chart_merges_neighbours_only(void **state)
{
	struct profile_builder builder;

	profile_builder_init(&builder);
	builder.keeps_ticks = true;
	profile_builder_add(&builder, "app-7/8;main;b 2\n");
	profile_builder_add(&builder, "app-7/8;main;a 1\n");
	profile_builder_add(&builder, "app-7/8;main;b 3\n");
	assert_chart(builder.profile, "all 6\n"
				      " app-7/8 6\n"
				      "  main 6\n"
				      "   b 2\n"
				      "   a 1\n"
				      "   b 3\n");
	profile_destroy(builder.profile);
}

static void test_a_chart_keeps_the_place_of_a_functions_own_time(void **state)
{
	struct profile_builder builder;

	profile_builder_init(&builder);
	builder.keeps_ticks = true;
	profile_builder_add(&builder, "app-7/8;main 1\n");
	profile_builder_add(&builder, "app-7/8;main;a 1\n");
	profile_builder_add(&builder, "app-7/8;main 2\n");
	profile_builder_add(&builder, "app-7/8;main;a 1\n");
	assert_chart(builder.profile, "all 5\n"
				      " app-7/8 5\n"
				      "  main 5\n"
				      "   a 1\n"
				      "   [itself] 2\n"
				      "   a 1\n");
	profile_destroy(builder.profile);
}

static void test_threads_of_a_chart_stay_apart(void **state)
{
	struct profile_builder builder;

	profile_builder_init(&builder);
	builder.keeps_ticks = true;
	profile_builder_add(&builder, "app-7/8;main 1\n");
	profile_builder_add(&builder, "app-7/9;main 1\n");
	profile_builder_add(&builder, "app-7/8;main 1\n");
	assert_chart(builder.profile, "all 3\n"
				      " app-7/8 2\n"
				      "  main 2\n"
				      " app-7/9 1\n"
				      "  main 1\n");
	profile_destroy(builder.profile);
}

static void test_ticks_of_folded_lines_count_by_their_period(void **state)
{
	struct profile *profile = profile_build("app;a 5\napp;b 2\n");

	profile_add_tick(profile, 0, 0, 0, 3);
	profile_add_tick(profile, 1, 1, 0, 2);
	profile_add_tick(profile, 0, 2, 0, 2);
	assert_chart(profile, "all 7\n app-100/100 7\n  a 3\n  b 2\n  a 2\n");
	profile_destroy(profile);
}

static void test_a_chart_without_ticks_follows_the_input(void **state)
{
	struct profile *profile = profile_build("app;z 1\napp;a 1\n");

	assert_chart(profile, "all 2\n app-100/100 2\n  z 1\n  a 1\n");
	profile_destroy(profile);
}

static void test_elision_in_a_chart_keeps_order(void **state)
{
	struct profile_builder builder;
	struct flame_tree tree;

	profile_builder_init(&builder);
	builder.keeps_ticks = true;
	profile_builder_add(&builder, "app-7/8;a 1\n");
	profile_builder_add(&builder, "app-7/8;b 50\n");
	profile_builder_add(&builder, "app-7/8;c 1\n");
	profile_builder_add(&builder, "app-7/8;d 1\n");
	flame_tree_init_chart(&tree, builder.profile, 0);
	flame_tree_elide(&tree, 3, 0.5);
	assert_tree(&tree, "all 53\n"
			   " app-7/8 53\n"
			   "  [small frames] 1\n"
			   "  b 50\n"
			   "  [small frames] 2\n");
	assert_int_equal(tree.n_elided, 3);
	flame_tree_deinit(&tree);
	profile_destroy(builder.profile);
}

static void test_unsorted_siblings_follow_the_input(void **state)
{
	struct profile *profile = profile_build("app;z 1\napp;a 1\napp;z;y 1\n");
	struct flame_tree tree;

	flame_tree_init_unsorted(&tree, profile, 0);
	assert_tree(&tree, "all 3\n app 3\n  z 2\n   y 1\n  a 1\n");
	flame_tree_deinit(&tree);
	profile_destroy(profile);
}

static void test_stacks_start_at_the_innermost_base(void **state)
{
	struct profile *profile = profile_build("app;main;f;g 1\napp;main;h;f;f;k 2\napp;main 4\n");
	struct string_vector names = { 0 };
	struct flame_tree tree;

	string_vector_append(&names, "f");
	flame_tree_init(&tree, profile, 0);
	flame_tree_rebase(&tree, &names);
	assert_tree(&tree, "all 7\n app 4\n  main 4\n f 3\n  g 1\n  k 2\n");
	flame_tree_deinit(&tree);
	string_vector_deinit(&names);
	profile_destroy(profile);
}

struct sides {
	struct profile *before, *after;
	struct flame_tree tree;
};

static void sides_init(struct sides *sides, const char *before, const char *after,
		       struct flame_difference_options options)
{
	sides->before = profile_build(before);
	sides->after = profile_build(after);
	flame_tree_init_difference(&sides->tree, (struct flame_side){ sides->before, 0 },
				   (struct flame_side){ sides->after, 0 }, &options);
}

static void sides_deinit(struct sides *sides)
{
	flame_tree_deinit(&sides->tree);
	profile_destroy(sides->before);
	profile_destroy(sides->after);
}

static void test_a_difference_holds_both_sides(void **state)
{
	struct sides sides;

	sides_init(&sides, "app;main;gone 4\napp;main;same 2\n",
		   "app;main;same 3\napp;main;new 1\n", (struct flame_difference_options){ 0 });
	assert_tree(&sides.tree, "all 6>4\n"
				 " app 6>4\n"
				 "  main 6>4\n"
				 "   gone 4>0\n"
				 "   new 0>1\n"
				 "   same 2>3\n");
	/* Widths are the larger side's: 4 + 1 + 3. */
	assert_int_equal(sides.tree.nodes.items[FLAME_NODE_ROOT].total_count, 8);
	sides_deinit(&sides);
}

static void test_a_normalized_difference_compares_shares(void **state)
{
	struct sides sides;

	sides_init(&sides, "app;a 10\napp;b 10\n", "app;a 30\napp;b 10\n",
		   (struct flame_difference_options){ .is_normalized = true });
	assert_float_equal(sides.tree.before_factor, 2, 1e-9);
	/* a: max(20, 30); b: max(20, 10). */
	assert_int_equal(sides.tree.nodes.items[FLAME_NODE_ROOT].total_count, 50);
	sides_deinit(&sides);
}

static void test_programs_of_other_names_are_compared(void **state)
{
	struct sides sides = { .before = profile_build("old;main@/x/old;f@/lib/l.so 1\n"),
			       .after = profile_build("new;main@/y/new;f@/opt/l.so 2\n") };
	const struct flame_difference_options options = { 0 };

	sides.before->info.program = memory_duplicate_text("old");
	sides.after->info.program = memory_duplicate_text("new");
	flame_tree_init_difference(&sides.tree, (struct flame_side){ sides.before, 0 },
				   (struct flame_side){ sides.after, 0 }, &options);
	assert_tree(&sides.tree, "all 1>2\n new 1>2\n  main 1>2\n   f 1>2\n");
	sides_deinit(&sides);
}

static void test_an_empty_side_is_all_new(void **state)
{
	struct sides sides;

	sides_init(&sides, "", "app;a 3\n",
		   (struct flame_difference_options){ .is_normalized = true });
	assert_tree(&sides.tree, "all 0>3\n app 0>3\n  a 0>3\n");
	sides_deinit(&sides);
}

static void test_reversed_differences_keep_both_sides(void **state)
{
	struct flame_tree reversed;
	struct sides sides;

	sides_init(&sides, "app;a;f 1\napp;b;f 2\n", "app;a;f 5\n",
		   (struct flame_difference_options){ 0 });
	flame_tree_init_reversed(&reversed, &sides.tree, 1);
	assert_tree(&reversed, "all 3>5\n"
			       " f 3>5\n"
			       "  a 1>5\n"
			       "   app 1>5\n"
			       "  b 2>0\n"
			       "   app 2>0\n");
	flame_tree_deinit(&reversed);
	sides_deinit(&sides);
}

static void assert_folded(struct flame_difference_options options, const char *expected)
{
	struct sides sides;
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);

	sides_init(&sides, "app;f+0x12 10\napp;g 5\n", "app;f+0xa7 4\napp;a;b 6\n", options);
	flame_tree_link(&sides.tree);
	difference_write_folded(&sides.tree, file);
	fclose(file);
	assert_string_equal(text, expected);
	free(text);
	sides_deinit(&sides);
}

static void test_two_column_folded_lines(void **state)
{
	assert_folded((struct flame_difference_options){ 0 }, "app;a;b 0 6\n"
							      "app;f+0x12 10 0\n"
							      "app;f+0xa7 0 4\n"
							      "app;g 5 0\n");
	/* 10 * 10 / 15 and 5 * 10 / 15, rounded down. */
	assert_folded(
		(struct flame_difference_options){ .is_normalized = true, .is_hex_stripped = true },
		"app;a;b 0 6\n"
		"app;f+0x... 6 4\n"
		"app;g 3 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_chart_merges_neighbours_only),
		cmocka_unit_test(test_a_chart_keeps_the_place_of_a_functions_own_time),
		cmocka_unit_test(test_threads_of_a_chart_stay_apart),
		cmocka_unit_test(test_ticks_of_folded_lines_count_by_their_period),
		cmocka_unit_test(test_a_chart_without_ticks_follows_the_input),
		cmocka_unit_test(test_elision_in_a_chart_keeps_order),
		cmocka_unit_test(test_unsorted_siblings_follow_the_input),
		cmocka_unit_test(test_stacks_start_at_the_innermost_base),
		cmocka_unit_test(test_a_difference_holds_both_sides),
		cmocka_unit_test(test_a_normalized_difference_compares_shares),
		cmocka_unit_test(test_programs_of_other_names_are_compared),
		cmocka_unit_test(test_an_empty_side_is_all_new),
		cmocka_unit_test(test_reversed_differences_keep_both_sides),
		cmocka_unit_test(test_two_column_folded_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
