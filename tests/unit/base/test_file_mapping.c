#include "base/file_mapping.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define N_PAGES 4

static size_t page_bytes;

/** A file of some pages of 'x'. */
static int make_file(void)
{
	int descriptor = memfd_create("test", MFD_CLOEXEC);
	char page[65536];

	assert_true(descriptor >= 0 && page_bytes <= sizeof(page));
	memset(page, 'x', sizeof(page));
	for (int i = 0; i < N_PAGES; i++)
		assert_true(write(descriptor, page, page_bytes) == (ssize_t)page_bytes);
	return descriptor;
}

static struct file_mapping map(int descriptor, enum file_mapping_use use)
{
	struct file_mapping mapping = { 0 };

	assert_null(file_mapping_open(descriptor, N_PAGES * page_bytes, use, &mapping));
	return mapping;
}

static void test_whole_file(void **state)
{
	int descriptor = make_file();
	struct file_mapping mapping = map(descriptor, FILE_MAPPING_AT_ONCE);

	close(descriptor);
	for (size_t i = 0; i < mapping.size_bytes; i++)
		assert_int_equal(mapping.data[i], 'x');
	assert_false(file_mapping_was_cut(&mapping));
	file_mapping_close(&mapping);
	assert_null(mapping.data);
	file_mapping_close(&mapping);
}

static void test_what_is_cut_off_reads_as_zeros(void **state)
{
	int descriptor = make_file();
	struct file_mapping mapping = map(descriptor, FILE_MAPPING_CHANGE);

	mapping.data[0] = 'y';
	assert_int_equal(ftruncate(descriptor, (off_t)page_bytes), 0);
	assert_int_equal(mapping.data[0], 'y');
	assert_int_equal(mapping.data[page_bytes - 1], 'x');
	assert_false(file_mapping_was_cut(&mapping));
	assert_int_equal(mapping.data[2 * page_bytes + 7], 0);
	assert_true(file_mapping_was_cut(&mapping));
	for (size_t i = page_bytes; i < mapping.size_bytes; i++)
		assert_int_equal(mapping.data[i], 0);
	mapping.data[page_bytes] = 'z';
	assert_int_equal(mapping.data[page_bytes], 'z');
	file_mapping_close(&mapping);
	close(descriptor);
}

static void test_others_are_not_touched(void **state)
{
	int cut = make_file(), whole = make_file();
	struct file_mapping first = map(whole, FILE_MAPPING_READ);
	struct file_mapping second = map(cut, FILE_MAPPING_READ);
	struct file_mapping third = map(whole, FILE_MAPPING_READ);

	assert_int_equal(ftruncate(cut, 0), 0);
	assert_int_equal(second.data[5], 0);
	assert_true(file_mapping_was_cut(&second));
	assert_false(file_mapping_was_cut(&first) || file_mapping_was_cut(&third));
	assert_int_equal(first.data[5] + third.data[third.size_bytes - 1], 'x' + 'x');
	file_mapping_close(&first);
	file_mapping_close(&second);
	file_mapping_close(&third);
	/* A range is used again, and knows nothing of its last life. */
	first = map(whole, FILE_MAPPING_READ);
	assert_false(file_mapping_was_cut(&first));
	file_mapping_close(&first);
	close(cut);
	close(whole);
}

/** A SIGBUS that is none of ours ends the program as ever. */
static void test_other_bus_errors_are_fatal(void **state)
{
	struct file_mapping mapping;
	int descriptor = make_file(), status;
	pid_t pid;

	signal(SIGBUS, SIG_DFL);
	mapping = map(descriptor, FILE_MAPPING_READ);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		volatile char *foreign = mmap(NULL, page_bytes, PROT_READ, MAP_PRIVATE,
					      memfd_create("empty", MFD_CLOEXEC), 0);

		_exit(foreign[0]);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
	file_mapping_close(&mapping);
	close(descriptor);
}

static void test_what_cannot_be_mapped(void **state)
{
	struct file_mapping mapping = { 0 };
	_cleanup_error_ struct error *error =
		file_mapping_open(-1, page_bytes, FILE_MAPPING_READ, &mapping);

	assert_non_null(error);
	assert_null(mapping.data);
	assert_false(file_mapping_was_cut(&mapping));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_file),
		cmocka_unit_test(test_what_is_cut_off_reads_as_zeros),
		cmocka_unit_test(test_others_are_not_touched),
		cmocka_unit_test(test_other_bus_errors_are_fatal),
		cmocka_unit_test(test_what_cannot_be_mapped),
	};

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
