#include "cli/compare.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cli/history_entries.h"
#include "cli/machine.h"
#include "cli/terminal.h"
#include "revision/repository.h"

#include <string.h>
#include <unistd.h>

struct error *history_open_default(struct history **ret)
{
	_cleanup_free_ char *path = history_default_path();

	if (!path)
		return error_with_hint(
			error_new(ERROR_NOT_FOUND, "there is no folder for the history"),
			"set XDG_DATA_HOME or HOME");
	return history_open(path, ret);
}

bool history_is_there(void)
{
	_cleanup_free_ char *path = history_default_path();

	return path && access(path, F_OK) == 0;
}

void history_setting_take(struct history_setting *ret)
{
	struct machine machine;

	machine_init(&machine);
	*ret = (struct history_setting){
		.hostname = memory_duplicate_text(machine.hostname),
		.kernel_release = memory_duplicate_text(machine.kernel_release),
		.cpu_model = memory_duplicate_text(machine.cpu_model),
		.n_cpus = machine.n_cpus_online,
		.governor = memory_duplicate_text(machine.governor),
		.tool_version = memory_duplicate_text(PERF_PROFILE_VERSION),
	};
	machine_deinit(&machine);
}

/** Of the repository the command ran in, or of the revision that was built. */
static void take_commit(const struct side *side, struct history_entry *entry)
{
	struct repository repository;
	struct revision revision;
	struct error *error;

	if (side->commit && strcmp(side->name, REVISION_WORKTREE) != 0) {
		entry->commit = memory_duplicate_text(side->commit);
		return;
	}
	error = repository_open(".", NULL, &repository);
	if (error) {
		error_destroy(error);
		return;
	}
	error = repository_resolve(&repository, "HEAD", &revision);
	if (!error) {
		entry->commit = memory_duplicate_text(revision.commit);
		revision_deinit(&revision);
	}
	error_destroy(error);
	entry->is_dirty = repository_is_dirty(&repository);
	repository_deinit(&repository);
}

struct error *compare_save(const struct compare_request *request,
			   const struct comparison *comparison)
{
	const struct side *side = &comparison->sides.items[comparison->sides.count - 1];
	struct history_entry entry = {
		.name = memory_duplicate_text(request->save_name),
		.time_s = (int64_t)(clock_realtime_ns() / NS_PER_S),
		.command = memory_duplicate_text(side->command.text),
		.folder = getcwd(NULL, 0),
	};
	struct history *history;
	struct error *error;

	for (size_t i = 0; i < side->runs.count; i++)
		run_vector_append(&entry.runs, side->runs.items[i]);
	history_setting_take(&entry.setting);
	take_commit(side, &entry);
	error = history_open_default(&history);
	if (!error) {
		error = history_save(history, &entry);
		history_close(history);
	}
	if (!error)
		terminal_print_note("saved as '%s' (%lld): perf-profile compare %s -- COMMAND",
				    entry.name, (long long)entry.id, entry.name);
	history_entry_deinit(&entry);
	return error;
}

/** What makes times from then and now less comparable. */
static void warn_of_differences(const struct history_entry *entry, const char *command)
{
	_cleanup_free_ char *difference = NULL;
	struct history_setting now;

	history_setting_take(&now);
	difference = history_setting_difference(&entry->setting, &now);
	if (*difference)
		terminal_print_warning("'%s' was measured under other conditions: %s", entry->name,
				       difference);
	if (strcmp(entry->command, command) != 0)
		terminal_print_note("'%s' was measured with another command: %s", entry->name,
				    entry->command);
	free(now.hostname);
	free(now.kernel_release);
	free(now.cpu_model);
	free(now.governor);
	free(now.tool_version);
}

struct error *compare_add_baseline(struct compare_request *request, const char *name,
				   const char *command, struct comparison *comparison)
{
	struct history_entry entry;
	struct command_line line = { .text = memory_duplicate_text("") };
	struct history *history;
	struct side *side;
	struct error *error = history_open_default(&history);

	if (!error) {
		error = history_find(history, name, &entry);
		history_close(history);
	}
	if (error) {
		command_line_deinit(&line);
		return error;
	}
	warn_of_differences(&entry, command);
	free(line.text);
	line.text = entry.command;
	entry.command = NULL;
	side = comparison_add_side(comparison, name, line);
	side->commit = entry.commit ? arena_duplicate_text(&request->texts, entry.commit,
							   strlen(entry.commit))
				    : NULL;
	side->runs = entry.runs;
	entry.runs = (struct run_vector){ 0 };
	side->is_stored = true;
	history_entry_deinit(&entry);
	return NULL;
}
