#include "build/build_systems_internal.h"

#include "base/text.h"
#include "build/cargo_config_internal.h"
#include "build/paths.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FRAME_POINTER_FLAG "-Cforce-frame-pointers=yes"
#define PROFILE_DEFAULT    "release"

/** What the place of a program in Cargo's target folder says about how it was built. */
struct cargo_place {
	char *profile; /**< NULL: unknown. Owned. */
	char *target;  /**< Triple; NULL: the host. Owned. */
	bool is_example;
	bool is_bench;
};

static void cargo_place_deinit(struct cargo_place *place)
{
	free(place->profile);
	free(place->target);
}

static bool recognize(const char *folder_path, struct build_project *project)
{
	if (!path_has_file(folder_path, "Cargo.toml"))
		return false;
	project->source_path = memory_duplicate_text(folder_path);
	return true;
}

static bool is_target_folder(const char *path)
{
	return strcmp(path_name(path), "target") == 0 || path_has_file(path, ".rustc_info.json");
}

/** TARGET/[TRIPLE/]PROFILE/[examples/|deps/]PROGRAM */
static struct cargo_place read_place(const char *program_path)
{
	struct cargo_place place = { 0 };
	char *folder = path_parent(program_path);
	const char *name = path_name(folder);

	place.is_example = strcmp(name, "examples") == 0;
	place.is_bench = strcmp(name, "deps") == 0;
	if (place.is_example || place.is_bench) {
		char *parent = path_parent(folder);

		free(folder);
		folder = parent;
	}
	_cleanup_free_ char *above = path_parent(folder);
	_cleanup_free_ char *above_that = path_parent(above);

	if (is_target_folder(above)) {
		place.profile = memory_duplicate_text(path_name(folder));
	} else if (is_target_folder(above_that)) {
		place.profile = memory_duplicate_text(path_name(folder));
		place.target = memory_duplicate_text(path_name(above));
	} else {
		place.is_example = place.is_bench = false;
	}
	free(folder);
	return place;
}

/** "NAME-0123456789abcdef" is NAME with Cargo's hash. */
static char *name_without_hash(const char *name)
{
	const char *dash = strrchr(name, '-');
	bool has_hash =
		dash && strlen(dash + 1) == 16 && strspn(dash + 1, "0123456789abcdef") == 16;

	return memory_format_text("%.*s", (int)(has_hash ? (size_t)(dash - name) : strlen(name)),
				  name);
}

static void add_kind(struct build_step *step, const struct build_request *request,
		     struct build_plan *plan, const struct cargo_place *place)
{
	const char *said = request->bin       ? request->bin
			   : request->example ? request->example
					      : request->bench;

	if (said) {
		build_step_add_option(step, "--bin", request->bin);
		build_step_add_option(step, "--example", request->example);
		build_step_add_option(step, "--bench", request->bench);
		free(plan->wanted_name);
		plan->wanted_name = memory_duplicate_text(said);
	} else if (plan->wanted_name) {
		char *name = place->is_bench ? name_without_hash(plan->wanted_name)
					     : memory_duplicate_text(plan->wanted_name);

		build_step_add_option(step,
				      place->is_bench     ? "--bench"
				      : place->is_example ? "--example"
							  : "--bin",
				      name);
		free(plan->wanted_name);
		plan->wanted_name = name;
	}
}

/** CARGO_PROFILE_<NAME>_<KEY>, as Cargo spells keys in the environment. */
static char *profile_variable(const char *profile, const char *key)
{
	char *name = memory_format_text("CARGO_PROFILE_%s_%s", profile, key);

	for (char *letter = name; *letter; letter++)
		*letter = *letter == '-' ? '_' : (char)toupper((unsigned char)*letter);
	return name;
}

static void set_profile(struct build_plan *plan, const char *profile)
{
	_cleanup_free_ char *debug = profile_variable(profile, "DEBUG");
	_cleanup_free_ char *strip = profile_variable(profile, "STRIP");
	_cleanup_free_ char *split = profile_variable(profile, "SPLIT_DEBUGINFO");
	const char *present = environment_value(&plan->environment, debug);

	/* 1: functions, lines and what was inlined; variables would only take time. */
	if (!present || strcmp(present, "0") == 0 || strcmp(present, "false") == 0 ||
	    strcmp(present, "none") == 0)
		environment_set(&plan->environment, debug, "1");
	environment_set(&plan->environment, strip, "none");
	environment_set(&plan->environment, split, "off");
}

/** Add to the place that Cargo will take flags from; it takes them from one only. */
static void add_compiler_flag(struct build_plan *plan, struct build_step *step)
{
	struct environment *environment = &plan->environment;
	struct text_vector arguments = { 0 };
	bool is_whole;

	if (environment_value(environment, "CARGO_ENCODED_RUSTFLAGS")) {
		environment_add(environment, "CARGO_ENCODED_RUSTFLAGS", '\x1f', FRAME_POINTER_FLAG);
		return;
	}
	if (environment_value(environment, "RUSTFLAGS")) {
		environment_add(environment, "RUSTFLAGS", ' ', FRAME_POINTER_FLAG);
		return;
	}
	/* CARGO_TARGET_<TRIPLE>_RUSTFLAGS and CARGO_BUILD_RUSTFLAGS stand for the files' keys. */
	for (size_t i = 0; i < environment->entries.count; i++) {
		char *entry = environment->entries.items[i];
		const char *end = strstr(entry, "_RUSTFLAGS=");

		if (end && (text_begins_with(entry, "CARGO_TARGET_") ||
			    text_begins_with(entry, "CARGO_BUILD_R"))) {
			environment->entries.items[i] =
				memory_format_text("%s " FRAME_POINTER_FLAG, entry);
			free(entry);
		}
	}
	cargo_config_add_flag(step->folder_path, environment, FRAME_POINTER_FLAG, &arguments,
			      &is_whole);
	for (size_t i = 0; i < arguments.count; i++)
		build_step_add_option(step, "--config", arguments.items[i]);
	if (!is_whole)
		build_plan_note(plan, "some rustflags of Cargo's configuration are left as they "
				      "are, so not everything may keep frame pointers");
	text_vector_destroy_items(&arguments);
}

static const char *choose_profile(const struct build_request *request,
				  const struct cargo_place *place, struct build_plan *plan)
{
	if (request->profile)
		return request->profile;
	if (!place->profile || strcmp(place->profile, "release") == 0)
		return place->is_bench ? "bench" : PROFILE_DEFAULT;
	if (strcmp(place->profile, "debug") == 0) {
		build_plan_note(plan, "the command's program is a debug build; built as release "
				      "(--profile dev for debug)");
		return PROFILE_DEFAULT;
	}
	return place->profile;
}

static void add_features(struct build_step *step, const struct build_request *request)
{
	build_step_add_option(step, "--features", request->features);
	if (request->has_all_features)
		build_step_add(step, "--all-features");
	if (request->is_without_default_features)
		build_step_add(step, "--no-default-features");
}

static struct error *plan(const struct build_request *request, const struct build_project *project,
			  struct build_plan *plan)
{
	static const char *const words[] = { "cargo", "build",
					     "--message-format=json-render-diagnostics", NULL };
	_cleanup_free_ char *lock_folder = path_find_upwards(project->source_path, "Cargo.lock");
	_cleanup_free_ char *target_path = path_join(plan->folder_path, "target");
	_cleanup_free_ char *folder = NULL;
	struct cargo_place place = { 0 };
	struct build_step *step;
	const char *profile;

	if (project->program_path)
		place = read_place(project->program_path);
	/* Cargo would write a lock file beside the sources. */
	folder = lock_folder ? memory_duplicate_text(project->source_path)
			     : build_plan_use_copy(plan, project);
	step = build_plan_add_step(plan, folder, words);
	step->stdout_path = path_join(plan->folder_path, "cargo.json");
	if (lock_folder)
		build_step_add(step, "--locked");
	profile = choose_profile(request, &place, plan);
	build_step_add_option(step, "--profile", profile);
	build_step_add_option(step, "--target", request->target ? request->target : place.target);
	build_step_add_option(step, "--package", request->package);
	add_kind(step, request, plan, &place);
	add_features(step, request);
	build_step_add_jobs(step, request);
	add_compiler_flag(plan, step);
	set_profile(plan, profile);
	environment_set(&plan->environment, "CARGO_TARGET_DIR", target_path);
	environment_set(&plan->environment, "CARGO_BUILD_BUILD_DIR", target_path);
	if (request->has_color && !environment_value(&plan->environment, "CARGO_TERM_COLOR"))
		environment_set(&plan->environment, "CARGO_TERM_COLOR", "always");
	plan->output_path = memory_duplicate_text(target_path);
	cargo_place_deinit(&place);
	return NULL;
}

/** The JSON string at @p text, after its opening quote; NULL: has escapes a path will not have. */
static char *read_json_text(const char *text)
{
	/* No longer than what is left of the line. */
	char *path = memory_allocate(strlen(text) + 1, 1);
	char *to = path;

	for (; *text && *text != '"'; text++) {
		if (*text == '\\' && *++text != '"' && *text != '\\') {
			free(path);
			return NULL;
		}
		*to++ = *text;
	}
	return path;
}

/** Each artifact is a line; programs have their path as "executable". */
static struct error *list_programs(const struct build_plan *plan, struct text_vector *paths_ret)
{
	static const char key[] = "\"executable\":\"";
	_cleanup_free_ char *path = path_join(plan->folder_path, "cargo.json");
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;

	if (!file)
		return error_new(ERROR_NOT_FOUND, "cannot read '%s'", path);
	while (getline(&line, &capacity, file) > 0) {
		const char *found = strstr(line, key);
		char *program = found ? read_json_text(found + strlen(key)) : NULL;

		if (program)
			text_vector_append(paths_ret, program);
	}
	free(line);
	fclose(file);
	return NULL;
}

const struct build_system build_system_cargo = {
	.name = "cargo",
	.title = "Cargo",
	.recognize = recognize,
	.plan = plan,
	.list_programs = list_programs,
};
