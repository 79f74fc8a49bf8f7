#include "cache_fixture.h"

/** A whole file in memory. */
static struct byte_vector make_file(const char *identity, const char *label, const char *content)
{
	const struct cache_key key = key_of(identity);
	struct byte_vector file = cache_file_head(&key, label, bytes_of(content));

	byte_vector_append_bytes(&file, content, strlen(content));
	return file;
}

/** A copy of exactly the first @p size bytes, so that a sanitizer sees a read past them. */
static bool is_believed(const struct byte_vector *file, size_t size)
{
	_cleanup_free_ uint8_t *copy = memory_allocate(size + !size, 1);
	const struct bytes bytes = { copy, size };
	_cleanup_error_ struct error *error = NULL;
	struct cache_file parsed;

	if (size)
		memcpy(copy, file->items, size);
	error = cache_file_parse(bytes, &parsed);
	return !error && cache_file_is_whole(bytes, &parsed);
}

static void test_parts(void **state)
{
	struct byte_vector file = make_file("identity", "label", "some content");
	struct cache_file parsed;

	assert_null(cache_file_parse((struct bytes){ file.items, file.count }, &parsed));
	assert_true(cache_file_is_whole((struct bytes){ file.items, file.count }, &parsed));
	assert_int_equal(parsed.version, 1);
	assert_string_equal(parsed.identity, "identity");
	assert_string_equal(parsed.label, "label");
	assert_int_equal(parsed.content.size, strlen("some content"));
	assert_memory_equal(parsed.content.data, "some content", parsed.content.size);
	byte_vector_deinit(&file);
}

static void test_cut_anywhere(void **state)
{
	struct byte_vector file = make_file("identity", "label", "some content");

	assert_true(is_believed(&file, file.count));
	for (size_t size = 0; size < file.count; size++)
		assert_false(is_believed(&file, size));
	byte_vector_append(&file, 0);
	assert_false(is_believed(&file, file.count));
	byte_vector_deinit(&file);
}

static void test_changed_anywhere(void **state)
{
	struct byte_vector file = make_file("identity", "label", "some content");

	for (size_t i = 0; i < file.count; i++) {
		for (unsigned int change = 1; change < 256; change++) {
			file.items[i] ^= (uint8_t)change;
			assert_false(is_believed(&file, file.count));
			file.items[i] ^= (uint8_t)change;
		}
	}
	byte_vector_deinit(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_changed_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
