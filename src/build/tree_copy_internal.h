#pragma once

/** A copy of a project's sources that a build may write into. */

#include "base/error.h"

/* What is larger is hardly only sources; the user is told instead of the disk being filled. */
#define TREE_COPY_SIZE_MAX_BYTES (UINT64_C(4) * 1024 * 1024 * 1024)
#define TREE_COPY_FILES_MAX      500000
#define TREE_COPY_DEPTH_MAX      64

/**
 * Bring @p copy_path up to date with @p tree_path.
 *
 * Left out are version control, our own output, build folders (of Cargo, CMake and Meson) and
 * object files, so that everything is compiled anew. Files the build has written in the copy are
 * its own and stay, whatever the tree has under their names; files that have left the tree leave
 * the copy. No link in the copy leads back into the tree.
 *
 * @param record_path  Folder for the list of what was copied.
 */
struct error *tree_copy(const char *tree_path, const char *copy_path,
			const char *record_path) MUST_CHECK;
