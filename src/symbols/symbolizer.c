#include "symbols/symbolizer.h"

#include "base/hash_map.h"
#include "base/string_table.h"
#include "symbols/demangle.h"
#include "symbols/symbol_sources_internal.h"

/** What is known about one object. Made when the object is first asked for. */
struct object_symbols {
	const struct object *object;
	struct source_result source;
};

DEFINE_VECTOR(object_symbols_vector, struct object_symbols *)
DEFINE_HASH_MAP(demangled_map, string_id, const char *, hash_u32, equal_u32)

struct symbolizer {
	struct symbolizer_options options;
	char *kallsyms_path; /**< Own copy of the option's. */
	struct arena arena;  /**< Frames of results. */
	struct string_table strings;
	struct demangled_map demangled; /**< By linkage name: each is demangled once. */
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

static struct object_symbols *symbols_load(struct object *object,
					   const struct symbolizer_options *options)
{
	struct object_symbols *symbols = memory_allocate(1, sizeof(*symbols));
	const struct symbol_source *source = symbol_source_find(object);

	symbols->object = object;
	if (source)
		source->load(object, options, &symbols->source);
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

static struct symbol_result resolve_one(struct symbolizer *symbolizer,
					const struct symbol_table *table,
					const struct symbol_entry *entry)
{
	struct symbol_frame *frame;

	if (!entry) {
		return (struct symbol_result){
			.status = table->count ? SYMBOL_NO_MATCH : SYMBOL_NO_TABLE,
		};
	}
	frame = arena_allocate(&symbolizer->arena, sizeof(*frame));
	frame_set_name(symbolizer, frame, symbol_table_name(table, entry));
	return (struct symbol_result){
		.status = SYMBOL_FOUND,
		.symbol_elf_address = entry->address,
		.symbol_size_bytes = entry->size_bytes,
		.frames = frame,
		.n_frames = 1,
	};
}

void symbolizer_resolve(struct symbolizer *symbolizer, struct object *object,
			const uint64_t *elf_addresses, size_t n, struct symbol_result *results_ret)
{
	const struct object_symbols *symbols = symbols_of(symbolizer, object);
	const struct symbol_table *table = &symbols->source.table;
	size_t hint = 0;

	for (size_t i = 0; i < n; i++) {
		results_ret[i] = resolve_one(symbolizer, table,
					     symbol_table_find(table, elf_addresses[i], &hint));
	}
}

enum symbol_source_kind symbolizer_source_kind(struct symbolizer *symbolizer,
					       struct object *object)
{
	return symbols_of(symbolizer, object)->source.kind;
}

const char *symbolizer_object_problem(const struct symbolizer *symbolizer,
				      const struct object *object)
{
	if (object->index >= symbolizer->objects.count || !symbolizer->objects.items[object->index])
		return NULL;
	return symbolizer->objects.items[object->index]->source.problem;
}
