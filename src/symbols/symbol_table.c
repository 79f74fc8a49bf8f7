#include "symbols/symbol_table_internal.h"

#include <assert.h>
#include <string.h>

#define POOL_SHIFT       30
#define NAME_OFFSET_MASK ((UINT32_C(1) << POOL_SHIFT) - 1)

/** Symbols inside symbols are rare and shallow: look no farther back for an enclosing one. */
#define ENCLOSING_SEARCH_MAX 64

void symbol_table_set_pool(struct symbol_table *table, enum symbol_pool pool, const char *text,
			   size_t size_bytes)
{
	size_bytes = MIN(size_bytes, (size_t)SYMBOL_POOL_SIZE_MAX_BYTES);
	while (size_bytes && text[size_bytes - 1])
		size_bytes--;
	table->pools[pool].text = text;
	table->pools[pool].size_bytes = (uint32_t)size_bytes;
}

uint32_t symbol_table_make_name(struct symbol_table *table, const char *name, const char *suffix)
{
	struct byte_vector *names = &table->made_names;
	size_t offset = names->count;

	if (offset + strlen(name) + strlen(suffix) + 1 >= SYMBOL_POOL_SIZE_MAX_BYTES)
		return NAME_OFFSET_MASK;
	byte_vector_append_bytes(names, name, strlen(name));
	byte_vector_append_bytes(names, suffix, strlen(suffix) + 1);
	/* Growing may have moved the text. */
	symbol_table_set_pool(table, SYMBOL_POOL_MADE, (const char *)names->items, names->count);
	return (uint32_t)offset;
}

static const char *pool_name(const struct symbol_table *table, unsigned int pool, uint32_t offset)
{
	const struct symbol_pool_text *text = &table->pools[pool];

	return offset < text->size_bytes ? text->text + offset : "";
}

static size_t leading_underscores(const char *name)
{
	size_t count = 0;

	while (name[count] == '_')
		count++;
	return count;
}

/**
 * Order of two candidates: by address, and at one address the name to show first.
 * The rules are those of perf's symbol table, so that both show the same name.
 */
static int candidate_compare(const void *a_pointer, const void *b_pointer, void *table)
{
	const struct symbol_candidate *a = a_pointer;
	const struct symbol_candidate *b = b_pointer;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->is_sized != b->is_sized)
		return a->is_sized ? -1 : 1;
	if (a->binding != b->binding)
		return a->binding < b->binding ? -1 : 1;

	const char *a_name = pool_name(table, a->pool, a->name_offset);
	const char *b_name = pool_name(table, b->pool, b->name_offset);
	size_t a_underscores = leading_underscores(a_name);
	size_t b_underscores = leading_underscores(b_name);

	if (a_underscores != b_underscores)
		return a_underscores < b_underscores ? -1 : 1;
	return strcmp(a_name, b_name);
}

static bool is_ascending(const struct symbol_candidate_vector *candidates)
{
	for (size_t i = 1; i < candidates->count; i++) {
		if (candidates->items[i - 1].address >= candidates->items[i].address)
			return false;
	}
	return true;
}

void symbol_table_builder_sort(struct symbol_table_builder *builder)
{
	struct symbol_candidate_vector *candidates = &builder->candidates;

	if (is_ascending(candidates))
		return;
	qsort_r(candidates->items, candidates->count, sizeof(*candidates->items), candidate_compare,
		&builder->table);
}

/**
 * Drop the lesser names of each address, and unsized labels inside a sized
 * function: they are jump targets of assembly, not functions.
 */
static void candidates_choose(struct symbol_candidate_vector *candidates)
{
	uint64_t sized_end = 0;
	size_t kept = 0;

	for (size_t i = 0; i < candidates->count; i++) {
		const struct symbol_candidate *candidate = &candidates->items[i];

		if (kept && candidates->items[kept - 1].address == candidate->address)
			continue;
		if (candidate->is_sized)
			sized_end = MAX(sized_end, candidate->end);
		else if (candidate->address < sized_end)
			continue;
		candidates->items[kept++] = *candidate;
	}
	candidates->count = kept;
}

static void entries_fill(struct symbol_table *table,
			 const struct symbol_candidate_vector *candidates)
{
	for (size_t i = 0; i < candidates->count; i++) {
		const struct symbol_candidate *candidate = &candidates->items[i];
		uint64_t end = candidate->end;

		if (!candidate->is_sized && i + 1 < candidates->count)
			end = MIN(end, candidates->items[i + 1].address);
		if (end <= candidate->address)
			continue;
		table->entries[table->count++] = (struct symbol_entry){
			.address = candidate->address,
			.size_bytes = (uint32_t)MIN(end - candidate->address, (uint64_t)UINT32_MAX),
			.name = (uint32_t)candidate->pool << POOL_SHIFT | candidate->name_offset,
		};
	}
}

void symbol_table_build(struct symbol_table_builder *builder, struct symbol_table *ret)
{
	struct symbol_candidate_vector *candidates = &builder->candidates;
	struct symbol_table table;

	symbol_table_builder_sort(builder);
	table = builder->table;
	candidates_choose(candidates);
	if (candidates->count)
		table.entries = memory_allocate(candidates->count, sizeof(*table.entries));
	entries_fill(&table, candidates);
	symbol_candidate_vector_deinit(candidates);
	builder->table = (struct symbol_table){ 0 };
	*ret = table;
}

void symbol_table_deinit(struct symbol_table *table)
{
	if (!table->has_borrowed_entries)
		free(table->entries);
	byte_vector_deinit(&table->made_names);
	free(table->owned_text);
	*table = (struct symbol_table){ 0 };
}

const char *symbol_table_name(const struct symbol_table *table, const struct symbol_entry *entry)
{
	return pool_name(table, entry->name >> POOL_SHIFT, entry->name & NAME_OFFSET_MASK);
}

/** How many entries start at or before @p address; at least @p low of them do. */
static size_t count_starting_by(const struct symbol_table *table, uint64_t address, size_t low)
{
	size_t step = 1;
	size_t high = low;

	while (high < table->count && table->entries[high].address <= address) {
		low = high + 1;
		high += step;
		step *= 2;
	}
	high = MIN(high, table->count);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->entries[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct symbol_entry *symbol_table_find(const struct symbol_table *table, uint64_t address,
					     size_t *hint)
{
	size_t low = *hint <= table->count ? *hint : 0;

	if (low && table->entries[low - 1].address > address)
		low = 0;
	*hint = count_starting_by(table, address, low);
	for (size_t back = 1; back <= MIN(*hint, (size_t)ENCLOSING_SEARCH_MAX); back++) {
		const struct symbol_entry *entry = &table->entries[*hint - back];

		if (address - entry->address < entry->size_bytes)
			return entry;
	}
	return NULL;
}

static void append_inside(struct address_vector *addresses, uint64_t address, uint64_t start,
			  uint64_t end)
{
	if (address >= start && address < end)
		address_vector_append(addresses, address);
}

void symbol_table_boundaries(const struct symbol_table *table, uint64_t start, uint64_t end,
			     struct address_vector *addresses_ret)
{
	size_t first = count_starting_by(table, start, 0);

	/* Those that begin before may end inside, as far as the search looks back. */
	first -= MIN(first, (size_t)ENCLOSING_SEARCH_MAX);
	for (size_t i = first; i < table->count && table->entries[i].address < end; i++) {
		const struct symbol_entry *entry = &table->entries[i];

		append_inside(addresses_ret, entry->address, start, end);
		append_inside(addresses_ret, entry->address + entry->size_bytes, start, end);
	}
}
