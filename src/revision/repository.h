#pragma once

/** Questions to the user's git repository. It is only read. */

#include "revision/git_command.h"

/** The name that means the files as they are, with uncommitted changes. */
#define REVISION_WORKTREE "WORKTREE"

/** Strings are owned; paths are absolute. */
struct repository {
	char *top_path; /**< Of the working tree; of a bare repository: itself. */
	char *prefix;   /**< From there to the folder it was opened in: "" or "a/b/". */
	char *git_path; /**< Its own folder, shared by all its worktrees. */
	char *objects_path;
	char *object_format; /**< "sha1" */
	char *promisor;      /**< Remote of a partial clone, or NULL. */
	bool is_shallow;
	bool is_bare;                  /**< There is no working tree. */
	const struct git_watch *watch; /**< Borrowed. */
};

/** @return ERROR_NOT_FOUND: @p folder_path is in no repository, or there is no git. */
struct error *repository_open(const char *folder_path, const struct git_watch *watch,
			      struct repository *ret) MUST_CHECK;
void repository_deinit(struct repository *repository);

/** One side's sources. Strings are owned. */
struct revision {
	char *name;    /**< As given. */
	char *commit;  /**< Full hash; of the working tree what HEAD is, NULL before a first commit.
			*/
	char *subject; /**< First line of its message; NULL as above. */
	bool is_worktree;
};

/** Whether git knows @p name, or it is the working tree's. */
bool repository_knows(const struct repository *repository, const char *name);

/** @return ERROR_NOT_FOUND with what may have been meant. */
struct error *repository_resolve(const struct repository *repository, const char *name,
				 struct revision *ret) MUST_CHECK;
void revision_deinit(struct revision *revision);

/** Whether tracked files differ from HEAD. */
bool repository_is_dirty(const struct repository *repository);
