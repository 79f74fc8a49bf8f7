#include "compare/comparison.h"

#include "base/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct comparison_options options;
	struct comparison comparison;
	struct comparison_watch watch;
	int n_progress;
	int stop_after; /**< Runs; 0: never. */
};

static void count_progress(void *context, const struct comparison *comparison, size_t side,
			   double width)
{
	((struct fixture *)context)->n_progress++;
}

static bool is_stopped(void *context)
{
	const struct fixture *fixture = context;

	return fixture->stop_after && fixture->n_progress >= fixture->stop_after;
}

static void fixture_init(struct fixture *fixture, const char *const *texts)
{
	struct launch_place quiet = { .input_fd = -1, .output_fd = -1, .error_fd = -1 };

	*fixture = (struct fixture){
		.options = { .precision = 0.01,
			     .budget_ns = 60 * NS_PER_S,
			     .n_runs_least = 4,
			     .n_runs_most = 100,
			     .seed = 1,
			     .place = quiet,
			     .hooks_place = quiet },
		.watch = { .run = { .is_stopped = is_stopped, .context = fixture },
			   .show_progress = count_progress },
	};
	comparison_init(&fixture->comparison, &fixture->options);
	for (; *texts; texts++) {
		struct command_line line;

		assert_null(command_line_parse(*texts, &fixture->options.shell, &line));
		comparison_add_side(&fixture->comparison, *texts, line);
	}
}

static void test_runs_exactly_and_in_turns(void **state)
{
	struct fixture fixture;

	fixture_init(&fixture, (const char *const[]){ "true", "sh -c 'exit 0'", NULL });
	fixture.options.n_runs_exact = 7;
	fixture.options.n_warmups = 2;
	assert_null(comparison_run(&fixture.comparison, &fixture.watch));
	assert_int_equal(fixture.n_progress, 2 * (7 + 2));
	for (size_t i = 0; i < 2; i++) {
		const struct run_vector *runs = &fixture.comparison.sides.items[i].runs;

		assert_int_equal(runs->count, 7);
		for (size_t run = 0; run < 7; run++) {
			assert_int_equal(runs->items[run].order / 2, run);
			assert_true(runs->items[run].values[METRIC_TIME] > 0);
			/* Nothing that is our own: a small program has none. */
			assert_false(runs->items[run].values[METRIC_MEMORY] <= 0);
		}
	}
	assert_int_equal(fixture.comparison.end, COMPARISON_RUNS_MADE);
	comparison_deinit(&fixture.comparison);
}

static void test_budget_ends_it(void **state)
{
	struct fixture fixture;

	fixture_init(&fixture, (const char *const[]){ "true", "true", NULL });
	fixture.options.budget_ns = 1;
	assert_null(comparison_run(&fixture.comparison, &fixture.watch));
	assert_int_equal(fixture.comparison.end, COMPARISON_BUDGET_SPENT);
	assert_int_equal(fixture.comparison.sides.items[1].runs.count, 4);
	comparison_deinit(&fixture.comparison);
}

static void test_wide_precision_ends_it(void **state)
{
	struct fixture fixture;

	fixture_init(&fixture, (const char *const[]){ "true", "true", NULL });
	fixture.options.precision = 1e6;
	assert_null(comparison_run(&fixture.comparison, &fixture.watch));
	assert_int_equal(fixture.comparison.end, COMPARISON_PRECISE);
	comparison_deinit(&fixture.comparison);
}

static void test_stop_keeps_pairs(void **state)
{
	struct fixture fixture;

	fixture_init(&fixture, (const char *const[]){ "true", "true", NULL });
	fixture.options.n_runs_exact = 50;
	fixture.stop_after = 8;
	assert_null(comparison_run(&fixture.comparison, &fixture.watch));
	assert_int_equal(fixture.comparison.end, COMPARISON_STOPPED);
	assert_int_equal(fixture.comparison.sides.items[0].runs.count,
			 fixture.comparison.sides.items[1].runs.count);
	comparison_deinit(&fixture.comparison);
}

static void test_failure_is_an_error_unless_accepted(void **state)
{
	struct fixture fixture;
	struct error *error;

	fixture_init(&fixture, (const char *const[]){ "true", "exit 3", NULL });
	fixture.options.n_runs_exact = 3;
	error = comparison_run(&fixture.comparison, &fixture.watch);
	assert_non_null(error);
	assert_string_equal(error->message, "exit 3 command ended with status 3");
	error_destroy(error);
	comparison_deinit(&fixture.comparison);

	fixture_init(&fixture, (const char *const[]){ "true", "exit 3", NULL });
	fixture.options.n_runs_exact = 3;
	fixture.options.accepts_failure = true;
	assert_null(comparison_run(&fixture.comparison, &fixture.watch));
	assert_int_equal(fixture.comparison.sides.items[1].n_failed, 3);
	assert_int_equal(fixture.comparison.sides.items[0].n_failed, 0);
	assert_true(fixture.comparison.shell_s[METRIC_TIME] > 0);
	comparison_deinit(&fixture.comparison);
}

static void test_timeout_kills(void **state)
{
	struct fixture fixture;
	struct error *error;

	fixture_init(&fixture, (const char *const[]){ "sleep 60", NULL });
	fixture.options.n_runs_exact = 2;
	fixture.options.timeout_ns = 20 * NS_PER_MS;
	error = comparison_run(&fixture.comparison, &fixture.watch);
	assert_non_null(error);
	assert_string_equal(error->message, "sleep 60 command took longer than --timeout allows");
	error_destroy(error);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	comparison_deinit(&fixture.comparison);
}

static void test_hooks_in_order(void **state)
{
	char path[] = "/tmp/test-comparison-XXXXXX", text[64] = "";
	int file = mkstemp(path);
	struct fixture fixture;

	assert_true(file >= 0);
	fixture_init(&fixture, (const char *const[]){ "printf r", NULL });
	fixture.options.n_runs_exact = 2;
	fixture.options.place.output_fd = fixture.options.hooks_place.output_fd = file;
	fixture.comparison.sides.items[0].hooks =
		(struct side_hooks){ "printf s", "printf p", "printf c", "printf e" };
	assert_null(comparison_run(&fixture.comparison, &fixture.watch));
	assert_int_equal(pread(file, text, sizeof(text) - 1, 0), 8);
	assert_string_equal(text, "sprcprce");
	comparison_deinit(&fixture.comparison);
	close(file);
	unlink(path);
}

static void test_unmeasured_metric_has_no_series(void **state)
{
	struct side side = { 0 };
	struct timed_run run = { 0 };
	double *values;

	run.values[METRIC_CYCLES] = NAN;
	run_vector_append(&side.runs, run);
	assert_int_equal(side_series(&side, METRIC_CYCLES, &values).count, 0);
	free(values);
	assert_int_equal(side_series(&side, METRIC_TIME, &values).count, 1);
	free(values);
	run_vector_deinit(&side.runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_exactly_and_in_turns),
		cmocka_unit_test(test_budget_ends_it),
		cmocka_unit_test(test_wide_precision_ends_it),
		cmocka_unit_test(test_stop_keeps_pairs),
		cmocka_unit_test(test_failure_is_an_error_unless_accepted),
		cmocka_unit_test(test_timeout_kills),
		cmocka_unit_test(test_hooks_in_order),
		cmocka_unit_test(test_unmeasured_metric_has_no_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
