#include "build/build_systems_internal.h"

#include "build/paths.h"

#include <string.h>

#define CGO_FLAGS_DEFAULT "-g -O2" /* `go help environment` */

static bool recognize(const char *folder_path, struct build_project *project)
{
	if (!path_has_file(folder_path, "go.mod"))
		return false;
	project->source_path = memory_duplicate_text(folder_path);
	return true;
}

/** Linker flags within GOFLAGS without -s and -w, which drop symbols and debug information. */
static void keep_symbols(struct environment *environment)
{
	const char *present = environment_value(environment, "GOFLAGS");
	_cleanup_free_ char *kept = present ? memory_duplicate_text(present) : NULL;

	if (!present || !strstr(present, "-ldflags"))
		return;
	for (char *flag = strstr(kept, "-ldflags"); flag && *flag; flag++) {
		/* A word of its own: after a blank or '=', before a blank, a quote or the end. */
		if (flag[0] == '-' && (flag[1] == 's' || flag[1] == 'w') &&
		    strchr(" '\"", flag[2]) && strchr(" ='\"", flag[-1]))
			memset(flag, ' ', 2);
	}
	environment_set(environment, "GOFLAGS", kept);
}

static void add_cgo_flags(struct environment *environment, const char *name)
{
	if (!environment_value(environment, name))
		environment_set(environment, name, CGO_FLAGS_DEFAULT);
	environment_add(environment, name, ' ', BUILD_COMPILER_FLAGS);
}

/** The package to build: as said, ./cmd/PROGRAM where there is one, or all of them. */
static char *choose_package(const struct build_request *request,
			    const struct build_project *project, const struct build_plan *plan)
{
	if (request->package)
		return memory_duplicate_text(request->package);
	if (plan->wanted_name) {
		char *package = memory_format_text("cmd/%s", plan->wanted_name);

		if (path_has_folder(project->source_path, package)) {
			char *relative = memory_format_text("./%s", package);

			free(package);
			return relative;
		}
		free(package);
	}
	return memory_duplicate_text("./...");
}

static struct error *plan(const struct build_request *request, const struct build_project *project,
			  struct build_plan *plan)
{
	static const char *const words[] = { "go", "build", "-v", NULL };
	const char *flags = environment_value(&plan->environment, "GOFLAGS");
	_cleanup_free_ char *package = choose_package(request, project, plan);
	struct build_step *step = build_plan_add_step(plan, project->source_path, words);

	plan->output_path = path_join(plan->folder_path, "bin");
	/* go.mod and go.sum stay as they are. */
	if (flags && strstr(flags, "-mod=mod"))
		build_step_add(step, "-mod=readonly");
	text_vector_append(&step->argv, memory_format_text("-o=%s/", plan->output_path));
	if (request->n_jobs)
		text_vector_append(&step->argv, memory_format_text("-p=%u", request->n_jobs));
	build_step_add(step, package);
	keep_symbols(&plan->environment);
	add_cgo_flags(&plan->environment, "CGO_CFLAGS");
	add_cgo_flags(&plan->environment, "CGO_CXXFLAGS");
	return NULL;
}

const struct build_system build_system_go = {
	.name = "go",
	.title = "Go",
	.recognize = recognize,
	.plan = plan,
};
