#include "cli/symbol_search.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cli/terminal.h"

#include <inttypes.h>
#include <string.h>

#define TIME_MAX_NS    (60 * NS_PER_S)
#define SIZE_MAX_BYTES (UINT64_C(1) << 30)

#define BYTES_PER_MIB (UINT64_C(1) << 20)

/** "TIME,SIZE"; either may be left out. */
static struct error *read_limit(struct symbol_search *search, const char *value)
{
	_cleanup_free_ char *time = memory_duplicate_text(value);
	char *size = strchr(time, ',');

	if (size)
		*size++ = '\0';
	if (time[0])
		RETURN_IF_ERROR(
			option_read_duration("--debuginfod-limit", time, &search->time_max_ns));
	if (size && size[0])
		return option_read_size("--debuginfod-limit", size, 1, UINT64_MAX / 2,
					&search->size_max_bytes);
	return NULL;
}

struct error *symbol_search_apply(struct symbol_search *search, int id, const char *value,
				  bool *is_known_ret)
{
	*is_known_ret = true;
	switch (id) {
	case OPTION_DEBUG_FOLDER:
		string_vector_append(&search->debug_folders, value);
		return NULL;
	case OPTION_SERVERS:
		search->uses_servers = true;
		return NULL;
	case OPTION_SERVERS_LIMIT:
		search->uses_servers = true;
		return read_limit(search, value);
	case OPTION_NO_CACHE:
		search->is_without_cache = true;
		return NULL;
	default:
		*is_known_ret = false;
		return NULL;
	}
}

static bool show_progress(void *context, const char *name, uint64_t done_bytes, uint64_t size_bytes)
{
	_cleanup_free_ char *line = NULL;

	if (name && size_bytes)
		line = memory_format_text("debuginfod: %s, %" PRIu64 " of %" PRIu64 " MiB", name,
					  done_bytes / BYTES_PER_MIB,
					  (size_bytes + BYTES_PER_MIB - 1) / BYTES_PER_MIB);
	else if (name)
		line = memory_format_text("debuginfod: asking for %s", name);
	terminal_set_status(line);
	return true;
}

struct error *symbol_search_start(struct symbol_search *search)
{
	const struct object_servers_options options = {
		.time_max_ns = search->time_max_ns ? search->time_max_ns : TIME_MAX_NS,
		.size_max_bytes = search->size_max_bytes ? search->size_max_bytes : SIZE_MAX_BYTES,
		.progress = show_progress,
	};

	if (!search->is_without_cache)
		search->cache = cache_create_default();
	return search->uses_servers ? object_servers_create(&options, &search->servers) : NULL;
}

static void print_facts(const struct object_servers_facts *facts)
{
	if (facts->n_asked)
		terminal_print_note("debuginfod: %" PRIu32 " of %" PRIu32 " files, %" PRIu64 " MiB",
				    facts->n_found, facts->n_asked,
				    (facts->size_bytes + BYTES_PER_MIB - 1) / BYTES_PER_MIB);
	if (facts->is_time_up || facts->is_size_up)
		terminal_print_warning("debuginfod: the %s is used up; files after that were not "
				       "asked for (--debuginfod-limit)",
				       facts->is_time_up ? "time" : "size");
}

void symbol_search_finish(struct symbol_search *search)
{
	if (search->servers) {
		struct object_servers_facts facts = object_servers_facts(search->servers);

		print_facts(&facts);
	}
	object_servers_destroy(search->servers);
	search->servers = NULL;
	cache_destroy(search->cache);
	search->cache = NULL;
}

void symbol_search_deinit(struct symbol_search *search)
{
	string_vector_deinit(&search->debug_folders);
}
