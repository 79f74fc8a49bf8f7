/** A history database, and the rows in it. */

#include "base/memory.h"
#include "fuzz_target.h"
#include "history/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** In memory where that is to be had: SQLite waits for the disk otherwise, which is not tried. */
static char folder[] = "/dev/shm/fuzz-history-XXXXXX";
static const char other_folder[] = "/tmp/fuzz-history-XXXXXX";

static void remove_folder(void)
{
	_cleanup_free_ char *path = memory_format_text("%s/history.db", folder);
	_cleanup_free_ char *journal = memory_format_text("%s-journal", path);

	unlink(path);
	unlink(journal);
	rmdir(folder);
}

/** SQLite wants a name in a folder, for its journal. A fresh file; free() the path. */
static char *place_file(struct bytes content)
{
	static bool is_made;
	char *path;
	FILE *file;

	if (!is_made) {
		if (!mkdtemp(folder)) {
			memcpy(folder, other_folder, sizeof(other_folder));
			FUZZ_CHECK(mkdtemp(folder));
		}
		atexit(remove_folder);
		is_made = true;
	}
	path = memory_format_text("%s/history.db", folder);
	unlink(path);
	file = fopen(path, "we");
	FUZZ_CHECK(file && fwrite(content.data, 1, content.size, file) == content.size);
	fclose(file);
	return path;
}

static void look_at(const struct history_entry *entry, const struct history_setting *setting)
{
	char text[HISTORY_TIME_SIZE_BYTES];

	FUZZ_CHECK(entry->name && entry->command);
	history_format_time(entry->time_s, text);
	free(history_setting_difference(&entry->setting, setting));
}

static void read_entries(struct history *history)
{
	struct history_entry_vector entries = { 0 };
	const struct history_setting setting = { .hostname = (char *)"here", .n_cpus = 2 };
	struct error *error = history_list(history, NULL, &entries);

	for (size_t i = 0; i < entries.count; i++)
		look_at(&entries.items[i], &setting);
	if (!error) {
		history_plot_text(&entries, METRIC_TIME, fuzz_nowhere());
		history_plot_svg(&entries, METRIC_TIME, fuzz_nowhere());
		history_entries_deinit(&entries);
	}
	fuzz_check_error(error);
}

static void run(struct bytes input)
{
	_cleanup_free_ char *path = place_file(input);
	struct history_prune what = { .has_keep = true, .n_kept = 1 };
	struct history_entry entry;
	struct history *history;
	struct error *error = history_open(path, &history);
	uint64_t n_removed;

	if (error) {
		fuzz_check_error(error);
		return;
	}
	read_entries(history);
	error = history_find(history, "main", &entry);
	if (!error)
		history_entry_deinit(&entry);
	fuzz_check_error(error);
	fuzz_check_error(history_prune(history, &what, &n_removed));
	history_close(history);
}

static void save(struct history *history, const char *name, int64_t time_s)
{
	struct history_entry entry = {
		.name = memory_duplicate_text(name),
		.time_s = time_s,
		.command = memory_duplicate_text("./it 'a b'"),
		.setting = { .hostname = memory_duplicate_text("there"), .n_cpus = 4 },
	};

	for (int i = 0; i < 2; i++) {
		struct timed_run *run = run_vector_append_new(&entry.runs);

		for (int metric = 0; metric < N_METRICS; metric++)
			run->values[metric] = NAN;
		run->values[METRIC_TIME] = 1 + i;
	}
	FUZZ_CHECK(!history_save(history, &entry));
	history_entry_deinit(&entry);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	_cleanup_free_ char *path = place_file((struct bytes){ 0 });
	struct history *history;
	struct bytes bytes;

	FUZZ_CHECK(!history_open(path, &history));
	save(history, "main", 100);
	save(history, "main", 200);
	save(history, "other", 300);
	history_close(history);
	bytes = fuzz_file_bytes(path);
	fuzz_seeds_add(seeds, bytes);
	free((void *)bytes.data);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
