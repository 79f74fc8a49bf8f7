#include "capture/launch.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int wait_status(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void test_runs_after_release_only(void **state)
{
	char *argv[] = { "sh", "-c", "exit 7", NULL };
	struct launch launch;

	assert_null(launch_prepare(argv, &launch));
	pid_t pid = launch.pid;

	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_null(launch_exec(&launch));
	int status = wait_status(pid);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	launch_abandon(&launch); /* does nothing now */
}

/** Find the line of /proc/self/status with the signals that whoever started us made us ignore. */
static void find_ignored_signals(char *ret, int size_bytes)
{
	FILE *status = fopen("/proc/self/status", "re");

	assert_non_null(status);
	while (fgets(ret, size_bytes, status) && strncmp(ret, "SigIgn:", strlen("SigIgn:")) != 0)
		;
	fclose(status);
	ret[strcspn(ret, "\n")] = '\0';
	assert_memory_equal(ret, "SigIgn:", strlen("SigIgn:"));
}

/** First of all: the first launch notes what it was given. */
static void test_dispositions_are_those_we_were_given(void **state)
{
	char line[64];
	char *argv[] = { "grep", "-qx", line, "/proc/self/status", NULL };

	signal(SIGCHLD, SIG_IGN);
	find_ignored_signals(line, sizeof(line));
	for (int i = 0; i < 2; i++) {
		struct launch launch;
		pid_t pid;
		int status;

		assert_null(launch_prepare(argv, &launch));
		pid = launch.pid;
		assert_null(launch_exec(&launch));
		status = wait_status(pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		signal(SIGPIPE, SIG_IGN); /* as the main job does after its first launch */
	}
	signal(SIGPIPE, SIG_DFL);
}

static void test_exec_failure_has_its_errno_and_no_zombie(void **state)
{
	char *missing[] = { "/no/such/program", NULL };
	char *folder[] = { "/", NULL };
	struct launch launch;
	struct error *error;

	assert_null(launch_prepare(missing, &launch));
	error = launch_exec(&launch);
	assert_non_null(error);
	assert_int_equal(error->errno_value, ENOENT);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);

	assert_null(launch_prepare(folder, &launch));
	error = launch_exec(&launch);
	assert_non_null(error);
	assert_int_equal(error->errno_value, EACCES);
	error_destroy(error);

	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_place_has_streams_and_folder(void **state)
{
	char *argv[] = { "sh", "-c", "cat; pwd; echo gone >&2", NULL };
	struct launch_place place = { .error_fd = -1, .folder = "/" };
	char text[32] = "";
	int input[2], output[2], errors[2];
	struct launch launch;

	assert_int_equal(pipe(input) | pipe(output) | pipe(errors), 0);
	place.input_fd = input[0];
	place.output_fd = output[1];
	place.error_fd = errors[1];
	assert_int_equal(write(input[1], "given ", 6), 6);
	fcntl(input[1], F_SETFD, FD_CLOEXEC);
	assert_null(launch_prepare_in(&place, argv, NULL, &launch));
	pid_t pid = launch.pid;

	close(input[1]);
	assert_null(launch_exec(&launch));
	assert_int_equal(wait_status(pid), 0);
	assert_int_equal(read(output[0], text, sizeof(text) - 1), 8);
	assert_string_equal(text, "given /\n");
	assert_int_equal(read(errors[0], text, sizeof(text) - 1), 5);
	close(input[0]);
	for (int i = 0; i < 2; i++) {
		close(output[i]);
		close(errors[i]);
	}

	place = (struct launch_place){ -1, -1, -1, "/no/such/folder", NULL };
	assert_null(launch_prepare_in(&place, argv, NULL, &launch));
	struct error *error = launch_exec(&launch);

	assert_int_equal(error->errno_value, ENOENT);
	error_destroy(error);
}

static int n_handled;

static void count_signal(int number)
{
	(void)number;
	n_handled++;
}

static void test_start_at_once_notes_time_and_use(void **state)
{
	char *argv[] = { "sh", "-c", "exit 5", NULL };
	const struct launch_place place = { -1, -1, -1, NULL, NULL };
	struct launch_note *note = launch_note_create();
	uint64_t start_ns = clock_monotonic_ns();
	int status;
	pid_t pid;

	assert_non_null(note);
	assert_null(launch_start_in(&place, argv, note, &pid));
	status = wait_status(pid);
	assert_int_equal(WEXITSTATUS(status), 5);
	assert_true(note->exec_ns >= start_ns && note->exec_ns <= clock_monotonic_ns());
	assert_true(note->before.ru_maxrss > 0);
	assert_int_equal(note->exec_errno, 0);

	argv[0] = "/no/such/program";
	assert_null(launch_start_in(&place, argv, note, &pid));
	status = wait_status(pid);
	assert_int_equal(WEXITSTATUS(status), 127);
	assert_int_equal(note->exec_errno, ENOENT);
	launch_note_destroy(note);
}

/** Its memory is ours until its exec: a handler in it would change our variables. */
static void test_started_child_has_neither_our_handlers_nor_our_mask(void **state)
{
	char *argv[] = { "sh", "-c", "kill -USR1 $$; exit 3", NULL };
	const struct launch_place place = { -1, -1, -1, NULL, NULL };
	struct launch_note *note = launch_note_create();
	sigset_t blocked;
	int status;
	pid_t pid;

	signal(SIGUSR1, count_signal);
	assert_null(launch_start_in(&place, argv, note, &pid));
	status = wait_status(pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGUSR1);
	assert_int_equal(n_handled, 0);
	raise(SIGUSR1);
	assert_int_equal(n_handled, 1);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &blocked), 0);
	assert_false(sigismember(&blocked, SIGTERM));
	signal(SIGUSR1, SIG_DFL);
	launch_note_destroy(note);
}

static void test_abandoned_child_never_runs(void **state)
{
	char *argv[] = { "sh", "-c", "kill -KILL $PPID", NULL };
	struct launch launch;

	assert_null(launch_prepare(argv, &launch));
	launch_abandon(&launch);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dispositions_are_those_we_were_given),
		cmocka_unit_test(test_runs_after_release_only),
		cmocka_unit_test(test_exec_failure_has_its_errno_and_no_zombie),
		cmocka_unit_test(test_place_has_streams_and_folder),
		cmocka_unit_test(test_start_at_once_notes_time_and_use),
		cmocka_unit_test(test_started_child_has_neither_our_handlers_nor_our_mask),
		cmocka_unit_test(test_abandoned_child_never_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
