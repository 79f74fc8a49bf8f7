#include "output/output_formats_internal.h"

#include "output_text.h"
#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_report(struct profile *profile, const char *expected)
{
	char *text = output_text(&report_format, profile, NULL);

	assert_string_equal(text, expected);
	free(text);
	profile_destroy(profile);
}

/** The rows and trees of a report. */
static char *rows_of(const struct profile *profile, const struct output_options *options)
{
	char *text = output_text(&report_format, profile, options);
	char *start = strstr(text, "..........................\n#\n");
	char *end = strstr(text, "#\n# Threads");
	char *rows;

	assert_non_null(start);
	assert_non_null(end);
	start = strchr(start, '#') + 2;
	rows = memory_format_text("%.*s", (int)(end - start), start);
	free(text);
	return rows;
}

static void assert_rows(struct profile *profile, const char *expected)
{
	char *rows = rows_of(profile, NULL);

	assert_string_equal(rows, expected);
	free(rows);
	profile_destroy(profile);
}

static void test_whole_report(void **state)
{
	struct profile *profile = profile_build("app-7/8;main;work 60\n"
						"app-7/8;main;read@/lib/libc.so.6;sys_read_[k] 30\n"
						"app-7/9;[unknown]@/lib/libx.so 10 copy-ended\n");
	struct profile_object *stripped =
		&profile->objects.items[profile_intern_object(profile, "/lib/libx.so", NULL)];

	profile->info.hostname = memory_duplicate_text("box");
	profile->info.command = memory_duplicate_text("app --fast");
	profile->info.kernel_release = memory_duplicate_text("6.1.0");
	profile->info.n_cpus = 2;
	profile->info.start_realtime_ns = UINT64_C(1000000000) * 1000000000;
	profile->info.wall_ns = 1500000000;
	string_vector_append(&profile->info.degradations, memory_duplicate_text("smaller rings"));
	profile->losses.lost_samples = 2;
	stripped->problem = profile_intern_text(profile, "stripped: no symbol table");
	stripped->problem_hint = profile_intern_text(profile, "install libx-dbgsym");
	assert_report(
		profile,
		"# 100 samples, 90.0 % complete stacks, 90.0 % named, 2 lost\n"
		"#   10 cut short: the copied stack was too short\n"
		"#   10 without a name in libx.so: stripped: no symbol table\n"
		"#     mend: install libx-dbgsym\n"
		"#\n"
		"# captured on   : 2001-09-09 01:46:40 UTC\n"
		"# hostname      : box\n"
		"# os release    : 6.1.0\n"
		"# nrcpus online : 2\n"
		"# cmdline       : app --fast\n"
		"# time          : 1.500 s wall, 0.000 s user, 0.000 s system\n"
		"# given up      : smaller rings\n"
		"#\n"
		"# Total Lost Samples: 2\n"
		"#\n"
		"# Samples: 100  of event 'cpu-clock'\n"
		"# Event count (approx.): 100000000\n"
		"#\n"
		"# Under each row: what it calls and what calls it, in percent of everything.\n"
		"#\n"
		"# Children      Self  Command  Shared Object      Symbol\n"
		"# ........  ........  .......  .................  ..........................\n"
		"#\n"
		"    90.00%     0.00%  app      app                [.] main\n"
		"            |\n"
		"            ---calls\n"
		"               |\n"
		"               |--60.00%--work\n"
		"               |\n"
		"                --30.00%--read\n"
		"                          sys_read\n"
		"\n"
		"    60.00%    60.00%  app      app                [.] work\n"
		"            |\n"
		"            ---called by\n"
		"               main\n"
		"\n"
		"    30.00%    30.00%  app      [kernel.kallsyms]  [k] sys_read\n"
		"            |\n"
		"            ---called by\n"
		"               read\n"
		"               main\n"
		"\n"
		"    30.00%     0.00%  app      libc.so.6          [.] read\n"
		"            |\n"
		"            ---calls\n"
		"               sys_read\n"
		"            |\n"
		"            ---called by\n"
		"               main\n"
		"\n"
		"    10.00%    10.00%  app      libx.so            [.] [unknown] (libx.so)\n"
		"#\n"
		"# Threads\n"
		"#\n"
		"# Overhead     Samples      Pid      Tid  Command\n"
		"# ........  ..........  .......  .......  .......\n"
		"    90.00%          90        7        8  app\n"
		"    10.00%          10        7        9  app\n"
		"#\n"
		"# Programs and libraries (self)\n"
		"#\n"
		"# Overhead     Samples    Named  Shared Object\n"
		"# ........  ..........  .......  .............\n"
		"    60.00%          60  100.0 %  /bin/app\n"
		"    30.00%          30  100.0 %  [kernel.kallsyms]\n"
		"    10.00%          10    0.0 %  /lib/libx.so\n"
		"#                                 stripped: no symbol table; "
		"install libx-dbgsym\n");
}

static void test_empty_profile(void **state)
{
	assert_report(profile_build(""),
		      "# 0 samples, 0 lost\n"
		      "#\n"
		      "#\n"
		      "# Total Lost Samples: 0\n"
		      "#\n"
		      "# Samples: 0  of event 'cpu-clock'\n"
		      "# Event count (approx.): 0\n"
		      "#\n"
		      "# Under each row: what it calls and what calls it, "
		      "in percent of everything.\n"
		      "#\n"
		      "# Children      Self  Command  Shared Object  Symbol\n"
		      "# ........  ........  .......  .............  ..........................\n"
		      "#\n"
		      "#\n"
		      "# Threads\n"
		      "#\n"
		      "# Overhead     Samples      Pid      Tid  Command\n"
		      "# ........  ..........  .......  .......  .......\n"
		      "#\n"
		      "# Programs and libraries (self)\n"
		      "#\n"
		      "# Overhead     Samples    Named  Shared Object\n"
		      "# ........  ..........  .......  .............\n");
}

static void test_one_sample(void **state)
{
	assert_rows(profile_build("app;main 1\n"),
		    "   100.00%   100.00%  app      app            [.] main\n");
}

static void test_recursion_counts_once_and_shows_its_depth(void **state)
{
	assert_rows(profile_build("app;f;f;f 3\n"
				  "app;f 1\n"),
		    "   100.00%   100.00%  app      app            [.] f\n"
		    "            |\n"
		    "            ---calls\n"
		    "               |\n"
		    "                --75.00%--f\n"
		    "                          f\n"
		    "\n");
}

static void test_callers_from_several_places(void **state)
{
	char *rows;
	struct profile *profile = profile_build("app;main;a;copy 6\n"
						"app;main;b;copy 3\n"
						"app;main;c;b;copy 1\n");

	rows = rows_of(profile, NULL);
	assert_non_null(strstr(rows, "   100.00%   100.00%  app      app            [.] copy\n"
				     "            |\n"
				     "            ---called by\n"
				     "               |\n"
				     "               |--60.00%--a\n"
				     "               |          main\n"
				     "               |\n"
				     "                --40.00%--b\n"
				     "                          |\n"
				     "                          |--30.00%--main\n"
				     "                          |\n"
				     "                           --10.00%--c\n"
				     "                                     main\n"
				     "\n"));
	free(rows);
	profile_destroy(profile);
}

static void test_threads_of_different_names_are_apart(void **state)
{
	assert_rows(profile_build("app;main@/bin/app 2\n"
				  "worker;main@/bin/app 1\n"
				  "app;[unknown]@[unknown] 1\n"),
		    "    50.00%    50.00%  app      app            [.] main\n"
		    "    25.00%    25.00%  app      [unknown]      [.] [unknown]\n"
		    "    25.00%    25.00%  worker   app            [.] main\n");
}

static void test_inlined_functions_are_marked(void **state)
{
	assert_rows(profile_build("app;main;inner_[i] 1\n"),
		    "   100.00%   100.00%  app      app            [.] inner (inlined)\n"
		    "            |\n"
		    "            ---called by\n"
		    "               main\n"
		    "\n"
		    "   100.00%     0.00%  app      app            [.] main\n"
		    "            |\n"
		    "            ---calls\n"
		    "               inner (inlined)\n"
		    "\n");
}

static void test_rows_and_branches_below_the_limit_are_left_out(void **state)
{
	struct output_options options = output_options_default();
	struct profile *profile = profile_build("app;main;big 97\n"
						"app;main;small 2\n"
						"app;main;tiny 1\n");
	char *rows;

	options.percent_limit = 2.5;
	rows = rows_of(profile, &options);
	assert_string_equal(rows, "   100.00%     0.00%  app      app            [.] main\n"
				  "            |\n"
				  "            ---calls\n"
				  "               |\n"
				  "                --97.00%--big\n"
				  "\n"
				  "    97.00%    97.00%  app      app            [.] big\n"
				  "            |\n"
				  "            ---called by\n"
				  "               main\n"
				  "\n"
				  "#\n"
				  "# 2 rows below 2.5 % are left out\n");
	free(rows);
	profile_destroy(profile);
}

/** A foreign profile may count samples without periods. */
static void test_without_periods_samples_weigh(void **state)
{
	struct profile *profile = profile_build("app;a 3\n"
						"app;b 1\n");

	profile->samples.items[0].period = 0;
	profile->samples.items[1].period = 0;
	assert_rows(profile, "    75.00%    75.00%  app      app            [.] a\n"
			     "    25.00%    25.00%  app      app            [.] b\n");
}

static void test_hostile_names_cannot_make_lines(void **state)
{
	assert_rows(profile_build("e\\\nvil;a\\\nb;\\\033[2J\xff@/tmp/x\\\ny 1\n"),
		    "   100.00%   100.00%  e\xef\xbf\xbdvil    x\xef\xbf\xbdy            "
		    "[.] \xef\xbf\xbd[2J\xef\xbf\xbd\n"
		    "            |\n"
		    "            ---called by\n"
		    "               a\xef\xbf\xbd"
		    "b\n"
		    "\n"
		    "   100.00%     0.00%  e\xef\xbf\xbdvil    e\xef\xbf\xbdvil          [.] "
		    "a\xef\xbf\xbd"
		    "b\n"
		    "            |\n"
		    "            ---calls\n"
		    "               \xef\xbf\xbd[2J\xef\xbf\xbd\n"
		    "\n");
}

/** Whole in its row, cut in trees, never inside a character. */
static void test_long_names_are_cut_in_trees_only(void **state)
{
	enum {
		N_CHARACTERS = 30000
	};

	char *name = memory_allocate(2 * N_CHARACTERS + 1, 1), *line, *rows, *row;
	struct profile *profile;

	for (int i = 0; i < N_CHARACTERS; i++)
		memcpy(name + 2 * i, "\xc3\xa9", 2);
	memmove(name + 1, name, 2 * N_CHARACTERS - 1);
	name[0] = 'n';
	name[2 * N_CHARACTERS - 1] = '\0';
	line = memory_format_text("app;main;%s 1\n", name);
	profile = profile_build(line);
	rows = rows_of(profile, NULL);

	row = memory_format_text("[.] %s\n", name);
	assert_non_null(strstr(rows, row));
	assert_non_null(strstr(rows, "\xc3\xa9...\n"));
	assert_true(strlen(rows) < strlen(row) + 1000);
	free(row);
	free(rows);
	profile_destroy(profile);
	free(line);
	free(name);
}

static unsigned int count_lines_with(const char *text, const char *part)
{
	unsigned int n_found = 0;

	while ((text = strstr(text, part)) != NULL) {
		n_found++;
		text += strlen(part);
	}
	return n_found;
}

static void test_trees_of_deep_stacks_end(void **state)
{
	enum {
		DEPTH = 5000
	};
	struct profile *profile = profile_build("app;f 1\n");
	uint32_t location = profile->stacks.items[1].location, stack = 1;
	char *rows;

	for (int i = 1; i < DEPTH; i++)
		stack = profile_intern_stack(profile, stack, location);
	profile_add_sample(profile, 0, 0, stack, STACK_END_ROOT, 1, PROFILE_BUILDER_PERIOD_NS);
	rows = rows_of(profile, NULL);
	assert_int_equal(count_lines_with(rows, "[cut here]"), 1);
	assert_true(count_lines_with(rows, "\n") < 310);
	assert_non_null(strstr(rows, "   100.00%   100.00%  app      app            [.] f\n"));
	free(rows);
	profile_destroy(profile);
}

/** Samples at each level: the drawing goes no further right than a limit. */
static void test_trees_of_many_branches_end(void **state)
{
	struct output_options options = output_options_default();
	struct profile *profile = profile_build("app;f 1\n");
	uint32_t location = profile->stacks.items[1].location, stack = 1;
	char *rows;

	for (int i = 1; i < 200; i++) {
		stack = profile_intern_stack(profile, stack, location);
		profile_add_sample(profile, 0, 0, stack, STACK_END_ROOT, 1,
				   PROFILE_BUILDER_PERIOD_NS);
	}
	options.percent_limit = 0;
	rows = rows_of(profile, &options);
	assert_int_equal(count_lines_with(rows, "[cut here]"), 1);
	assert_int_equal(count_lines_with(rows, "%--f\n"), 20);
	free(rows);
	profile_destroy(profile);
}

/** 300 callees of 1 sample beside one of 100: only that one is worth a line. */
static void test_long_trees_get_a_higher_limit(void **state)
{
	struct output_options options = output_options_default();
	struct profile_builder builder;
	char *rows;

	profile_builder_init(&builder);
	profile_builder_add(&builder, "app;main;heavy 100\n");
	for (int i = 0; i < 300; i++) {
		_cleanup_free_ char *line = memory_format_text("app;main;light%d 1\n", i);

		profile_builder_add(&builder, line);
	}
	options.percent_limit = 0;
	rows = rows_of(builder.profile, &options);
	assert_non_null(strstr(rows, "[.] main\n"
				     "            |\n"
				     "            ---calls (0.4 % and more)\n"
				     "               |\n"
				     "                --25.00%--heavy\n"
				     "\n"));
	assert_non_null(strstr(rows, "[.] light299\n"));
	free(rows);
	profile_destroy(builder.profile);
}

static void test_huge_counts(void **state)
{
	struct profile *profile = profile_build("app;main 1\n");

	profile->samples.items[0].count = UINT64_C(1) << 60;
	profile->samples.items[0].period = UINT64_C(1) << 63;
	assert_rows(profile, "   100.00%   100.00%  app      app            [.] main\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_report),
		cmocka_unit_test(test_empty_profile),
		cmocka_unit_test(test_one_sample),
		cmocka_unit_test(test_recursion_counts_once_and_shows_its_depth),
		cmocka_unit_test(test_callers_from_several_places),
		cmocka_unit_test(test_threads_of_different_names_are_apart),
		cmocka_unit_test(test_inlined_functions_are_marked),
		cmocka_unit_test(test_rows_and_branches_below_the_limit_are_left_out),
		cmocka_unit_test(test_without_periods_samples_weigh),
		cmocka_unit_test(test_hostile_names_cannot_make_lines),
		cmocka_unit_test(test_long_names_are_cut_in_trees_only),
		cmocka_unit_test(test_trees_of_deep_stacks_end),
		cmocka_unit_test(test_trees_of_many_branches_end),
		cmocka_unit_test(test_long_trees_get_a_higher_limit),
		cmocka_unit_test(test_huge_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
