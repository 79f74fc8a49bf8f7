#pragma once

/**
 * Who may read what this program writes, and whose it is. One policy for the process, set by cli/
 * before the first file is made. A profile holds addresses, paths and arguments, so by default
 * nobody else may read it.
 */

#include "base/attributes.h"

#include <stdio.h>
#include <sys/types.h>

struct output_policy {
	bool is_shared; /**< Others may read: 0644 and 0755 less the umask, not 0600 and 0700. */
	bool has_owner; /**< Files are made as this user, with that user's rights only. */
	bool is_owner_guessed; /**< Who called sudo; where that user may not write, nobody owns. */
	uid_t user;
	gid_t group;
};

/** Not thread-safe: before other threads start. */
void output_policy_set(const struct output_policy *policy);
struct output_policy output_policy_get(void);

mode_t output_policy_file_mode(void);
mode_t output_policy_folder_mode(void);

/**
 * From here to output_policy_leave() this thread's file accesses are the owner's (setfsuid(2)):
 * what is made belongs to the owner, and root is not led anywhere by links in a folder of the
 * owner's. Without an owner nothing happens, nor where a guessed owner has no right to make
 * @p path: root's folders stay root's. Does not nest.
 *
 * @param path  Of the file; a folder's ends in "/".
 * @return for output_policy_leave().
 */
bool output_policy_enter(const char *path);
void output_policy_leave(bool has_entered);

static inline void output_policy_leave_pointer(bool *has_entered)
{
	output_policy_leave(*has_entered);
}

/**
 * Open a file to write to that is used while it grows: written anew or appended to, a device or
 * FIFO too. Everything else is an output_file.
 *
 * @return NULL: see errno.
 */
FILE *output_policy_open(const char *path, bool is_to_append);

/** Until the scope ends, file accesses are the owner's. */
#define OUTPUT_POLICY_SCOPE(path)                                                                  \
	__attribute__((unused)) CLEANUP(output_policy_leave_pointer) bool output_policy_scope_ =   \
		output_policy_enter(path)
