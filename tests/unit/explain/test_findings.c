#include "explain_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define TEXTS           "title = T\nmeaning = M\nadvice = A\n"
#define RULE(id, lines) "[" id "]\n" TEXTS lines

static void assert_near(double value, double expected)
{
	if (fabs(value - expected) > 1e-9)
		fail_msg("%.12f is not %.12f", value, expected);
}

static void assert_function(const struct explain_fixture *fixture, const struct finding *finding,
			    size_t index, const char *name, uint64_t count)
{
	const struct finding_function *function = &finding->functions[index];

	assert_true(index < finding->n_functions);
	assert_string_equal(profile_text(fixture->profile, function->name), name);
	assert_int_equal(function->count, count);
	assert_int_equal(function->period, count * PROFILE_BUILDER_PERIOD_NS);
}

/** "a;b;c" of a finding's hottest path; free() it. */
static char *path_of(const struct explain_fixture *fixture, const struct finding *finding)
{
	struct index_vector frames = { 0 };
	char *path = memory_duplicate_text("");

	profile_expand_stack(fixture->profile, finding->hottest_stack, &frames);
	for (size_t i = 0; i < frames.count; i++) {
		const struct profile_frame *frame =
			&fixture->profile->frames.items[frames.items[i]];
		char *longer = memory_format_text("%s%s%s", path, i ? ";" : "",
						  profile_text(fixture->profile, frame->name));

		free(path);
		path = longer;
	}
	index_vector_deinit(&frames);
	return path;
}

static void test_counts_a_sample_once(void **state)
{
	struct explain_fixture fixture;
	const struct finding *finding;

	explain_fixture_init(&fixture,
			     "app;main;malloc;_int_malloc 30\n"
			     "app;main;free;malloc;malloc 20\n"
			     "app;main;work 50\n",
			     RULE("a", "function = malloc\nfunction = _int_*\nfunction = free\n"));
	explain_fixture_run(&fixture);
	finding = explain_fixture_finding(&fixture, "a");
	assert_non_null(finding);
	assert_near(finding->share, 0.5);
	assert_int_equal(finding->count, 50);
	assert_int_equal(finding->period, 50 * PROFILE_BUILDER_PERIOD_NS);
	explain_fixture_deinit(&fixture);
}

/** Each sample goes to its innermost match. */
static void test_functions_share_the_finding(void **state)
{
	struct explain_fixture fixture;
	const struct finding *finding;

	explain_fixture_init(&fixture,
			     "app;main;malloc;_int_malloc 30\n"
			     "app;main;malloc;_int_malloc;work 5\n"
			     "app;main;malloc 7\n"
			     "app;main;free 20\n"
			     "app;main;work 38\n",
			     RULE("a", "function = malloc\nfunction = _int_*\nfunction = free\n"));
	explain_fixture_run(&fixture);
	finding = explain_fixture_finding(&fixture, "a");
	assert_int_equal(finding->count, 62);
	assert_int_equal(finding->n_functions, 3);
	assert_function(&fixture, finding, 0, "_int_malloc", 35);
	assert_function(&fixture, finding, 1, "free", 20);
	assert_function(&fixture, finding, 2, "malloc", 7);
	explain_fixture_deinit(&fixture);
}

static void test_heaviest_functions_are_kept(void **state)
{
	struct explain_fixture fixture;
	const struct finding *finding;

	explain_fixture_init(
		&fixture, "app;a1 1\napp;a6 6\napp;a2 2\napp;a7 7\napp;a3 3\napp;a5 5\napp;a4 4\n",
		RULE("a", "function = a*\n"));
	explain_fixture_run(&fixture);
	finding = explain_fixture_finding(&fixture, "a");
	assert_int_equal(finding->n_functions, EXPLANATION_FUNCTIONS_MAX);
	assert_function(&fixture, finding, 0, "a7", 7);
	assert_function(&fixture, finding, 4, "a3", 3);
	explain_fixture_deinit(&fixture);
}

/** The path ends at the outermost match and adds up all that came that way. */
static void test_hottest_path(void **state)
{
	_cleanup_free_ char *path = NULL;
	struct explain_fixture fixture;
	const struct finding *finding;

	explain_fixture_init(&fixture,
			     "app;main;parse;malloc;x 15\n"
			     "app;main;parse;malloc;y 15\n"
			     "app;main;load;malloc 20\n"
			     "app;main;work 50\n",
			     RULE("a", "function = malloc\n"));
	explain_fixture_run(&fixture);
	finding = explain_fixture_finding(&fixture, "a");
	path = path_of(&fixture, finding);
	assert_string_equal(path, "main;parse;malloc");
	assert_int_equal(finding->hottest_stack_period, 30 * PROFILE_BUILDER_PERIOD_NS);
	explain_fixture_deinit(&fixture);
}

/** Call sites and lines do not split a path. */
static void test_path_merges_lines(void **state)
{
	struct profile_builder_frame from_line_1[] = { { .name = "main", .file = "m.c", .line = 1 },
						       { .name = "malloc" } };
	struct profile_builder_frame from_line_2[] = { { .name = "main", .file = "m.c", .line = 2 },
						       { .name = "malloc" } };
	struct explain_fixture fixture;
	struct profile_builder builder;
	const struct finding *finding;
	uint32_t thread;

	explain_fixture_init(&fixture, "app;x 0\n", RULE("a", "function = malloc\n"));
	profile_destroy(fixture.profile);
	profile_builder_init(&builder);
	fixture.profile = builder.profile;
	thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
	profile_builder_add_sample(&builder, thread,
				   profile_builder_stack(&builder, from_line_1, 2), STACK_END_ROOT,
				   6);
	profile_builder_add_sample(&builder, thread,
				   profile_builder_stack(&builder, from_line_2, 2), STACK_END_ROOT,
				   4);
	explain_fixture_run(&fixture);
	finding = explain_fixture_finding(&fixture, "a");
	assert_int_equal(finding->hottest_stack_period, 10 * PROFILE_BUILDER_PERIOD_NS);
	explain_fixture_deinit(&fixture);
}

static void test_below_least_is_not_shown(void **state)
{
	static const char profile[] = "app;main;malloc 2\napp;main;work 98\n";
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, profile,
			     RULE("at", "least = 2 %\nfunction = malloc\n")
				     RULE("below", "least = 2.1 %\nfunction = malloc\n")
					     RULE("absent", "least = 0\nfunction = other\n"));
	explain_fixture_run(&fixture);
	assert_int_equal(fixture.explanation->findings.count, 1);
	assert_non_null(explain_fixture_finding(&fixture, "at"));
	explain_fixture_deinit(&fixture);
}

static void test_descending_share(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main;f 10\napp;main;g 40\napp;main;h 50\n",
			     RULE("f", "function = f\n") RULE("g", "function = g\n")
				     RULE("also-f", "function = f\n"));
	explain_fixture_run(&fixture);
	assert_int_equal(fixture.explanation->findings.count, 3);
	assert_string_equal(fixture.explanation->findings.items[0].rule->id, "g");
	assert_string_equal(fixture.explanation->findings.items[1].rule->id, "also-f");
	assert_string_equal(fixture.explanation->findings.items[2].rule->id, "f");
	explain_fixture_deinit(&fixture);
}

static void test_subjects(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(
		&fixture,
		"app;main;read@/lib/libc.so.6;__x64_sys_read_[k] 40\n"
		"app;main;__x64_sys_read 10\n"
		"app;main;inflate@/usr/lib/libz.so.1 30\n"
		"app;main;work 20\n",
		RULE("kernel", "kernel = __x64_sys_*\n") RULE("syscall", "syscall = read\n")
			RULE("user", "function = __x64_sys_*\n")
				RULE("library-name", "library = libz.so*\n")
					RULE("library-path", "library = /usr/lib/*\n"));
	explain_fixture_run(&fixture);
	assert_near(explain_fixture_finding(&fixture, "kernel")->share, 0.4);
	assert_near(explain_fixture_finding(&fixture, "syscall")->share, 0.4);
	assert_near(explain_fixture_finding(&fixture, "user")->share, 0.1);
	assert_near(explain_fixture_finding(&fixture, "library-name")->share, 0.3);
	assert_near(explain_fixture_finding(&fixture, "library-path")->share, 0.3);
	explain_fixture_deinit(&fixture);
}

static void test_source_files(void **state)
{
	struct profile_builder_frame frames[] = { { .name = "main" },
						  { .name = "get", .file = "/src/cache/get.c" } };
	struct explain_fixture fixture;
	struct profile_builder builder;
	uint32_t thread;

	explain_fixture_init(&fixture, "app;x 0\n", RULE("cache", "source = */cache/*.c\n"));
	profile_destroy(fixture.profile);
	profile_builder_init(&builder);
	fixture.profile = builder.profile;
	thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
	profile_builder_add_sample(&builder, thread, profile_builder_stack(&builder, frames, 2),
				   STACK_END_ROOT, 3);
	profile_builder_add_sample(&builder, thread, profile_builder_stack(&builder, frames, 1),
				   STACK_END_ROOT, 1);
	explain_fixture_run(&fixture);
	assert_near(explain_fixture_finding(&fixture, "cache")->share, 0.75);
	explain_fixture_deinit(&fixture);
}

/** An excluded frame does not match; another frame of the same stack still may. */
static void test_exclusion(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture,
			     "app;main;lock_init 30\n"
			     "app;main;lock_init;lock_take 20\n"
			     "app;main;work 50\n",
			     RULE("a", "function = lock_*\nnot-function = lock_init\n"));
	explain_fixture_run(&fixture);
	assert_near(explain_fixture_finding(&fixture, "a")->share, 0.2);
	explain_fixture_deinit(&fixture);
}

#define RUNTIME_RULE                                                                               \
	RULE("runtime", "scope = leaf\nfunction = rt::*\nthrough-library = libc.so*\n"             \
			"through-library = [*]\nthrough-function = std::*\n")

/** scope = leaf: what the runtime calls is not the runtime's, except what is looked through. */
static void test_leaf_scope(void **state)
{
	_cleanup_free_ char *path = NULL;
	struct explain_fixture fixture;
	const struct finding *finding;

	explain_fixture_init(&fixture,
			     "app;main;rt::run;rt::poll;task 50\n"
			     "app;main;rt::run;rt::poll 10\n"
			     "app;main;rt::run;epoll_wait@/lib/libc.so.6;do_syscall_64_[k] 15\n"
			     "app;main;rt::run;std::wrap;write@/lib/libc.so.6 5\n"
			     "app;main;rt::run;task;write@/lib/libc.so.6 20\n",
			     RUNTIME_RULE);
	explain_fixture_run(&fixture);
	finding = explain_fixture_finding(&fixture, "runtime");
	assert_near(finding->share, 0.3);
	path = path_of(&fixture, finding);
	assert_string_equal(path, "main;rt::run");
	assert_int_equal(finding->hottest_stack_period, 20 * PROFILE_BUILDER_PERIOD_NS);
	assert_int_equal(finding->n_functions, 2);
	assert_function(&fixture, finding, 0, "rt::run", 20);
	assert_function(&fixture, finding, 1, "rt::poll", 10);
	explain_fixture_deinit(&fixture);
}

/** Inlined functions of one address count like functions of their own. */
static void test_inlined_frames(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture,
			     "app;main;work;rt::inlined_[i] 25\n"
			     "app;main;rt::run;work_[i] 75\n",
			     RUNTIME_RULE RULE("anywhere", "function = rt::*\n"));
	explain_fixture_run(&fixture);
	assert_near(explain_fixture_finding(&fixture, "runtime")->share, 0.25);
	assert_near(explain_fixture_finding(&fixture, "anywhere")->share, 1);
	explain_fixture_deinit(&fixture);
}

/** More rules than bits in a word. */
static void test_many_rules(void **state)
{
	char *rules = memory_duplicate_text("");
	struct explain_fixture fixture;

	for (int i = 0; i < 150; i++) {
		char *longer =
			memory_format_text("%s[r%d]\n" TEXTS "function = f%d\n", rules, i, i);

		free(rules);
		rules = longer;
	}
	explain_fixture_init(&fixture, "app;main;f3 10\napp;main;f64 20\napp;main;f149 70\n",
			     rules);
	explain_fixture_run(&fixture);
	assert_int_equal(fixture.explanation->findings.count, 3);
	assert_near(explain_fixture_finding(&fixture, "r3")->share, 0.1);
	assert_near(explain_fixture_finding(&fixture, "r64")->share, 0.2);
	assert_near(explain_fixture_finding(&fixture, "r149")->share, 0.7);
	free(rules);
	explain_fixture_deinit(&fixture);
}

static void test_no_rules_and_no_samples(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main;malloc 10\n", "");
	explain_fixture_run(&fixture);
	assert_int_equal(fixture.explanation->findings.count, 0);
	explain_fixture_deinit(&fixture);

	explain_fixture_init(&fixture, "", RULE("a", "least = 0\nfunction = malloc\n"));
	explain_fixture_run(&fixture);
	assert_int_equal(fixture.explanation->findings.count, 0);
	explain_fixture_deinit(&fixture);
}

/** Samples of another event are not this event's. */
static void test_events_are_apart(void **state)
{
	struct explain_fixture fixture;
	struct profile_sample first;
	uint32_t faults;

	explain_fixture_init(&fixture, "app;main;malloc 10\napp;main;work 10\n",
			     RULE("a", "function = malloc\n"));
	first = fixture.profile->samples.items[0];
	faults = profile_add_event(fixture.profile, "page-faults", "");
	profile_add_sample(fixture.profile, first.thread, faults, first.stack, first.end, 90, 90);
	explain_fixture_run(&fixture);
	assert_near(explain_fixture_finding(&fixture, "a")->share, 0.5);
	assert_int_equal(explain_fixture_finding(&fixture, "a")->count, 10);
	explain_fixture_deinit(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_a_sample_once),
		cmocka_unit_test(test_functions_share_the_finding),
		cmocka_unit_test(test_heaviest_functions_are_kept),
		cmocka_unit_test(test_hottest_path),
		cmocka_unit_test(test_path_merges_lines),
		cmocka_unit_test(test_below_least_is_not_shown),
		cmocka_unit_test(test_descending_share),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_source_files),
		cmocka_unit_test(test_exclusion),
		cmocka_unit_test(test_leaf_scope),
		cmocka_unit_test(test_inlined_frames),
		cmocka_unit_test(test_many_rules),
		cmocka_unit_test(test_no_rules_and_no_samples),
		cmocka_unit_test(test_events_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
