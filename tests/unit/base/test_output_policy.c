#include "base/output_policy.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_modes(void **state)
{
	assert_int_equal(output_policy_file_mode(), 0600);
	assert_int_equal(output_policy_folder_mode(), 0700);
	output_policy_set(&(struct output_policy){ .is_shared = true });
	assert_int_equal(output_policy_file_mode(), 0644);
	assert_int_equal(output_policy_folder_mode(), 0755);
	output_policy_set(&(struct output_policy){ 0 });
}

static uid_t owner_of_new_file(const char *folder)
{
	char path[80];
	struct stat status;
	int descriptor;

	snprintf(path, sizeof(path), "%s/file", folder);
	descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(descriptor >= 0);
	assert_int_equal(fstat(descriptor, &status), 0);
	close(descriptor);
	unlink(path);
	return status.st_uid;
}

/** As nobody but root it changes nothing, and harms nothing. */
static void test_owner(void **state)
{
	char folder[] = "/tmp/output-policy-test-XXXXXX";
	uid_t wanted = geteuid() == 0 ? 65534 : geteuid();

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0777), 0);
	output_policy_set(&(struct output_policy){
		.has_owner = true, .user = wanted, .group = geteuid() == 0 ? 65534 : getegid() });
	{
		OUTPUT_POLICY_SCOPE("/root/not/theirs/file");
		assert_int_equal(owner_of_new_file(folder), wanted);
	}
	assert_int_equal(owner_of_new_file(folder), geteuid());
	output_policy_set(&(struct output_policy){ 0 });
	rmdir(folder);
}

/** A guessed owner makes what that user may make anyway; the rest stays ours. */
static void test_guessed_owner(void **state)
{
	char folder[] = "/tmp/output-policy-test-XXXXXX", path[120];
	struct output_policy policy = { .has_owner = true, .is_owner_guessed = true };
	bool is_root = geteuid() == 0;

	policy.user = is_root ? 65534 : geteuid();
	policy.group = is_root ? 65534 : getegid();
	assert_non_null(mkdtemp(folder));
	output_policy_set(&policy);
	snprintf(path, sizeof(path), "%s/not/there/file", folder);
	{
		OUTPUT_POLICY_SCOPE(path);
		assert_int_equal(owner_of_new_file(folder), geteuid());
	}
	assert_int_equal(chmod(folder, 0777), 0);
	{
		OUTPUT_POLICY_SCOPE(path);
		assert_int_equal(owner_of_new_file(folder), policy.user);
	}
	output_policy_set(&(struct output_policy){ 0 });
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_guessed_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
