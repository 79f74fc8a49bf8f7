#pragma once

/** Samples of a real command, with stack copies of nearly 64 KiB, while it runs. */

#include "arch/architecture.h"
#include "base/error.h"
#include "record/record.h"

struct process_table;

/** @param take  Called for each sample; @p processes is as of its time. */
struct error *sampled_command_run(char **command, struct process_table *processes,
				  void (*take)(void *context, const struct record *sample),
				  void *context) MUST_CHECK;

/** The registers of the user side; false: it has none, or not all. */
bool sampled_command_registers(const struct sample_record *sample, struct registers *ret);
