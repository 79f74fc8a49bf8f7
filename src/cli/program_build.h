#pragma once

/** Building a program on behalf of a command, with what is said about it. */

#include "build/build.h"

/** A request for @p program (NULL: what the current folder builds); @p folder_path is kept. */
struct build_request program_build_request(const char *program, const char *folder_path);

/**
 * Recognise, build, look at the result. The tools' messages go to stderr as they come, unless
 * quiet.
 *
 * @param is_fresh   Forget earlier builds.
 * @param paths_ret  The programs; owned by the caller.
 */
struct error *program_build(struct build_request *request, bool is_quiet, bool is_fresh,
			    struct text_vector *paths_ret) MUST_CHECK;

/** Whether @p path is an ELF file with debug information, in itself or in a file of its own. */
bool program_has_debug_info(const char *path);

/** If @p program has no debug information and is one that can be built with it, say how. */
void program_build_suggest(const char *program);
