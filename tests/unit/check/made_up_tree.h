#pragma once

/** A made-up /proc and /sys for one check. */

#include "check/check.h"

struct made_up_tree {
	char path[64]; /**< Of the fresh folder that holds proc/ and sys/. */
	char *proc_path, *sys_path;
	struct check_context context;
	struct check_result result;
};

/** cmocka setup and teardown: *state is a struct made_up_tree with empty folders. */
int made_up_tree_set_up(void **state);
int made_up_tree_tear_down(void **state);

/** Write @p content to proc/... or sys/..., making the folders on the way. */
void made_up_tree_write(void **state, const char *path, const char *content);

/** proc/self/status and uid_map of a process with these capabilities. */
void made_up_tree_set_process(void **state, uint64_t capabilities, int seccomp_mode);

/** The result of @p check, until the next call. NULL: it does not apply. */
const struct check_result *made_up_tree_run(void **state, const struct check *check);

/** @param loss, mend  Parts of them; NULL: there is none. */
void assert_result(const struct check_result *result, enum check_verdict verdict, const char *fact,
		   const char *loss, const char *mend);
