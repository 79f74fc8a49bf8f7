#include "record/record_internal.h"

#include <byteswap.h>

/**
 * How records are made up, as in perf_event_open(2): a digit is a number of so many bytes, 'x'
 * eight bytes that stay as they are, 'f' eight bytes of bit fields. What follows is text.
 */
static const char *const forms_by_type[] = {
	[PERF_RECORD_MMAP] = "44888",
	[PERF_RECORD_LOST] = "88",
	[PERF_RECORD_COMM] = "44",
	[PERF_RECORD_EXIT] = "44448",
	[PERF_RECORD_THROTTLE] = "888",
	[PERF_RECORD_UNTHROTTLE] = "888",
	[PERF_RECORD_FORK] = "44448",
	[PERF_RECORD_READ] = "44",
	[PERF_RECORD_MMAP2] = "44888448844",
	[PERF_RECORD_LOST_SAMPLES] = "8",
	[PERF_RECORD_SWITCH_CPU_WIDE] = "44",
	[RECORD_TYPE_HEADER_BUILD_ID] = "4",
};

/** MMAP2 with a build id in the place of the file's identity. */
#define FORM_MMAP2_BUILD_ID "44888xxx44"

/** struct perf_event_attr. */
#define FORM_ATTR "448888f4488884484224488"

#define FORM_HEADER "422"

/** Where to go on, and where the bytes that may be touched end. */
struct swapper {
	uint8_t *at, *end;
};

static size_t left_bytes(const struct swapper *swapper)
{
	return (size_t)(swapper->end - swapper->at);
}

static void skip(struct swapper *swapper, uint64_t size_bytes)
{
	swapper->at += MIN(size_bytes, (uint64_t)left_bytes(swapper));
}

/** @param n_bytes  2, 4 or 8. @return false: it is not all there, and all is skipped. */
static bool swap_number(struct swapper *swapper, size_t n_bytes)
{
	uint64_t value = 0;

	if (left_bytes(swapper) < n_bytes) {
		swapper->at = swapper->end;
		return false;
	}
	memcpy(&value, swapper->at, n_bytes);
	value = bswap_64(value) >> (64 - 8 * n_bytes);
	memcpy(swapper->at, &value, n_bytes);
	swapper->at += n_bytes;
	return true;
}

/** The next number, turned around; 0 when there is none. */
static uint64_t swap_u64(struct swapper *swapper)
{
	uint64_t value = 0;

	if (swap_number(swapper, sizeof(value)))
		memcpy(&value, swapper->at - sizeof(value), sizeof(value));
	return value;
}

static void swap_u64s(struct swapper *swapper, uint64_t count)
{
	for (uint64_t i = 0; i < count && left_bytes(swapper); i++)
		swap_u64(swapper);
}

/** Compilers lay bit fields out from the other end: the bits of each byte, not the bytes. */
static void swap_bit_fields(struct swapper *swapper)
{
	for (size_t i = 0; i < sizeof(uint64_t) && left_bytes(swapper); i++) {
		uint8_t bits = *swapper->at;

		bits = (uint8_t)((bits & 0x0f) << 4 | bits >> 4);
		bits = (uint8_t)((bits & 0x33) << 2 | (bits >> 2 & 0x33));
		*swapper->at++ = (uint8_t)((bits & 0x55) << 1 | (bits >> 1 & 0x55));
	}
}

static void swap_form(struct swapper *swapper, const char *form)
{
	for (; *form; form++) {
		if (*form == 'x')
			skip(swapper, sizeof(uint64_t));
		else if (*form == 'f')
			swap_bit_fields(swapper);
		else
			swap_number(swapper, (size_t)(*form - '0'));
	}
}

/** Those of @p fields that are there, in the kernel's order: pairs of u32, or a u64. */
static void swap_fields(struct swapper *swapper, uint64_t fields)
{
	static const uint64_t order[] = {
		PERF_SAMPLE_IDENTIFIER, PERF_SAMPLE_IP,   PERF_SAMPLE_TID,
		PERF_SAMPLE_TIME,       PERF_SAMPLE_ADDR, PERF_SAMPLE_ID,
		PERF_SAMPLE_STREAM_ID,  PERF_SAMPLE_CPU,  PERF_SAMPLE_PERIOD,
	};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (!(fields & order[i]))
			continue;
		swap_form(swapper, order[i] & (PERF_SAMPLE_TID | PERF_SAMPLE_CPU) ? "44" : "8");
	}
}

static void swap_read_values(struct swapper *swapper, uint64_t read_format)
{
	const uint64_t times =
		read_format & (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING);
	const uint64_t fields = read_format & (PERF_FORMAT_ID | READ_FORMAT_LOST);
	const size_t n_words = 1 + fields_size_bytes(fields) / sizeof(uint64_t);
	const uint64_t n_values = read_format & PERF_FORMAT_GROUP ? swap_u64(swapper) : 1;

	swap_u64s(swapper, fields_size_bytes(times) / sizeof(uint64_t));
	for (uint64_t i = 0; i < n_values && left_bytes(swapper); i++)
		swap_u64s(swapper, n_words);
}

static void swap_raw(struct swapper *swapper)
{
	uint32_t size_bytes = 0;

	if (swap_number(swapper, sizeof(size_bytes)))
		memcpy(&size_bytes, swapper->at - sizeof(size_bytes), sizeof(size_bytes));
	/* Aligned behind it, as sample_decode() has it. */
	skip(swapper, ((uint64_t)size_bytes + sizeof(size_bytes) + 7) / 8 * 8 - sizeof(size_bytes));
}

static void swap_branches(struct swapper *swapper, uint64_t branch_sample_type)
{
	const size_t n_words = sizeof(struct perf_branch_entry) / sizeof(uint64_t);
	const uint64_t n_branches = swap_u64(swapper);

	if (branch_sample_type & PERF_SAMPLE_BRANCH_HW_INDEX)
		swap_u64(swapper);
	for (uint64_t i = 0; i < n_branches && left_bytes(swapper); i++) {
		swap_u64s(swapper, n_words - 1);
		swap_bit_fields(swapper);
	}
	if (branch_sample_type & BRANCH_COUNTERS)
		swap_u64s(swapper, n_branches);
}

static void swap_sample(struct swapper *swapper, const struct record_layout *layout)
{
	const uint64_t sample_type = layout->sample_type;

	swap_fields(swapper, sample_type & SAMPLE_FIXED_FIELDS);
	if (sample_type & PERF_SAMPLE_READ)
		swap_read_values(swapper, layout->read_format);
	if (sample_type & PERF_SAMPLE_CALLCHAIN)
		swap_u64s(swapper, swap_u64(swapper));
	if (sample_type & PERF_SAMPLE_RAW)
		swap_raw(swapper);
	if (sample_type & PERF_SAMPLE_BRANCH_STACK)
		swap_branches(swapper, layout->branch_sample_type);
	if (sample_type & PERF_SAMPLE_REGS_USER && swap_u64(swapper) != PERF_SAMPLE_REGS_ABI_NONE)
		swap_u64s(swapper, (uint64_t)__builtin_popcountll(layout->user_registers_mask));
	if (sample_type & PERF_SAMPLE_STACK_USER) {
		const uint64_t size_bytes = swap_u64(swapper);

		skip(swapper, size_bytes);
		if (size_bytes)
			swap_u64(swapper);
	}
	if (sample_type & PERF_SAMPLE_WEIGHT_STRUCT)
		swap_form(swapper, "422");
	else if (sample_type & PERF_SAMPLE_WEIGHT)
		swap_u64(swapper);
	if (sample_type & PERF_SAMPLE_DATA_SRC)
		swap_u64(swapper);
}

/** The layout of the event whose id is the word at @p at, of the other byte order. */
static const struct record_layout *layout_of(const struct record_layout_table *table,
					     const uint8_t *at)
{
	uint64_t id;

	memcpy(&id, at, sizeof(id));
	return &table->layouts[record_layout_index_of_id(table, bswap_64(id))];
}

static const struct record_layout *sample_layout(const struct record_layout_table *table,
						 const uint8_t *bytes, size_t size_bytes)
{
	const size_t id_offset = sample_id_offset(table->layouts[0].sample_type);

	if (id_offset == 0 || size_bytes < id_offset + sizeof(uint64_t))
		return &table->layouts[0];
	return layout_of(table, bytes + id_offset);
}

/** Turn the trailer around and take it off the end. */
static void swap_trailer(struct swapper *swapper, const struct record_layout_table *table)
{
	const struct record_layout *layout = &table->layouts[0];
	struct swapper trailer = *swapper;
	size_t size_bytes;

	if (!layout->has_sample_id_all || left_bytes(swapper) < sizeof(uint64_t))
		return;
	if (layout->sample_type & PERF_SAMPLE_IDENTIFIER)
		layout = layout_of(table, swapper->end - sizeof(uint64_t));
	size_bytes = fields_size_bytes(layout->sample_type & TRAILER_FIELDS);
	if (size_bytes > left_bytes(swapper))
		return;
	swapper->end -= size_bytes;
	trailer.at = swapper->end;
	/* Here the identifier comes last. */
	swap_fields(&trailer, layout->sample_type & TRAILER_FIELDS & ~PERF_SAMPLE_IDENTIFIER);
	swap_fields(&trailer, layout->sample_type & PERF_SAMPLE_IDENTIFIER);
}

void record_swap(const struct record_layout_table *table, uint8_t *bytes, size_t size_bytes)
{
	struct swapper swapper = { bytes, bytes + size_bytes };
	struct perf_event_header header = { 0 };
	const char *form;

	swap_form(&swapper, FORM_HEADER);
	memcpy(&header, bytes, MIN(size_bytes, sizeof(header)));
	if (header.type == PERF_RECORD_SAMPLE) {
		if (table->n_layouts > 0)
			swap_sample(&swapper, sample_layout(table, bytes, size_bytes));
		return;
	}
	if (header.type < FIRST_PERF_TYPE && table->n_layouts > 0)
		swap_trailer(&swapper, table);
	form = header.type < ARRAY_SIZE(forms_by_type) ? forms_by_type[header.type] : NULL;
	if (header.type == PERF_RECORD_MMAP2 && header.misc & PERF_RECORD_MISC_MMAP_BUILD_ID)
		form = FORM_MMAP2_BUILD_ID;
	if (form)
		swap_form(&swapper, form);
}

void record_swap_attr(uint8_t *bytes, size_t size_bytes)
{
	struct swapper swapper = { bytes, bytes + size_bytes };

	swap_form(&swapper, FORM_ATTR);
}
