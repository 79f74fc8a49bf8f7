#include "cache_fixture.h"

#include "base/clock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/** Make the file at @p path look as if it was last used @p age_s seconds ago. */
static void set_age(const char *path, time_t age_s)
{
	const time_t time = (time_t)(clock_realtime_ns() / NS_PER_S) - age_s;
	const struct timespec times[2] = { { .tv_sec = time }, { .tv_sec = time } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

/** Store three entries, "first" the oldest, and say how large each is. */
static uint64_t store_three(struct cache *cache, void **state)
{
	static const char *const identities[] = { "first", "second", "third" };
	struct cache_entry_vector entries;
	uint64_t size_bytes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(identities); i++) {
		store_text(cache, identities[i], "text");
		cache_list(cache, &entries);
		/* The one just stored is the only one of no age. */
		for (size_t e = 0; e < entries.count; e++) {
			_cleanup_free_ char *path =
				cache_fixture_path(state, entries.items[e].name);

			if (clock_realtime_ns() - entries.items[e].used_realtime_ns < NS_PER_S * 50)
				set_age(path, (time_t)(1000 - 100 * i));
			size_bytes = entries.items[e].size_bytes;
		}
		cache_entry_vector_destroy_items(&entries);
	}
	return size_bytes;
}

static bool is_there(struct cache *cache, const char *identity)
{
	_cleanup_free_ char *text = load_text(cache, identity);

	return text;
}

static void test_the_oldest_go(void **state)
{
	struct cache *cache = cache_create(*state);
	uint64_t size_bytes = store_three(cache, state);

	assert_int_equal(cache_trim(cache, 3 * size_bytes), 0);
	assert_int_equal(cache_trim(cache, 3 * size_bytes - 1), 1);
	assert_int_equal(cache_statistics(cache).n_dropped, 1);
	assert_false(is_there(cache, "first"));
	assert_true(is_there(cache, "second"));
	assert_true(is_there(cache, "third"));
	assert_int_equal(cache_trim(cache, 0), 2);
	assert_false(is_there(cache, "third"));
	cache_destroy(cache);
}

static void test_use_keeps_young(void **state)
{
	struct cache *cache = cache_create(*state);
	uint64_t size_bytes = store_three(cache, state);

	assert_true(is_there(cache, "first"));
	assert_int_equal(cache_trim(cache, size_bytes), 2);
	assert_true(is_there(cache, "first"));
	cache_destroy(cache);
}

static void test_list(void **state)
{
	struct cache *cache = cache_create(*state);
	struct cache_entry_vector entries;

	store_three(cache, state);
	cache_list(cache, &entries);
	assert_int_equal(entries.count, 3);
	for (size_t i = 0; i < entries.count; i++) {
		assert_string_equal(entries.items[i].label, "a label");
		assert_true(cache_name_is_entry(entries.items[i].name));
		if (i)
			assert_true(entries.items[i].used_realtime_ns <
				    entries.items[i - 1].used_realtime_ns);
	}
	cache_entry_vector_destroy_items(&entries);
	cache_destroy(cache);
}

static void test_a_damaged_entry_is_listed_and_removed(void **state)
{
	_cleanup_free_ char *path = cache_fixture_path(state, "test-0123456789abcdef");
	struct cache *cache = cache_create(*state);
	struct cache_entry_vector entries;

	write_file(path, bytes_of("not what it should be, by far"));
	cache_list(cache, &entries);
	assert_int_equal(entries.count, 1);
	assert_string_equal(entries.items[0].label, "");
	cache_entry_vector_destroy_items(&entries);
	assert_int_equal(cache_trim(cache, 0), 1);
	cache_destroy(cache);
}

static void test_other_files_stay(void **state)
{
	static const char *const names[] = {
		"notes.txt",
		"test-0123456789ABCDEF",
		"test-0123456789abcdef0",
		"-0123456789abcdef",
		"0123456789abcdef-test",
		".new",
		"test0123456789abcdef",
	};
	struct cache *cache = cache_create(*state);
	struct cache_entry_vector entries;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = cache_fixture_path(state, names[i]);

		write_file(path, bytes_of("text"));
		set_age(path, 100000);
	}
	cache_list(cache, &entries);
	assert_int_equal(entries.count, 0);
	cache_entry_vector_destroy_items(&entries);
	assert_int_equal(cache_trim(cache, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = cache_fixture_path(state, names[i]);

		assert_int_equal(access(path, F_OK), 0);
	}
	cache_destroy(cache);
}

static void test_what_dead_writers_left_goes(void **state)
{
	_cleanup_free_ char *old = cache_fixture_path(state, ".new-1-0-5");
	_cleanup_free_ char *young = cache_fixture_path(state, ".new-1-0-6");
	struct cache *cache = cache_create(*state);

	write_file(old, bytes_of("text"));
	write_file(young, bytes_of("text"));
	set_age(old, 4000);
	set_age(young, 10);
	cache_trim(cache, 0);
	assert_int_equal(access(old, F_OK), -1);
	assert_int_equal(access(young, F_OK), 0);
	cache_destroy(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_oldest_go, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_use_keeps_young, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_list, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_a_damaged_entry_is_listed_and_removed,
						cache_fixture_setup, cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_other_files_stay, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_what_dead_writers_left_goes,
						cache_fixture_setup, cache_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
