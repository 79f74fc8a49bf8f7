#include "unwind/unwind_table.h"

#include "base/hash_map.h"
#include "unwind/unwind_rule.h"
#include "unwind/unwind_table_internal.h"

#include <assert.h>

/** Functions are aligned to 16 bytes: a shorter gap is padding, which is never run. */
#define PADDING_MAX_BYTES 15

static const struct unwind_rule gap_rule = { .kind = UNWIND_RULE_GAP };

/** Quicker than by bytes: every row asks for it. */
static inline uint64_t hash_words(const void *bytes, size_t n_words)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < n_words; i++) {
		uint64_t word;

		memcpy(&word, (const uint8_t *)bytes + i * sizeof(word), sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

static inline uint64_t rule_hash(struct unwind_rule rule)
{
	static_assert(sizeof(rule) == 24, "a rule has no padding");
	return hash_words(&rule, sizeof(rule) / 8);
}

static inline bool rule_equal(struct unwind_rule a, struct unwind_rule b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static inline uint64_t saves_hash(struct unwind_saves saves)
{
	static_assert(sizeof(saves) == 48, "saves have no padding");
	return hash_words(&saves, sizeof(saves) / 8);
}

static inline bool saves_equal(struct unwind_saves a, struct unwind_saves b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

DEFINE_HASH_MAP(rule_map, struct unwind_rule, uint32_t, rule_hash, rule_equal)
DEFINE_HASH_MAP(saves_map, struct unwind_saves, uint32_t, saves_hash, saves_equal)

/** An FDE of any section. */
struct part {
	struct cfi_fde fde;
	uint32_t section_index;
};

DEFINE_VECTOR(part_vector, struct part)

/** State of a build: the table so far and what only the build needs. */
struct builder {
	const struct unwind_table_input *input;
	struct unwind_table *table;
	struct part_vector parts;
	struct rule_map rule_numbers;
	struct saves_map saves_numbers;
	uint64_t covered_end;  /**< No code below it takes a row any more. */
	uint32_t next_page;    /**< First page whose first row is not set yet. */
	uint64_t last_address; /**< Of the last row. */
	uint32_t last_rule;

	/* The part at hand. */
	const struct part *part;
	struct cfi *cfi;
	bool is_signal_frame;
	bool has_saves;         /**< saves_* are of this part. */
	uint32_t saves_version; /**< cfi_row.registers_version they were made of. */
	bool saves_fit;
	uint32_t saves_number;
	bool has_full_part;
};

static uint32_t builder_rule_number(struct builder *builder, struct unwind_rule rule)
{
	struct unwind_table *table = builder->table;
	bool is_new;
	uint32_t *number = rule_map_insert(&builder->rule_numbers, rule, &is_new);

	if (is_new && table->rules.count >= RULES_MAX) {
		*number = FIXED_RULE_BAD;
	} else if (is_new) {
		*number = (uint32_t)table->rules.count;
		rule_vector_append(&table->rules, rule);
	}
	return *number;
}

static uint32_t builder_saves_number(struct builder *builder, struct unwind_saves saves)
{
	bool is_new;
	uint32_t *number = saves_map_insert(&builder->saves_numbers, saves, &is_new);

	if (is_new) {
		*number = (uint32_t)builder->table->saves.count;
		saves_vector_append(&builder->table->saves, saves);
	}
	return *number;
}

/* Most rows change only the CFA: the saves are looked at again only if a register's rule did. */
static void builder_update_saves(struct builder *builder, const struct cfi_row *row)
{
	struct unwind_saves saves;

	if (builder->has_saves && builder->saves_version == row->registers_version)
		return;
	builder->has_saves = true;
	builder->saves_version = row->registers_version;
	builder->saves_fit = unwind_saves_make(builder->input->architecture, row, &saves);
	if (builder->saves_fit)
		builder->saves_number = builder_saves_number(builder, saves);
}

static struct unwind_rule builder_full_rule(struct builder *builder)
{
	struct full_part_vector *full_parts = &builder->table->full_parts;

	if (!builder->has_full_part) {
		full_part_vector_append(
			full_parts,
			(struct full_part){ .fde = builder->part->fde,
					    .section_index = builder->part->section_index });
		builder->has_full_part = true;
	}
	return (struct unwind_rule){ .kind = UNWIND_RULE_FULL,
				     .operand = (int32_t)(full_parts->count - 1) };
}

static void builder_append_row(struct builder *builder, uint64_t address, uint32_t rule_number)
{
	struct unwind_table *table = builder->table;
	uint32_t page = (uint32_t)((address - table->start) >> PAGE_SHIFT);

	if (table->rows.count && builder->last_rule == rule_number)
		return;
	while (builder->next_page <= page)
		table->page_first_rows[builder->next_page++] = (uint32_t)table->rows.count;
	index_vector_append(&table->rows, (uint32_t)(address & 0xffff) << 16 | rule_number);
	builder->last_rule = rule_number;
	builder->last_address = address;
}

static void take_row(void *context, uint64_t address, const struct cfi_row *row)
{
	struct builder *builder = context;
	struct unwind_rule rule = unwind_rule_make(builder->input->architecture, row);

	if (rule.kind != UNWIND_RULE_ROOT) {
		builder_update_saves(builder, row);
		if (rule.kind == UNWIND_RULE_FULL || !builder->saves_fit)
			rule = builder_full_rule(builder);
		else
			rule.saves_index = builder->saves_number;
		rule.is_signal_frame = builder->is_signal_frame;
	}
	/* An earlier part reaches in here: this one starts where that ends. */
	builder_append_row(builder, MAX(address, builder->covered_end),
			   builder_rule_number(builder, rule));
}

static void builder_add_part(struct builder *builder, const struct part *part)
{
	uint64_t start = MAX(part->fde.start, builder->covered_end);

	if (part->fde.end <= builder->covered_end)
		return;
	if (builder->covered_end && start - builder->covered_end > PADDING_MAX_BYTES)
		builder_append_row(builder, builder->covered_end, FIXED_RULE_GAP);
	builder->covered_end = start;
	builder->part = part;
	builder->cfi = builder->table->sections[part->section_index];
	builder->is_signal_frame = cfi_is_signal_frame(builder->cfi, &part->fde);
	builder->has_saves = false;
	builder->has_full_part = false;

	_cleanup_error_ struct error *error = cfi_run(builder->cfi, &part->fde, take_row, builder);

	if (error) {
		/* The rows before the damage stand; the last of them had no known end. */
		builder->table->statistics.n_bad_fdes++;
		builder_append_row(builder, MAX(start, builder->last_address), FIXED_RULE_BAD);
	}
	builder->covered_end = part->fde.end;
}

static int compare_parts(const void *left, const void *right)
{
	const struct part *a = left;
	const struct part *b = right;

	if (a->fde.start != b->fde.start)
		return a->fde.start < b->fde.start ? -1 : 1;
	return (a->section_index > b->section_index) - (a->section_index < b->section_index);
}

static void builder_keep_part(struct builder *builder, const struct cfi_fde *fde,
			      uint32_t section_index)
{
	const struct unwind_table_input *input = builder->input;

	if (fde->start < input->code_start || fde->end > input->code_end || fde->start >= fde->end)
		return;
	part_vector_append(&builder->parts,
			   (struct part){ .fde = *fde, .section_index = section_index });
}

/** Damage is returned only after what could be read was kept. */
static struct error *builder_read_section(struct builder *builder, uint32_t section_index)
{
	struct unwind_table *table = builder->table;
	struct cfi_fde_vector fdes = { 0 };
	struct error *error;

	table->sections[section_index] =
		cfi_create(builder->input->architecture, &builder->input->sections[section_index]);
	error = cfi_read_fdes(table->sections[section_index], &fdes, &table->statistics.n_bad_fdes);
	part_vector_reserve(&builder->parts, builder->parts.count + fdes.count);
	for (size_t i = 0; i < fdes.count; i++)
		builder_keep_part(builder, &fdes.items[i], section_index);
	cfi_fde_vector_deinit(&fdes);
	return error;
}

static void builder_sort(struct builder *builder)
{
	for (size_t i = 1; i < builder->parts.count; i++) {
		if (compare_parts(&builder->parts.items[i - 1], &builder->parts.items[i]) > 0) {
			qsort(builder->parts.items, builder->parts.count,
			      sizeof(*builder->parts.items), compare_parts);
			return;
		}
	}
}

static void builder_make_rows(struct builder *builder)
{
	struct unwind_table *table = builder->table;
	const struct part_vector *parts = &builder->parts;
	uint64_t end = 0;

	for (size_t i = 0; i < parts->count; i++)
		end = MAX(end, parts->items[i].fde.end);
	table->start = parts->items[0].fde.start & ~UINT64_C(0xffff);
	table->n_pages = (uint32_t)((end - table->start) >> PAGE_SHIFT) + 1;
	table->page_first_rows =
		memory_allocate((size_t)table->n_pages + 1, sizeof(*table->page_first_rows));
	for (size_t i = 0; i < parts->count; i++)
		builder_add_part(builder, &parts->items[i]);
	builder_append_row(builder, builder->covered_end, FIXED_RULE_GAP);
	while (builder->next_page <= table->n_pages)
		table->page_first_rows[builder->next_page++] = (uint32_t)table->rows.count;
}

static void table_trim(struct unwind_table *table)
{
	struct unwind_table_statistics *statistics = &table->statistics;

	table->rows.items = memory_resize(table->rows.items, table->rows.count, sizeof(uint32_t));
	table->rows.capacity = table->rows.count;
	for (size_t i = 0; i < table->n_sections && !table->full_parts.count; i++) {
		cfi_destroy(table->sections[i]);
		table->sections[i] = NULL;
	}
	statistics->n_rows = table->rows.count;
	statistics->n_rules = table->rules.count;
	statistics->size_bytes = sizeof(*table) + table->rows.count * sizeof(*table->rows.items) +
				 ((size_t)table->n_pages + 1) * sizeof(*table->page_first_rows) +
				 table->rules.capacity * sizeof(*table->rules.items) +
				 table->saves.capacity * sizeof(*table->saves.items) +
				 table->full_parts.capacity * sizeof(*table->full_parts.items);
}

static struct error *builder_run(struct builder *builder)
{
	const struct unwind_table_input *input = builder->input;
	_cleanup_error_ struct error *first_damage = NULL;

	for (uint32_t i = 0; i < input->n_sections; i++) {
		struct error *damage = builder_read_section(builder, i);

		if (first_damage)
			error_destroy(damage);
		else
			first_damage = damage;
	}
	if (!builder->parts.count) {
		if (first_damage)
			return error_new(ERROR_FORMAT, "%s", first_damage->message);
		return error_new(ERROR_NOT_FOUND, "%s: no unwind information", input->name);
	}
	builder->table->statistics.n_fdes = builder->parts.count;
	builder_sort(builder);
	builder_make_rows(builder);
	return NULL;
}

struct error *unwind_table_create(const struct unwind_table_input *input, struct unwind_table **ret)
{
	struct unwind_table *table;
	struct error *error;

	if (input->code_end < input->code_start ||
	    input->code_end - input->code_start > UNWIND_TABLE_CODE_SIZE_MAX_BYTES)
		return error_new(ERROR_UNSUPPORTED, "%s: code spread over more than 4 GiB",
				 input->name);
	table = memory_allocate(1, sizeof(*table));
	table->n_sections = input->n_sections;
	table->sections = memory_allocate(input->n_sections + 1, sizeof(*table->sections));

	struct builder builder = { .input = input, .table = table };

	builder_rule_number(&builder, gap_rule);
	builder_rule_number(&builder, (struct unwind_rule){ .kind = UNWIND_RULE_BAD });
	assert(table->rules.count == N_FIXED_RULES);
	builder_saves_number(&builder, (struct unwind_saves){ 0 });

	error = builder_run(&builder);
	part_vector_deinit(&builder.parts);
	rule_map_deinit(&builder.rule_numbers);
	saves_map_deinit(&builder.saves_numbers);
	if (error) {
		unwind_table_destroy(table);
		return error;
	}
	table_trim(table);
	*ret = table;
	return NULL;
}

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
	if (!part->fde.instructions.data)
		unwind_table_find_full_parts(table);
	if (!part->fde.instructions.data)
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
