#include "build/build_systems_internal.h"

#include "build/paths.h"

#include <string.h>

void build_project_deinit(struct build_project *project)
{
	free(project->source_path);
	free(project->configured_path);
	free(project->program_path);
	*project = (struct build_project){ 0 };
}

const char *build_project_system_title(const struct build_project *project)
{
	return project->system->title;
}

static bool recognize_folder(const char *folder_path, const char *system_name,
			     struct build_project *project)
{
	for (const struct build_system *const *system = build_systems; *system; system++) {
		if (system_name && strcmp((*system)->name, system_name) != 0)
			continue;
		if ((*system)->recognize(folder_path, project)) {
			project->system = *system;
			return true;
		}
	}
	return false;
}

static bool recognize_upwards(const char *folder_path, const char *system_name,
			      struct build_project *project)
{
	char *folder = memory_duplicate_text(folder_path);
	bool is_found = recognize_folder(folder, system_name, project);

	while (!is_found && strcmp(folder, "/") != 0) {
		char *parent = path_parent(folder);

		free(folder);
		folder = parent;
		is_found = recognize_folder(folder, system_name, project);
	}
	free(folder);
	return is_found;
}

static struct error *check_system_name(const char *name)
{
	if (!name)
		return NULL;
	for (const struct build_system *const *system = build_systems; *system; system++)
		if (strcmp((*system)->name, name) == 0)
			return NULL;
	return error_with_hint(error_new(ERROR_USAGE, "no build system is called '%s'", name),
			       "one of: cargo, cmake, meson, go, zig, make");
}

/** Where to look first: the manifest's folder, the program's, and else the current one. */
static bool recognize_request(const struct build_request *request, struct build_project *project)
{
	_cleanup_free_ char *current = path_resolve(request->folder_path, ".");
	_cleanup_free_ char *folder = NULL;

	if (request->program && strchr(request->program, '/'))
		project->program_path = path_resolve(request->folder_path, request->program);
	if (request->manifest_path) {
		_cleanup_free_ char *manifest =
			path_resolve(request->folder_path, request->manifest_path);

		folder = path_parent(manifest);
		return recognize_folder(folder, request->system_name, project);
	}
	if (project->program_path) {
		folder = path_parent(project->program_path);
		if (recognize_upwards(folder, request->system_name, project))
			return true;
	}
	/* A program of the system that happens to be started in a project is not built by it. */
	if (project->program_path && (path_inside(project->program_path, "/usr") ||
				      path_inside(project->program_path, "/bin")))
		return false;
	return recognize_upwards(current, request->system_name, project);
}

struct error *build_recognize(const struct build_request *request, struct build_project *ret)
{
	struct build_project project = { 0 };

	RETURN_IF_ERROR(check_system_name(request->system_name));
	if (!recognize_request(request, &project)) {
		build_project_deinit(&project);
		return error_with_hint(
			error_new(ERROR_NOT_FOUND, "how '%s' is built is not recognised",
				  request->program ? request->program : request->folder_path),
			"known are Cargo.toml, CMakeLists.txt, meson.build, go.mod, build.zig, "
			"Makefile and configure, in the program's folder or one above it");
	}
	*ret = project;
	return NULL;
}
