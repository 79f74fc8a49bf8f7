#include "../base/cmocka_headers.h"

#include "cli/program_search.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** A folder with a program, a file that is none, and a folder, as the only $PATH. */
static int enter_folder(void **state)
{
	char *folder = memory_duplicate_text("/tmp/program_search.XXXXXX");

	*state = folder;
	if (!mkdtemp(folder) || chdir(folder) != 0 || mkdir("folder", 0755) != 0)
		return -1;
	fclose(fopen("program", "w"));
	fclose(fopen("text", "w"));
	return chmod("program", 0755) == 0 && setenv("PATH", folder, 1) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	int status;

	unlink("program");
	unlink("text");
	rmdir("folder");
	status = chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1;
	free(*state);
	return status;
}

static void assert_found(const char *name, const char *expected)
{
	_cleanup_free_ char *path = NULL;

	assert_true(program_search(name, &path));
	assert_string_equal(path, expected);
	assert_true(program_search(name, NULL));
}

static void assert_not_found(const char *name)
{
	char *path = NULL;

	assert_false(program_search(name, &path));
	assert_null(path);
}

static void programs_are_found_along_the_path(void **state)
{
	_cleanup_free_ char *expected = memory_format_text("%s/program", (char *)*state);
	_cleanup_free_ char *path = memory_format_text("/nonexistent:%s:/bin", (char *)*state);

	assert_found("program", expected);
	setenv("PATH", path, 1);
	assert_found("program", expected);
}

static void an_empty_entry_is_the_current_folder(void **state)
{
	setenv("PATH", "/nonexistent:", 1);
	assert_found("program", "./program");
	setenv("PATH", "/nonexistent", 1);
	assert_not_found("program");
}

static void names_with_a_slash_are_paths(void **state)
{
	setenv("PATH", "/nonexistent", 1);
	assert_found("./program", "./program");
	assert_not_found("./text");
	assert_not_found("./missing");
}

static void only_executable_files_are_programs(void **state)
{
	assert_not_found("text");
	assert_not_found("folder");
	assert_not_found("missing");
	assert_not_found("");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(programs_are_found_along_the_path),
		TEST(an_empty_entry_is_the_current_folder),
		TEST(names_with_a_slash_are_paths),
		TEST(only_executable_files_are_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
