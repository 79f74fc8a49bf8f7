#include "symbols/symbolizer.h"

#include "base/hash_map.h"
#include "base/string_table.h"
#include "symbols/debug_info_internal.h"
#include "symbols/demangle.h"
#include "symbols/symbol_sources_internal.h"

/** What is known about one object. Made when the object is first asked for. */
struct object_symbols {
	const struct object *object;
	struct source_result source;
	struct debug_info *debug_info; /**< NULL: none, or not wanted. */
};

DEFINE_VECTOR(object_symbols_vector, struct object_symbols *)
DEFINE_HASH_MAP(demangled_map, string_id, const char *, hash_u32, equal_u32)

struct symbolizer {
	struct symbolizer_options options;
	char *kallsyms_path; /**< Own copy of the option's. */
	struct arena arena;  /**< Frames of results. */
	struct string_table strings;
	struct demangled_map demangled;       /**< By linkage name: each is demangled once. */
	struct object_symbols_vector objects; /**< By object->index; NULL: not asked for yet. */
};

struct symbolizer *symbolizer_create(const struct symbolizer_options *options)
{
	struct symbolizer *symbolizer = memory_allocate(1, sizeof(*symbolizer));

	symbolizer->options = *options;
	symbolizer->kallsyms_path = memory_duplicate_text(options->kallsyms_path);
	symbolizer->options.kallsyms_path = symbolizer->kallsyms_path;
	string_table_init(&symbolizer->strings);
	return symbolizer;
}

static void object_symbols_destroy(struct object_symbols *symbols)
{
	if (!symbols)
		return;
	debug_info_destroy(symbols->debug_info);
	symbol_table_deinit(&symbols->source.table);
	free(symbols->source.problem);
	free(symbols);
}

void symbolizer_destroy(struct symbolizer *symbolizer)
{
	if (!symbolizer)
		return;
	for (size_t i = 0; i < symbolizer->objects.count; i++)
		object_symbols_destroy(symbolizer->objects.items[i]);
	object_symbols_vector_deinit(&symbolizer->objects);
	demangled_map_deinit(&symbolizer->demangled);
	string_table_deinit(&symbolizer->strings);
	arena_deinit(&symbolizer->arena);
	free(symbolizer->kallsyms_path);
	free(symbolizer);
}

static void load_debug_info(struct object_symbols *symbols, struct object *object,
			    const struct symbolizer_options *options)
{
	struct error *error = debug_info_open(object, object_debug_file(object),
					      options->is_without_lines, &symbols->debug_info);

	if (error && !symbols->source.problem)
		symbols->source.problem = memory_duplicate_text(error->message);
	error_destroy(error);
	if (symbols->debug_info)
		symbols->source.kind = SYMBOLS_DEBUG;
}

static struct object_symbols *symbols_load(struct object *object,
					   const struct symbolizer_options *options)
{
	struct object_symbols *symbols = memory_allocate(1, sizeof(*symbols));
	const struct symbol_source *source = symbol_source_find(object);

	symbols->object = object;
	if (source)
		source->load(object, options, &symbols->source);
	if (symbols->source.may_have_debug_info && !options->is_without_inlines)
		load_debug_info(symbols, object, options);
	return symbols;
}

static struct object_symbols *symbols_of(struct symbolizer *symbolizer, struct object *object)
{
	struct object_symbols_vector *objects = &symbolizer->objects;

	while (objects->count <= object->index)
		object_symbols_vector_append(objects, NULL);
	if (!objects->items[object->index])
		objects->items[object->index] = symbols_load(object, &symbolizer->options);
	return objects->items[object->index];
}

/** Set the frame's names from the name in the file. */
static void frame_set_name(struct symbolizer *symbolizer, struct symbol_frame *frame,
			   const char *linkage_name)
{
	string_id id = string_table_intern(&symbolizer->strings, linkage_name);
	const char **known;
	bool is_new;

	frame->linkage_name = frame->name = string_table_text(&symbolizer->strings, id);
	if (symbolizer->options.is_mangled)
		return;
	known = demangled_map_insert(&symbolizer->demangled, id, &is_new);
	if (is_new) {
		_cleanup_free_ char *text = demangle(linkage_name);

		*known = frame->name;
		if (text) {
			string_id demangled_id = string_table_intern(&symbolizer->strings, text);

			*known = string_table_text(&symbolizer->strings, demangled_id);
		}
	}
	frame->name = *known;
}

/** The frames DWARF gave, innermost first; the symbol table names the last one if it can. */
static struct symbol_result make_result(struct symbolizer *symbolizer,
					const struct symbol_table *table,
					const struct symbol_entry *entry,
					const struct debug_frame *debug_frames,
					const struct debug_chain *chain)
{
	uint32_t n_frames = MAX(chain->n_frames, 1u);
	struct symbol_frame *frames =
		arena_allocate(&symbolizer->arena, n_frames * sizeof(*frames));

	for (uint32_t i = 0; i < n_frames; i++) {
		const char *name = "";

		if (i < chain->n_frames) {
			name = debug_frames[i].name;
			frames[i].file = debug_frames[i].file;
			frames[i].line = debug_frames[i].line;
		}
		frames[i].is_inlined = i + 1 < n_frames;
		if (entry && !frames[i].is_inlined)
			name = symbol_table_name(table, entry);
		frame_set_name(symbolizer, &frames[i], name ? name : "(anonymous)");
	}
	return (struct symbol_result){
		.status = SYMBOL_FOUND,
		.symbol_elf_address = entry ? entry->address : chain->function_start,
		.symbol_size_bytes =
			entry ? entry->size_bytes : chain->function_end - chain->function_start,
		.frames = frames,
		.n_frames = n_frames,
	};
}

/** A source line alone, in code that neither DWARF nor a symbol names, is no function. */
static bool has_name(const struct debug_frame *debug_frames, const struct debug_chain *chain)
{
	return chain->n_frames && debug_frames[chain->n_frames - 1].name;
}

static void resolve_all(struct symbolizer *symbolizer, const struct object_symbols *symbols,
			const uint64_t *elf_addresses, size_t n, const struct debug_frame *frames,
			const struct debug_chain *chains, struct symbol_result *results_ret)
{
	const struct symbol_table *table = &symbols->source.table;
	bool has_table = table->count || symbols->debug_info;
	size_t hint = 0;

	for (size_t i = 0; i < n; i++) {
		const struct symbol_entry *entry =
			symbol_table_find(table, elf_addresses[i], &hint);
		const struct debug_frame *debug_frames =
			chains[i].n_frames ? frames + chains[i].first_frame : NULL;

		if (entry || has_name(debug_frames, &chains[i])) {
			results_ret[i] =
				make_result(symbolizer, table, entry, debug_frames, &chains[i]);
		} else {
			results_ret[i] = (struct symbol_result){
				.status = has_table ? SYMBOL_NO_MATCH : SYMBOL_NO_TABLE,
			};
		}
	}
}

void symbolizer_resolve(struct symbolizer *symbolizer, struct object *object,
			const uint64_t *elf_addresses, size_t n, struct symbol_result *results_ret)
{
	const struct object_symbols *symbols = symbols_of(symbolizer, object);
	struct debug_frame_vector frames = { 0 };
	_cleanup_free_ struct debug_chain *chains = memory_allocate(n + 1, sizeof(*chains));

	if (symbols->debug_info)
		debug_info_resolve(symbols->debug_info, elf_addresses, n, &frames, chains);
	resolve_all(symbolizer, symbols, elf_addresses, n, frames.items, chains, results_ret);
	debug_frame_vector_deinit(&frames);
}

enum symbol_source_kind symbolizer_source_kind(struct symbolizer *symbolizer, struct object *object)
{
	return symbols_of(symbolizer, object)->source.kind;
}

const char *symbolizer_object_problem(const struct symbolizer *symbolizer,
				      const struct object *object)
{
	const struct object_symbols *symbols;

	if (object->index >= symbolizer->objects.count)
		return NULL;
	symbols = symbolizer->objects.items[object->index];
	if (!symbols)
		return NULL;
	if (symbols->source.problem || !symbols->debug_info)
		return symbols->source.problem;
	return debug_info_problem(symbols->debug_info);
}
