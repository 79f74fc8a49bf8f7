#include "history/history.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static char *database_path(void)
{
	return memory_format_text("%s/deep/down/history.db", folder);
}

static int make_folder(void **state)
{
	strcpy(folder, "/tmp/test-history-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	_cleanup_free_ char *command = memory_format_text("rm -r '%s'", folder);

	return system(command);
}

static struct history *open_history(void)
{
	_cleanup_free_ char *path = database_path();
	struct history *history = NULL;

	assert_null(history_open(path, &history));
	return history;
}

static void save(struct history *history, const char *name, int64_t time_s, double seconds)
{
	struct history_entry entry = {
		.name = memory_duplicate_text(name),
		.time_s = time_s,
		.command = memory_duplicate_text("./it 'a b'"),
		.commit = memory_duplicate_text("abc"),
		.is_dirty = true,
		.setting = { .hostname = memory_duplicate_text("here"), .n_cpus = 2 },
	};

	for (int i = 0; i < 3; i++) {
		struct timed_run *run = run_vector_append_new(&entry.runs);

		for (int metric = 0; metric < N_METRICS; metric++)
			run->values[metric] = NAN;
		run->values[METRIC_TIME] = seconds + i;
	}
	assert_null(history_save(history, &entry));
	assert_true(entry.id > 0);
	history_entry_deinit(&entry);
}

static void test_what_is_saved_is_found(void **state)
{
	struct history *history = open_history();
	struct history_entry entry;

	save(history, "main", 100, 1);
	save(history, "main", 200, 5);
	save(history, "other", 300, 9);
	history_close(history);
	history = open_history();
	assert_null(history_find(history, "main", &entry));
	assert_int_equal(entry.time_s, 200);
	assert_string_equal(entry.command, "./it 'a b'");
	assert_string_equal(entry.commit, "abc");
	assert_true(entry.is_dirty);
	assert_string_equal(entry.setting.hostname, "here");
	assert_null(entry.setting.governor);
	assert_int_equal(entry.runs.count, 3);
	assert_true(entry.runs.items[2].values[METRIC_TIME] == 7);
	assert_true(isnan(entry.runs.items[2].values[METRIC_USER]));
	assert_true(entry.medians[METRIC_TIME] == 6);
	history_entry_deinit(&entry);
	assert_null(history_find(history, "1", &entry));
	assert_int_equal(entry.time_s, 100);
	history_entry_deinit(&entry);
	assert_true(history_has(history, "other"));
	assert_false(history_has(history, "no"));
	history_close(history);
}

static void test_list_and_prune(void **state)
{
	struct history *history = open_history();
	struct history_entry_vector entries;
	struct history_prune what = { .has_keep = true, .n_kept = 2 };
	uint64_t n_removed;

	for (int i = 0; i < 5; i++)
		save(history, "a", 1000 + i, i);
	save(history, "b", 10, 1);
	assert_null(history_list(history, "a", &entries));
	assert_int_equal(entries.count, 5);
	assert_int_equal(entries.items[4].time_s, 1004);
	assert_int_equal(entries.items[4].n_runs, 3);
	history_entries_deinit(&entries);
	assert_null(history_prune(history, &what, &n_removed));
	assert_int_equal(n_removed, 3);
	what = (struct history_prune){ .oldest_time_s = 500 };
	assert_null(history_prune(history, &what, &n_removed));
	assert_int_equal(n_removed, 1);
	assert_null(history_list(history, NULL, &entries));
	assert_int_equal(entries.count, 2);
	assert_int_equal(entries.items[0].time_s, 1003);
	history_entries_deinit(&entries);
	history_close(history);
}

/** As version 1 wrote it. */
static void make_old_database(const char *sql)
{
	_cleanup_free_ char *path = database_path();
	sqlite3 *database;

	unlink(path);
	history_close(open_history());
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

static void test_a_database_of_version_1_is_brought_up_to_date(void **state)
{
	struct history *history;
	struct history_entry entry;

	make_old_database(
		"CREATE TABLE entry (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"
		" time INTEGER NOT NULL, command TEXT NOT NULL, hostname TEXT, kernel TEXT,"
		" cpu TEXT, cpus INTEGER, governor TEXT, git_commit TEXT,"
		" dirty INTEGER NOT NULL DEFAULT 0);"
		"CREATE TABLE value (entry INTEGER NOT NULL REFERENCES entry (id) ON DELETE"
		" CASCADE, metric TEXT NOT NULL, run INTEGER NOT NULL, value REAL NOT NULL,"
		" PRIMARY KEY (entry, metric, run)) WITHOUT ROWID;"
		"INSERT INTO entry (name, time, command) VALUES ('old', 7, 'true');"
		"INSERT INTO value VALUES (1, 'time', 0, 0.5), (1, 'no such metric', 0, 1);"
		"PRAGMA application_id = 1886417510; PRAGMA user_version = 1;");
	history = open_history();
	save(history, "new", 8, 1);
	assert_null(history_find(history, "old", &entry));
	assert_true(entry.medians[METRIC_TIME] == 0.5);
	assert_null(entry.folder);
	history_entry_deinit(&entry);
	history_close(history);
}

static void assert_refused(const char *words)
{
	_cleanup_free_ char *path = database_path();
	struct history *history;
	struct error *error = history_open(path, &history);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FORMAT);
	assert_non_null(strstr(error->message, words));
	error_destroy(error);
}

static void test_databases_that_are_not_ours(void **state)
{
	_cleanup_free_ char *path = database_path();
	FILE *file;

	make_old_database("PRAGMA application_id = 1886417510; PRAGMA user_version = 99;");
	assert_refused("a later perf-profile");
	make_old_database("CREATE TABLE bookmarks (url TEXT);");
	assert_refused("another program");
	file = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("no database at all\n", file);
	fclose(file);
	assert_refused("not a database");
}

static void test_names(void **state)
{
	static const char *const bad[] = { "", "12", "a b", "-x", "a;b", "ü", "a'b" };

	assert_null(history_check_name("v1.0/main_x-2"));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error *error = history_check_name(bad[i]);

		assert_non_null(error);
		error_destroy(error);
	}
}

/** Each child saves until it is killed, in the middle of whatever it does. */
static void test_kill_9_leaves_whole_entries(void **state)
{
	struct history *history;
	struct history_entry_vector entries;
	pid_t pids[2];

	history_close(open_history());
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			history = open_history();
			for (int n = 0;; n++)
				save(history, "kept", n, n);
		}
	}
	usleep(300000);
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
	}
	history = open_history();
	assert_null(history_list(history, NULL, &entries));
	for (size_t i = 0; i < entries.count; i++)
		assert_int_equal(entries.items[i].n_runs, 3);
	history_entries_deinit(&entries);
	save(history, "after", 1, 1);
	history_close(history);
}

static void test_differences_of_settings(void **state)
{
	struct history_setting before = { .hostname = (char *)"a",
					  .n_cpus = 2,
					  .governor = (char *)"powersave" };
	struct history_setting now = before;
	_cleanup_free_ char *none = history_setting_difference(&before, &now);
	char *some;

	assert_string_equal(none, "");
	now.hostname = (char *)"b";
	now.governor = NULL;
	now.n_cpus = 4;
	some = history_setting_difference(&before, &now);
	assert_string_equal(some, "the machine was 'a' and is 'b'; the number of CPUs was '2' and "
				  "is '4'");
	free(some);
}

static void test_plots(void **state)
{
	struct history_entry entries[2] = {
		{ .name = (char *)"<x>", .time_s = 0, .medians = { 1 } },
		{ .name = (char *)"<x>", .time_s = 60, .medians = { 2 }, .commit = (char *)"a&b" },
	};
	struct history_entry_vector both = { .items = entries, .count = 2 };
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	history_plot_text(&both, METRIC_TIME, file);
	history_plot_svg(&both, METRIC_TIME, file);
	fclose(file);
	assert_non_null(strstr(text, "1.000 s  ████████████████████\n"));
	assert_non_null(strstr(text, "&lt;x&gt;: time"));
	assert_non_null(strstr(text, "a&amp;b"));
	assert_null(strstr(text, "<x>"));
	free(text);
}

/** Any program can write into the database. */
static void test_plots_of_numbers_that_are_no_measurements(void **state)
{
	struct history_entry entries[3] = {
		{ .name = (char *)"x", .time_s = INT64_MIN, .medians = { -3 } },
		{ .name = (char *)"x", .time_s = 0, .medians = { 1 } },
		{ .name = (char *)"x", .time_s = INT64_MAX, .medians = { INFINITY } },
	};
	struct history_entry_vector all = { .items = entries, .count = 3 };
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	history_plot_text(&all, METRIC_TIME, file);
	history_plot_svg(&all, METRIC_TIME, file);
	fclose(file);
	assert_non_null(strstr(text, "1.000 s  █████"));
	free(text);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_what_is_saved_is_found),
		IN_FOLDER(test_list_and_prune),
		IN_FOLDER(test_a_database_of_version_1_is_brought_up_to_date),
		IN_FOLDER(test_databases_that_are_not_ours),
		IN_FOLDER(test_kill_9_leaves_whole_entries),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_differences_of_settings),
		cmocka_unit_test(test_plots),
		cmocka_unit_test(test_plots_of_numbers_that_are_no_measurements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
