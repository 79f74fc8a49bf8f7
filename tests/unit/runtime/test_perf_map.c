#include "runtime/perf_map.h"

#include "base/memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void parse(const char *text, struct perf_map *ret)
{
	perf_map_parse(memory_duplicate_text(text), strlen(text), ret);
}

/** The name at @p address, or NULL. */
static const char *name_at(const struct perf_map *map, uint64_t address)
{
	for (size_t i = 0; i < map->n_ranges; i++) {
		if (address >= map->ranges[i].start && address < map->ranges[i].end)
			return map->text + map->ranges[i].name_offset;
	}
	return NULL;
}

static void test_lines(void **state)
{
	struct perf_map map;

	parse("7f0000001000 20 LazyCompile:*run /srv/app.js:12:3\n"
	      "0x7f0000001040 0x10 with 0x\n"
	      "7F0000001060 A upper case\n"
	      "7f0000001080 10 no newline at the end",
	      &map);
	assert_int_equal(map.n_ranges, 4);
	assert_int_equal(map.n_bad_lines, 0);
	assert_string_equal(name_at(&map, 0x7f000000101f), "LazyCompile:*run /srv/app.js:12:3");
	assert_null(name_at(&map, 0x7f0000001020));
	assert_string_equal(name_at(&map, 0x7f0000001040), "with 0x");
	assert_string_equal(name_at(&map, 0x7f0000001069), "upper case");
	assert_string_equal(name_at(&map, 0x7f000000108f), "no newline at the end");
	perf_map_deinit(&map);
}

static void test_bad_lines_are_counted(void **state)
{
	struct perf_map map;

	parse("\n"
	      "zz 10 name\n"
	      "1000 zz name\n"
	      "1000 10\n"
	      "1000 10 \n"
	      "1000 0 empty\n"
	      "ffffffffffffffff 10 wraps\n"
	      "11112222333344445 10 too many digits\n"
	      "1000 10 good\n",
	      &map);
	assert_int_equal(map.n_bad_lines, 8);
	assert_int_equal(map.n_ranges, 1);
	assert_string_equal(name_at(&map, 0x1000), "good");
	perf_map_deinit(&map);
}

static void test_later_lines_win(void **state)
{
	struct perf_map map;

	parse("1000 100 old\n"
	      "3000 10 apart\n"
	      "1040 20 inside\n"
	      "10f0 20 over the end\n"
	      "2000 10 replaced\n"
	      "2000 10 replacement\n"
	      "0ff0 18 before\n",
	      &map);
	assert_string_equal(name_at(&map, 0x0ff0), "before");
	assert_string_equal(name_at(&map, 0x1007), "before");
	assert_string_equal(name_at(&map, 0x1008), "old");
	assert_string_equal(name_at(&map, 0x103f), "old");
	assert_string_equal(name_at(&map, 0x1040), "inside");
	assert_string_equal(name_at(&map, 0x105f), "inside");
	assert_string_equal(name_at(&map, 0x1060), "old");
	assert_string_equal(name_at(&map, 0x10ef), "old");
	assert_string_equal(name_at(&map, 0x10f0), "over the end");
	assert_string_equal(name_at(&map, 0x110f), "over the end");
	assert_null(name_at(&map, 0x1110));
	assert_string_equal(name_at(&map, 0x2000), "replacement");
	assert_string_equal(name_at(&map, 0x300f), "apart");
	perf_map_deinit(&map);
}

/** Against the plain definition: the last line that covers an address names it. */
static void test_random_overlaps(void **state)
{
	enum {
		N_LINES = 200,
		SPACE = 1000
	};

	char text[N_LINES * 24];
	uint64_t starts[N_LINES], sizes[N_LINES];
	uint64_t random = 12345;
	size_t length = 0;
	struct perf_map map;

	for (int i = 0; i < N_LINES; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		starts[i] = (random >> 33) % SPACE;
		sizes[i] = (random >> 20) % 40 + 1;
		length += (size_t)sprintf(text + length, "%llx %llx f%d\n",
					  (unsigned long long)starts[i],
					  (unsigned long long)sizes[i], i);
	}
	parse(text, &map);
	for (uint64_t address = 0; address < SPACE + 50; address++) {
		char expected[16] = "";
		const char *name = name_at(&map, address);

		for (int i = 0; i < N_LINES; i++) {
			if (address - starts[i] < sizes[i])
				sprintf(expected, "f%d", i);
		}
		assert_string_equal(name ? name : "", expected);
	}
	for (size_t i = 1; i < map.n_ranges; i++)
		assert_true(map.ranges[i - 1].end <= map.ranges[i].start);
	perf_map_deinit(&map);
}

struct folder {
	char path[64];
	char map_path[128];
};

static struct folder folder_create(void)
{
	struct folder folder = { .path = "/tmp/perf-map-test-XXXXXX" };

	assert_non_null(mkdtemp(folder.path));
	snprintf(folder.map_path, sizeof(folder.map_path), "%s/perf-1.map", folder.path);
	return folder;
}

static void folder_remove(const struct folder *folder)
{
	unlink(folder->map_path);
	rmdir(folder->path);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_file_of_its_user_is_believed(void **state)
{
	struct folder folder = folder_create();
	struct perf_map map;

	write_file(folder.map_path, "1000 10 function\n");
	assert_null(perf_map_read_file(folder.map_path, geteuid(), &map));
	assert_string_equal(name_at(&map, 0x1000), "function");
	perf_map_deinit(&map);
	folder_remove(&folder);
}

static void expect_failure(const char *path, enum error_code code)
{
	struct perf_map map;
	_cleanup_error_ struct error *error = perf_map_read_file(path, geteuid(), &map);

	assert_non_null(error);
	assert_int_equal(error->code, code);
}

static void test_links_and_fifos_are_not_believed(void **state)
{
	struct folder folder = folder_create();
	_cleanup_free_ char *target = memory_format_text("%s/target", folder.path);

	expect_failure(folder.map_path, ERROR_NOT_FOUND);
	write_file(target, "1000 10 function\n");
	assert_int_equal(symlink(target, folder.map_path), 0);
	expect_failure(folder.map_path, ERROR_PERMISSION);
	unlink(folder.map_path);
	unlink(target);
	assert_int_equal(mkfifo(folder.map_path, 0600), 0);
	expect_failure(folder.map_path, ERROR_PERMISSION);
	unlink(folder.map_path);
	assert_int_equal(mkdir(folder.map_path, 0700), 0);
	expect_failure(folder.map_path, ERROR_PERMISSION);
	rmdir(folder.map_path);
	folder_remove(&folder);
}

static void test_own_process(void **state)
{
	_cleanup_free_ char *path = memory_format_text("/tmp/perf-%d.map", getpid());
	struct perf_map map;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "1000 10 ours\n", 13), 13);
	close(fd);
	assert_null(perf_map_read((uint32_t)getpid(), &map));
	assert_string_equal(name_at(&map, 0x1008), "ours");
	perf_map_deinit(&map);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bad_lines_are_counted),
		cmocka_unit_test(test_later_lines_win),
		cmocka_unit_test(test_random_overlaps),
		cmocka_unit_test(test_file_of_its_user_is_believed),
		cmocka_unit_test(test_links_and_fifos_are_not_believed),
		cmocka_unit_test(test_own_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
