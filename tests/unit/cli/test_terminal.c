#include "../base/cmocka_headers.h"

#include "cli/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/** stderr goes to a file in memory while @p write runs; what was written. */
static void capture_stderr(void (*write)(void), char *text, size_t size_bytes)
{
	int before = dup(STDERR_FILENO);
	int file = memfd_create("stderr", 0);
	ssize_t length;

	fflush(stderr);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	write();
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	length = pread(file, text, size_bytes - 1, 0);
	text[length > 0 ? length : 0] = '\0';
	close(file);
	close(before);
}

static void print_hostile_error(void)
{
	terminal_init(false);
	terminal_print_error(
		error_with_hint(error_new(ERROR_SYSTEM, "bad \033[31mname\n"), "try %s", "\xff"));
	terminal_print_error(NULL);
}

static void errors_show_hints_and_no_controls(void **state)
{
	char text[200];

	capture_stderr(print_hostile_error, text, sizeof(text));
	assert_string_equal(text, "perf-profile: bad \xef\xbf\xbd[31mname\xef\xbf\xbd\n"
				  "  hint: try \xef\xbf\xbd\n");
}

static void print_quietly(void)
{
	terminal_init(true);
	terminal_print_note("progress %d", 1);
	terminal_print_warning("lost %d", 2);
}

static void quiet_keeps_warnings_only(void **state)
{
	char text[200];

	capture_stderr(print_quietly, text, sizeof(text));
	assert_string_equal(text, "perf-profile: warning: lost 2\n");
}

static void print_status_and_note(void)
{
	terminal_init(false);
	terminal_set_status("1.0 s");
	terminal_print_note("a note");
	terminal_set_status(NULL);
}

static void without_a_terminal_there_is_no_status_and_no_color(void **state)
{
	char text[200];

	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	capture_stderr(print_status_and_note, text, sizeof(text));
	assert_string_equal(text, "a note\n");
}

/** A pseudo terminal, pty(7); the program's side. */
static FILE *open_terminal(int *other_side_ret)
{
	*other_side_ret = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(*other_side_ret >= 0);
	assert_int_equal(grantpt(*other_side_ret), 0);
	assert_int_equal(unlockpt(*other_side_ret), 0);
	/* Not our controlling terminal: its end would be a SIGHUP. */
	return fdopen(open(ptsname(*other_side_ret), O_RDWR | O_NOCTTY | O_CLOEXEC), "r+");
}

static void colors_need_a_terminal_and_permission(void **state)
{
	int other_side;
	FILE *file = open_terminal(&other_side);

	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_true(terminal_has_color(file));
	assert_string_equal(terminal_begin(file, STYLE_BAD), "\033[31m");
	assert_string_equal(terminal_end(file), "\033[0m");
	setenv("NO_COLOR", "", 1); /* empty does not count */
	assert_true(terminal_has_color(file));
	setenv("NO_COLOR", "1", 1);
	assert_false(terminal_has_color(file));
	assert_string_equal(terminal_begin(file, STYLE_BAD), "");
	assert_string_equal(terminal_end(file), "");
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	assert_false(terminal_has_color(file));
	unsetenv("TERM");
	assert_false(terminal_has_color(file));
	fclose(file);
	close(other_side);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_show_hints_and_no_controls),
		cmocka_unit_test(quiet_keeps_warnings_only),
		cmocka_unit_test(without_a_terminal_there_is_no_status_and_no_color),
		cmocka_unit_test(colors_need_a_terminal_and_permission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
