#include "build/build_systems_internal.h"

#include "build/compiler_wrappers_internal.h"
#include "build/paths.h"

#include <string.h>

static bool has_makefile(const char *folder_path)
{
	return path_has_file(folder_path, "GNUmakefile") ||
	       path_has_file(folder_path, "makefile") || path_has_file(folder_path, "Makefile") ||
	       path_has_file(folder_path, "configure");
}

static bool recognize(const char *folder_path, struct build_project *project)
{
	char *top, *parent;

	/* Makefiles that CMake wrote belong to the folder with its CMakeCache.txt. */
	if (!has_makefile(folder_path) || path_has_folder(folder_path, "CMakeFiles"))
		return false;
	/* Makefiles call those of the folders below: the topmost of a chain is the project. */
	top = memory_duplicate_text(folder_path);
	parent = path_parent(top);
	while (strcmp(parent, top) != 0 && has_makefile(parent)) {
		free(top);
		top = parent;
		parent = path_parent(top);
	}
	free(parent);
	project->source_path = top;
	return true;
}

/**
 * Configure the copy once, as the user has configured. The makefiles that came with the copy
 * may hold absolute paths that lead back to the user's folders.
 */
static void add_configure_steps(struct build_plan *plan, const char *folder)
{
	static const char *const configure[] = {
		"sh", "-c",
		"[ ! -f config.status ] || eval \"set -- $(./config.status --config)\"\n"
		"exec ./configure \"$@\"",
		NULL
	};
	_cleanup_free_ char *stamp_path = path_join(plan->folder_path, "configured");
	const char *const stamp[] = { "touch", stamp_path, NULL };
	struct build_step *step = build_plan_add_step(plan, folder, configure);

	step->unless_path = memory_duplicate_text(stamp_path);
	step = build_plan_add_step(plan, folder, stamp);
	step->unless_path = memory_duplicate_text(stamp_path);
}

/**
 * Makefiles set CFLAGS in every way there is, and a CFLAGS of ours would hide theirs. So the
 * compilers found on PATH add the flags, behind all others.
 */
static struct error *plan(const struct build_request *request, const struct build_project *project,
			  struct build_plan *plan)
{
	static const char *const make[] = { "make", NULL };
	_cleanup_free_ char *folder = build_plan_use_copy(plan, project);
	const char *inside =
		project->program_path ? path_inside(project->program_path, plan->tree_path) : NULL;
	struct build_step *step;

	plan->wrapper_path = path_join(plan->folder_path, "compilers");
	compiler_wrappers_put_on_path(plan);
	if (path_has_file(project->source_path, "configure"))
		add_configure_steps(plan, folder);
	step = build_plan_add_step(plan, folder, make);
	build_step_add_jobs(step, request);
	if (request->target)
		build_step_add(step, request->target);
	plan->output_path = memory_duplicate_text(plan->copy_path);
	if (inside)
		plan->wanted_path = path_join(plan->copy_path, inside);
	return NULL;
}

const struct build_system build_system_make = {
	.name = "make",
	.title = "Make",
	.recognize = recognize,
	.plan = plan,
};
