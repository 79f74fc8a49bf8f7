#include "runtime/runtime_file.h"

#include "base/clock.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/** A folder of the test and a file name in it. */
struct folder {
	char path[64];
	char file_path[128];
};

static int folder_create(void **state)
{
	struct folder *folder = memory_allocate(1, sizeof(*folder));

	strcpy(folder->path, "/tmp/runtime-file-test-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	snprintf(folder->file_path, sizeof(folder->file_path), "%s/jit-1.dump", folder->path);
	*state = folder;
	return 0;
}

static int folder_remove(void **state)
{
	struct folder *folder = *state;

	remove(folder->file_path);
	rmdir(folder->path);
	free(folder);
	return 0;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct error *read_as(const char *path, const struct object_process *process)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size_bytes;

	return runtime_file_read(path, process, &bytes, &size_bytes);
}

static void expect_failure(const char *path, enum error_code code)
{
	_cleanup_error_ struct error *error = read_as(path, &(struct object_process){ 0 });

	assert_non_null(error);
	assert_int_equal(error->code, code);
}

static void test_file_of_its_user_is_believed(void **state)
{
	struct folder *folder = *state;
	struct object_process process = { .is_user_known = true, .user_id = geteuid() };
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size_bytes;

	write_file(folder->file_path, "content");
	assert_null(runtime_file_read(folder->file_path, &process, &bytes, &size_bytes));
	assert_int_equal(size_bytes, 7);
	assert_memory_equal(bytes, "content", 7);
	assert_null(read_as(folder->file_path, &(struct object_process){ 0 }));
}

/** Only root can make a file another's; others see a file of root's that is always believed. */
static void test_file_of_another_is_not_believed(void **state)
{
	struct folder *folder = *state;
	struct object_process process = { .is_user_known = true, .user_id = geteuid() + 1 };
	_cleanup_error_ struct error *error = NULL;

	write_file(folder->file_path, "content");
	if (geteuid() == 0)
		assert_int_equal(chown(folder->file_path, 12345, 12345), 0);
	error = read_as(folder->file_path, &process);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_PERMISSION);
	assert_non_null(strstr(error->message, "not believed"));
}

static void test_file_of_an_earlier_process_is_not_believed(void **state)
{
	struct folder *folder = *state;
	const uint64_t now_ns = clock_realtime_ns();
	struct object_process process = { .start_realtime_ns = now_ns + NS_PER_S, .own_pid = 7 };
	struct error *error;

	write_file(folder->file_path, "content");
	error = read_as(folder->file_path, &process);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "before process 7 began"));
	error_destroy(error);
	process.start_realtime_ns = now_ns;
	assert_null(read_as(folder->file_path, &process));
}

static void test_links_and_fifos_are_not_believed(void **state)
{
	struct folder *folder = *state;

	expect_failure(folder->file_path, ERROR_NOT_FOUND);
	assert_int_equal(symlink("/etc/passwd", folder->file_path), 0);
	expect_failure(folder->file_path, ERROR_PERMISSION);
	unlink(folder->file_path);
	assert_int_equal(mkfifo(folder->file_path, 0600), 0);
	expect_failure(folder->file_path, ERROR_PERMISSION);
	unlink(folder->file_path);
	assert_int_equal(mkdir(folder->file_path, 0700), 0);
	expect_failure(folder->file_path, ERROR_PERMISSION);
}

static void test_too_large_file(void **state)
{
	struct folder *folder = *state;

	write_file(folder->file_path, "");
	assert_int_equal(truncate(folder->file_path, (off_t)RUNTIME_FILE_SIZE_MAX_BYTES + 1), 0);
	expect_failure(folder->file_path, ERROR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file_of_its_user_is_believed, folder_create,
						folder_remove),
		cmocka_unit_test_setup_teardown(test_file_of_another_is_not_believed, folder_create,
						folder_remove),
		cmocka_unit_test_setup_teardown(test_file_of_an_earlier_process_is_not_believed,
						folder_create, folder_remove),
		cmocka_unit_test_setup_teardown(test_links_and_fifos_are_not_believed,
						folder_create, folder_remove),
		cmocka_unit_test_setup_teardown(test_too_large_file, folder_create, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
