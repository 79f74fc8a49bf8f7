#include "unwind/unwind_table.h"

#include "base/hash_map.h"
#include "unwind/unwind_rule.h"
#include "unwind/unwind_table_internal.h"

#include <assert.h>

/** Functions are aligned to 16 bytes: a shorter gap is padding, which is never run. */
#define PADDING_MAX_BYTES 15

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

/** Where an FDE is in the order of addresses. */
struct part {
	uint64_t start;
	uint64_t number; /**< Of builder.fdes. */
};

DEFINE_VECTOR(part_vector, struct part)

/** What was made of a row: the same rows come again and again. */
struct known_rule {
	const struct cfi_registers *registers; /**< NULL: none. */
	int64_t cfa_offset;
	uint32_t cfa_register;
	uint16_t rule_number;
	bool is_signal_frame;
};

/** A power of two; other rows are made into rules again. */
#define KNOWN_RULES 1024

/** State of a build: the table so far and what only the build needs. */
struct builder {
	const struct unwind_table_input *input;
	struct unwind_table *table;
	struct cfi_fde_vector fdes; /**< Of all sections, one after the other. */
	size_t *section_ends;       /**< By section, number of the FDE behind its last. */
	struct part_vector parts;
	struct rule_map rule_numbers;
	struct saves_map saves_numbers;
	struct known_rule known_rules[KNOWN_RULES];
	uint64_t covered_end;  /**< No code below it takes a row any more. */
	uint32_t next_page;    /**< First page whose first row is not set yet. */
	uint64_t last_address; /**< Of the last row. */
	uint32_t last_rule;

	/* The FDE at hand. */
	const struct cfi_fde *fde;
	uint32_t section_index;
	bool is_signal_frame;
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

static struct unwind_rule builder_full_rule(struct builder *builder)
{
	struct full_part_vector *full_parts = &builder->table->full_parts;

	if (!builder->has_full_part) {
		full_part_vector_append(full_parts,
					(struct full_part){ .fde = *builder->fde,
							    .section_index = builder->section_index,
							    .is_found = true });
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

static struct unwind_rule builder_make_rule(struct builder *builder, const struct cfi_row *row)
{
	const struct architecture *architecture = builder->input->architecture;
	struct unwind_rule rule = unwind_rule_make(architecture, row);
	struct unwind_saves saves;

	if (rule.kind == UNWIND_RULE_ROOT)
		return rule;
	if (rule.kind == UNWIND_RULE_FULL || !unwind_saves_make(architecture, row, &saves))
		rule = builder_full_rule(builder);
	else
		rule.saves_index = builder_saves_number(builder, saves);
	rule.is_signal_frame = builder->is_signal_frame;
	return rule;
}

static struct known_rule *builder_known_rule(struct builder *builder, const struct cfi_row *row)
{
	uint64_t hash = (uintptr_t)row->registers ^ (uint64_t)row->cfa_offset << 32 ^
			(uint64_t)row->cfa_register << 56;

	return &builder->known_rules[hash_u64(hash) & (KNOWN_RULES - 1)];
}

static uint32_t builder_rule_of_row(struct builder *builder, const struct cfi_row *row)
{
	struct known_rule *known = builder_known_rule(builder, row);
	struct unwind_rule rule;
	uint32_t number;

	if (known->registers == row->registers && known->cfa_offset == row->cfa_offset &&
	    known->cfa_register == row->cfa_register &&
	    known->is_signal_frame == builder->is_signal_frame && !row->cfa_expression.data)
		return known->rule_number;
	rule = builder_make_rule(builder, row);
	number = builder_rule_number(builder, rule);
	/* A full rule is of its FDE; an expression is more than is remembered. */
	if (rule.kind != UNWIND_RULE_FULL && !row->cfa_expression.data)
		*known = (struct known_rule){
			.registers = row->registers,
			.cfa_offset = row->cfa_offset,
			.cfa_register = row->cfa_register,
			.rule_number = (uint16_t)number,
			.is_signal_frame = builder->is_signal_frame,
		};
	return number;
}

static void take_row(void *context, uint64_t address, const struct cfi_row *row)
{
	struct builder *builder = context;

	/* An earlier part reaches in here: this one starts where that ends. */
	builder_append_row(builder, MAX(address, builder->covered_end),
			   builder_rule_of_row(builder, row));
}

static void builder_take_fde(struct builder *builder, size_t number)
{
	builder->fde = &builder->fdes.items[number];
	builder->section_index = 0;
	while (number >= builder->section_ends[builder->section_index])
		builder->section_index++;
	builder->is_signal_frame =
		cfi_is_signal_frame(builder->table->sections[builder->section_index], builder->fde);
	builder->has_full_part = false;
}

static void builder_add_part(struct builder *builder, const struct part *part)
{
	const struct cfi_fde *fde = &builder->fdes.items[part->number];
	uint64_t start = MAX(fde->start, builder->covered_end);

	if (fde->end <= builder->covered_end)
		return;
	if (builder->covered_end && start - builder->covered_end > PADDING_MAX_BYTES)
		builder_append_row(builder, builder->covered_end, FIXED_RULE_GAP);
	builder->covered_end = start;
	builder_take_fde(builder, part->number);

	_cleanup_error_ struct error *error =
		cfi_run(builder->table->sections[builder->section_index], fde, take_row, builder);

	if (error) {
		/* The rows before the damage stand; the last of them had no known end. */
		builder->table->statistics.n_bad_fdes++;
		builder_append_row(builder, MAX(start, builder->last_address), FIXED_RULE_BAD);
	}
	builder->covered_end = fde->end;
}

/* Of the same start the first comes first: sections are in the order of trust. */
static int compare_parts(const void *left, const void *right)
{
	const struct part *a = left;
	const struct part *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/** Damage is returned only after what could be read was kept. */
static struct error *builder_read_section(struct builder *builder, uint32_t section_index)
{
	struct unwind_table *table = builder->table;
	struct error *error;

	table->sections[section_index] =
		cfi_create(builder->input->architecture, &builder->input->sections[section_index]);
	error = cfi_read_fdes(table->sections[section_index], &builder->fdes,
			      &table->statistics.n_bad_fdes);
	builder->section_ends[section_index] = builder->fdes.count;
	/* What follows in the section is lost: at least one. */
	table->statistics.n_bad_fdes += error != NULL;
	return error;
}

/**
 * Whether @p fde is of no code, which linkers leave only of functions that they
 * dropped: in .debug_frame, or from 0 on.
 */
static bool is_astray(const struct builder *builder, uint32_t section_index,
		      const struct cfi_fde *fde)
{
	return !builder->input->sections[section_index].is_debug_frame && fde->start &&
	       fde->start < fde->end;
}

static void builder_list_parts(struct builder *builder)
{
	const struct unwind_table_input *input = builder->input;
	uint32_t section_index = 0;

	part_vector_reserve(&builder->parts, builder->fdes.count);
	for (size_t i = 0; i < builder->fdes.count; i++) {
		const struct cfi_fde *fde = &builder->fdes.items[i];

		while (i >= builder->section_ends[section_index])
			section_index++;
		if (fde->start >= input->code_start && fde->end <= input->code_end &&
		    fde->start < fde->end)
			part_vector_append(&builder->parts, (struct part){ fde->start, i });
		else if (is_astray(builder, section_index, fde))
			builder->table->statistics.n_bad_fdes++;
	}
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
		end = MAX(end, builder->fdes.items[parts->items[i].number].end);
	table->start = parts->items[0].start & ~UINT64_C(0xffff);
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
	builder_list_parts(builder);
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

	struct builder builder = {
		.input = input,
		.table = table,
		.section_ends = memory_allocate(input->n_sections + 1, sizeof(size_t)),
	};

	builder_rule_number(&builder, (struct unwind_rule){ .kind = UNWIND_RULE_GAP });
	builder_rule_number(&builder, (struct unwind_rule){ .kind = UNWIND_RULE_BAD });
	assert(table->rules.count == N_FIXED_RULES);
	builder_saves_number(&builder, (struct unwind_saves){ 0 });

	error = builder_run(&builder);
	cfi_fde_vector_deinit(&builder.fdes);
	free(builder.section_ends);
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
