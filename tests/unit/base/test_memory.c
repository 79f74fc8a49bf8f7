#include "cmocka_headers.h"

#include "base/memory.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void allocated_memory_is_zeroed(void **state)
{
	_cleanup_free_ unsigned char *memory = memory_allocate(1000, 3);

	for (size_t i = 0; i < 3000; i++)
		assert_int_equal(memory[i], 0);
}

static void nothing_is_never_null(void **state)
{
	_cleanup_free_ void *allocated = memory_allocate(0, 8);
	_cleanup_free_ void *resized = memory_resize(NULL, 0, 8);
	_cleanup_free_ void *copied = memory_duplicate(NULL, 0);

	assert_non_null(allocated);
	assert_non_null(resized);
	assert_non_null(copied);
}

static void texts_are_copied_and_formatted(void **state)
{
	_cleanup_free_ char *copy = memory_duplicate_text("abc");
	_cleanup_free_ char *formatted = memory_format_text("%s-%d", "abc", 5);

	assert_string_equal(copy, "abc");
	assert_string_equal(formatted, "abc-5");
	assert_null(memory_duplicate_text(NULL));
}

/** Run @p function in a child; its exit status, and what it wrote to stderr. */
static int status_of_child(void (*function)(void), char *output, size_t size_bytes)
{
	ssize_t length;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		function();
		_exit(0);
	}
	close(ends[1]);
	length = read(ends[0], output, size_bytes - 1);
	output[length > 0 ? length : 0] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void overflow_resize(void)
{
	free(memory_resize(NULL, SIZE_MAX / 2, 4));
}

static void a_product_that_overflows_ends_the_program(void **state)
{
	char output[200];

	assert_int_equal(status_of_child(overflow_resize, output, sizeof(output)), 125);
	assert_non_null(strstr(output, "perf-profile: out of memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocated_memory_is_zeroed),
		cmocka_unit_test(nothing_is_never_null),
		cmocka_unit_test(texts_are_copied_and_formatted),
		cmocka_unit_test(a_product_that_overflows_ends_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
