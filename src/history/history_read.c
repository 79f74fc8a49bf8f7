#include "history/history_internal.h"

#include "base/memory.h"
#include "compare/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_COLUMNS                                                                              \
	"id, name, time, command, folder, hostname, kernel, cpu, cpus, governor, tool,"            \
	" git_commit, dirty"

static char *column_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return text ? memory_duplicate_text((const char *)text) : NULL;
}

/** What our schema says is never NULL may be so in a file that others made. */
static char *column_needed_text(sqlite3_stmt *statement, int column)
{
	char *text = column_text(statement, column);

	return text ? text : memory_duplicate_text("");
}

/** Columns as in ENTRY_COLUMNS. */
static void read_entry(sqlite3_stmt *statement, struct history_entry *ret)
{
	int column = 0;

	*ret = (struct history_entry){ 0 };
	ret->id = sqlite3_column_int64(statement, column++);
	ret->name = column_needed_text(statement, column++);
	ret->time_s = sqlite3_column_int64(statement, column++);
	ret->command = column_needed_text(statement, column++);
	ret->folder = column_text(statement, column++);
	ret->setting.hostname = column_text(statement, column++);
	ret->setting.kernel_release = column_text(statement, column++);
	ret->setting.cpu_model = column_text(statement, column++);
	ret->setting.n_cpus = (uint32_t)sqlite3_column_int64(statement, column++);
	ret->setting.governor = column_text(statement, column++);
	ret->setting.tool_version = column_text(statement, column++);
	ret->commit = column_text(statement, column++);
	ret->is_dirty = sqlite3_column_int(statement, column++) != 0;
}

static struct timed_run *run_at(struct run_vector *runs, size_t run)
{
	while (runs->count <= run) {
		struct timed_run *made = run_vector_append_new(runs);

		made->order = (uint32_t)(runs->count - 1);
		for (int i = 0; i < N_METRICS; i++)
			made->values[i] = NAN;
	}
	return &runs->items[run];
}

static void set_medians(struct history_entry *entry)
{
	entry->n_runs = entry->runs.count;
	for (int metric = 0; metric < N_METRICS; metric++) {
		const struct side side = { .runs = entry->runs };
		_cleanup_free_ double *values = NULL;

		entry->medians[metric] =
			statistics_median(side_series(&side, (enum metric)metric, &values));
	}
}

/** Metrics this version does not know are passed over. */
static struct error *load_runs(const struct history *history, struct history_entry *entry)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int step;

	RETURN_IF_ERROR(history_prepare(
		history, "SELECT metric, run, value FROM value WHERE entry = ?", &statement));
	sqlite3_bind_int64(statement, 1, entry->id);
	while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
		const unsigned char *name = sqlite3_column_text(statement, 0);
		int64_t run = sqlite3_column_int64(statement, 1);
		enum metric metric;

		if (run < 0 || run >= COMPARISON_RUNS_MAX || !name ||
		    !metric_find((const char *)name, &metric))
			continue;
		run_at(&entry->runs, (size_t)run)->values[metric] =
			sqlite3_column_double(statement, 2);
	}
	if (step != SQLITE_DONE)
		return history_error(history, "cannot read the history");
	set_medians(entry);
	return NULL;
}

/** The id that @p name is, or 0: it is a name. */
static int64_t id_of(const char *name)
{
	char *end;
	unsigned long long id = strtoull(name, &end, 10);

	return end != name && *end == '\0' && id <= INT64_MAX ? (int64_t)id : 0;
}

/** @return ERROR_NOT_FOUND: there is none. */
static struct error *find_entry(const struct history *history, const char *name,
				struct history_entry *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;

	RETURN_IF_ERROR(history_prepare(history,
					"SELECT " ENTRY_COLUMNS
					" FROM entry WHERE name = ?1 OR id = ?2"
					" ORDER BY time DESC, id DESC LIMIT 1",
					&statement));
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, id_of(name));
	switch (sqlite3_step(statement)) {
	case SQLITE_ROW:
		read_entry(statement, ret);
		return NULL;
	case SQLITE_DONE:
		return error_with_hint(
			error_new(ERROR_NOT_FOUND, "there is no '%s' in the history", name),
			"perf-profile history lists what there is; compare --save NAME adds to it");
	default:
		return history_error(history, "cannot read the history");
	}
}

struct error *history_find(struct history *history, const char *name, struct history_entry *ret)
{
	struct history_entry entry;
	struct error *error;

	RETURN_IF_ERROR(find_entry(history, name, &entry));
	error = load_runs(history, &entry);
	if (error) {
		history_entry_deinit(&entry);
		return error;
	}
	*ret = entry;
	return NULL;
}

bool history_has(struct history *history, const char *name)
{
	struct history_entry entry;
	struct error *error = find_entry(history, name, &entry);

	if (error) {
		error_destroy(error);
		return false;
	}
	history_entry_deinit(&entry);
	return true;
}

static struct error *list_entries(const struct history *history, const char *name,
				  struct history_entry_vector *entries)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int step;

	RETURN_IF_ERROR(history_prepare(history,
					"SELECT " ENTRY_COLUMNS
					" FROM (SELECT * FROM entry WHERE ?1 IS NULL OR name = ?1"
					" ORDER BY time DESC, id DESC LIMIT ?2) ORDER BY time, id",
					&statement));
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, HISTORY_ENTRIES_MAX);
	while ((step = sqlite3_step(statement)) == SQLITE_ROW)
		read_entry(statement, history_entry_vector_append_new(entries));
	return step == SQLITE_DONE ? NULL : history_error(history, "cannot read the history");
}

struct error *history_list(struct history *history, const char *name,
			   struct history_entry_vector *ret)
{
	struct history_entry_vector entries = { 0 };
	struct error *error = list_entries(history, name, &entries);

	for (size_t i = 0; i < entries.count && !error; i++) {
		error = load_runs(history, &entries.items[i]);
		run_vector_deinit(&entries.items[i].runs);
	}
	if (error) {
		history_entries_deinit(&entries);
		return error;
	}
	*ret = entries;
	return NULL;
}

/** Append "WHAT was BEFORE, is NOW; " when they differ. Takes @p text. */
static char *add_difference(char *text, const char *what, const char *before, const char *now)
{
	_cleanup_free_ char *old = text;

	if (!before || !now || strcmp(before, now) == 0)
		return memory_duplicate_text(old);
	return memory_format_text("%s%s%s was '%s' and is '%s'", old, *old ? "; " : "", what,
				  before, now);
}

char *history_setting_difference(const struct history_setting *before,
				 const struct history_setting *now)
{
	char *text = memory_duplicate_text("");
	_cleanup_free_ char *cpus_before = memory_format_text("%u", before->n_cpus);
	_cleanup_free_ char *cpus_now = memory_format_text("%u", now->n_cpus);

	text = add_difference(text, "the machine", before->hostname, now->hostname);
	text = add_difference(text, "the CPU", before->cpu_model, now->cpu_model);
	text = add_difference(text, "the number of CPUs", cpus_before, cpus_now);
	text = add_difference(text, "the kernel", before->kernel_release, now->kernel_release);
	text = add_difference(text, "the governor", before->governor, now->governor);
	return text;
}
