#include "base/trusted_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int make_file(void **state)
{
	int descriptor;

	memcpy(path, "/tmp/trusted-file-test-XXXXXX", 30);
	descriptor = mkstemp(path);
	assert_true(write(descriptor, "text", 4) == 4);
	close(descriptor);
	return 0;
}

static int remove_file(void **state)
{
	unlink(path);
	rmdir(path);
	return 0;
}

static bool is_opened(void)
{
	FILE *file = NULL;
	struct error *error = trusted_file_open(path, &file);

	if (file)
		fclose(file);
	assert_true(!error == (file != NULL));
	error_destroy(error);
	return file != NULL;
}

static void test_own_file(void **state)
{
	assert_true(is_opened());
}

static void test_not_a_regular_file(void **state)
{
	unlink(path);
	assert_false(is_opened());
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(is_opened());
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(is_opened());
}

/** Only root has reason to care; for others the kernel's own rights are all there is. */
static void test_what_others_can_write(void **state)
{
	bool is_root = geteuid() == 0;

	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(is_opened(), !is_root);
	assert_int_equal(chmod(path, 0660), 0);
	assert_true(is_opened()); /* our own group */
	if (!is_root)
		return;
	assert_int_equal(chown(path, 0, 65534), 0);
	assert_false(is_opened());
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(is_opened());
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_false(is_opened());
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_file, remove_file)
	const struct CMUnitTest tests[] = {
		TEST(test_own_file),
		TEST(test_not_a_regular_file),
		TEST(test_what_others_can_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
