#pragma once

/** Measurements of earlier days: named entries with all their runs. */

#include "base/error.h"
#include "compare/comparison.h"

/** Entries one query gives; older ones are left out. */
#define HISTORY_ENTRIES_MAX 100000

struct history;

/**
 * Open the database at @p path; it and its folder are made when they are not there, and an older
 * schema is brought up to date. Several processes may have it open.
 *
 * @return ERROR_FORMAT: it is no database of ours, or one of a later version.
 */
struct error *history_open(const char *path, struct history **ret) MUST_CHECK;
void history_close(struct history *history);

/** $XDG_DATA_HOME/perf-profile/history.db or its default in $HOME; NULL: neither is set. free(). */
char *history_default_path(void);

/** What a measurement depends on beside the command. NULL and 0: unknown. */
struct history_setting {
	char *hostname;
	char *kernel_release;
	char *cpu_model;
	uint32_t n_cpus;
	char *governor;
	char *tool_version;
};

/** One measurement. Strings are owned. */
struct history_entry {
	int64_t id;
	char *name;
	int64_t time_s; /**< Since 1970. */
	char *command;
	char *folder;  /**< Where it ran. */
	char *commit;  /**< Of the git repository there; NULL: none. */
	bool is_dirty; /**< With uncommitted changes. */
	struct history_setting setting;
	struct run_vector runs; /**< Empty in lists. */
	uint64_t n_runs;
	double medians[N_METRICS]; /**< NAN: not measured. */
};

DEFINE_VECTOR(history_entry_vector, struct history_entry)

void history_entry_deinit(struct history_entry *entry);
void history_entries_deinit(struct history_entry_vector *entries);

/** A name: letters, digits, "._-/" and no more than 100 of them; so that no shell changes it. */
struct error *history_check_name(const char *name) MUST_CHECK;

/** Keep @p entry, whose id and time are set. All of it, or on an error nothing. */
struct error *history_save(struct history *history, struct history_entry *entry) MUST_CHECK;

/**
 * The newest entry called @p name, or the one with that id ("17"), with its runs.
 *
 * @return ERROR_NOT_FOUND: there is none.
 */
struct error *history_find(struct history *history, const char *name,
			   struct history_entry *ret) MUST_CHECK;

/** Whether there is one, without loading it. */
bool history_has(struct history *history, const char *name);

/** Entries without their runs, oldest first. @param name  NULL: of all names. */
struct error *history_list(struct history *history, const char *name,
			   struct history_entry_vector *ret) MUST_CHECK;

struct history_prune {
	const char *name; /**< Only these; NULL: all. */
	bool has_keep;
	uint64_t n_kept;       /**< Newest entries of each name that stay. */
	int64_t oldest_time_s; /**< Entries before this go; 0: none for their age. */
};

/** Remove entries and give their space back. @param n_removed_ret  How many. */
struct error *history_prune(struct history *history, const struct history_prune *what,
			    uint64_t *n_removed_ret) MUST_CHECK;

/** Sentences about what differs between two settings, none when they are alike. free() it. */
char *history_setting_difference(const struct history_setting *before,
				 const struct history_setting *now);

#define HISTORY_TIME_SIZE_BYTES 32

/** "2026-11-28 01:40", local time. */
void history_format_time(int64_t time_s, char text[HISTORY_TIME_SIZE_BYTES]);

/** A chart of @p metric, one row per entry, for terminals. */
void history_plot_text(const struct history_entry_vector *entries, enum metric metric, FILE *file);

/** The same as an SVG image: points in time with a line. */
void history_plot_svg(const struct history_entry_vector *entries, enum metric metric, FILE *file);
