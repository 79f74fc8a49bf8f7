#pragma once

/**
 * A file that appears under its name only when it is whole. It is written as
 * `NAME.partial` in the same folder (created exclusively, never through a
 * link, as base/output_policy.h has it) and renamed on commit.
 */

#include "base/error.h"

#include <stdio.h>

struct output_file {
	FILE *file; /**< Write here. */
	char *path; /**< NULL of standard output. */
	char *partial_path;
	bool may_replace;
};

/** "-", or no path at all, is standard output. */
bool output_path_is_stdout(const char *path);

/**
 * Fails when @p path exists, unless @p may_replace. Standard output is taken as it is: its errors
 * are its owner's.
 */
struct error *output_file_create(struct output_file *output, const char *path,
				 bool may_replace) MUST_CHECK;

/** It is to be called otherwise once it is whole, in the same folder. */
void output_file_set_path(struct output_file *output, const char *path);

/**
 * Flush, check for write errors, rename. On failure the partial file is removed.
 * Without may_replace a file that has appeared under the name meanwhile is kept.
 */
struct error *output_file_commit(struct output_file *output) MUST_CHECK;

/** Commit unless there is an @p error, else abandon. @return it, or why it cannot be committed. */
struct error *output_file_finish(struct output_file *output, struct error *error) MUST_CHECK;

/** Remove the partial file. Fine after commit and on an all-zero struct: does nothing. */
void output_file_abandon(struct output_file *output);
