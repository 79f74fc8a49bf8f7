#include "cmocka_headers.h"

#include "base/output_file.h"

#include "base/memory.h"

#include "error_assertions.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/** A fresh folder that each test works in. */
static int enter_folder(void **state)
{
	char *folder = memory_duplicate_text("/tmp/output_file.XXXXXX");

	*state = folder;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	static const char *const names[] = { "out", "out.partial", "victim" };
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(names[i]);
	status = chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1;
	free(*state);
	return status;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *path, const char *expected)
{
	char content[100] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	content[fread(content, 1, sizeof(content) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(content, expected);
}

static bool exists(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void a_file_appears_when_it_is_whole(void **state)
{
	struct output_file output = { 0 };
	struct stat status;

	assert_success(output_file_create(&output, "out", false));
	fputs("content", output.file);
	fflush(output.file);
	assert_false(exists("out"));
	assert_true(exists("out.partial"));
	assert_success(output_file_commit(&output));
	assert_false(exists("out.partial"));
	assert_content("out", "content");
	assert_int_equal(stat("out", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	/* Nothing left to do. */
	output_file_abandon(&output);
	assert_content("out", "content");
}

static void an_abandoned_file_leaves_nothing(void **state)
{
	struct output_file output = { 0 };

	output_file_abandon(&output);
	assert_success(output_file_create(&output, "out", false));
	fputs("half", output.file);
	output_file_abandon(&output);
	assert_false(exists("out"));
	assert_false(exists("out.partial"));
}

static void an_existing_file_is_refused(void **state)
{
	struct output_file output = { 0 };

	write_file("out", "precious");
	assert_failure(output_file_create(&output, "out", false), ERROR_SYSTEM, "exists already");
	assert_null(output.file);
	assert_false(exists("out.partial"));
	assert_content("out", "precious");
}

static void a_dangling_link_is_refused(void **state)
{
	struct output_file output = { 0 };

	assert_int_equal(symlink("victim", "out"), 0);
	assert_failure(output_file_create(&output, "out", false), ERROR_SYSTEM, "exists already");
	assert_false(exists("victim"));
}

static void a_file_that_appears_meanwhile_is_kept(void **state)
{
	struct output_file output = { 0 };

	assert_success(output_file_create(&output, "out", false));
	fputs("ours", output.file);
	write_file("out", "theirs");
	assert_failure(output_file_commit(&output), ERROR_SYSTEM, "exists already");
	assert_content("out", "theirs");
	assert_false(exists("out.partial"));
}

static void replacing_is_possible_when_allowed(void **state)
{
	struct output_file output = { 0 };

	write_file("out", "old");
	write_file("out.partial", "left behind");
	assert_success(output_file_create(&output, "out", true));
	fputs("new", output.file);
	assert_content("out", "old");
	assert_success(output_file_commit(&output));
	assert_content("out", "new");
}

static void a_link_is_replaced_not_followed(void **state)
{
	struct output_file output = { 0 };

	write_file("victim", "precious");
	assert_int_equal(symlink("victim", "out"), 0);
	assert_success(output_file_create(&output, "out", true));
	fputs("new", output.file);
	assert_success(output_file_commit(&output));
	assert_content("victim", "precious");
	assert_content("out", "new");
}

static void a_planted_partial_link_is_not_followed(void **state)
{
	struct output_file output = { 0 };
	struct error *error;

	write_file("victim", "precious");
	assert_int_equal(symlink("victim", "out.partial"), 0);
	error = output_file_create(&output, "out", false);
	assert_non_null(error);
	assert_non_null(error->hint);
	assert_failure(error, ERROR_SYSTEM, "out.partial");
	/* With permission to replace, the link itself goes. */
	assert_success(output_file_create(&output, "out", true));
	fputs("new", output.file);
	assert_success(output_file_commit(&output));
	assert_content("victim", "precious");
	assert_content("out", "new");
}

static void a_missing_folder_is_named(void **state)
{
	struct output_file output = { 0 };

	assert_failure(output_file_create(&output, "missing/out", false), ERROR_NOT_FOUND,
		       "missing/out.partial");
}

/** Files of this process may not grow beyond @p size_bytes; writing then fails with EFBIG. */
static void limit_file_size(rlim_t size_bytes, struct rlimit *before_ret)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, before_ret), 0);
	limit = (struct rlimit){ size_bytes, before_ret->rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void fill_until_write_fails(size_t n_bytes, const char *reason)
{
	struct output_file output = { 0 };
	struct rlimit before;
	struct error *error;

	assert_success(output_file_create(&output, "out", false));
	limit_file_size(10000, &before);
	for (size_t i = 0; i < n_bytes; i++)
		fputc('x', output.file);
	error = output_file_commit(&output);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(error);
	assert_int_equal(error->errno_value, EFBIG);
	assert_failure(error, ERROR_SYSTEM, reason);
	assert_false(exists("out"));
	assert_false(exists("out.partial"));
}

static void a_write_that_fails_at_the_end_is_seen(void **state)
{
	fill_until_write_fails(20000, "cannot write 'out': File too large");
}

static void a_write_that_failed_earlier_keeps_its_reason(void **state)
{
	fill_until_write_fails(2000000, "cannot write 'out': File too large");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_appears_when_it_is_whole),
		TEST(an_abandoned_file_leaves_nothing),
		TEST(an_existing_file_is_refused),
		TEST(a_dangling_link_is_refused),
		TEST(a_file_that_appears_meanwhile_is_kept),
		TEST(replacing_is_possible_when_allowed),
		TEST(a_link_is_replaced_not_followed),
		TEST(a_planted_partial_link_is_not_followed),
		TEST(a_missing_folder_is_named),
		TEST(a_write_that_fails_at_the_end_is_seen),
		TEST(a_write_that_failed_earlier_keeps_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
