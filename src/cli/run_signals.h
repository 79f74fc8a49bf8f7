#pragma once

/**
 * Signals while a command is being recorded.
 *
 * The command shares our terminal and process group, so Ctrl-C reaches it
 * without us. We only note it, and see to it that a command that ignores it
 * ends too. Signals sent to us alone (kill) are passed on.
 */

#include "base/attributes.h"

#include <sys/types.h>

/** A command that is still there this long after Ctrl-C gets SIGTERM. */
#define INTERRUPT_GRACE_NS UINT64_C(2000000000)

struct run_signals {
	unsigned int n_interrupts; /**< SIGINT and SIGQUIT so far. */
	int ending_signal;         /**< The first SIGINT, SIGQUIT, SIGTERM or SIGHUP; 0: none. */
	uint64_t first_time_ns;
	unsigned int n_toggles;   /**< SIGUSR1, if listened to. */
	unsigned int n_snapshots; /**< SIGUSR2, if listened to. */
};

/** Install the handlers; @p pid gets what is sent to us alone. After launch_prepare(). */
void run_signals_watch(pid_t pid);

/** Take SIGUSR2, and SIGUSR1 if @p takes_toggles, for ourselves until run_signals_release(). */
void run_signals_listen(bool takes_toggles);

/** Back to the default dispositions. */
void run_signals_release(void);

/** What came so far. */
struct run_signals run_signals_state(void);
