#include "object/elf_image_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void append_number(struct byte_vector *notes, uint32_t value)
{
	byte_vector_append_bytes(notes, &value, sizeof(value));
}

static void pad(struct byte_vector *notes, size_t alignment)
{
	while (notes->count % alignment)
		byte_vector_append(notes, 0);
}

/** One note in our own byte order. */
static void append_note(struct byte_vector *notes, const char *name, uint32_t type,
			const char *description, size_t description_size, size_t alignment)
{
	append_number(notes, (uint32_t)strlen(name) + 1);
	append_number(notes, (uint32_t)description_size);
	append_number(notes, type);
	byte_vector_append_bytes(notes, name, strlen(name) + 1);
	pad(notes, alignment);
	byte_vector_append_bytes(notes, description, description_size);
	pad(notes, alignment);
}

static bool find(const struct byte_vector *notes, size_t alignment, struct build_id *ret)
{
	return elf_notes_find_build_id((struct bytes){ notes->items, notes->count }, false,
				       alignment, ret);
}

static void test_among_other_notes(void **state)
{
	static const size_t alignments[] = { 4, 8 };

	for (size_t i = 0; i < ARRAY_SIZE(alignments); i++) {
		struct byte_vector notes = { 0 };
		struct build_id build_id;

		append_note(&notes, "GNU", NT_GNU_ABI_TAG, "abc", 3, alignments[i]);
		append_note(&notes, "Linux", NT_GNU_BUILD_ID, "wrong owner", 11, alignments[i]);
		append_note(&notes, "", NT_GNU_BUILD_ID, "", 0, alignments[i]);
		append_note(&notes, "GNU", NT_GNU_BUILD_ID, "right", 5, alignments[i]);
		append_note(&notes, "GNU", NT_GNU_BUILD_ID, "second", 6, alignments[i]);
		assert_true(find(&notes, alignments[i], &build_id));
		assert_int_equal(build_id.size_bytes, 5);
		assert_memory_equal(build_id.bytes, "right", 5);
		byte_vector_deinit(&notes);
	}
}

static void test_sizes(void **state)
{
	static const char bytes[BUILD_ID_SIZE_MAX_BYTES + 1] = "twenty-one bytes long";

	for (size_t size = 0; size <= sizeof(bytes); size++) {
		struct build_id build_id = { .size_bytes = 99 };
		struct byte_vector notes = { 0 };

		append_note(&notes, "GNU", NT_GNU_BUILD_ID, bytes, size, 4);
		if (size > 0 && size <= BUILD_ID_SIZE_MAX_BYTES) {
			assert_true(find(&notes, 4, &build_id));
			assert_int_equal(build_id.size_bytes, size);
			assert_memory_equal(build_id.bytes, bytes, size);
		} else {
			assert_false(find(&notes, 4, &build_id));
			assert_int_equal(build_id.size_bytes, 99);
		}
		byte_vector_deinit(&notes);
	}
}

static void test_last_padding_may_be_cut(void **state)
{
	struct byte_vector notes = { 0 };
	struct build_id build_id;

	append_note(&notes, "GNU", NT_GNU_BUILD_ID, "12345", 5, 4);
	notes.count -= 3;
	assert_true(find(&notes, 4, &build_id));
	notes.count--;
	assert_false(find(&notes, 4, &build_id));
	byte_vector_deinit(&notes);
}

static void test_sizes_past_the_end(void **state)
{
	static const uint32_t sizes[] = { 5, 0x7fffffff, UINT32_MAX - 3, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t field = 0; field < 2; field++) {
			struct byte_vector notes = { 0 };
			struct build_id build_id;

			append_note(&notes, "GNU", NT_GNU_BUILD_ID, "1234", 4, 4);
			memcpy(notes.items + field * sizeof(uint32_t), &sizes[i], sizeof(uint32_t));
			assert_false(find(&notes, 4, &build_id));
			byte_vector_deinit(&notes);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_among_other_notes),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_last_padding_may_be_cut),
		cmocka_unit_test(test_sizes_past_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
