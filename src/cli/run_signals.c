#include "cli/run_signals.h"

#include "base/clock.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>

static const int watched_signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };

/* Signal handlers can only reach what is global. */
static volatile sig_atomic_t command_pid;
static volatile sig_atomic_t n_interrupts;
static volatile sig_atomic_t ending_signal;
static volatile sig_atomic_t n_toggles;
static volatile sig_atomic_t n_snapshots;
static bool takes_toggles_too, is_listening;
static uint64_t first_time_ns;

static void handle_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (number == SIGINT || number == SIGQUIT)
		n_interrupts++;
	if (!ending_signal) {
		__atomic_store_n(&first_time_ns, clock_monotonic_ns(), __ATOMIC_RELAXED);
		ending_signal = number;
	}
	/* SI_KERNEL: the terminal sent it to the whole group, the command has it already. */
	if (info->si_code != SI_KERNEL && command_pid > 0)
		kill((pid_t)command_pid, number);
}

void run_signals_watch(pid_t pid)
{
	struct sigaction action = { .sa_sigaction = handle_signal,
				    .sa_flags = SA_SIGINFO | SA_RESTART };

	command_pid = (sig_atomic_t)pid;
	for (size_t i = 0; i < ARRAY_SIZE(watched_signals); i++) {
		struct sigaction old;

		/* Started with it ignored (nohup): that is how it stays. */
		if (sigaction(watched_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(watched_signals[i], &action, NULL);
	}
	/* A reader of our messages that goes away must not end the recording. */
	signal(SIGPIPE, SIG_IGN);
}

void run_signals_release(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(watched_signals); i++) {
		struct sigaction old;

		if (sigaction(watched_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			signal(watched_signals[i], SIG_DFL);
	}
	if (is_listening)
		signal(SIGUSR2, SIG_DFL);
	if (is_listening && takes_toggles_too)
		signal(SIGUSR1, SIG_DFL);
	is_listening = false;
	command_pid = 0;
}

static void handle_request(int number)
{
	if (number == SIGUSR1)
		n_toggles++;
	else
		n_snapshots++;
}

void run_signals_listen(bool takes_toggles)
{
	const struct sigaction action = { .sa_handler = handle_request, .sa_flags = SA_RESTART };

	if (takes_toggles)
		sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	takes_toggles_too = takes_toggles;
	is_listening = true;
}

struct run_signals run_signals_state(void)
{
	return (struct run_signals){
		.n_interrupts = (unsigned int)n_interrupts,
		.ending_signal = ending_signal,
		.n_toggles = (unsigned int)n_toggles,
		.n_snapshots = (unsigned int)n_snapshots,
		.first_time_ns = __atomic_load_n(&first_time_ns, __ATOMIC_RELAXED),
	};
}
