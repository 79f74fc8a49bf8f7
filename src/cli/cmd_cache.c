#include "cli/commands.h"

#include "base/clock.h"
#include "base/count_noun.h"
#include "base/escape.h"
#include "base/memory.h"
#include "cache/cache.h"
#include "cli/terminal.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum {
	OPTION_LIST = 1,
	OPTION_CLEAR,
};

static const struct option_spec options[] = {
	{ OPTION_LIST, 0, "list", NULL, "List what is kept, the latest used first. The default.",
	  NULL },
	{ OPTION_CLEAR, 0, "clear", NULL, "Remove all of it.", NULL },
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile cache", "See what is kept, and where." },
	{ "perf-profile cache --clear", "Begin anew." },
	{ NULL, NULL },
};

/** The kind is what stands before the '-' of the name. */
static void print_entry(const struct cache_entry *entry)
{
	const time_t used = (time_t)(entry->used_realtime_ns / NS_PER_S);
	struct tm local = { 0 };
	char time_text[32];

	localtime_r(&used, &local);
	strftime(time_text, sizeof(time_text), "%Y-%m-%d %H:%M", &local);
	printf("%-8.*s  %8.1f KiB  %s  ", (int)strcspn(entry->name, "-"), entry->name,
	       (double)entry->size_bytes / 1024, time_text);
	escape_write_plain(stdout, entry->label[0] ? entry->label : "(damaged)");
	putchar('\n');
}

static void list_entries(struct cache *cache)
{
	struct cache_entry_vector entries;
	uint64_t size_bytes = 0;

	cache_list(cache, &entries);
	for (size_t i = 0; i < entries.count; i++) {
		print_entry(&entries.items[i]);
		size_bytes += entries.items[i].size_bytes;
	}
	printf("%zu %s, %.1f of at most %" PRIu64 " MiB, in ", entries.count,
	       count_noun(entries.count, "file", "files"), (double)size_bytes / (1 << 20),
	       CACHE_SIZE_MAX_BYTES >> 20);
	escape_write_plain(stdout, cache_path(cache));
	putchar('\n');
	cache_entry_vector_destroy_items(&entries);
}

static void clear_entries(struct cache *cache)
{
	size_t n_removed = cache_trim(cache, 0);

	printf("%zu %s removed from ", n_removed, count_noun(n_removed, "file", "files"));
	escape_write_plain(stdout, cache_path(cache));
	putchar('\n');
}

static int show_cache(bool is_to_clear)
{
	struct cache *cache = cache_create_default();
	const char *problem = cache_problem(cache);
	int status = EXIT_OURS;

	if (problem) {
		struct error *error =
			error_new(ERROR_PERMISSION, "the cache is not used: %s", problem);

		terminal_print_error(error_with_hint(
			error, "set XDG_CACHE_HOME to a folder of your own, closed to others"));
	} else {
		if (is_to_clear)
			clear_entries(cache);
		else
			list_entries(cache);
		status = terminal_finish_output();
	}
	cache_destroy(cache);
	return status;
}

static int run_cache(const struct command *command, int argc, char **argv)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	bool is_to_clear = false;
	struct error *error;
	const char *value;
	int id;

	while (!(error = option_parser_next(&parser, &id, &value)) && id != OPTION_ID_END)
		is_to_clear = id == OPTION_CLEAR;
	if (!error)
		error = option_parser_refuse_operands(&parser);
	if (error) {
		terminal_print_error(error);
		return EXIT_OURS;
	}
	return show_cache(is_to_clear);
}

const struct command command_cache = {
	.name = "cache",
	.summary = "List or clear what is kept from run to run",
	.usage = "[OPTIONS]",
	.description =
		"Names, source lines, symbol tables and unwind tables that took long to find are "
		"kept in $XDG_CACHE_HOME/perf-profile, by default ~/.cache/perf-profile, so that "
		"later runs report sooner. They are keyed by build ids, so a rebuilt program never "
		"meets those of the old one. Anything there may be removed at any time; what was "
		"unused for longest goes when there is more than 256 MiB.\n\n"
		"The folder is used only when it belongs to you and nobody else may write in it. "
		"The option --no-cache of commands that name functions does without.",
	.options = options,
	.examples = examples,
	.run = run_cache,
};
