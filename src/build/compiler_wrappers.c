#include "build/compiler_wrappers_internal.h"

#include "base/shell_quote.h"
#include "build/build_systems_internal.h"
#include "build/paths.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** "cc", "gcc-12", "x86_64-linux-gnu-g++", "clang++-14", ... */
static bool is_compiler_name(const char *name)
{
	static const char *const patterns[] = { "cc",           "c++",           "c99",   "c11",
						"gcc",          "g++",           "clang", "clang++",
						"gcc-[0-9]*",   "g++-[0-9]*",    "*-gcc", "*-g++",
						"clang-[0-9]*", "clang++-[0-9]*" };

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

void compiler_wrappers_put_on_path(struct build_plan *plan)
{
	const char *folders = environment_value(&plan->environment, "PATH");
	_cleanup_free_ char *joined = memory_format_text("%s:%s", plan->wrapper_path,
							 folders ? folders : "/usr/bin:/bin");

	environment_set(&plan->environment, "PATH", joined);
}

/**
 * The wrapped compiler sees PATH without the wrappers: it may be one itself (ccache, distcc) that
 * looks for the next of its name there, and would find ours again.
 */
static void write_path_without_wrappers(FILE *file, const struct build_plan *plan)
{
	fputs("wrappers=", file);
	shell_quote_write(file, plan->wrapper_path);
	fputs("\nPATH=:$PATH:\nPATH=${PATH%%\":$wrappers:\"*}:${PATH#*\":$wrappers:\"}\n"
	      "PATH=${PATH#:} PATH=${PATH%:}\n",
	      file);
}

/** -s (strip) given to the linker is dropped; everything else is passed on as it is. */
static struct error *write_wrapper(const struct build_plan *plan, const char *compiler_path)
{
	_cleanup_free_ char *path = path_join(plan->wrapper_path, path_name(compiler_path));
	FILE *file;
	bool is_written;

	if (access(path, F_OK) == 0)
		return NULL; /* the first on PATH counts */
	file = fopen(path, "wxe");
	if (!file)
		return error_from_errno(errno, "cannot write '%s'", path);
	fputs("#!/bin/sh\n", file);
	write_path_without_wrappers(file, plan);
	fputs("for word; do\n\tshift\n"
	      "\t[ \"$word\" = -s ] || set -- \"$@\" \"$word\"\ndone\nexec ",
	      file);
	shell_quote_write(file, compiler_path);
	fputs(" \"$@\" " BUILD_COMPILER_FLAGS " ", file);
	_cleanup_free_ char *map =
		memory_format_text("-ffile-prefix-map=%s=%s", plan->copy_path, plan->tree_path);

	shell_quote_write(file, map);
	fputc('\n', file);
	is_written = !ferror(file) && fchmod(fileno(file), 0700) == 0;
	if (fclose(file) != 0 || !is_written)
		return error_from_errno(errno, "cannot write '%s'", path);
	return NULL;
}

static struct error *wrap_folder(const struct build_plan *plan, const char *folder_path)
{
	_cleanup_free_ char *pattern = memory_format_text("%s/*[cg][-+c0-9l]*", folder_path);
	struct error *error = NULL;
	glob_t found;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return NULL;
	for (size_t i = 0; i < found.gl_pathc && !error; i++)
		if (is_compiler_name(path_name(found.gl_pathv[i])) &&
		    access(found.gl_pathv[i], X_OK) == 0)
			error = write_wrapper(plan, found.gl_pathv[i]);
	globfree(&found);
	return error;
}

struct error *compiler_wrappers_write(const struct build_plan *plan)
{
	const char *folders = environment_value(&plan->environment, "PATH");

	RETURN_IF_ERROR(path_make_folders(plan->wrapper_path));
	while (*folders) {
		size_t length = strcspn(folders, ":");
		_cleanup_free_ char *folder = memory_format_text("%.*s", (int)length, folders);

		if (folder[0] == '/' && strcmp(folder, plan->wrapper_path) != 0)
			RETURN_IF_ERROR(wrap_folder(plan, folder));
		folders += length + (folders[length] == ':');
	}
	return NULL;
}
