#pragma once

/** Building a program on behalf of a command, with what is said about it. */

#include "build/build.h"

/** A request for @p program (NULL: what the current folder builds); @p folder_path is kept. */
struct build_request program_build_request(const char *program, const char *folder_path);

struct program_build_options {
	bool is_quiet; /**< The tools' messages go to stderr only after a failure. */
	bool is_fresh; /**< Forget earlier builds. */
	/** A tool runs; 0: it has ended. For passing signals on. NULL: not wanted. */
	void (*set_running)(void *context, pid_t pid);
};

/**
 * Recognise, build, look at the result. The tools' messages go to stderr as they come, unless
 * quiet. A cache_path in @p request stands, else it is the user's.
 *
 * @param paths_ret  The programs; owned by the caller.
 */
struct error *program_build(struct build_request *request,
			    const struct program_build_options *options,
			    struct text_vector *paths_ret) MUST_CHECK;

/** The same by a script of the user's, in @p folder_path. */
struct error *program_build_by_script(const char *script, const char *folder_path,
				      const char *log_path,
				      const struct program_build_options *options) MUST_CHECK;

/** Whether @p path is an ELF file with debug information, in itself or in a file of its own. */
bool program_has_debug_info(const char *path);

/** If @p program has no debug information and is one that can be built with it, say how. */
void program_build_suggest(const char *program);
