#pragma once

/** Made-up projects in a folder of their own. */

#include "build/build.h"

/** A fresh folder below /tmp with a blank in its name. free() it after project_tree_remove(). */
char *project_tree_create(void);
void project_tree_remove(const char *path);

/** Write TREE/NAME with the folders it is in. */
void project_tree_write(const char *tree_path, const char *name, const char *text);
bool project_tree_has(const char *tree_path, const char *name, const char *text);

/**
 * The plan for @p program, seen from TREE.
 *
 * @param environment  NULL-terminated; HOME and PATH are there.
 */
struct build_plan *project_tree_plan(const char *tree_path, const char *program,
				     char *const *environment);

/** All words of a step with a blank after each. free() it. */
char *project_tree_words(const struct build_step *step);

#define assert_contains(text, part) assert_non_null(strstr(text, part))
#define assert_lacks(text, part)    assert_null(strstr(text, part))
