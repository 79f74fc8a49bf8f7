/**
 * What the cache gives is what the programs give. Arguments: programs with debug information.
 */

#include "fixture_program.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

static char **program_paths;
static int n_programs;

static int make_folder(void **state)
{
	char *folder = memory_duplicate_text("/tmp/known_symbols.XXXXXX");

	*state = folder;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *position)
{
	return remove(path);
}

static int remove_folder(void **state)
{
	int status = nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return status;
}

/** All addresses of executable segments, every third: enough to meet every function. */
static void list_addresses(const struct object *object, struct address_vector *ret)
{
	for (size_t i = 0; i < object->segments.count; i++) {
		const struct object_segment *segment = &object->segments.items[i];

		for (uint64_t at = 0; segment->is_executable && at < segment->memory_size_bytes;
		     at += 3)
			address_vector_append(ret, segment->elf_address + at);
	}
}

DEFINE_VECTOR(symbol_result_vector, struct symbol_result)

static void resolve(struct fixture_program *program, const struct address_vector *addresses,
		    struct symbol_result_vector *ret)
{
	symbol_result_vector_reserve(ret, addresses->count);
	symbolizer_resolve(program->symbolizer, program->object, addresses->items, addresses->count,
			   ret->items);
}

static void assert_text_equal(const char *a, const char *b)
{
	assert_int_equal(a != NULL, b != NULL);
	if (a)
		assert_string_equal(a, b);
}

static void assert_results_equal(const struct symbol_result *a, const struct symbol_result *b)
{
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->n_frames, b->n_frames);
	assert_int_equal(a->symbol_elf_address, b->symbol_elf_address);
	assert_int_equal(a->symbol_size_bytes, b->symbol_size_bytes);
	for (uint32_t i = 0; i < a->n_frames; i++) {
		assert_text_equal(a->frames[i].name, b->frames[i].name);
		assert_text_equal(a->frames[i].linkage_name, b->frames[i].linkage_name);
		assert_text_equal(a->frames[i].file, b->frames[i].file);
		assert_int_equal(a->frames[i].line, b->frames[i].line);
		assert_int_equal(a->frames[i].is_inlined, b->frames[i].is_inlined);
	}
}

/** One run: resolve @p asked, keep, and compare with what a run without a cache says. */
static struct cache_statistics run(const char *path, const char *folder,
				   struct symbolizer_options options, uint64_t stride)
{
	struct symbol_result_vector cached = { 0 }, plain = { 0 };
	struct cache *cache = cache_create(folder);
	struct address_vector all = { 0 }, asked = { 0 };
	struct fixture_program with, without;
	struct cache_statistics statistics;

	fixture_program_open(&without, path, &options);
	options.cache = cache;
	fixture_program_open(&with, path, &options);
	list_addresses(with.object, &all);
	for (size_t i = 0; i < all.count; i += stride)
		address_vector_append(&asked, all.items[i]);
	resolve(&with, &asked, &cached);
	resolve(&without, &asked, &plain);
	for (size_t i = 0; i < asked.count; i++)
		assert_results_equal(&cached.items[i], &plain.items[i]);
	assert_int_equal(symbolizer_source_kind(with.symbolizer, with.object),
			 symbolizer_source_kind(without.symbolizer, without.object));
	symbolizer_keep(with.symbolizer);
	symbol_result_vector_deinit(&cached);
	symbol_result_vector_deinit(&plain);
	address_vector_deinit(&all);
	address_vector_deinit(&asked);
	fixture_program_close(&with);
	fixture_program_close(&without);
	statistics = cache_statistics(cache);
	cache_destroy(cache);
	return statistics;
}

/** A sparse run first, so that what it keeps of whole functions is asked for afterwards. */
static void test_same_answers_from_the_cache(void **state)
{
	for (int i = 0; i < n_programs; i++) {
		struct cache_statistics statistics;

		run(program_paths[i], *state, (struct symbolizer_options){ 0 }, 40);
		statistics = run(program_paths[i], *state, (struct symbolizer_options){ 0 }, 1);
		assert_true(statistics.n_hits > 0);
		statistics = run(program_paths[i], *state, (struct symbolizer_options){ 0 }, 1);
		assert_true(statistics.n_hits > 0);
		/* All is known by now. */
		assert_int_equal(statistics.n_stores, 0);
		assert_int_equal(statistics.n_damaged, 0);
	}
}

static void test_options_have_answers_of_their_own(void **state)
{
	static const struct symbolizer_options options[] = {
		{ 0 },
		{ .is_without_inlines = true },
		{ .is_without_lines = true },
		{ .is_mangled = true },
		{ .is_without_inlines = true, .is_without_lines = true, .is_mangled = true },
	};

	for (unsigned int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
			struct cache_statistics statistics =
				run(program_paths[0], *state, options[i], 1);

			assert_int_equal(statistics.n_hits, round);
		}
	}
}

static int damage_one(const char *path, const struct stat *status, int type, struct FTW *position)
{
	FILE *file;

	if (type != FTW_F)
		return 0;
	file = fopen(path, "r+");
	assert_non_null(file);
	fseek(file, -1, SEEK_END);
	fputc('!', file);
	fclose(file);
	return 0;
}

static void test_a_damaged_cache_is_made_again(void **state)
{
	struct cache_statistics statistics;

	run(program_paths[0], *state, (struct symbolizer_options){ 0 }, 1);
	assert_int_equal(nftw(*state, damage_one, 8, FTW_PHYS), 0);
	statistics = run(program_paths[0], *state, (struct symbolizer_options){ 0 }, 1);
	assert_int_equal(statistics.n_damaged, 1);
	assert_int_equal(statistics.n_stores, 1);
	statistics = run(program_paths[0], *state, (struct symbolizer_options){ 0 }, 1);
	assert_int_equal(statistics.n_hits, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(int n_arguments, char **arguments)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same_answers_from_the_cache),
		TEST(test_options_have_answers_of_their_own),
		TEST(test_a_damaged_cache_is_made_again),
	};

	if (n_arguments < 2)
		return 2;
	program_paths = arguments + 1;
	n_programs = n_arguments - 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
