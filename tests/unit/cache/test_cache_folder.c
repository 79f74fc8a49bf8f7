#include "cache_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static void assert_opens(const char *path, bool is_to_make)
{
	int folder = -1;

	assert_null(cache_folder_open(path, is_to_make, &folder));
	assert_true(folder >= 0);
	close(folder);
}

static void assert_refused(const char *path, bool is_to_make, enum error_code code)
{
	int folder = -1;
	_cleanup_error_ struct error *error = cache_folder_open(path, is_to_make, &folder);

	assert_non_null(error);
	assert_int_equal(error->code, code);
	assert_int_equal(folder, -1);
}

static void test_made_with_one_parent(void **state)
{
	_cleanup_free_ char *path = cache_fixture_path(state, ".cache/perf-profile");
	_cleanup_free_ char *deep = cache_fixture_path(state, "a/b/c");

	assert_refused(path, false, ERROR_NOT_FOUND);
	assert_opens(path, true);
	assert_opens(path, true);
	assert_opens(path, false);
	assert_refused(deep, true, ERROR_NOT_FOUND);
}

static void test_writable_by_others(void **state)
{
	assert_int_equal(chmod(*state, 0720), 0);
	assert_refused(*state, true, ERROR_PERMISSION);
	assert_int_equal(chmod(*state, 0702), 0);
	assert_refused(*state, true, ERROR_PERMISSION);
	assert_int_equal(chmod(*state, 0755), 0);
	assert_opens(*state, true);
}

/** Of root for everybody, and for root what is nobody's. */
static void test_of_another_user(void **state)
{
	if (geteuid() == 0) {
		assert_int_equal(chown(*state, 65534, 65534), 0);
		assert_refused(*state, true, ERROR_PERMISSION);
	} else {
		assert_refused("/usr", true, ERROR_PERMISSION);
	}
}

/** Root with a user's HOME must not leave a folder there that the user cannot use. */
static void test_not_made_in_the_folder_of_another_user(void **state)
{
	_cleanup_free_ char *path = cache_fixture_path(state, "perf-profile");

	if (geteuid() == 0) {
		assert_int_equal(chown(*state, 65534, 65534), 0);
		assert_refused(path, true, ERROR_PERMISSION);
		assert_int_equal(access(path, F_OK), -1);
	} else {
		assert_refused("/usr/perf-profile", true, ERROR_PERMISSION);
	}
}

static void test_links_are_not_followed(void **state)
{
	_cleanup_free_ char *folder = cache_fixture_path(state, "folder");
	_cleanup_free_ char *link = cache_fixture_path(state, "link");
	int descriptor = -1;
	_cleanup_error_ struct error *error = NULL;

	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(symlink(folder, link), 0);
	error = cache_folder_open(link, true, &descriptor);
	assert_non_null(error);
}

static void assert_default(const char *cache, const char *home, const char *expected)
{
	_cleanup_free_ char *path = NULL;

	cache ? setenv("XDG_CACHE_HOME", cache, 1) : unsetenv("XDG_CACHE_HOME");
	home ? setenv("HOME", home, 1) : unsetenv("HOME");
	path = cache_folder_default_path();
	assert_string_equal(path, expected);
}

static void test_default_path(void **state)
{
	assert_default("/x/cache", "/home/user", "/x/cache/perf-profile");
	assert_default(NULL, "/home/user", "/home/user/.cache/perf-profile");
	/* The XDG Base Directory Specification: a relative path is to be ignored. */
	assert_default("cache", "/home/user", "/home/user/.cache/perf-profile");
	assert_default("", "home/user", "");
	assert_default(NULL, NULL, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_made_with_one_parent, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_writable_by_others, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_of_another_user, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_not_made_in_the_folder_of_another_user,
						cache_fixture_setup, cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_links_are_not_followed, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test(test_default_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
