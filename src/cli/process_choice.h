#pragma once

/** Running processes by name (--comm) and by user (-u). */

#include "base/error.h"
#include "base/string_table.h"
#include "base/vector.h"
#include "process/proc_list.h"

struct process_choice {
	const struct string_vector *names; /**< Of processes or of their programs; none: any. */
	const char *user;                  /**< Login name or number; NULL: any. */
};

/** A choice whose user is known. */
struct process_matcher {
	struct process_choice choice;
	uint32_t uid; /**< Of the choice's user. */
};

/** Borrows the strings of the choice. @return ERROR_NOT_FOUND for an unknown user. */
struct error *process_matcher_init(struct process_matcher *matcher,
				   const struct process_choice *choice) MUST_CHECK;

/** Of the user, with one of the names; neither ourselves nor a kernel thread. */
bool process_matcher_fits(const struct process_matcher *matcher, const struct proc_entry *entry);

/**
 * All processes that fit both, but neither ourselves nor kernel threads.
 *
 * @param pids_ret  Appended to.
 * @return ERROR_NOT_FOUND about the first name that nothing has, with the nearest ones that run,
 *         or an unknown user, or a user without processes.
 */
struct error *process_choice_find(const struct process_choice *choice,
				  struct index_vector *pids_ret) MUST_CHECK;
