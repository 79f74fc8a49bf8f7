#include "symbols/symbol_sources_internal.h"

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
	code_map_deinit(&result->code);
	runtime_watch_deinit(&result->watch);
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

static bool is_run_time_code(const struct object *object)
{
	return object->kind == OBJECT_PERF_MAP;
}

static void load_run_time_code(struct object *object, const struct symbolizer_options *options,
			       struct source_result *result)
{
	struct symbol_table_builder builder = { 0 };
	struct code_map *code = &result->code;

	if (!object->process)
		return;
	note_problem(result, runtimes_read(object->process, &result->watch, code));
	for (size_t i = 0; i < MIN(code->ranges.count, (size_t)SYMBOL_COUNT_MAX); i++) {
		const struct code_range *range = &code->ranges.items[i];

		symbol_candidate_vector_append(&builder.candidates,
					       (struct symbol_candidate){
						       .address = range->start,
						       .end = range->end,
						       .name_offset = range->name_offset,
						       .pool = SYMBOL_POOL_MAIN,
						       .is_sized = true,
					       });
	}
	if (code->ranges.count)
		result->kind = SYMBOLS_FULL;
	symbol_table_set_pool(&builder.table, SYMBOL_POOL_MAIN, (const char *)code->text.items,
			      code->text.count);
	symbol_table_build(&builder, &result->table);
	/* The table has them now. */
	code_range_vector_deinit(&code->ranges);
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

	object_open(object, NULL);
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
	{ "run-time code", is_run_time_code, load_run_time_code, NULL },
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
