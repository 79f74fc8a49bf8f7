#include "../base/cmocka_headers.h"

#include "cli/run_signals.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/** A child that waits to be killed: the command. */
static pid_t start_command(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void signals_to_us_are_noted_and_passed_on(void **state)
{
	pid_t pid = start_command();
	struct run_signals signals;
	int status;

	/* Whatever the test program was started with. */
	signal(SIGTERM, SIG_DFL);
	run_signals_watch(pid);
	assert_int_equal(run_signals_state().ending_signal, 0);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	signals = run_signals_state();
	assert_int_equal(signals.ending_signal, SIGTERM);
	assert_int_equal(signals.n_interrupts, 0);
	assert_true(signals.first_time_ns > 0);
	run_signals_release();
}

static void released_signals_are_the_defaults_again(void **state)
{
	struct sigaction action;

	signal(SIGTERM, SIG_DFL);
	run_signals_watch(0);
	assert_int_equal(sigaction(SIGTERM, NULL, &action), 0);
	assert_true(action.sa_handler != SIG_DFL);
	run_signals_release();
	assert_int_equal(sigaction(SIGTERM, NULL, &action), 0);
	assert_true(action.sa_handler == SIG_DFL);
}

static void ignored_signals_stay_ignored(void **state)
{
	struct sigaction action;

	signal(SIGHUP, SIG_IGN);
	run_signals_watch(0);
	assert_int_equal(sigaction(SIGHUP, NULL, &action), 0);
	assert_true(action.sa_handler == SIG_IGN);
	run_signals_release();
	assert_int_equal(sigaction(SIGHUP, NULL, &action), 0);
	assert_true(action.sa_handler == SIG_IGN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_to_us_are_noted_and_passed_on),
		cmocka_unit_test(released_signals_are_the_defaults_again),
		cmocka_unit_test(ignored_signals_stay_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
