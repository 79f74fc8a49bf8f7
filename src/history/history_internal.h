#pragma once

/** Inside of history/: SQLite is seen in these files only. */

#include "history/history.h"

#include <sqlite3.h>

struct history {
	sqlite3 *database;
	char *path;
};

/** SQLite's own words as an error about @p what. */
struct error *history_error(const struct history *history, const char *what);

/** Run SQL without results. */
struct error *history_run(const struct history *history, const char *sql) MUST_CHECK;

/** A statement, finalized when it goes out of scope. */
static inline void statement_finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

#define _cleanup_statement_ __attribute__((cleanup(statement_finalize)))

struct error *history_prepare(const struct history *history, const char *sql,
			      sqlite3_stmt **ret) MUST_CHECK;
