#include "explain_fixture.h"

#include "base/clock.h"
#include "explain/layout_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define CACHE_RULE                                                                                 \
	"[cache]\ntitle = Our cache\nmeaning = Time in the cache.\nadvice = Make it larger.\n"     \
	"function = cache_*\n"

static void fill_info(struct profile_info *info)
{
	info->command = memory_duplicate_text("./app x");
	info->program = memory_duplicate_text("app");
	info->kernel_release = memory_duplicate_text("6.1.0");
	info->architecture = memory_duplicate_text("x86_64");
	info->cpu_model = memory_duplicate_text("Some CPU");
	info->hostname = memory_duplicate_text("host");
	info->n_cpus = 2;
	info->start_realtime_ns = UINT64_C(1700000000) * NS_PER_S;
	info->wall_ns = 2 * NS_PER_S;
	info->user_cpu_ns = 2 * NS_PER_S;
	info->has_kernel_samples = true;
}

static const char whole_text[] =
	"Analysis of app\n"
	"\n"
	"  quality   2,000 samples, 100.0 % complete stacks, 95.0 % named, 0 lost\n"
	"  command   ./app x\n"
	"  machine   Some CPU, 2 CPUs, Linux 6.1.0 x86_64, host\n"
	"  recorded  2023-11-14 22:13:20 UTC, 2.00 s of cpu-clock at 997 Hz, kernel and\n"
	"            user side\n"
	"\n"
	"What kind of program\n"
	"--------------------\n"
	"  CPU-bound on one CPU while the others were idle. 2.00 s of CPU time in 2.00 s:\n"
	"  1.00 of 2 CPUs busy, 0.0 % of it in the kernel.\n"
	"\n"
	"Where the time goes\n"
	"-------------------\n"
	"  self: in the function itself. +-: by how much chance alone moves self (95 %).\n"
	"  children: with all it calls.\n"
	"\n"
	"     self     +-  children  function  (library)\n"
	"   75.0 %    1.9    75.0 %  work  (app)\n"
	"   20.0 %    1.8    20.0 %  cache_get  (app)\n"
	"    5.0 %    1.0     5.0 %  [unknown]  (libx.so)\n"
	"\n"
	"Findings\n"
	"--------\n"
	"  Shares of all samples; a sample may count in several findings.\n"
	"\n"
	"  20.0 %  Our cache  (+- 1.8 %, 400 samples)\n"
	"    Time in the cache.\n"
	"    functions:\n"
	"       20.0 %  cache_get\n"
	"    hottest call path, 20.0 %:\n"
	"      main\n"
	"      > cache_get\n"
	"    try: Make it larger.\n"
	"\n"
	"Code without names\n"
	"------------------\n"
	"    5.0 %  /lib/libx.so\n"
	"           stripped: no symbol table\n"
	"           mend: apt install libx-dbgsym\n"
	"\n"
	"Can this profile be trusted\n"
	"---------------------------\n"
	"  [ok]   enough samples    2,000 (wanted: 1,000)\n"
	"  [ok]   complete stacks   100.0 % (wanted: 99 %)\n"
	"  [ok]   symbols resolved  95.0 % of the samples (wanted: 95 %)\n"
	"  [ok]   nothing lost      0 records lost\n"
	"\n"
	"What to run next\n"
	"----------------\n"
	"  # finer: functions of a few milliseconds get enough samples\n"
	"  perf-profile -F 4999 -- ./app x\n"
	"\n"
	"How to read the flame graph\n"
	"---------------------------\n";

static void test_whole_text(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct explain_fixture fixture;
	struct profile_object *library;

	explain_fixture_init(&fixture,
			     "app;main;work 1500\napp;main;cache_get 400\n"
			     "app;main;[unknown]@/lib/libx.so 100\n",
			     CACHE_RULE);
	fill_info(&fixture.profile->info);
	library = &fixture.profile->objects
			   .items[profile_intern_object(fixture.profile, "/lib/libx.so", NULL)];
	library->problem = profile_intern_text(fixture.profile, "stripped: no symbol table");
	library->problem_hint = profile_intern_text(fixture.profile, "apt install libx-dbgsym");
	explain_fixture_run(&fixture);
	text = explain_fixture_text(&fixture);
	assert_true(strlen(text) > strlen(whole_text));
	/* The five lines of the guide follow. */
	text[strlen(whole_text)] = '\0';
	assert_string_equal(text, whole_text);
	explain_fixture_deinit(&fixture);
}

static void test_reading_guide_has_five_lines(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct explain_fixture fixture;
	const char *guide;
	size_t n_lines = 0;

	explain_fixture_init(&fixture, "app;main 10\n", NULL);
	explain_fixture_run(&fixture);
	text = explain_fixture_text(&fixture);
	guide = strstr(text, "How to read the flame graph\n---------------------------\n");
	assert_non_null(guide);
	for (const char *line = guide; (line = strchr(line, '\n')); line++)
		n_lines++;
	assert_int_equal(n_lines, 2 + 5);
	explain_fixture_deinit(&fixture);
}

static void test_no_findings(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main 10\n", CACHE_RULE);
	explain_fixture_run(&fixture);
	text = explain_fixture_text(&fixture);
	assert_text_has(text, "Findings\n--------\n  None: no rule matched");
	assert_text_lacks(text, "Make it larger");
	assert_text_lacks(text, "Code without names");
	explain_fixture_deinit(&fixture);
}

static void test_long_path_loses_its_middle(void **state)
{
	char *profile = memory_duplicate_text("app");
	_cleanup_free_ char *text = NULL, *line = NULL;
	struct explain_fixture fixture;

	for (int i = 0; i < 50; i++) {
		char *longer = memory_format_text("%s;f%d", profile, i);

		free(profile);
		profile = longer;
	}
	line = memory_format_text("%s;cache_get 50\n", profile);
	free(profile);
	explain_fixture_init(&fixture, line, CACHE_RULE);
	explain_fixture_run(&fixture);
	text = explain_fixture_text(&fixture);
	assert_text_has(text, "      f0\n      > f1\n");
	assert_text_has(text, "      > f6\n      ... 37 more ...\n      > f44\n");
	assert_text_has(text, "      > f49\n      > cache_get\n");
	explain_fixture_deinit(&fixture);
}

static bool is_harmless(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' && *text != '\n')
			return false;
	return true;
}

static size_t longest_line_columns(const char *text)
{
	size_t longest = 0, columns = 0;

	for (; *text; text++) {
		columns = *text == '\n' ? 0 : columns + (((unsigned char)*text & 0xc0) != 0x80);
		longest = MAX(longest, columns);
	}
	return longest;
}

static void test_hostile_names(void **state)
{
	char name[5000] = "cache_\x1b[2J\r\n\x01\xff", library[5000] = "/lib/\x1b]0;x\x07";
	_cleanup_free_ char *text = NULL;
	struct profile_builder_frame frames[] = {
		{ .name = "main" },
		{ .name = name, .object = library },
		{ .name = "[unknown]", .object = library, .flags = FRAME_IS_UNKNOWN },
	};
	struct explain_fixture fixture;
	struct profile_builder builder;
	uint32_t thread;

	memset(name + strlen(name), 'n', sizeof(name) - 100);
	memset(library + strlen(library), 'l', sizeof(library) - 100);
	explain_fixture_init(&fixture, "", CACHE_RULE);
	profile_destroy(fixture.profile);
	profile_builder_init(&builder);
	fixture.profile = builder.profile;
	thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
	profile_builder_add_sample(&builder, thread, profile_builder_stack(&builder, frames, 3),
				   STACK_END_ROOT, 30);
	fill_info(&fixture.profile->info);
	free(fixture.profile->info.program);
	fixture.profile->info.program = memory_duplicate_text("\x1b[31mevil\n");
	explain_fixture_run(&fixture);
	assert_non_null(explain_fixture_finding(&fixture, "cache"));
	text = explain_fixture_text(&fixture);
	assert_true(is_harmless(text));
	assert_true(longest_line_columns(text) <= LAYOUT_COLUMNS);
	explain_fixture_deinit(&fixture);
}

/** An imported profile knows nothing of the machine. */
static void test_nothing_known(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "", NULL);
	fixture.profile->events.items[0].frequency_hz = 0;
	explain_fixture_run(&fixture);
	text = explain_fixture_text(&fixture);
	assert_text_has(text, "Analysis of a recording\n");
	assert_text_has(text, "quality   0 samples");
	assert_text_lacks(text, "machine");
	assert_text_lacks(text, "(null)");
	explain_fixture_deinit(&fixture);
}

static void assert_ending(int wait_status, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main 1000\n", NULL);
	fixture.profile->info.has_exit_status = true;
	fixture.profile->info.exit_status = wait_status;
	explain_fixture_run(&fixture);
	text = explain_fixture_text(&fixture);
	if (expected)
		assert_text_has(text, expected);
	else
		assert_text_lacks(text, "  ended ");
	explain_fixture_deinit(&fixture);
}

/** A profile of a program that crashed is not to be taken for one of a whole run. */
static void test_ending(void **state)
{
	assert_ending(W_EXITCODE(0, 0), NULL);
	assert_ending(W_EXITCODE(3, 0), "  ended     the command ended with status 3\n");
	assert_ending(W_EXITCODE(0, SIGKILL),
		      "  ended     the command was killed by signal 9 (Killed)\n");
	assert_ending(
		W_EXITCODE(0, SIGSEGV) | WCOREFLAG,
		"  ended     the command was killed by signal 11 (Segmentation fault) and left a\n"
		"            core dump\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_text),
		cmocka_unit_test(test_reading_guide_has_five_lines),
		cmocka_unit_test(test_no_findings),
		cmocka_unit_test(test_long_path_loses_its_middle),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_ending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
