#include "history/history_internal.h"

#include "base/memory.h"
#include "base/output_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** "pprf": tells our databases from others. SOURCE: sqlite.org/fileformat2.html, offset 68. */
#define APPLICATION_ID      1886417510
#define APPLICATION_ID_TEXT "1886417510"

/** Another process writes for milliseconds; one that is stopped must not hold us for ever. */
#define BUSY_TIMEOUT_MS 10000

#define NAME_LENGTH_MAX 100

/** Step N brings a database of version N to N + 1. */
static const char *const migrations[] = {
	"CREATE TABLE entry ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, time INTEGER NOT NULL,"
	" command TEXT NOT NULL, hostname TEXT, kernel TEXT, cpu TEXT, cpus INTEGER,"
	" governor TEXT, git_commit TEXT, dirty INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX entry_by_name ON entry (name, time);"
	"CREATE TABLE value ("
	" entry INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE, metric TEXT NOT NULL,"
	" run INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY (entry, metric, run))"
	" WITHOUT ROWID;"
	"PRAGMA application_id = " APPLICATION_ID_TEXT ";",
	"ALTER TABLE entry ADD COLUMN folder TEXT;"
	"ALTER TABLE entry ADD COLUMN tool TEXT;",
};

struct error *history_error(const struct history *history, const char *what)
{
	int code = sqlite3_extended_errcode(history->database);
	struct error *error = error_new(
		code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? ERROR_FORMAT : ERROR_SYSTEM,
		"%s in '%s': %s", what, history->path, sqlite3_errmsg(history->database));

	if (code == SQLITE_BUSY)
		return error_with_hint(error, "another process holds it; try again");
	if (code == SQLITE_FULL)
		return error_with_hint(error, "perf-profile history prune makes room");
	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		return error_with_hint(error, "move the file away to begin a new one");
	return error;
}

struct error *history_run(const struct history *history, const char *sql)
{
	if (sqlite3_exec(history->database, sql, NULL, NULL, NULL) != SQLITE_OK)
		return history_error(history, "cannot use the history");
	return NULL;
}

struct error *history_prepare(const struct history *history, const char *sql, sqlite3_stmt **ret)
{
	if (sqlite3_prepare_v2(history->database, sql, -1, ret, NULL) != SQLITE_OK)
		return history_error(history, "cannot read the history");
	return NULL;
}

static struct error *read_number(const struct history *history, const char *sql, int64_t *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;

	RETURN_IF_ERROR(history_prepare(history, sql, &statement));
	if (sqlite3_step(statement) != SQLITE_ROW)
		return history_error(history, "cannot read the history");
	*ret = sqlite3_column_int64(statement, 0);
	return NULL;
}

/** In a transaction that writes: nobody else migrates at the same time. */
static struct error *apply_migrations(const struct history *history)
{
	int64_t version = 0, application = 0, n_tables = 0;

	RETURN_IF_ERROR(read_number(history, "PRAGMA user_version", &version));
	RETURN_IF_ERROR(read_number(history, "PRAGMA application_id", &application));
	RETURN_IF_ERROR(read_number(history, "SELECT count(*) FROM sqlite_master", &n_tables));
	if (n_tables && application != APPLICATION_ID)
		return error_new(ERROR_FORMAT, "'%s' is a database of another program",
				 history->path);
	if (version > (int64_t)ARRAY_SIZE(migrations))
		return error_with_hint(error_new(ERROR_FORMAT,
						 "'%s' was written by a later perf-profile",
						 history->path),
				       "use that version");
	for (size_t i = (size_t)version; i < ARRAY_SIZE(migrations); i++) {
		_cleanup_free_ char *set = memory_format_text("PRAGMA user_version = %zu", i + 1);

		RETURN_IF_ERROR(history_run(history, migrations[i]));
		RETURN_IF_ERROR(history_run(history, set));
	}
	return NULL;
}

static struct error *migrate(const struct history *history)
{
	struct error *error;
	int64_t version = 0;

	RETURN_IF_ERROR(read_number(history, "PRAGMA user_version", &version));
	if (version == (int64_t)ARRAY_SIZE(migrations))
		return NULL;
	RETURN_IF_ERROR(history_run(history, "BEGIN IMMEDIATE"));
	error = apply_migrations(history);
	if (!error)
		error = history_run(history, "COMMIT");
	if (error)
		error_destroy(history_run(history, "ROLLBACK"));
	return error;
}

/** The user's alone, as all files we make; SQLite would let others read it. */
static void make_file(const char *path)
{
	int descriptor =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, output_policy_file_mode());

	if (descriptor >= 0)
		close(descriptor);
}

/** The folder the file is in, and the one above: $XDG_DATA_HOME need not be there. */
static void make_folders(const char *path)
{
	_cleanup_free_ char *folder = memory_duplicate_text(path);

	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(folder, 0700);
		*slash = '/';
	}
}

struct error *history_open(const char *path, struct history **ret)
{
	OUTPUT_POLICY_SCOPE(path);
	struct history *history = memory_allocate(1, sizeof(*history));
	struct error *error = NULL;

	history->path = memory_duplicate_text(path);
	make_folders(path);
	make_file(path);
	if (sqlite3_open_v2(path, &history->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			    NULL) != SQLITE_OK)
		error = history_error(history, "cannot open the history");
	if (!error) {
		sqlite3_busy_timeout(history->database, BUSY_TIMEOUT_MS);
		/* No WAL: it needs shared memory, which home folders on a network lack. */
		/* The last two are for files that others made. SOURCE: sqlite.org/security.html */
		error = history_run(history, "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;"
					     "PRAGMA trusted_schema = OFF;"
					     "PRAGMA cell_size_check = ON");
	}
	if (!error)
		error = migrate(history);
	if (error) {
		history_close(history);
		return error;
	}
	*ret = history;
	return NULL;
}

void history_close(struct history *history)
{
	if (!history)
		return;
	sqlite3_close(history->database);
	free(history->path);
	free(history);
}

char *history_default_path(void)
{
	const char *data = secure_getenv("XDG_DATA_HOME"), *home = secure_getenv("HOME");

	if (data && data[0] == '/')
		return memory_format_text("%s/perf-profile/history.db", data);
	if (home && home[0] == '/')
		return memory_format_text("%s/.local/share/perf-profile/history.db", home);
	return NULL;
}

struct error *history_check_name(const char *name)
{
	size_t length = strlen(name);
	bool is_number = strspn(name, "0123456789") == length;

	if (length == 0 || length > NAME_LENGTH_MAX || is_number ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") !=
		    length ||
	    name[0] == '-')
		return error_new(ERROR_USAGE,
				 "'%s' is no name for the history: letters, digits, '.', '_', '-' "
				 "and '/', at most %d, not digits alone",
				 name, NAME_LENGTH_MAX);
	return NULL;
}

void history_entry_deinit(struct history_entry *entry)
{
	free(entry->name);
	free(entry->command);
	free(entry->folder);
	free(entry->commit);
	free(entry->setting.hostname);
	free(entry->setting.kernel_release);
	free(entry->setting.cpu_model);
	free(entry->setting.governor);
	free(entry->setting.tool_version);
	run_vector_deinit(&entry->runs);
	*entry = (struct history_entry){ 0 };
}

void history_entries_deinit(struct history_entry_vector *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		history_entry_deinit(&entries->items[i]);
	history_entry_vector_deinit(entries);
}
