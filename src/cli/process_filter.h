#pragma once

/** Which records of whole CPUs are of chosen processes, also of those that start later. */

#include "cli/process_choice.h"
#include "record/record.h"

struct process_filter;

/**
 * @param choice  Its strings are borrowed. Nothing has to fit it yet.
 * @return ERROR_NOT_FOUND for an unknown user.
 */
struct error *process_filter_create(const struct process_choice *choice,
				    struct process_filter **ret) MUST_CHECK;

/**
 * Of all records, in order of time, as they come. Samples and switches of others are not kept; what
 * tells of processes, threads and mappings is.
 *
 * A process is looked up when it is first met, after each exec, and whenever it has become twice as
 * old. One that has ended before was what its parent was.
 */
bool process_filter_keeps(struct process_filter *filter, const struct record *record);

/** NULL is fine. */
void process_filter_destroy(struct process_filter *filter);
