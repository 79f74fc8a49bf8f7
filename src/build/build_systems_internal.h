#pragma once

/** A build system: how to know it, and how to make it build what can be profiled. */

#include "build/build.h"

struct build_system {
	const char *name;  /**< Stable word: "cargo". */
	const char *title; /**< As people write it: "Cargo". */

	/**
	 * Whether @p folder_path is (or was made by) a project of this system. Fills source_path
	 * and, if the folder is a build folder, configured_path.
	 */
	bool (*recognize)(const char *folder_path, struct build_project *project);

	/**
	 * Fill steps, output_path and, for a copy, tree_path. The plan has its folder, its log,
	 * its environment and what is wanted already.
	 */
	struct error *(*plan)(const struct build_request *request,
			      const struct build_project *project,
			      struct build_plan *plan)MUST_CHECK;

	/** The programs made; NULL: the executable ELF files in output_path. */
	struct error *(*list_programs)(const struct build_plan *plan,
				       struct text_vector *paths_ret)MUST_CHECK;
};

/** All of them, NULL at the end. In one folder the first that recognises it wins. */
extern const struct build_system *const build_systems[];

extern const struct build_system build_system_cargo;
extern const struct build_system build_system_cmake;
extern const struct build_system build_system_meson;
extern const struct build_system build_system_go;
extern const struct build_system build_system_zig;
extern const struct build_system build_system_make;

/** Debug information and frame pointers, for compilers that take gcc's options. */
#define BUILD_COMPILER_FLAGS "-g -fno-omit-frame-pointer"

/** A step in @p folder_path with the words of argv up to a NULL. */
struct build_step *build_plan_add_step(struct build_plan *plan, const char *folder_path,
				       const char *const *words);

/** Put words behind a step's others: an option and its value; nothing when @p value is NULL. */
void build_step_add(struct build_step *step, const char *word);
void build_step_add_option(struct build_step *step, const char *option, const char *value);

/** "-j", N when the request says so. */
void build_step_add_jobs(struct build_step *step, const struct build_request *request);

void build_plan_note(struct build_plan *plan, const char *format, ...) PRINTF_LIKE(2, 3);

/**
 * Build in a copy: of the repository the project is in, or of the project alone. Debug
 * information and __FILE__ will still name the user's files.
 *
 * @return where the project is in the copy; owned by the caller.
 */
char *build_plan_use_copy(struct build_plan *plan, const struct build_project *project);

/** BUILD_COMPILER_FLAGS and what a copy needs; free() it. */
char *build_plan_compiler_flags(const struct build_plan *plan);

/** Add the compiler flags to CFLAGS and CXXFLAGS. */
void build_plan_add_flags_to_environment(struct build_plan *plan);
