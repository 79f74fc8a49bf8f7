#include "unwind/unwind_table.h"

#include "unwind/unwind_table_internal.h"

#include <assert.h>

static const struct unwind_rule gap_rule = { .kind = UNWIND_RULE_GAP };

void unwind_table_destroy(struct unwind_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n_sections; i++)
		cfi_destroy(table->sections[i]);
	free(table->sections);
	free(table->section_inputs);
	free(table->page_first_rows);
	if (!table->cached.mapping.data)
		index_vector_deinit(&table->rows);
	cached_release(&table->cached);
	rule_vector_deinit(&table->rules);
	saves_vector_deinit(&table->saves);
	full_part_vector_deinit(&table->full_parts);
	free(table);
}

/** How many of the ascending @p rows are <= @p key; no branch depends on the rows. */
static size_t count_up_to(const uint32_t *rows, size_t n_rows, uint32_t key)
{
	const uint32_t *first = rows;

	while (n_rows > 1) {
		size_t half = n_rows / 2;

		first += first[half - 1] <= key ? half : 0;
		n_rows -= half;
	}
	return (size_t)(first - rows) + (n_rows && *first <= key);
}

const struct unwind_rule *unwind_table_find(const struct unwind_table *table, uint64_t elf_address)
{
	uint64_t page = (elf_address - table->start) >> PAGE_SHIFT;
	uint32_t key = (uint32_t)(elf_address & 0xffff) << 16 | 0xffff;
	size_t first;
	size_t index;

	if (elf_address < table->start || page >= table->n_pages)
		return &gap_rule;
	first = table->page_first_rows[page];
	index = first + count_up_to(table->rows.items + first,
				    table->page_first_rows[page + 1] - first, key);
	/* None in its page: the last row of a page before holds on. */
	return index ? &table->rules.items[table->rows.items[index - 1] & 0xffff] : &gap_rule;
}

const struct unwind_saves *unwind_table_saves(const struct unwind_table *table,
					      const struct unwind_rule *rule)
{
	assert(rule->saves_index < table->saves.count);
	return &table->saves.items[rule->saves_index];
}

struct row_search {
	uint64_t elf_address;
	struct cfi_row row;
	bool is_found;
};

static void search_row(void *context, uint64_t address, const struct cfi_row *row)
{
	struct row_search *search = context;

	if (address > search->elf_address)
		return;
	search->row = *row;
	search->is_found = true;
}

bool unwind_table_full_row(struct unwind_table *table, const struct unwind_rule *rule,
			   uint64_t elf_address, struct cfi_row *ret)
{
	struct row_search search = { .elf_address = elf_address };
	const struct full_part *part;

	assert(rule->kind == UNWIND_RULE_FULL);
	part = &table->full_parts.items[rule->operand];
	if (!part->is_found)
		unwind_table_find_full_parts(table);
	if (!part->is_found)
		return false;

	_cleanup_error_ struct error *error =
		cfi_run(table->sections[part->section_index], &part->fde, search_row, &search);

	if (error || !search.is_found)
		return false;
	*ret = search.row;
	return true;
}

struct unwind_table_statistics unwind_table_statistics(const struct unwind_table *table)
{
	return table->statistics;
}

bool unwind_table_row(const struct unwind_table *table, size_t index, uint64_t *elf_address_ret,
		      const struct unwind_rule **rule_ret)
{
	uint32_t page = 0;

	if (index >= table->rows.count)
		return false;
	while (table->page_first_rows[page + 1] <= index)
		page++;
	*elf_address_ret =
		table->start + ((uint64_t)page << PAGE_SHIFT) + (table->rows.items[index] >> 16);
	*rule_ret = &table->rules.items[table->rows.items[index] & 0xffff];
	return true;
}
