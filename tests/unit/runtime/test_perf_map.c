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

/** @return how many lines were not understood. */
static size_t parse(const char *text, struct code_map *ret)
{
	struct code_map_builder builder = { 0 };
	size_t n_bad_lines = perf_map_parse(text, strlen(text), &builder);

	code_map_build(&builder, ret);
	return n_bad_lines;
}

/** The name at @p address, or NULL. */
static const char *name_at(const struct code_map *map, uint64_t address)
{
	for (size_t i = 0; i < map->ranges.count; i++) {
		if (address >= map->ranges.items[i].start && address < map->ranges.items[i].end)
			return (const char *)map->text.items + map->ranges.items[i].name_offset;
	}
	return NULL;
}

static void test_lines(void **state)
{
	struct code_map map;

	assert_int_equal(0, parse("7f0000001000 20 LazyCompile:*run /srv/app.js:12:3\n"
				  "0x7f0000001040 0x10 with 0x\n"
				  "7F0000001060 A upper case\n"
				  "7f0000001080 10 no newline at the end",
				  &map));
	assert_int_equal(map.ranges.count, 4);
	assert_string_equal(name_at(&map, 0x7f000000101f), "LazyCompile:*run /srv/app.js:12:3");
	assert_null(name_at(&map, 0x7f0000001020));
	assert_string_equal(name_at(&map, 0x7f0000001040), "with 0x");
	assert_string_equal(name_at(&map, 0x7f0000001069), "upper case");
	assert_string_equal(name_at(&map, 0x7f000000108f), "no newline at the end");
	code_map_deinit(&map);
}

static void test_bad_lines_are_counted(void **state)
{
	struct code_map map;

	assert_int_equal(8, parse("\n"
				  "zz 10 name\n"
				  "1000 zz name\n"
				  "1000 10\n"
				  "1000 10 \n"
				  "1000 0 empty\n"
				  "ffffffffffffffff 10 wraps\n"
				  "11112222333344445 10 too many digits\n"
				  "1000 10 good\n",
				  &map));
	assert_int_equal(map.ranges.count, 1);
	assert_string_equal(name_at(&map, 0x1000), "good");
	code_map_deinit(&map);
}

static void test_later_lines_win(void **state)
{
	struct code_map map;

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
	code_map_deinit(&map);
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
	struct code_map map;

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
	for (size_t i = 1; i < map.ranges.count; i++)
		assert_true(map.ranges.items[i - 1].end <= map.ranges.items[i].start);
	code_map_deinit(&map);
}

static void write_text(const char *path, const char *mode, const char *text)
{
	FILE *file = fopen(path, mode);

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/** What was at 0x1008 at that time. */
static const char *name_then(const struct code_map *map, uint64_t time_ns)
{
	struct code_version_vector versions = { 0 };
	uint64_t address = 0x1008;

	code_map_versions(map, address, &versions);
	for (size_t i = 0; i < versions.count; i++) {
		if (versions.items[i].start_ns <= time_ns)
			address = versions.items[i].address;
	}
	code_version_vector_deinit(&versions);
	return name_at(map, address);
}

static void test_map_that_is_written_on_anew_and_taken_away(void **state)
{
	char folder[] = "/tmp/perf-map-test-XXXXXX";
	_cleanup_free_ char *path = NULL;
	struct object_process process = { .own_pid = 7,
					  .root_path = (char *)"",
					  .temporary_path = mkdtemp(folder) };
	struct code_map_builder builder = { 0 };
	struct runtime_text seen = { 0 };
	struct error *error;
	struct code_map map;

	path = memory_format_text("%s/perf-7.map", folder);
	error = perf_map_watch(&process, &seen, 5);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);
	write_text(path, "w", "1000 10 first\n2000 10 stays\n1000 10 half a li");
	assert_null(perf_map_watch(&process, &seen, 10));
	assert_null(perf_map_watch(&process, &seen, 20));
	write_text(path, "a", "ne\n");
	assert_null(perf_map_watch(&process, &seen, 30));
	/* Longer than it was: only the text shows that it is another. */
	write_text(path, "w", "1000 8 small\n3000 10 more\n1000 10 third\n5000 10 longer\n");
	assert_null(perf_map_watch(&process, &seen, 40));
	write_text(path, "a", "1000 10 last");
	assert_null(perf_map_watch(&process, &seen, 50));
	assert_int_equal(seen.marks.count, 3);
	assert_null(perf_map_read(&process, &seen, &builder));
	code_map_builder_deinit(&builder);
	builder = (struct code_map_builder){ 0 };

	unlink(path);
	rmdir(folder);
	assert_null(perf_map_read(&process, &seen, &builder));
	code_map_build(&builder, &map);
	assert_string_equal(name_at(&map, 0x2000), "stays");
	assert_string_equal(name_at(&map, 0x5000), "longer");
	assert_string_equal(name_then(&map, 19), "first");
	assert_string_equal(name_then(&map, 20), "half a line");
	assert_string_equal(name_then(&map, 29), "half a line");
	assert_string_equal(name_then(&map, 30), "third");
	assert_string_equal(name_then(&map, 49), "third");
	assert_string_equal(name_then(&map, 50), "last");
	runtime_text_deinit(&seen);
	code_map_deinit(&map);
}

static void test_own_process(void **state)
{
	_cleanup_free_ char *path = memory_format_text("/tmp/perf-%d.map", getpid());
	struct object_process process = {
		.pid = (uint32_t)getpid(),
		.own_pid = (uint32_t)getpid(),
		.root_path = (char *)"",
		.temporary_path = (char *)"/tmp",
	};
	struct code_map_builder builder = { 0 };
	struct runtime_text seen = { 0 };
	struct code_map map;
	int fd;

	/* A runtime that had our pid before may have left one. */
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "1000 10 ours\n", 13), 13);
	close(fd);
	assert_null(perf_map_read(&process, &seen, &builder));
	runtime_text_deinit(&seen);
	code_map_build(&builder, &map);
	assert_string_equal(name_at(&map, 0x1008), "ours");
	code_map_deinit(&map);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bad_lines_are_counted),
		cmocka_unit_test(test_later_lines_win),
		cmocka_unit_test(test_random_overlaps),
		cmocka_unit_test(test_map_that_is_written_on_anew_and_taken_away),
		cmocka_unit_test(test_own_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
