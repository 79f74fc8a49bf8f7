#include "symbols/symbolizer.h"

#include "base/escape.h"
#include "base/hash_map.h"
#include "base/string_table.h"
#include "symbols/debug_info_internal.h"
#include "symbols/demangle.h"
#include "symbols/known_symbols_internal.h"
#include "symbols/symbol_sources_internal.h"

/** More pieces than this in one function are not kept: it is looked up again. */
#define PIECES_PER_FUNCTION_MAX 65536

/** What is known about one object. Made when the object is first asked for. */
struct object_symbols {
	struct object *object;
	struct known_symbols known; /**< From earlier runs. */
	struct address_vector
		missed; /**< Addresses that were not among them; ascending by batch. */

	/* When the first address was missed: */
	bool is_loaded;
	const struct symbol_source *symbol_source; /**< NULL: nothing can name it. */
	struct source_result source;
	struct debug_info *debug_info; /**< NULL: none, or not wanted. */
	enum symbol_source_kind kind;
	bool has_odd_text; /**< Names or paths that no compiler writes. */
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
	source_result_deinit(&symbols->source);
	known_symbols_deinit(&symbols->known);
	address_vector_deinit(&symbols->missed);
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

static void load_debug_info(struct object_symbols *symbols,
			    const struct symbolizer_options *options)
{
	struct error *error =
		debug_info_open(symbols->object, object_debug_file(symbols->object),
				options->is_without_lines, options->cache, &symbols->debug_info);

	if (error && !symbols->source.problem)
		symbols->source.problem = memory_duplicate_text(error->message);
	error_destroy(error);
	if (symbols->debug_info)
		symbols->kind = SYMBOLS_DEBUG;
}

static void object_symbols_load(struct object_symbols *symbols,
				const struct symbolizer_options *options)
{
	if (symbols->is_loaded)
		return;
	symbols->is_loaded = true;
	symbols->symbol_source = symbol_source_find(symbols->object);
	if (symbols->symbol_source)
		symbols->symbol_source->load(symbols->object, options, &symbols->source);
	symbols->kind = symbols->source.kind;
	if (symbols->source.may_have_debug_info && !options->is_without_inlines)
		load_debug_info(symbols, options);
}

/** Again, and not from the cache: it lacked something. */
static void object_symbols_load_fresh(struct object_symbols *symbols,
				      const struct symbolizer_options *options)
{
	struct symbolizer_options fresh = *options;

	fresh.cache = NULL;
	source_result_deinit(&symbols->source);
	symbols->symbol_source->load(symbols->object, &fresh, &symbols->source);
	symbols->kind = symbols->source.kind;
}

/** Its symbols and debug information are not opened yet. */
static struct object_symbols *symbols_of(struct symbolizer *symbolizer, struct object *object)
{
	struct object_symbols_vector *objects = &symbolizer->objects;
	struct object_symbols *symbols;

	while (objects->count <= object->index)
		object_symbols_vector_append(objects, NULL);
	if (objects->items[object->index])
		return objects->items[object->index];
	symbols = memory_allocate(1, sizeof(*symbols));
	symbols->object = object;
	known_symbols_load(object, &symbolizer->options, &symbols->known);
	objects->items[object->index] = symbols;
	return symbols;
}

/** "write@@GLIBC_2.2.5" is write to its reader; "write@plt" is something else. Free the result. */
static char *name_without_version(const char *linkage_name)
{
	const char *at = strchr(linkage_name, '@');

	if (!at || at == linkage_name || strcmp(at, "@plt") == 0)
		return memory_duplicate_text(linkage_name);
	return memory_format_text("%.*s", (int)(at - linkage_name), linkage_name);
}

/** Free the result. */
static char *readable_name(const char *linkage_name)
{
	_cleanup_free_ char *name = name_without_version(linkage_name);
	char *demangled = demangle(name);

	return demangled ? demangled : memory_duplicate_text(name);
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
		_cleanup_free_ char *text = readable_name(linkage_name);

		*known = string_table_text(&symbolizer->strings,
					   string_table_intern(&symbolizer->strings, text));
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

static bool is_text(const struct symbol_result *result)
{
	for (uint32_t i = 0; i < result->n_frames; i++) {
		const struct symbol_frame *frame = &result->frames[i];

		if (!escape_is_plain_text(frame->linkage_name) ||
		    (frame->file && !escape_is_plain_text(frame->file)))
			return false;
	}
	return true;
}

/** A source line alone, in code that neither DWARF nor a symbol names, is no function. */
static bool has_name(const struct debug_frame *debug_frames, const struct debug_chain *chain)
{
	return chain->n_frames && debug_frames[chain->n_frames - 1].name;
}

/** The place of @p address among those that came with the names; all zero: none. */
static struct debug_frame find_place(const struct source_result *source, uint64_t address)
{
	const struct code_place_vector *places = &source->code.places;
	const struct symbol_pool_text *text = &source->table.pools[SYMBOL_POOL_MAIN];
	size_t low = 0;
	size_t high = places->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (places->items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || !places->items[low - 1].line)
		return (struct debug_frame){ 0 };
	return (struct debug_frame){
		.file = text->text + places->items[low - 1].file_offset,
		.line = places->items[low - 1].line,
	};
}

static void resolve_all(struct symbolizer *symbolizer, struct object_symbols *symbols,
			const uint64_t *elf_addresses, size_t n, const struct debug_frame *frames,
			const struct debug_chain *chains, struct symbol_result *results_ret)
{
	const struct symbol_table *table = &symbols->source.table;
	bool has_table = table->count || symbols->debug_info;
	size_t hint = 0;

	for (size_t i = 0; i < n; i++) {
		const struct symbol_entry *entry =
			symbol_table_find(table, elf_addresses[i], &hint);
		struct debug_chain chain = chains[i];
		const struct debug_frame *debug_frames =
			chain.n_frames ? frames + chain.first_frame : NULL;
		struct debug_frame place = { 0 };

		if (entry && !debug_frames)
			place = find_place(&symbols->source, elf_addresses[i]);
		if (place.line) {
			debug_frames = &place;
			chain.n_frames = 1;
		}
		if (entry || has_name(debug_frames, &chain)) {
			results_ret[i] =
				make_result(symbolizer, table, entry, debug_frames, &chain);
			symbols->has_odd_text |= !is_text(&results_ret[i]);
		} else {
			results_ret[i] = (struct symbol_result){
				.status = has_table ? SYMBOL_NO_MATCH : SYMBOL_NO_TABLE,
			};
		}
	}
}

/** From the object's own symbols and debug information, which are loaded. */
static void resolve_loaded(struct symbolizer *symbolizer, struct object_symbols *symbols,
			   const uint64_t *elf_addresses, size_t n,
			   struct symbol_result *results_ret)
{
	struct debug_frame_vector frames = { 0 };
	_cleanup_free_ struct debug_chain *chains = memory_allocate(n + 1, sizeof(*chains));

	if (symbols->debug_info)
		debug_info_resolve(symbols->debug_info, elf_addresses, n, &frames, chains);
	resolve_all(symbolizer, symbols, elf_addresses, n, frames.items, chains, results_ret);
	debug_frame_vector_deinit(&frames);
}

void symbolizer_watch(struct symbolizer *symbolizer, struct object *object)
{
	if (object->process)
		runtimes_watch(object->process, &symbols_of(symbolizer, object)->source.watch);
}

void symbolizer_versions(struct symbolizer *symbolizer, struct object *object, uint64_t elf_address,
			 struct code_version_vector *ret)
{
	struct object_symbols *symbols;

	if (!object->process)
		return;
	symbols = symbols_of(symbolizer, object);
	object_symbols_load(symbols, &symbolizer->options);
	code_map_versions(&symbols->source.code, elf_address, ret);
}

static bool has_all(const struct symbol_result *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (results[i].status != SYMBOL_FOUND)
			return false;
	}
	return true;
}

static void resolve_missed(struct symbolizer *symbolizer, struct object_symbols *symbols,
			   const struct address_vector *missed, struct symbol_result *results_ret)
{
	object_symbols_load(symbols, &symbolizer->options);
	resolve_loaded(symbolizer, symbols, missed->items, missed->count, results_ret);
	if (symbols->source.is_partial && !has_all(results_ret, missed->count)) {
		object_symbols_load_fresh(symbols, &symbolizer->options);
		resolve_loaded(symbolizer, symbols, missed->items, missed->count, results_ret);
	}
}

DEFINE_VECTOR(symbol_result_vector, struct symbol_result)

void symbolizer_resolve(struct symbolizer *symbolizer, struct object *object,
			const uint64_t *elf_addresses, size_t n, struct symbol_result *results_ret)
{
	struct object_symbols *symbols = symbols_of(symbolizer, object);
	const struct symbol_pieces *known = &symbols->known.pieces;
	struct symbol_result_vector results = { 0 };
	struct address_vector missed = { 0 };
	struct index_vector places = { 0 }; /* Of the missed ones among all. */

	for (size_t i = 0; i < n; i++) {
		const struct symbol_piece *piece = symbol_pieces_find(known, elf_addresses[i]);

		if (piece) {
			results_ret[i] = symbol_pieces_result(known, piece, &symbolizer->arena);
			continue;
		}
		address_vector_append(&missed, elf_addresses[i]);
		index_vector_append(&places, (uint32_t)i);
	}
	if (missed.count) {
		symbol_result_vector_reserve(&results, missed.count);
		resolve_missed(symbolizer, symbols, &missed, results.items);
	}
	for (size_t i = 0; i < missed.count; i++) {
		results_ret[places.items[i]] = results.items[i];
		if (symbols->known.identity)
			address_vector_append(&symbols->missed, missed.items[i]);
	}
	symbol_result_vector_deinit(&results);
	address_vector_deinit(&missed);
	index_vector_deinit(&places);
}

static int address_compare(const void *a_pointer, const void *b_pointer)
{
	uint64_t a = *(const uint64_t *)a_pointer, b = *(const uint64_t *)b_pointer;

	return a < b ? -1 : a > b;
}

static void sort_distinct(struct address_vector *addresses)
{
	size_t kept = 0;

	if (!addresses->count)
		return;
	qsort(addresses->items, addresses->count, sizeof(*addresses->items), address_compare);
	for (size_t i = 0; i < addresses->count; i++) {
		if (!kept || addresses->items[i] != addresses->items[kept - 1])
			addresses->items[kept++] = addresses->items[i];
	}
	addresses->count = kept;
}

/** The answers for all code from @p start to @p end. */
static void learn_range(struct symbolizer *symbolizer, struct object_symbols *symbols,
			uint64_t start, uint64_t end, struct symbol_answer_vector *answers)
{
	struct address_vector starts = { 0 };
	struct symbol_result *results;

	address_vector_append(&starts, start);
	symbol_table_boundaries(&symbols->source.table, start, end, &starts);
	if (symbols->debug_info)
		debug_info_boundaries(symbols->debug_info, start, end, &starts);
	sort_distinct(&starts);
	starts.count = MIN(starts.count, (size_t)PIECES_PER_FUNCTION_MAX);
	results = memory_allocate(starts.count, sizeof(*results));
	resolve_loaded(symbolizer, symbols, starts.items, starts.count, results);
	/* The end of the last one is not known when there were too many. */
	for (size_t i = 0; i < starts.count; i++) {
		bool is_last = i + 1 == starts.count;

		if (is_last && starts.count == PIECES_PER_FUNCTION_MAX)
			break;
		symbol_answer_vector_append(answers,
					    (struct symbol_answer){
						    .start = starts.items[i],
						    .end = is_last ? end : starts.items[i + 1],
						    .result = results[i],
					    });
	}
	free(results);
	address_vector_deinit(&starts);
}

/** The function around @p address, or the address alone. */
static void find_function(struct symbolizer *symbolizer, struct object_symbols *symbols,
			  uint64_t address, uint64_t *start_ret, uint64_t *end_ret)
{
	struct symbol_result result;
	uint64_t end;

	resolve_loaded(symbolizer, symbols, &address, 1, &result);
	if (result.status == SYMBOL_FOUND && result.symbol_elf_address <= address &&
	    !__builtin_add_overflow(result.symbol_elf_address, result.symbol_size_bytes, &end) &&
	    address < end) {
		*start_ret = result.symbol_elf_address;
		*end_ret = end;
	} else {
		*start_ret = address;
		*end_ret = address + 1;
	}
}

/**
 * Keep the whole functions of the missed addresses, not these alone: the next run's samples
 * fall elsewhere in the same functions.
 */
static void keep_answers(struct symbolizer *symbolizer, struct object_symbols *symbols)
{
	struct symbol_answer_vector answers = { 0 };
	uint64_t known_end = 0;

	sort_distinct(&symbols->missed);
	for (size_t i = 0; i < symbols->missed.count && answers.count < SYMBOL_PIECES_MAX; i++) {
		uint64_t start, end;

		if (symbols->missed.items[i] < known_end)
			continue;
		find_function(symbolizer, symbols, symbols->missed.items[i], &start, &end);
		start = MAX(start, known_end);
		learn_range(symbolizer, symbols, start, end, &answers);
		known_end = end;
	}
	/* Not when something was damaged: nobody would hear of it again. */
	if (answers.count && !symbolizer_object_problem(symbolizer, symbols->object))
		known_symbols_keep(&symbols->known, &answers, symbols->object,
				   symbolizer->options.cache, symbols->kind);
	symbol_answer_vector_deinit(&answers);
}

void symbolizer_keep(struct symbolizer *symbolizer)
{
	const struct symbolizer_options *options = &symbolizer->options;

	for (size_t i = 0; options->cache && i < symbolizer->objects.count; i++) {
		struct object_symbols *symbols = symbolizer->objects.items[i];

		if (!symbols || !symbols->is_loaded || object_was_cut(symbols->object))
			continue;
		if (symbols->symbol_source && symbols->symbol_source->keep &&
		    !symbols->source.cached.mapping.data)
			symbols->symbol_source->keep(symbols->object, options, &symbols->source);
		if (symbols->debug_info)
			debug_info_keep(symbols->debug_info, symbols->object->path, options->cache);
		if (symbols->known.identity)
			keep_answers(symbolizer, symbols);
		address_vector_clear(&symbols->missed);
	}
}

enum symbol_source_kind symbolizer_source_kind(struct symbolizer *symbolizer, struct object *object)
{
	struct object_symbols *symbols = symbols_of(symbolizer, object);

	if (!symbols->is_loaded && symbols->known.pieces.n_pieces)
		return (enum symbol_source_kind)symbols->known.pieces.source_kind;
	object_symbols_load(symbols, &symbolizer->options);
	return symbols->kind;
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
	if (object_was_cut(object))
		return "the file was cut short while it was read";
	if (symbols->source.problem)
		return symbols->source.problem;
	if (symbols->debug_info && debug_info_problem(symbols->debug_info))
		return debug_info_problem(symbols->debug_info);
	/* Runtimes call their code what they like. */
	return symbols->has_odd_text && symbols->source.may_have_debug_info
		       ? "names or paths in it are not text (UTF-8): damaged symbols?"
		       : NULL;
}
