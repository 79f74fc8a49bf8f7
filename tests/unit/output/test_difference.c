#include "output/difference.h"

#include "base/memory.h"
#include "profile_builder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct sides {
	struct profile *before, *after;
	struct difference difference;
};

static struct error *try_init(struct sides *sides, const char *before, const char *after,
			      struct difference_options options)
{
	struct difference_side before_side, after_side;

	*sides = (struct sides){ .before = profile_build(before), .after = profile_build(after) };
	sides->after->info.wall_ns = UINT64_C(2000000000);
	before_side = (struct difference_side){ .path = "a.data", .profile = sides->before };
	after_side = (struct difference_side){ .path = "b`.data", .profile = sides->after };
	return difference_init(&sides->difference, &before_side, &after_side, &options);
}

static void sides_init(struct sides *sides, const char *before, const char *after,
		       struct difference_options options)
{
	assert_null(try_init(sides, before, after, options));
}

static void sides_deinit(struct sides *sides)
{
	difference_deinit(&sides->difference);
	profile_destroy(sides->before);
	profile_destroy(sides->after);
}

static const struct function_change *find(const struct sides *sides, const char *name)
{
	const struct function_change_vector *functions = &sides->difference.functions;

	for (size_t i = 0; i < functions->count; i++)
		if (strcmp(functions->items[i].name, name) == 0)
			return &functions->items[i];
	fail_msg("no '%s'", name);
	return NULL;
}

static void assert_close(double value, double expected)
{
	if (fabs(value - expected) > 1e-9)
		fail_msg("%.9g, expected %.9g", value, expected);
}

static const char before_stacks[] = "app;main;f@/l/l.so 600\napp;main;g 300\napp;main;old;h 100\n";
static const char after_stacks[] = "app;main;f@/l/l.so 190\napp;main;g 310\napp;main;new;h 500\n";

/** Both measures of both sides, and the interval by the formula of docs/formats/diff.md. */
static void test_own_time_and_that_of_callees(void **state)
{
	const double p = 600.5 / 1001, q = 190.5 / 1001;
	const double error = sqrt(p * (1 - p) / 1001 + q * (1 - q) / 1001);
	const struct function_change *change;
	struct sides sides;

	sides_init(&sides, before_stacks, after_stacks, (struct difference_options){ 0 });
	assert_string_equal(sides.difference.unit, "s");
	assert_close(sides.difference.before.total, 1);
	change = find(&sides, "f");
	assert_string_equal(change->library, "l.so");
	assert_close(change->reference_s, 0.6);
	assert_close(change->changed_s, 0.19);
	assert_close(change->change_s, -0.41);
	assert_close(change->low_s, -0.41 - 1.96 * error);
	assert_close(change->high_s, -0.41 + 1.96 * error);
	assert_true(change->is_significant);
	change = find(&sides, "main");
	assert_close(change->reference_s, 0);
	assert_close(change->reference_children_s, 1);
	assert_close(change->changed_children_s, 1);
	assert_false(find(&sides, "g")->is_significant);
	assert_true(function_change_is_gone(find(&sides, "old")));
	assert_true(function_change_is_new(find(&sides, "new")));
	assert_false(function_change_is_new(find(&sides, "h")));
	assert_false(function_change_is_gone(find(&sides, "h")));
	sides_deinit(&sides);
}

/** Three times the samples of the same shares: more as it is, the same by total. */
static void test_normalized_by_total(void **state)
{
	const char before[] = "app;f 100\napp;g 100\n", after[] = "app;f 300\napp;g 300\n";
	struct sides sides;

	sides_init(&sides, before, after, (struct difference_options){ 0 });
	assert_close(find(&sides, "f")->change_s, 0.2);
	assert_true(find(&sides, "f")->is_significant);
	sides_deinit(&sides);
	sides_init(&sides, before, after,
		   (struct difference_options){ .basis = DIFFERENCE_BY_TOTAL });
	assert_close(find(&sides, "f")->reference_s, 0.5);
	assert_close(find(&sides, "f")->change_s, 0);
	assert_false(find(&sides, "f")->is_significant);
	sides_deinit(&sides);
}

static void test_normalized_by_time(void **state)
{
	const struct difference_options options = { .basis = DIFFERENCE_BY_TIME };
	struct difference_side before, after;
	struct sides sides;
	_cleanup_error_ struct error *error =
		try_init(&sides, "app;f 100\n", "app;f 300\n", options);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_UNSUPPORTED);
	assert_non_null(strstr(error->message, "a.data does not say how long"));
	sides.before->info.wall_ns = UINT64_C(1000000000);
	before = (struct difference_side){ .path = "a", .profile = sides.before };
	after = (struct difference_side){ .path = "b", .profile = sides.after };
	assert_null(difference_init(&sides.difference, &before, &after, &options));
	assert_close(find(&sides, "f")->reference_s, 0.1);
	assert_close(find(&sides, "f")->changed_s, 0.15);
	sides_deinit(&sides);
}

static void test_addresses_in_names(void **state)
{
	struct sides sides;

	sides_init(&sides, "app;f+0x12 5\n", "app;f+0xa7 5\n",
		   (struct difference_options){ .is_hex_stripped = true });
	assert_close(find(&sides, "f+0x...")->change_s, 0);
	sides_deinit(&sides);
}

/** Equal profiles but for chance: nothing is marked. */
static void test_chance_is_not_marked(void **state)
{
	struct sides sides;

	sides_init(&sides, "app;f 500\napp;g 480\napp;h 20\n", "app;f 480\napp;g 505\napp;h 15\n",
		   (struct difference_options){ 0 });
	for (size_t i = 0; i < sides.difference.functions.count; i++)
		assert_false(sides.difference.functions.items[i].is_significant);
	sides_deinit(&sides);
}

static char *text_of(const struct sides *sides, void (*write)(const struct sides *, FILE *))
{
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);

	write(sides, file);
	fclose(file);
	return text;
}

static void write_text(const struct sides *sides, FILE *file)
{
	difference_write_text(&sides->difference, 0.1, file);
}

static void write_markdown(const struct sides *sides, FILE *file)
{
	difference_write_markdown(&sides->difference, 0.1, file);
}

static void write_json(const struct sides *sides, FILE *file)
{
	difference_write_json(&sides->difference, file);
}

static void test_text(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct sides sides;

	sides_init(&sides, before_stacks, after_stacks, (struct difference_options){ 0 });
	text = text_of(&sides, write_text);
	assert_string_equal(
		text,
		"# before: a.data: 1,000 samples of cpu-clock, 1 s\n"
		"# after: b`.data: 1,000 samples of cpu-clock, 1 s in 2.000 s\n"
		"# change: what there was on each side, of the function itself; +-: 95 % interval, "
		"from\n"
		"#   the numbers of samples; *: more than chance makes of them (Holm's test, 5 %)\n"
		"#\n"
		"#       change         +-   self before    after   children before    after  "
		"function\n"
		"*     -0.410 s      0.039       60.00 %  19.00 %           60.00 %  19.00 %  f  "
		"(l.so)\n"
		"*     +0.400 s      0.036       10.00 %  50.00 %           10.00 %  50.00 %  h  "
		"(app)\n"
		"      +0.010 s      0.040       30.00 %  31.00 %           30.00 %  31.00 %  g  "
		"(app)\n"
		"      +0.000 s      0.002        0.00 %   0.00 %            0.00 %  50.00 %  new  "
		"(app)  new\n"
		"      +0.000 s      0.002        0.00 %   0.00 %           10.00 %   0.00 %  old  "
		"(app)  gone\n"
		"# 1 more changed by less than 0.1 % or not at all\n");
	sides_deinit(&sides);
}

static void test_markdown(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct sides sides;

	sides_init(&sides, "app;a|b 100\n", "app;a|b 60\napp;`c` 40\n",
		   (struct difference_options){ .basis = DIFFERENCE_BY_TOTAL });
	text = text_of(&sides, write_markdown);
	assert_non_null(strstr(text, "Before: 100 samples of `cpu-clock` in `a.data`.\n"));
	assert_non_null(strstr(text, "in `` b`.data ``.\n"));
	assert_non_null(strstr(text,
			       "| **-40.00 %** | 9.66 | 100.0 % | 60.0 % | 100.0 % | 60.0 % | "
			       "`a\\|b` |\n"));
	assert_non_null(strstr(text, "| `` `c` `` new |\n"));
	sides_deinit(&sides);
}

static void test_json(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct sides sides;

	sides_init(&sides, "app;\"f\" 3\n", "app;g 1\n", (struct difference_options){ 0 });
	text = text_of(&sides, write_json);
	assert_non_null(strstr(text, "\"schema\": 1"));
	assert_non_null(strstr(text, "\"compared\": \"amount\""));
	assert_non_null(strstr(text, "\"name\": \"\\\"f\\\"\""));
	assert_non_null(strstr(text, "\"status\": \"vanished\""));
	assert_non_null(strstr(text, "\"status\": \"appeared\""));
	sides_deinit(&sides);
}

static void test_empty_sides(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct sides sides;

	sides_init(&sides, "", "", (struct difference_options){ 0 });
	assert_int_equal(sides.difference.functions.count, 0);
	text = text_of(&sides, write_markdown);
	assert_non_null(strstr(text, "No function changed"));
	sides_deinit(&sides);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_time_and_that_of_callees),
		cmocka_unit_test(test_normalized_by_total),
		cmocka_unit_test(test_normalized_by_time),
		cmocka_unit_test(test_addresses_in_names),
		cmocka_unit_test(test_chance_is_not_marked),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_empty_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
