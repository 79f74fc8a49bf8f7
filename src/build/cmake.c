#include "build/build_systems_internal.h"

#include "build/paths.h"
#include "build/program_list_internal.h"

#include <string.h>

#define BUILD_TYPE_DEFAULT "RelWithDebInfo"

/** One line of CMakeCache.txt: NAME:TYPE=VALUE. Borrowed from the file's text, not terminated. */
struct cache_entry {
	const char *name, *type, *value;
	size_t name_length, type_length, value_length;
};

/** Find the next entry from @p *text on; false: no more. */
static bool next_entry(const char **text, struct cache_entry *ret)
{
	while (**text) {
		const char *line = *text;
		size_t length = strcspn(line, "\n");
		const char *equals = memchr(line, '=', length);
		const char *colon = equals ? memrchr(line, ':', (size_t)(equals - line)) : NULL;

		*text = line + length + (line[length] == '\n');
		if (!colon || line[0] == '#' || line[0] == '/')
			continue;
		*ret = (struct cache_entry){
			.name = line,
			.name_length = (size_t)(colon - line),
			.type = colon + 1,
			.type_length = (size_t)(equals - colon - 1),
			.value = equals + 1,
			.value_length = length - (size_t)(equals + 1 - line),
		};
		return true;
	}
	return false;
}

static bool is_text(const char *text, size_t length, const char *expected)
{
	return strlen(expected) == length && strncmp(text, expected, length) == 0;
}

/** The value of an entry; "" when there is none. free() it. */
static char *cache_value(const char *cache, const char *name)
{
	struct cache_entry entry;

	while (cache && next_entry(&cache, &entry))
		if (is_text(entry.name, entry.name_length, name))
			return memory_format_text("%.*s", (int)entry.value_length, entry.value);
	return memory_duplicate_text("");
}

static bool recognize(const char *folder_path, struct build_project *project)
{
	if (path_has_file(folder_path, "CMakeCache.txt")) {
		_cleanup_free_ char *cache = path_read_text(folder_path, "CMakeCache.txt");
		char *source_path = cache_value(cache, "CMAKE_HOME_DIRECTORY");

		if (path_has_file(source_path, "CMakeLists.txt")) {
			project->source_path = source_path;
			project->configured_path = memory_duplicate_text(folder_path);
			return true;
		}
		free(source_path);
	}
	if (!path_has_file(folder_path, "CMakeLists.txt"))
		return false;
	/* The topmost of a chain of them is the project; the others are its parts. */
	char *top = memory_duplicate_text(folder_path);
	char *parent = path_parent(top);

	while (path_has_file(parent, "CMakeLists.txt") && strcmp(parent, top) != 0) {
		free(top);
		top = parent;
		parent = path_parent(top);
	}
	free(parent);
	project->source_path = top;
	return true;
}

/** Settings the user can have made; what CMake found out for itself it finds again. */
static bool is_setting(const struct cache_entry *entry)
{
	static const char *const types[] = { "BOOL", "STRING", "PATH", "FILEPATH",
					     "UNINITIALIZED" };
	static const char *const own[] = { "CMAKE_BUILD_TYPE", "CMAKE_C_FLAGS", "CMAKE_CXX_FLAGS",
					   "CMAKE_COMMAND", "CMAKE_GENERATOR" };
	bool is_known_type = false;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (is_text(entry->name, entry->name_length, own[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		is_known_type |= is_text(entry->type, entry->type_length, types[i]);
	return is_known_type && !memmem(entry->value, entry->value_length, "-NOTFOUND", 9);
}

static void add_settings(struct build_step *step, const char *cache, const char *configured_path)
{
	struct cache_entry entry;

	while (cache && next_entry(&cache, &entry)) {
		if (!is_setting(&entry) || memmem(entry.value, entry.value_length, configured_path,
						  strlen(configured_path)))
			continue;
		char *word = memory_format_text("-D%.*s:%.*s=%.*s", (int)entry.name_length,
						entry.name, (int)entry.type_length, entry.type,
						(int)entry.value_length, entry.value);

		text_vector_append(&step->argv, word);
	}
}

/** The flags the user configured with; flags of the environment are in them already. */
static void add_flags(struct build_plan *plan, struct build_step *step, const char *cache)
{
	static const char *const names[] = { "CMAKE_C_FLAGS", "CMAKE_CXX_FLAGS" };
	_cleanup_free_ char *flags = build_plan_compiler_flags(plan);

	if (!cache) {
		build_plan_add_flags_to_environment(plan);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *present = cache_value(cache, names[i]);

		text_vector_append(&step->argv, memory_format_text("-D%s=%s%s%s", names[i], present,
								   *present ? " " : "", flags));
	}
}

static void add_build_type(struct build_plan *plan, struct build_step *step,
			   const struct build_request *request, const char *cache)
{
	_cleanup_free_ char *present = cache_value(cache, "CMAKE_BUILD_TYPE");
	const char *type = request->profile;

	if (!type && strcasecmp(present, "debug") == 0)
		build_plan_note(plan,
				"the present build is a debug build; built as " BUILD_TYPE_DEFAULT
				" (--profile Debug for debug)");
	else if (!type && *present)
		type = present;
	text_vector_append(&step->argv, memory_format_text("-DCMAKE_BUILD_TYPE=%s",
							   type ? type : BUILD_TYPE_DEFAULT));
}

static struct error *plan(const struct build_request *request, const struct build_project *project,
			  struct build_plan *plan)
{
	_cleanup_free_ char *cache =
		project->configured_path
			? path_read_text(project->configured_path, "CMakeCache.txt")
			: NULL;
	_cleanup_free_ char *source_path = build_plan_use_copy(plan, project);
	const char *inside = NULL;
	struct build_step *step;

	plan->output_path = path_join(plan->folder_path, "build");
	const char *const configure[] = {
		"cmake", "-S", source_path, "-B", plan->output_path, NULL
	};

	step = build_plan_add_step(plan, plan->folder_path, configure);
	if (cache)
		add_settings(step, cache, project->configured_path);
	add_flags(plan, step, cache);
	add_build_type(plan, step, request, cache);

	const char *const build[] = { "cmake", "--build", plan->output_path, NULL };

	step = build_plan_add_step(plan, plan->folder_path, build);
	build_step_add_option(step, "--target", request->target);
	build_step_add_jobs(step, request);
	if (request->has_color)
		environment_set(&plan->environment, "CLICOLOR_FORCE", "1");
	if (project->configured_path && project->program_path)
		inside = path_inside(project->program_path, project->configured_path);
	if (inside)
		plan->wanted_path = path_join(plan->output_path, inside);
	return NULL;
}

/** Also where projects put their programs beside their sources: in the copy. */
static struct error *list_programs(const struct build_plan *plan, struct text_vector *paths_ret)
{
	program_list_find(plan->output_path, paths_ret);
	program_list_find(plan->copy_path, paths_ret);
	return NULL;
}

const struct build_system build_system_cmake = {
	.name = "cmake",
	.title = "CMake",
	.recognize = recognize,
	.plan = plan,
	.list_programs = list_programs,
};
