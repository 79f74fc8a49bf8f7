#pragma once

/** The files of a revision in a folder of our own. */

#include "base/vector.h"
#include "build/text_vector.h"
#include "revision/repository.h"

/** Submodules within submodules; deeper is refused. */
#define SUBMODULE_DEPTH_MAX 16

/**
 * Make the tree of @p revision at @p path, which must not exist: a repository with HEAD at the
 * commit, the user's tags and settings, and the user's objects borrowed. The working tree is
 * copied: what git tracks as it is now, and new files that are not ignored.
 *
 * Submodules come from the clones the user has. One that was never cloned stays an empty folder.
 *
 * @param notes_ret  Sentences for the user are appended; owned by the caller.
 * @return when a submodule's commit is not there, the disk is full, or the user interrupts;
 *         what was made so far is left to the caller to remove.
 */
struct error *revision_tree_make(const struct repository *repository,
				 const struct revision *revision, const char *path,
				 struct text_vector *notes_ret) MUST_CHECK;
