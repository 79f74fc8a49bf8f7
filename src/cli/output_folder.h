#pragma once

/** The folder of one run's deliverables: perf-profile.out/<program>-<time>/ and its `latest`. */

#include "base/error.h"

struct output_folder {
	char *path;
	char *latest_path; /**< Of the link to keep up to date; NULL with -o. */
	bool may_replace;  /**< --force */
};

/**
 * Make the folder.
 *
 * @param wanted_path  From -o; NULL: a fresh name under perf-profile.out/.
 * @param program      Names the folder when wanted_path is NULL.
 * @return an error when a folder given with -o is not empty and @p may_replace is unset.
 */
struct error *output_folder_create(const char *wanted_path, const char *program, bool may_replace,
				   struct output_folder *ret) MUST_CHECK;

/** "FOLDER/NAME"; free with free(). */
char *output_folder_path(const struct output_folder *folder, const char *name);

/** Point `latest` at this folder. */
struct error *output_folder_publish(const struct output_folder *folder) MUST_CHECK;

/** Remove the folder if nothing is in it: the run left nothing. */
void output_folder_discard_if_empty(const struct output_folder *folder);

void output_folder_deinit(struct output_folder *folder);
