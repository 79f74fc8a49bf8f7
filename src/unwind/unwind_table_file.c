#include "unwind/unwind_table_file.h"

#include "base/memory.h"
#include "unwind/unwind_table_internal.h"

/** All numbers of a file, in front of its arrays. */
struct file_header {
	uint64_t start;
	uint64_t n_fdes, n_bad_fdes;
	uint32_t n_pages, n_rows, n_rules, n_saves, n_full_parts, n_sections;
};

/** A full part, found again by its code. */
struct file_full_part {
	uint64_t start, end;
	uint32_t section_index, zero;
};

void unwind_table_write(const struct unwind_table *table, struct byte_vector *ret)
{
	const struct file_header header = {
		.start = table->start,
		.n_fdes = table->statistics.n_fdes,
		.n_bad_fdes = table->statistics.n_bad_fdes,
		.n_pages = table->n_pages,
		.n_rows = (uint32_t)table->rows.count,
		.n_rules = (uint32_t)table->rules.count,
		.n_saves = (uint32_t)table->saves.count,
		.n_full_parts = (uint32_t)table->full_parts.count,
		.n_sections = (uint32_t)table->n_sections,
	};

	byte_vector_append_bytes(ret, &header, sizeof(header));
	byte_vector_append_bytes(ret, table->rules.items,
				 table->rules.count * sizeof(*table->rules.items));
	byte_vector_append_bytes(ret, table->saves.items,
				 table->saves.count * sizeof(*table->saves.items));
	for (size_t i = 0; i < table->full_parts.count; i++) {
		const struct full_part *part = &table->full_parts.items[i];
		const struct file_full_part kept = {
			.start = part->fde.start,
			.end = part->fde.end,
			.section_index = part->section_index,
		};

		byte_vector_append_bytes(ret, &kept, sizeof(kept));
	}
	byte_vector_append_bytes(ret, table->page_first_rows,
				 ((size_t)table->n_pages + 1) * sizeof(*table->page_first_rows));
	byte_vector_append_bytes(ret, table->rows.items,
				 table->rows.count * sizeof(*table->rows.items));
}

static bool is_rule_valid(const struct unwind_rule *rule, const struct file_header *header)
{
	uint8_t is_signal_frame;

	/* A bool that is neither 0 nor 1 must not be read as one. */
	memcpy(&is_signal_frame, &rule->is_signal_frame, sizeof(is_signal_frame));
	if (rule->kind > UNWIND_RULE_FULL || rule->cfa_register >= ARCHITECTURE_REGISTERS_MAX ||
	    rule->frame_pointer > UNWIND_FRAME_POINTER_LOST || is_signal_frame > 1 ||
	    rule->saves_index >= header->n_saves)
		return false;
	return rule->kind != UNWIND_RULE_FULL ||
	       (rule->operand >= 0 && (uint32_t)rule->operand < header->n_full_parts);
}

static bool are_saves_valid(const struct unwind_saves *saves)
{
	const unsigned int masks =
		saves->at_cfa_mask | saves->at_frame_pointer_mask | saves->lost_mask;

	return masks >> ARCHITECTURE_CALLEE_SAVED_MAX == 0;
}

static struct error *read_header(struct byte_reader *reader, const struct unwind_table_input *input,
				 struct file_header *ret)
{
	const uint64_t code_end = input->code_end | ((UINT64_C(1) << PAGE_SHIFT) - 1);
	struct bytes bytes;

	RETURN_IF_ERROR(byte_reader_bytes(reader, sizeof(*ret), &bytes));
	memcpy(ret, bytes.data, sizeof(*ret));
	if (ret->start & ((UINT64_C(1) << PAGE_SHIFT) - 1) || ret->start > code_end ||
	    ret->n_pages == 0 || ret->n_pages - 1 > (code_end - ret->start) >> PAGE_SHIFT)
		return byte_reader_error(reader, "pages outside the code");
	if (ret->n_rules < N_FIXED_RULES || ret->n_rules > RULES_MAX || ret->n_saves == 0 ||
	    ret->n_rows == 0 || ret->n_sections != input->n_sections)
		return byte_reader_error(reader, "counts that cannot be");
	return NULL;
}

static struct error *read_rules(struct byte_reader *reader, const struct file_header *header,
				struct unwind_table *table)
{
	struct bytes rules, saves;

	RETURN_IF_ERROR(
		byte_reader_bytes(reader, header->n_rules * sizeof(struct unwind_rule), &rules));
	RETURN_IF_ERROR(byte_reader_bytes(
		reader, (size_t)header->n_saves * sizeof(struct unwind_saves), &saves));
	for (uint32_t i = 0; i < header->n_rules; i++) {
		const struct unwind_rule *rule = (const struct unwind_rule *)rules.data + i;

		if (!is_rule_valid(rule, header))
			return byte_reader_error(reader, "a rule that cannot be");
		rule_vector_append(&table->rules, *rule);
	}
	for (uint32_t i = 0; i < header->n_saves; i++) {
		const struct unwind_saves *one = (const struct unwind_saves *)saves.data + i;

		if (!are_saves_valid(one))
			return byte_reader_error(reader, "registers there are not");
		saves_vector_append(&table->saves, *one);
	}
	return NULL;
}

static struct error *read_full_parts(struct byte_reader *reader, const struct file_header *header,
				     struct unwind_table *table)
{
	struct bytes parts;

	RETURN_IF_ERROR(byte_reader_bytes(
		reader, (size_t)header->n_full_parts * sizeof(struct file_full_part), &parts));
	for (uint32_t i = 0; i < header->n_full_parts; i++) {
		struct file_full_part part;

		memcpy(&part, parts.data + i * sizeof(part), sizeof(part));
		if (part.section_index >= header->n_sections)
			return byte_reader_error(reader, "a section there is not");
		full_part_vector_append(&table->full_parts,
					(struct full_part){
						.fde = { .start = part.start, .end = part.end },
						.section_index = part.section_index,
					});
	}
	return NULL;
}

static struct error *read_pages(struct byte_reader *reader, const struct file_header *header,
				struct unwind_table *table)
{
	const size_t n_bounds = (size_t)header->n_pages + 1;
	struct bytes bounds;

	RETURN_IF_ERROR(
		byte_reader_bytes(reader, n_bounds * sizeof(*table->page_first_rows), &bounds));
	table->start = header->start;
	table->n_pages = header->n_pages;
	table->page_first_rows = memory_duplicate(bounds.data, bounds.size);
	for (size_t i = 1; i < n_bounds; i++) {
		if (table->page_first_rows[i - 1] > table->page_first_rows[i])
			return byte_reader_error(reader, "pages out of order");
	}
	if (table->page_first_rows[header->n_pages] != header->n_rows)
		return byte_reader_error(reader, "rows of no page");
	return NULL;
}

static struct error *read_rows(struct byte_reader *reader, const struct file_header *header,
			       struct unwind_table *table)
{
	uint32_t rule_max = 0;
	struct bytes rows;

	RETURN_IF_ERROR(byte_reader_bytes(
		reader, (size_t)header->n_rows * sizeof(*table->rows.items), &rows));
	if (byte_reader_left(reader))
		return byte_reader_error(reader, "more than it says");
	table->rows =
		(struct index_vector){ .items = (uint32_t *)rows.data, .count = header->n_rows };
	for (uint32_t i = 0; i < header->n_rows; i++)
		rule_max = MAX(rule_max, table->rows.items[i] & 0xffff);
	if (rule_max >= header->n_rules)
		return byte_reader_error(reader, "a row with a rule there is not");
	return NULL;
}

static struct error *read_all(struct unwind_table *table, const struct unwind_table_input *input)
{
	struct byte_reader reader =
		byte_reader_make(table->cached.content, "an unwind table kept before");
	struct file_header header;

	if ((uintptr_t)table->cached.content.data % _Alignof(struct file_header))
		return byte_reader_error(&reader, "not aligned");
	RETURN_IF_ERROR(read_header(&reader, input, &header));
	RETURN_IF_ERROR(read_rules(&reader, &header, table));
	RETURN_IF_ERROR(read_full_parts(&reader, &header, table));
	RETURN_IF_ERROR(read_pages(&reader, &header, table));
	RETURN_IF_ERROR(read_rows(&reader, &header, table));
	table->statistics = (struct unwind_table_statistics){
		.n_rows = header.n_rows,
		.n_rules = header.n_rules,
		.n_fdes = header.n_fdes,
		.n_bad_fdes = header.n_bad_fdes,
		.size_bytes = table->cached.content.size,
	};
	return NULL;
}

struct error *unwind_table_read(struct cached *cached, const struct unwind_table_input *input,
				struct unwind_table **ret)
{
	struct unwind_table *table = memory_allocate(1, sizeof(*table));
	struct error *error;

	table->cached = *cached;
	*cached = (struct cached){ 0 };
	table->architecture = input->architecture;
	table->n_sections = input->n_sections;
	table->sections = memory_allocate(input->n_sections + 1, sizeof(*table->sections));
	if (input->n_sections)
		table->section_inputs = memory_duplicate(
			input->sections, input->n_sections * sizeof(*table->section_inputs));
	error = read_all(table, input);
	if (error) {
		unwind_table_destroy(table);
		return error;
	}
	*ret = table;
	return NULL;
}

static int compare_code(const void *left, const void *right)
{
	const struct full_part *a = left;
	const struct full_part *b = right;

	if (a->fde.start != b->fde.start)
		return a->fde.start < b->fde.start ? -1 : 1;
	return (a->fde.end > b->fde.end) - (a->fde.end < b->fde.end);
}

/** Take the instructions of the parts of one section from the first FDE of the same code. */
static void find_parts_of_section(struct unwind_table *table, uint32_t section_index)
{
	struct cfi_fde_vector fdes = { 0 };
	_cleanup_error_ struct error *error = NULL;
	size_t n_bad = 0;

	table->sections[section_index] =
		cfi_create(table->architecture, &table->section_inputs[section_index]);
	error = cfi_read_fdes(table->sections[section_index], &fdes, &n_bad);
	for (size_t i = 0; i < fdes.count; i++) {
		const struct full_part wanted = { .fde = fdes.items[i] };
		struct full_part *part =
			bsearch(&wanted, table->full_parts.items, table->full_parts.count,
				sizeof(wanted), compare_code);

		if (part && part->section_index == section_index && !part->is_found) {
			part->fde = fdes.items[i];
			part->is_found = true;
		}
	}
	cfi_fde_vector_deinit(&fdes);
}

void unwind_table_find_full_parts(struct unwind_table *table)
{
	if (table->has_found_full_parts || !table->section_inputs)
		return;
	table->has_found_full_parts = true;
	for (uint32_t i = 0; i < table->n_sections; i++)
		find_parts_of_section(table, i);
}
