/**
 * Programs with wrong bytes: whatever comes out, it comes out, and nothing reads
 * out of bounds (run it with -Db_sanitize=address,undefined). Arguments: programs.
 */

#include "fixture_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/** Damaged copies of each program and kind of damage. */
#define N_COPIES 12

static char **program_paths;
static int n_programs;

static uint64_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static struct byte_vector read_file(const char *path)
{
	struct byte_vector bytes = { 0 };
	FILE *file = fopen(path, "rb");
	uint8_t block[4096];
	size_t n;

	assert_non_null(file);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		byte_vector_append_bytes(&bytes, block, n);
	fclose(file);
	return bytes;
}

/** Resolve addresses all over the code of a file with these bytes. */
static void resolve_over(const struct byte_vector *bytes)
{
	enum {
		N_ADDRESSES = 512
	};

	char path[] = "/tmp/damaged-test-XXXXXX";
	struct symbol_result results[N_ADDRESSES];
	uint64_t addresses[N_ADDRESSES];
	struct fixture_program program;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_true(write(fd, bytes->items, bytes->count) == (ssize_t)bytes->count);
	close(fd);
	fixture_program_open(&program, path, &(struct symbolizer_options){ 0 });
	for (size_t i = 0; i < N_ADDRESSES; i++)
		addresses[i] = 0x1000 + i * 3;
	symbolizer_resolve(program.symbolizer, program.object, addresses, N_ADDRESSES, results);
	for (size_t i = 0; i < N_ADDRESSES; i++) {
		assert_true(results[i].status <= SYMBOL_NO_MATCH);
		for (uint32_t k = 0; k < results[i].n_frames; k++) {
			assert_non_null(results[i].frames[k].name);
			assert_true(strlen(results[i].frames[k].name) < 1 << 20);
		}
	}
	fixture_program_close(&program);
	unlink(path);
}

/** Where a section lies in the file; size 0: there is none. */
static struct bytes find_section(const char *path, const char *name, size_t *offset_ret)
{
	struct fixture_program program;
	struct bytes section;

	fixture_program_open(&program, path, &(struct symbolizer_options){ 0 });
	section = object_section(program.object, name, NULL);
	*offset_ret = (size_t)(section.data - program.object->image.data);
	if (section.size && *offset_ret + section.size > program.object->image.size)
		section.size = 0; /* Decompressed: not in the file. */
	fixture_program_close(&program);
	return section;
}

static void test_wrong_bytes_in_sections(void **state)
{
	static const char *const names[] = {
		".debug_info", ".debug_abbrev", ".debug_line",     ".debug_str_offsets",
		".debug_addr", ".debug_ranges", ".debug_rnglists", ".symtab",
		".dynsym",     ".rela.plt",     ".strtab",
	};
	uint64_t random = 1;

	for (int i = 0; i < n_programs; i++) {
		struct byte_vector good = read_file(program_paths[i]);

		for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
			size_t offset;
			struct bytes section = find_section(program_paths[i], names[k], &offset);

			for (int copy = 0; section.size && copy < N_COPIES; copy++) {
				struct byte_vector bytes = { 0 };

				byte_vector_append_bytes(&bytes, good.items, good.count);
				for (int n = 0; n < 1 << copy % 6; n++) {
					bytes.items[offset + random_next(&random) % section.size] =
						(uint8_t)random_next(&random);
				}
				resolve_over(&bytes);
				byte_vector_deinit(&bytes);
			}
		}
		byte_vector_deinit(&good);
	}
}

static void test_truncated_files(void **state)
{
	uint64_t random = 2;

	for (int i = 0; i < n_programs; i++) {
		struct byte_vector bytes = read_file(program_paths[i]);

		for (int copy = 0; copy < N_COPIES; copy++) {
			bytes.count -= random_next(&random) % (bytes.count / 8);
			resolve_over(&bytes);
		}
		byte_vector_deinit(&bytes);
	}
}

int main(int n_arguments, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_bytes_in_sections),
		cmocka_unit_test(test_truncated_files),
	};

	if (n_arguments < 2)
		return 2;
	program_paths = arguments + 1;
	n_programs = n_arguments - 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
