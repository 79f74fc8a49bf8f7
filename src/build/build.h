#pragma once

/**
 * Build a program again, optimised, with debug information and frame pointers, in a folder of our
 * own: request -> project (what was recognised) -> plan (what will be run) -> programs.
 *
 * No file of the project is written, replaced or deleted.
 */

#include "base/error.h"
#include "build/environment.h"
#include "build/text_vector.h"

#include <sys/types.h>

struct build_system;

/** What to build. Everything is borrowed; NULL and 0: not said. */
struct build_request {
	const char *program;     /**< The command's program, as typed. It need not exist yet. */
	const char *folder_path; /**< Where the command would run; absolute. Not NULL. */
	const char *cache_path;  /**< Build folders go into it. Not NULL for build_plan_create(). */
	const char *log_path;    /**< File for what the tools say; NULL: in the build's folder. */
	char *const *environment;  /**< As environ(7); not NULL. */
	const char *system_name;   /**< Only this build system. */
	const char *manifest_path; /**< Cargo.toml of the project. */
	const char *profile;       /**< Cargo profile, CMake or Meson build type. */
	const char *package;       /**< Cargo or Go package. */
	const char *bin;           /**< Cargo target by kind; at most one of the three. */
	const char *example;
	const char *bench;
	const char *features; /**< Of Cargo. */
	bool has_all_features;
	bool is_without_default_features;
	const char *target;  /**< Cargo: target triple; CMake, Meson, Make, Zig: what to make. */
	unsigned int n_jobs; /**< 0: as the build system does by itself. */
	bool has_color;      /**< Ask the build tools for colours. */
};

/** What was recognised. Strings are owned. */
struct build_project {
	const struct build_system *system;
	char *source_path;     /**< Folder of the build file; absolute. */
	char *configured_path; /**< A build folder the user made, for its settings; or NULL. */
	char *program_path;    /**< The program, absolute and without links; NULL: none was said. */
};

/** @return ERROR_NOT_FOUND: no build system is recognised. */
struct error *build_recognize(const struct build_request *request,
			      struct build_project *ret) MUST_CHECK;
void build_project_deinit(struct build_project *project);

/** "Cargo" */
const char *build_project_system_title(const struct build_project *project);

/** One program to run. Strings are owned. */
struct build_step {
	struct text_vector argv;
	char *folder_path;
	char *stdout_path; /**< File for its standard output; NULL: with its messages. */
	char *unless_path; /**< Left out when this file exists; or NULL. */
};

DEFINE_VECTOR(build_step_vector, struct build_step)

/** What will be run. Strings are owned; paths are absolute. */
struct build_plan {
	const struct build_system *system;
	char *folder_path; /**< Ours: everything is written in here. */
	char *log_path;
	char *tree_path;    /**< Top of the sources to copy first; NULL: built where they are. */
	char *copy_path;    /**< Where the copy is; NULL: none. */
	char *wrapper_path; /**< Where compilers that add our flags are made first; or NULL. */
	char *output_path;  /**< Where the programs will be. */
	char *wanted_name;  /**< File name of the program; NULL: any. */
	char *wanted_path;  /**< Where in output_path the program should be; or NULL. */
	struct environment environment;
	struct build_step_vector steps;
	struct text_vector notes; /**< Sentences the user should read. */
};

struct error *build_plan_create(const struct build_request *request,
				const struct build_project *project,
				struct build_plan **ret) MUST_CHECK;
void build_plan_destroy(struct build_plan *plan);

/** Follows a build; each function may be NULL. */
struct build_listener {
	void *context;
	void (*on_step)(void *context, const struct build_step *step);
	void (*on_output)(void *context, const char *bytes, size_t size_bytes);
	void (*set_running)(void *context, pid_t pid); /**< A tool runs; 0: it has ended. */
	void (*on_wait)(void *context); /**< Another build of the project is under way. */
};

/** Throw away what earlier builds left in the plan's folder. */
struct error *build_plan_clear(const struct build_plan *plan) MUST_CHECK;

/** Copy and build. The tools' messages go to the listener and to plan->log_path. */
struct error *build_plan_run(struct build_plan *plan,
			     const struct build_listener *listener) MUST_CHECK;

/**
 * The programs the build made, or the one that was wanted; at least one.
 *
 * @return ERROR_NOT_FOUND: none, with a hint of what there is.
 */
struct error *build_plan_programs(const struct build_plan *plan,
				  struct text_vector *paths_ret) MUST_CHECK;

/** Build by a script of the user's instead, run by /bin/sh in @p folder_path. */
struct error *build_script_run(const char *script, const char *folder_path, const char *log_path,
			       char *const *environment_entries,
			       const struct build_listener *listener) MUST_CHECK;

/** $XDG_CACHE_HOME/perf-profile/build or its default in $HOME; NULL: neither is set. free() it. */
char *build_cache_path(char *const *environment);
