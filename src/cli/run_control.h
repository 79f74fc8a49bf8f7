#pragma once

/**
 * When samples are taken while all is set up: after a delay (-D), and as others ask for through a
 * fifo or signals (--control).
 *
 * The protocol is perf's (perf-record(1), --control): lines of "enable", "disable", "snapshot",
 * "stop" and "ping", each answered by a line "ack" on the second fifo once it is done.
 */

#include "base/error.h"
#include "base/string_table.h"

#include <stdbool.h>
#include <stdint.h>

enum run_request {
	RUN_REQUEST_NONE,
	RUN_REQUEST_ENABLE,
	RUN_REQUEST_DISABLE,
	RUN_REQUEST_SNAPSHOT,
	RUN_REQUEST_SWITCH, /**< To a new file. */
	RUN_REQUEST_STOP,
};

struct run_control_options {
	const char *channel; /**< --control: "fifo:CTL[,ACK]", "fd:N[,N]", "signals"; NULL: none. */
	uint64_t delay_ns;   /**< -D */
	bool is_held_back;   /**< -D -1: not before asked to. */

	/** What SIGUSR2 asks for without a channel of signals; RUN_REQUEST_NONE: nothing. */
	enum run_request signalled;
};

/** Longer lines are no commands. */
#define RUN_CONTROL_LINE_SIZE_BYTES 64

struct run_control {
	int control_fd, ack_fd; /**< -1: none. */
	bool owns_descriptors;
	bool listens_to_signals;    /**< To SIGUSR2... */
	bool takes_toggles;         /**< ...and SIGUSR1. */
	enum run_request signalled; /**< What SIGUSR2 asks for. */
	bool is_enabled;
	bool must_acknowledge;
	uint64_t enable_time_ns; /**< When the delay is over; 0: it is, or there is none. */
	unsigned int n_toggles_seen, n_snapshots_seen;
	size_t line_length;
	char line[RUN_CONTROL_LINE_SIZE_BYTES];
	struct string_vector problems; /**< To say aloud: an unknown command, a full fifo. Owned. */
};

/** "-1", or milliseconds. */
struct error *run_control_read_delay(const char *value, struct run_control_options *ret) MUST_CHECK;

/** Whether sampling may have to be stopped and started. */
bool run_control_is_used(const struct run_control_options *options);

/**
 * Open the fifos without waiting for anyone at their other ends.
 *
 * @return ERROR_USAGE for a channel that cannot be read, ERROR_NOT_FOUND or ERROR_UNSUPPORTED for
 *         a file that is not there or no fifo.
 */
struct error *run_control_open(const struct run_control_options *options,
			       struct run_control *ret) MUST_CHECK;

/** Sampling could begin at @p now_ns. */
void run_control_start(struct run_control *control, const struct run_control_options *options,
		       uint64_t now_ns);

/** What is to be done now, one thing at a time. Enabling what is enabled is not handed out. */
enum run_request run_control_next(struct run_control *control, uint64_t now_ns);

/** The last request is done. */
void run_control_acknowledge(struct run_control *control);
void run_control_close(struct run_control *control);
