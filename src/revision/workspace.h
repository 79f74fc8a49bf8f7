#pragma once

/** The temporary folder of one comparison, with everything that is made for it. */

#include "base/error.h"

struct workspace {
	char *path;          /**< Absolute, without links; NULL: none was made. Owned. */
	int lock_descriptor; /**< Held as long as the folder is in use. */
};

/**
 * Make a new folder in @p parent_path, which is made too. Folders there whose owner is gone
 * (killed) are removed first.
 */
struct error *workspace_create(const char *parent_path, struct workspace *ret) MUST_CHECK;

/** Remove the folder and everything in it. Fine on { 0 }. */
void workspace_destroy(struct workspace *workspace);
