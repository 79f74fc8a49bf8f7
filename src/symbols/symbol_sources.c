#include "symbols/symbol_sources_internal.h"

#include "runtime/perf_map.h"
#include "symbols/elf_symbols_internal.h"
#include "symbols/kallsyms_internal.h"
#include "symbols/kernel_identity_internal.h"
#include "symbols/known_symbols_internal.h"

#include <stdio.h>
#include <string.h>

/** Smaller tables of ELF files are read as fast as they are loaded. */
#define KEPT_TABLE_COUNT_MIN 4096

void source_result_deinit(struct source_result *result)
{
	symbol_table_deinit(&result->table);
	cached_release(&result->cached);
	free(result->problem);
	*result = (struct source_result){ 0 };
}

/** Keep the message of @p error as the problem, if there is none yet. */
static void note_problem(struct source_result *result, struct error *error)
{
	if (error && !result->problem)
		result->problem = memory_duplicate_text(error->message);
	error_destroy(error);
}

static bool is_perf_map(const struct object *object)
{
	return object->kind == OBJECT_PERF_MAP;
}

/** The process of a JIT object: the registry names it after its map file. */
static bool perf_map_pid(const struct object *object, uint32_t *pid_ret)
{
	const char *name = strrchr(object->path, '/');

	return sscanf(name ? name + 1 : object->path, "perf-%u.map", pid_ret) == 1;
}

static void load_perf_map(struct object *object, const struct symbolizer_options *options,
			  struct source_result *result)
{
	struct symbol_table_builder builder = { 0 };
	struct perf_map map;
	struct error *error;
	uint32_t pid;

	if (!perf_map_pid(object, &pid))
		return;
	error = perf_map_read(pid, &map);
	if (error) {
		/* Most processes write none; that is no damage. */
		if (error->code == ERROR_NOT_FOUND)
			error_destroy(error);
		else
			note_problem(result, error);
		return;
	}
	for (size_t i = 0; i < MIN(map.n_ranges, (size_t)SYMBOL_COUNT_MAX); i++) {
		symbol_candidate_vector_append(&builder.candidates,
					       (struct symbol_candidate){
						       .address = map.ranges[i].start,
						       .end = map.ranges[i].end,
						       .name_offset = map.ranges[i].name_offset,
						       .pool = SYMBOL_POOL_MAIN,
						       .is_sized = true,
					       });
	}
	symbol_table_set_pool(&builder.table, SYMBOL_POOL_MAIN, map.text, map.text_size_bytes);
	builder.table.owned_text = map.text;
	map.text = NULL;
	perf_map_deinit(&map);
	symbol_table_build(&builder, &result->table);
	result->kind = SYMBOLS_FULL;
}

static bool is_kernel(const struct object *object)
{
	return object->kind == OBJECT_KERNEL;
}

/** NULL: not the running kernel's own file, or no cache. */
static char *running_kernel_identity(const struct symbolizer_options *options)
{
	if (options->kallsyms_path || !options->cache)
		return NULL;
	return kernel_identity("/proc/sys/kernel/random/boot_id", "/proc/modules");
}

static void load_kallsyms(struct object *object, const struct symbolizer_options *options,
			  struct source_result *result)
{
	const char *path = options->kallsyms_path ? options->kallsyms_path : KALLSYMS_PATH;
	_cleanup_free_ char *identity = running_kernel_identity(options);
	/* Asked first: what is hidden now is not told from an earlier run. */
	struct error *error = kallsyms_check_hidden(path);

	if (!error && known_table_load(options->cache, identity, result)) {
		result->is_partial = true;
		return;
	}
	if (!error)
		error = kallsyms_read(path, &result->table);
	if (error)
		note_problem(result, error);
	else
		result->kind = SYMBOLS_FULL;
}

static void keep_kallsyms(struct object *object, const struct symbolizer_options *options,
			  const struct source_result *result)
{
	_cleanup_free_ char *identity = running_kernel_identity(options);
	struct symbol_table lasting = result->table;

	if (result->problem || !lasting.count)
		return;
	lasting.entries =
		memory_duplicate(lasting.entries, lasting.count * sizeof(*lasting.entries));
	kernel_table_keep_lasting(&lasting);
	known_table_keep(options->cache, identity, object->path, &lasting, result->kind);
	free(lasting.entries);
}

static bool is_elf(const struct object *object)
{
	return object->kind == OBJECT_FILE || object->kind == OBJECT_VDSO;
}

static void load_elf(struct object *object, const struct symbolizer_options *options,
		     struct source_result *result)
{
	_cleanup_free_ char *identity = NULL;
	struct elf_symbols_found found;

	object_open(object, 0, 0, 0);
	if (object->state != OBJECT_OPEN)
		return;
	result->may_have_debug_info = true;
	identity = options->cache ? object_fingerprint(object) : NULL;
	if (known_table_load(options->cache, identity, result))
		return;
	note_problem(result,
		     elf_symbols_read(object, object_debug_file(object), &result->table, &found));
	if (found.has_full)
		result->kind = SYMBOLS_FULL;
	else if (found.has_dynamic)
		result->kind = SYMBOLS_DYNAMIC;
}

static void keep_elf(struct object *object, const struct symbolizer_options *options,
		     const struct source_result *result)
{
	_cleanup_free_ char *identity = NULL;

	if (result->problem || result->table.count < KEPT_TABLE_COUNT_MIN)
		return;
	identity = object_fingerprint(object);
	known_table_keep(options->cache, identity, object->path, &result->table, result->kind);
}

static const struct symbol_source sources[] = {
	{ "perf map", is_perf_map, load_perf_map, NULL },
	{ "kallsyms", is_kernel, load_kallsyms, keep_kallsyms },
	{ "ELF and DWARF", is_elf, load_elf, keep_elf },
};

const struct symbol_source *symbol_source_find(const struct object *object)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (sources[i].handles(object))
			return &sources[i];
	}
	return NULL;
}
