#pragma once

/** Parts of making a tree. */

#include "revision/revision_tree.h"

/** Where a tree's objects come from: the user's repository, or that of a submodule. */
struct tree_source {
	const struct repository *repository;
	const char *label; /**< For messages: "" or "lib/zlib". */
	unsigned int depth;
};

/** A repository at @p path that borrows the source's objects, HEAD at @p commit, no files yet. */
struct error *tree_init(const struct tree_source *source, const char *commit, const char *path);

/** A submodule of a tree: path from its top, and the commit it is at. Owned. */
struct submodule {
	char *path;
	char *commit;
};

DEFINE_VECTOR(submodule_vector, struct submodule)

void submodules_deinit(struct submodule_vector *submodules);

/** Copy the working tree's files to @p path, where tree_init() was; submodules too. */
struct error *worktree_copy(const struct tree_source *source, const char *path,
			    struct text_vector *notes);

/** Make the tree of @p commit at @p path, which tree_init() has prepared; submodules too. */
struct error *tree_check_out(const struct tree_source *source, const char *commit, const char *path,
			     struct text_vector *notes);

/** Open the clone of the submodule at @p submodule_path. @return false: the user has none. */
bool submodule_open(const struct tree_source *source, const char *submodule_path,
		    struct repository *ret);
