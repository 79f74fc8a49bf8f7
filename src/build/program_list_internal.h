#pragma once

/** The programs a build has made. */

#include "build/build.h"

/** Append the paths of the executable ELF files under @p folder_path, in the order of their names.
 */
void program_list_find(const char *folder_path, struct text_vector *paths_ret);

/** Of those @p found, the one the plan wants, or all when it wants none. */
struct error *program_list_choose(const struct build_plan *plan, const struct text_vector *found,
				  struct text_vector *paths_ret) MUST_CHECK;
