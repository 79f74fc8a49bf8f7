/** The index of a DWARF package (.dwp), and range lists of split units. */

#include "fuzz_target.h"
#include "symbols/debug_package_internal.h"

#define PART_SIZE_BYTES 64

static bool is_inside(struct bytes part, struct bytes whole)
{
	return part.data >= whole.data && part.size <= whole.size &&
	       (size_t)(part.data - whole.data) <= whole.size - part.size;
}

static void run(struct bytes input)
{
	static const uint8_t content[PART_SIZE_BYTES];
	const struct bytes whole = { content, sizeof(content) };

	for (uint64_t dwo_id = 0; dwo_id < 4; dwo_id++) {
		struct split_sections sections = { whole, whole, whole, whole, whole };

		fuzz_check_error(split_sections_narrow(&sections, input, dwo_id));
		FUZZ_CHECK(is_inside(sections.info, whole));
		FUZZ_CHECK(is_inside(sections.abbreviations, whole));
		FUZZ_CHECK(is_inside(sections.text_offsets, whole));
		FUZZ_CHECK(is_inside(sections.range_lists, whole));
	}
}

/** One unit, dwo id 1, in @p version. */
static void add_index(struct fuzz_seeds *seeds, uint32_t version)
{
	static const uint32_t columns[] = { 1, 3, 6, 8 };
	struct byte_vector bytes = { 0 };
	const uint32_t header[] = { version, ARRAY_SIZE(columns), 1, 2 };
	const uint64_t identifiers[] = { 0, 1 };
	const uint32_t rows[] = { 0, 1 };
	const uint32_t offsets[] = { 0, 16, 32, 48 };
	const uint32_t sizes[] = { 16, 16, 16, 16 };

	byte_vector_append_bytes(&bytes, header, sizeof(header));
	byte_vector_append_bytes(&bytes, identifiers, sizeof(identifiers));
	byte_vector_append_bytes(&bytes, rows, sizeof(rows));
	byte_vector_append_bytes(&bytes, columns, sizeof(columns));
	byte_vector_append_bytes(&bytes, offsets, sizeof(offsets));
	byte_vector_append_bytes(&bytes, sizes, sizeof(sizes));
	fuzz_seeds_add_vector(seeds, &bytes);
	byte_vector_deinit(&bytes);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	add_index(seeds, 2);
	add_index(seeds, 5);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
