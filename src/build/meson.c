#include "build/build_systems_internal.h"

#include "base/text.h"
#include "build/paths.h"

#include <ctype.h>
#include <string.h>

#define BUILD_TYPE_DEFAULT "debugoptimized"

static bool recognize(const char *folder_path, struct build_project *project)
{
	_cleanup_free_ char *folder = NULL;

	if (path_has_folder(folder_path, "meson-private")) {
		/* A build folder is most often inside its project; else only Meson itself knows. */
		folder = path_find_upwards(folder_path, "meson.build");
		project->configured_path = folder ? memory_duplicate_text(folder_path) : NULL;
	} else if (path_has_file(folder_path, "meson.build")) {
		folder = memory_duplicate_text(folder_path);
	}
	if (!folder)
		return false;
	for (;;) {
		char *parent = path_parent(folder);
		bool is_part = strcmp(parent, folder) != 0 && path_has_file(parent, "meson.build");

		if (!is_part) {
			free(parent);
			break;
		}
		free(folder);
		folder = parent;
	}
	project->source_path = folder;
	folder = NULL;
	return true;
}

/**
 * The word after buildtype in @p text ("buildtype=release", "'buildtype': 'release'",
 * "buildtype = release"); NULL: none. free() it.
 */
static char *find_build_type(const char *text)
{
	const char *found = text ? strstr(text, "buildtype") : NULL;
	size_t length = 0;

	if (!found)
		return NULL;
	found += strlen("buildtype");
	found += strspn(found, " \t=:'\"");
	while (isalpha((unsigned char)found[length]))
		length++;
	return length ? memory_format_text("%.*s", (int)length, found) : NULL;
}

static void add_build_type(struct build_plan *plan, struct build_step *step,
			   const struct build_request *request, const char *configured,
			   const char *project)
{
	_cleanup_free_ char *own = find_build_type(configured);

	if (!own)
		own = find_build_type(project);
	if (request->profile) {
		text_vector_append(&step->argv,
				   memory_format_text("--buildtype=%s", request->profile));
		return;
	}
	if (own && strcmp(own, "debug") != 0) {
		text_vector_append(&step->argv, memory_format_text("--buildtype=%s", own));
		build_step_add(step, "-Ddebug=true");
		return;
	}
	if (own)
		build_plan_note(plan,
				"the present build is a debug build; built as " BUILD_TYPE_DEFAULT
				" (--profile debug for debug)");
	build_step_add(step, "--buildtype=" BUILD_TYPE_DEFAULT);
}

/**
 * meson-private/cmd_line.txt: what the user set, as "name = value" below [options].
 * Compiler arguments of the user's get ours behind them: given here, they would hide CFLAGS.
 */
static void add_options(struct build_step *step, const char *text, const char *flags)
{
	bool is_options = false;

	while (text && *text) {
		size_t length = strcspn(text, "\n");
		const char *equals = memmem(text, length, " = ", 3);

		if (text[0] == '[')
			is_options = text_begins_with(text, "[options]");
		else if (is_options && equals && !text_begins_with(text, "buildtype ")) {
			const char *value = equals + 3;
			size_t value_length = length - (size_t)(value - text);
			bool is_arguments = text_begins_with(text, "c_args ") ||
					    text_begins_with(text, "cpp_args ");

			text_vector_append(&step->argv,
					   memory_format_text("-D%.*s=%.*s%s%s",
							      (int)(equals - text), text,
							      (int)value_length, value,
							      is_arguments ? " " : "",
							      is_arguments ? flags : ""));
		}
		text += length + (text[length] == '\n');
	}
}

static struct error *plan(const struct build_request *request, const struct build_project *project,
			  struct build_plan *plan)
{
	_cleanup_free_ char *source_path = build_plan_use_copy(plan, project);
	_cleanup_free_ char *flags = build_plan_compiler_flags(plan);
	_cleanup_free_ char *own = path_read_text(project->source_path, "meson.build");
	_cleanup_free_ char *configured =
		project->configured_path
			? path_read_text(project->configured_path, "meson-private/cmd_line.txt")
			: NULL;
	const char *inside = NULL;
	struct build_step *step;

	plan->output_path = path_join(plan->folder_path, "build");
	const char *const setup[] = { "meson", "setup", plan->output_path, source_path, NULL };

	step = build_plan_add_step(plan, plan->folder_path, setup);
	if (path_has_folder(plan->output_path, "meson-private"))
		build_step_add(step, "--reconfigure");
	add_options(step, configured, flags);
	add_build_type(plan, step, request, configured, own);
	build_plan_add_flags_to_environment(plan);

	const char *const compile[] = { "meson", "compile", "-C", plan->output_path, NULL };

	step = build_plan_add_step(plan, plan->folder_path, compile);
	build_step_add_jobs(step, request);
	if (request->target)
		build_step_add(step, request->target);
	if (project->configured_path && project->program_path)
		inside = path_inside(project->program_path, project->configured_path);
	if (inside)
		plan->wanted_path = path_join(plan->output_path, inside);
	return NULL;
}

const struct build_system build_system_meson = {
	.name = "meson",
	.title = "Meson",
	.recognize = recognize,
	.plan = plan,
};
