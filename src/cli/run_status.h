#pragma once

/** The line on the terminal that says how a recording goes. */

#include "cli/run.h"

struct run_status {
	pid_t pid; /**< Of the command; 0: none. */
	uint64_t start_ns;
	uint64_t next_ns; /**< When the line is due again. */
	bool has_written; /**< The command has, to a terminal that may be ours. */
};

void run_status_start(struct run_status *status, pid_t pid, uint64_t now_ns);

/** Show it if it is due. */
void run_status_show(struct run_status *status, const struct recording *recording, uint64_t now_ns);
