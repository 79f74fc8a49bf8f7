/**
 * The target as a unit test: its seeds, cut and changed ones, and what once broke it.
 *
 * usage: fuzz_NAME REGRESSIONS_FOLDER [FILE-FOR-SEEDS...]
 */

#include "fuzz_internal.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

/** Changed copies together, and of one seed; large seeds get fewer. */
#define N_CHANGED           1000
#define N_CHANGED_BYTES_MAX (UINT64_C(2) << 20)
#define N_CUTS_MAX          40

static const char *regressions_folder;
static struct fuzz_seeds seeds;

/** Of exactly its size on the heap, as libFuzzer has it. */
static void run_copy(struct bytes bytes)
{
	_cleanup_free_ uint8_t *copy = memory_duplicate(bytes.data, bytes.size);

	fuzz_target.run((struct bytes){ copy, bytes.size });
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/** One to eight changes: a number of one to eight bytes, a moved run, a byte. */
static void change(uint8_t *bytes, size_t size_bytes, uint64_t *random)
{
	static const uint64_t values[] = { 0,          1,          7,          0x7f,
					   0xff,       0x7fffffff, UINT32_MAX, INT64_MAX,
					   UINT64_MAX, '\n',       ' ',        ';' };
	size_t n_changes = 1 + next_random(random) % 8;

	for (size_t i = 0; i < n_changes; i++) {
		size_t at = next_random(random) % size_bytes;
		size_t from = next_random(random) % size_bytes;
		size_t width = (size_t)1 << next_random(random) % 4;
		uint64_t value = next_random(random) % 2
					 ? values[next_random(random) % ARRAY_SIZE(values)]
					 : next_random(random);

		if (next_random(random) % 4 == 0)
			memmove(bytes + at, bytes + from,
				MIN(size_bytes - MAX(at, from), (size_t)64));
		else
			memcpy(bytes + at, &value, MIN(width, size_bytes - at));
	}
}

static void test_seeds(void **state)
{
	assert_true(seeds.items.count > 0);
	for (size_t i = 0; i < seeds.items.count; i++)
		run_copy(seeds.items.items[i]);
	run_copy((struct bytes){ 0 });
}

static void test_cut_seeds(void **state)
{
	for (size_t i = 0; i < seeds.items.count; i++) {
		struct bytes seed = seeds.items.items[i];
		size_t step = seed.size / N_CUTS_MAX + 1;

		for (size_t size = 0; size < seed.size; size += step)
			run_copy((struct bytes){ seed.data, size });
	}
}

static void test_changed_seeds(void **state)
{
	uint64_t random = 1;

	for (size_t i = 0; i < seeds.items.count; i++) {
		struct bytes seed = seeds.items.items[i];
		size_t n_copies = MIN(N_CHANGED / seeds.items.count,
				      N_CHANGED_BYTES_MAX / seeds.items.count / (seed.size + 1));

		for (size_t n = 0; n < n_copies && seed.size > 0; n++) {
			_cleanup_free_ uint8_t *copy = memory_duplicate(seed.data, seed.size);

			change(copy, seed.size, &random);
			fuzz_target.run((struct bytes){ copy, seed.size });
		}
	}
}

static void test_regressions(void **state)
{
	DIR *folder = opendir(regressions_folder);
	struct dirent *entry;

	if (!folder) {
		/* No finding yet: Git keeps no empty folders. */
		assert_int_equal(errno, ENOENT);
		return;
	}
	while ((entry = readdir(folder))) {
		_cleanup_free_ char *path = NULL;
		struct bytes bytes;

		if (entry->d_name[0] == '.')
			continue;
		path = memory_format_text("%s/%s", regressions_folder, entry->d_name);
		bytes = fuzz_file_bytes(path);
		run_copy(bytes);
		free((void *)bytes.data);
	}
	closedir(folder);
}

int main(int n_arguments, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_cut_seeds),
		cmocka_unit_test(test_changed_seeds),
		cmocka_unit_test(test_regressions),
	};
	int n_failed;

	if (n_arguments < 2)
		return 2;
	regressions_folder = arguments[1];
	fuzz_seeds_init(&seeds, arguments + 2);
	n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	fuzz_seeds_deinit(&seeds);
	return n_failed;
}
