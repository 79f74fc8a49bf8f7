#include "build/build_systems_internal.h"

#include "build/paths.h"

#include <string.h>

static bool recognize(const char *folder_path, struct build_project *project)
{
	if (!path_has_file(folder_path, "build.zig"))
		return false;
	project->source_path = memory_duplicate_text(folder_path);
	return true;
}

static struct error *plan(const struct build_request *request, const struct build_project *project,
			  struct build_plan *plan)
{
	_cleanup_free_ char *build_file = path_read_text(project->source_path, "build.zig");
	_cleanup_free_ char *prefix = path_join(plan->folder_path, "out");
	_cleanup_free_ char *cache = path_join(plan->folder_path, "cache");
	const char *const words[] = {
		"zig", "build", "--prefix", prefix, "--cache-dir", cache, NULL
	};
	struct build_step *step = build_plan_add_step(plan, project->source_path, words);

	plan->output_path = path_join(prefix, "bin");
	/* Only a build file that calls this takes the option; without it Zig builds for debugging.
	 */
	if (build_file && strstr(build_file, "standardOptimizeOption"))
		text_vector_append(&step->argv,
				   memory_format_text("-Doptimize=%s", request->profile
									       ? request->profile
									       : "ReleaseFast"));
	if (request->n_jobs)
		text_vector_append(&step->argv, memory_format_text("-j%u", request->n_jobs));
	if (request->target)
		build_step_add(step, request->target);
	return NULL;
}

const struct build_system build_system_zig = {
	.name = "zig",
	.title = "Zig",
	.recognize = recognize,
	.plan = plan,
};
