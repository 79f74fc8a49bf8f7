#include "../base/cmocka_headers.h"

#include "cli/output_folder.h"

#include "base/memory.h"

#include "../base/error_assertions.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int enter_folder(void **state)
{
	char *folder = memory_duplicate_text("/tmp/output_folder.XXXXXX");

	*state = folder;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	_cleanup_free_ char *command = memory_format_text("%s", (char *)*state);

	free(*state);
	if (chdir("/") != 0)
		return -1;
	/* Every test empties the folder; what it left over is a failure. */
	return rmdir(command);
}

static void remove_run(struct output_folder *folder)
{
	assert_int_equal(rmdir(folder->path), 0);
	if (folder->latest_path) {
		unlink(folder->latest_path);
		assert_int_equal(rmdir("perf-profile.out"), 0);
	}
	output_folder_deinit(folder);
}

static void a_fresh_folder_is_private_and_gets_a_link(void **state)
{
	struct output_folder folder;
	struct stat status, latest;

	assert_success(output_folder_create(NULL, "/usr/bin/sqlite3", false, &folder));
	assert_memory_equal(folder.path, "perf-profile.out/sqlite3-", 25);
	assert_int_equal(lstat(folder.path, &status), 0);
	assert_true(S_ISDIR(status.st_mode));
	assert_success(output_folder_publish(&folder));
	assert_int_equal(lstat("perf-profile.out/latest", &latest), 0);
	assert_true(S_ISLNK(latest.st_mode));
	assert_int_equal(stat("perf-profile.out/latest", &latest), 0);
	assert_int_equal(latest.st_ino, status.st_ino);
	/* Again: the link is replaced. */
	assert_success(output_folder_publish(&folder));
	remove_run(&folder);
}

static void two_runs_in_a_second_get_two_folders(void **state)
{
	struct output_folder first, second;

	assert_success(output_folder_create(NULL, "true", false, &first));
	assert_success(output_folder_create(NULL, "true", false, &second));
	assert_string_not_equal(first.path, second.path);
	assert_int_equal(rmdir(first.path), 0);
	output_folder_deinit(&first);
	remove_run(&second);
}

static void a_chosen_folder_must_be_empty_or_forced(void **state)
{
	struct output_folder folder;

	assert_success(output_folder_create("mine", "true", false, &folder));
	assert_string_equal(folder.path, "mine");
	assert_null(folder.latest_path);
	output_folder_deinit(&folder);
	fclose(fopen("mine/file", "w"));
	assert_failure(output_folder_create("mine", "true", false, &folder), ERROR_SYSTEM, "mine");
	assert_success(output_folder_create("mine", "true", true, &folder));
	assert_int_equal(unlink("mine/file"), 0);
	remove_run(&folder);
}

static void an_empty_folder_can_be_discarded(void **state)
{
	struct output_folder folder;

	assert_success(output_folder_create("mine", "true", false, &folder));
	fclose(fopen("mine/file", "w"));
	output_folder_discard_if_empty(&folder);
	assert_int_equal(access("mine/file", F_OK), 0);
	assert_int_equal(unlink("mine/file"), 0);
	output_folder_discard_if_empty(&folder);
	assert_int_not_equal(access("mine", F_OK), 0);
	output_folder_deinit(&folder);
}

static void paths_are_inside_the_folder(void **state)
{
	struct output_folder folder;
	char *path;

	assert_success(output_folder_create("mine", "true", false, &folder));
	path = output_folder_path(&folder, "perf.data");
	assert_string_equal(path, "mine/perf.data");
	free(path);
	remove_run(&folder);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fresh_folder_is_private_and_gets_a_link),
		TEST(two_runs_in_a_second_get_two_folders),
		TEST(a_chosen_folder_must_be_empty_or_forced),
		TEST(an_empty_folder_can_be_discarded),
		TEST(paths_are_inside_the_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
