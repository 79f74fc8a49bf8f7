#include "cache_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_loads(struct cache *cache, const char *identity, const char *expected)
{
	_cleanup_free_ char *text = load_text(cache, identity);

	assert_non_null(text);
	assert_string_equal(text, expected);
}

static void assert_misses(struct cache *cache, const char *identity)
{
	assert_null(load_text(cache, identity));
}

static void test_what_was_stored_is_found(void **state)
{
	_cleanup_free_ char *path = cache_fixture_path(state, "cache");
	struct cache *cache = cache_create(path);

	assert_null(cache_problem(cache));
	assert_misses(cache, "one");
	store_text(cache, "one", "first");
	store_text(cache, "two", "");
	assert_loads(cache, "one", "first");
	store_text(cache, "one", "second");
	cache_destroy(cache);

	cache = cache_create(path);
	assert_loads(cache, "one", "second");
	assert_loads(cache, "two", "");
	assert_misses(cache, "three");
	assert_int_equal(cache_statistics(cache).n_hits, 2);
	assert_int_equal(cache_statistics(cache).n_misses, 1);
	assert_int_equal(cache_statistics(cache).n_damaged, 0);
	cache_destroy(cache);
}

static void test_another_version_is_a_miss(void **state)
{
	struct cache *cache = cache_create(*state);
	struct cache_key key = key_of("one");
	struct cached cached;

	store_text(cache, "one", "text");
	key.version = 2;
	assert_false(cache_load(cache, &key, &cached));
	assert_int_equal(cache_statistics(cache).n_damaged, 0);
	cache_destroy(cache);
}

/** As when two identities have the same hash. */
static void test_another_identity_under_the_name_is_a_miss(void **state)
{
	struct cache *cache = cache_create(*state);
	_cleanup_free_ char *one = NULL, *two = NULL;

	store_text(cache, "one", "text");
	one = cache_fixture_only_entry(*state);
	two = memory_duplicate_text(one);
	unlink(one);
	store_text(cache, "two", "text of two");
	free(two);
	two = cache_fixture_only_entry(*state);
	assert_int_equal(rename(two, one), 0);
	assert_misses(cache, "one");
	cache_destroy(cache);
}

static void test_content_is_aligned(void **state)
{
	struct cache *cache = cache_create(*state);
	const struct cache_key key = key_of("an identity of odd length");
	struct cached cached;

	cache_store(cache, &key, "label", bytes_of("x"));
	assert_true(cache_load(cache, &key, &cached));
	assert_int_equal((uintptr_t)cached.content.data % CACHE_CONTENT_ALIGNMENT, 0);
	cached_release(&cached);
	cached_release(&cached);
	cache_destroy(cache);
}

static void test_no_cache_is_a_miss(void **state)
{
	const struct cache_key key = key_of("one");
	struct cached cached;

	cache_store(NULL, &key, "label", bytes_of("text"));
	assert_false(cache_load(NULL, &key, &cached));
	cache_destroy(NULL);
}

static void test_without_a_path_nothing_is_kept(void **state)
{
	struct cache *cache = cache_create("");

	assert_non_null(cache_problem(cache));
	store_text(cache, "one", "text");
	assert_misses(cache, "one");
	assert_int_equal(cache_statistics(cache).n_failed_stores, 1);
	assert_int_equal(cache_trim(cache, 0), 0);
	cache_destroy(cache);
}

/** A folder that cannot be made: its parent is a file. */
static void test_an_impossible_folder_is_harmless(void **state)
{
	_cleanup_free_ char *file = cache_fixture_path(state, "file");
	_cleanup_free_ char *path = cache_fixture_path(state, "file/cache");
	struct cache *cache;

	write_file(file, bytes_of("text"));
	cache = cache_create(path);
	store_text(cache, "one", "text");
	assert_misses(cache, "one");
	assert_int_equal(cache_statistics(cache).n_failed_stores, 1);
	cache_destroy(cache);
}

static void test_too_large_is_not_stored(void **state)
{
	struct cache *cache = cache_create(*state);
	const struct cache_key key = key_of("large");
	const struct bytes large = { memory_allocate(CACHE_FILE_SIZE_MAX_BYTES, 1),
				     CACHE_FILE_SIZE_MAX_BYTES };
	_cleanup_free_ char *long_text = memory_allocate(CACHE_TEXT_SIZE_MAX_BYTES + 1, 1);
	struct cached cached;

	cache_store(cache, &key, "label", large);
	assert_false(cache_load(cache, &key, &cached));
	memset(long_text, 'x', CACHE_TEXT_SIZE_MAX_BYTES);
	store_text(cache, long_text, "text");
	cache_store(cache, &key, long_text, bytes_of("text"));
	assert_int_equal(cache_statistics(cache).n_failed_stores, 3);
	assert_int_equal(cache_statistics(cache).n_stores, 0);
	free((void *)large.data);
	cache_destroy(cache);
}

static void test_files_of_others_and_links_are_not_read(void **state)
{
	struct cache *cache = cache_create(*state);
	_cleanup_free_ char *entry = NULL, *elsewhere = cache_fixture_path(state, "elsewhere");

	store_text(cache, "one", "text");
	entry = cache_fixture_only_entry(*state);
	assert_int_equal(chmod(entry, 0620), 0);
	assert_misses(cache, "one");
	assert_int_equal(chmod(entry, 0600), 0);
	assert_loads(cache, "one", "text");
	assert_int_equal(rename(entry, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, entry), 0);
	assert_misses(cache, "one");
	unlink(entry);
	assert_int_equal(mkfifo(entry, 0600), 0);
	assert_misses(cache, "one");
	/* It is replaced, not written through. */
	store_text(cache, "one", "new");
	assert_loads(cache, "one", "new");
	cache_destroy(cache);
}

static void test_modes(void **state)
{
	_cleanup_free_ char *path = cache_fixture_path(state, "cache");
	_cleanup_free_ char *entry = NULL;
	mode_t old_mask = umask(0);
	struct cache *cache = cache_create(path);
	struct stat status;

	store_text(cache, "one", "text");
	umask(old_mask);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	entry = cache_fixture_only_entry(path);
	assert_int_equal(stat(entry, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	cache_destroy(cache);
}

/** Large enough for several writes, so that a torn file would show. */
#define RACE_TEXT_SIZE_BYTES 300000
#define RACE_ROUNDS          200

static char *race_text(char letter)
{
	char *text = memory_allocate(RACE_TEXT_SIZE_BYTES + 1, 1);

	memset(text, letter, RACE_TEXT_SIZE_BYTES);
	return text;
}

static int race(const char *path, char letter)
{
	struct cache *cache = cache_create(path);
	_cleanup_free_ char *own = race_text(letter);
	int status = 0;

	for (unsigned int i = 0; i < RACE_ROUNDS && !status; i++) {
		_cleanup_free_ char *found = NULL;

		store_text(cache, "contested", own);
		found = load_text(cache, "contested");
		/* Whole, and of one of the two. */
		if (!found || strlen(found) != RACE_TEXT_SIZE_BYTES ||
		    strspn(found, found[0] == 'a' ? "a" : "b") != RACE_TEXT_SIZE_BYTES)
			status = 1;
	}
	if (cache_statistics(cache).n_damaged || cache_statistics(cache).n_failed_stores)
		status = 2;
	cache_destroy(cache);
	return status;
}

static void test_two_processes_at_once(void **state)
{
	_cleanup_free_ char *path = cache_fixture_path(state, "new/cache");
	_cleanup_free_ char *entry = NULL;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(race(path, 'a'));
	assert_int_equal(race(path, 'b'), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* And no unfinished file beside it. */
	entry = cache_fixture_only_entry(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_was_stored_is_found, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_another_version_is_a_miss, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_another_identity_under_the_name_is_a_miss,
						cache_fixture_setup, cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_content_is_aligned, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test(test_no_cache_is_a_miss),
		cmocka_unit_test(test_without_a_path_nothing_is_kept),
		cmocka_unit_test_setup_teardown(test_an_impossible_folder_is_harmless,
						cache_fixture_setup, cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_too_large_is_not_stored, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_files_of_others_and_links_are_not_read,
						cache_fixture_setup, cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_modes, cache_fixture_setup,
						cache_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_two_processes_at_once, cache_fixture_setup,
						cache_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
