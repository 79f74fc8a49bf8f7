#include "history/history_internal.h"

#include "base/memory.h"

#include <math.h>

static struct error *insert_entry(const struct history *history, struct history_entry *entry)
{
	const struct history_setting *setting = &entry->setting;
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int place = 0;

	RETURN_IF_ERROR(history_prepare(
		history,
		"INSERT INTO entry (name, time, command, folder, hostname, kernel, cpu, cpus,"
		" governor, tool, git_commit, dirty) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
		&statement));
	sqlite3_bind_text(statement, ++place, entry->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, ++place, entry->time_s);
	sqlite3_bind_text(statement, ++place, entry->command, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, ++place, entry->folder, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, ++place, setting->hostname, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, ++place, setting->kernel_release, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, ++place, setting->cpu_model, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, ++place, setting->n_cpus);
	sqlite3_bind_text(statement, ++place, setting->governor, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, ++place, setting->tool_version, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, ++place, entry->commit, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, ++place, entry->is_dirty);
	if (sqlite3_step(statement) != SQLITE_DONE)
		return history_error(history, "cannot save");
	entry->id = sqlite3_last_insert_rowid(history->database);
	return NULL;
}

static struct error *insert_values(const struct history *history, const struct history_entry *entry)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;

	RETURN_IF_ERROR(history_prepare(
		history, "INSERT INTO value (entry, metric, run, value) VALUES (?,?,?,?)",
		&statement));
	for (size_t run = 0; run < entry->runs.count; run++) {
		for (int metric = 0; metric < N_METRICS; metric++) {
			double value = entry->runs.items[run].values[metric];

			if (!isfinite(value))
				continue;
			sqlite3_bind_int64(statement, 1, entry->id);
			sqlite3_bind_text(statement, 2, metrics[metric].name, -1, SQLITE_STATIC);
			sqlite3_bind_int64(statement, 3, (int64_t)run);
			sqlite3_bind_double(statement, 4, value);
			if (sqlite3_step(statement) != SQLITE_DONE)
				return history_error(history, "cannot save");
			sqlite3_reset(statement);
		}
	}
	return NULL;
}

/** End the transaction that was begun: with @p error, as if it never was. */
static struct error *finish(const struct history *history, struct error *error)
{
	if (!error)
		error = history_run(history, "COMMIT");
	if (error)
		error_destroy(history_run(history, "ROLLBACK"));
	return error;
}

struct error *history_save(struct history *history, struct history_entry *entry)
{
	struct error *error;

	RETURN_IF_ERROR(history_check_name(entry->name));
	RETURN_IF_ERROR(history_run(history, "BEGIN IMMEDIATE"));
	error = insert_entry(history, entry);
	if (!error)
		error = insert_values(history, entry);
	return finish(history, error);
}

static struct error *delete_entries(const struct history *history, const struct history_prune *what,
				    uint64_t *n_removed_ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;

	RETURN_IF_ERROR(history_prepare(
		history,
		"DELETE FROM entry WHERE (?1 IS NULL OR name = ?1) AND (time < ?2 OR (?3 >= 0 AND"
		" (SELECT count(*) FROM entry AS newer WHERE newer.name = entry.name AND"
		" (newer.time, newer.id) > (entry.time, entry.id)) >= ?3))",
		&statement));
	sqlite3_bind_text(statement, 1, what->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, what->oldest_time_s);
	sqlite3_bind_int64(statement, 3, what->has_keep ? (int64_t)what->n_kept : -1);
	if (sqlite3_step(statement) != SQLITE_DONE)
		return history_error(history, "cannot prune");
	*n_removed_ret = (uint64_t)sqlite3_changes64(history->database);
	return NULL;
}

struct error *history_prune(struct history *history, const struct history_prune *what,
			    uint64_t *n_removed_ret)
{
	uint64_t n_removed = 0;

	RETURN_IF_ERROR(history_run(history, "BEGIN IMMEDIATE"));
	RETURN_IF_ERROR(finish(history, delete_entries(history, what, &n_removed)));
	*n_removed_ret = n_removed;
	return n_removed ? history_run(history, "VACUUM") : NULL;
}
