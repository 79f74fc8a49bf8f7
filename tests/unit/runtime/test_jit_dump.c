#include "runtime/jit_dump.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/** A jitdump as writers make it, field by field. */
struct dump {
	struct byte_vector bytes;
	bool is_swapped;
	size_t record;    /**< Where the present record begins. */
	uint64_t time_ns; /**< Of the records to come. */
};

static void put_u32(struct dump *dump, uint32_t value)
{
	if (dump->is_swapped)
		value = __builtin_bswap32(value);
	byte_vector_append_bytes(&dump->bytes, &value, sizeof(value));
}

static void put_u64(struct dump *dump, uint64_t value)
{
	if (dump->is_swapped)
		value = __builtin_bswap64(value);
	byte_vector_append_bytes(&dump->bytes, &value, sizeof(value));
}

static void put_text(struct dump *dump, const char *text)
{
	byte_vector_append_bytes(&dump->bytes, text, strlen(text) + 1);
}

static void begin_record(struct dump *dump, uint32_t kind)
{
	dump->record = dump->bytes.count;
	put_u32(dump, kind);
	put_u32(dump, 0);
	put_u64(dump, dump->time_ns);
}

static void end_record(struct dump *dump)
{
	uint32_t size_bytes = (uint32_t)(dump->bytes.count - dump->record);

	if (dump->is_swapped)
		size_bytes = __builtin_bswap32(size_bytes);
	memcpy(dump->bytes.items + dump->record + 4, &size_bytes, sizeof(size_bytes));
}

/** @param flags  Of the header. */
static struct dump begin_dump_with(bool is_swapped, uint64_t flags)
{
	struct dump dump = { .is_swapped = is_swapped, .time_ns = 1 };

	put_u32(&dump, 0x4a695444);
	put_u32(&dump, 1);
	put_u32(&dump, 40);
	for (int i = 0; i < 3; i++)
		put_u32(&dump, 0);
	put_u64(&dump, 0);
	put_u64(&dump, flags);
	return dump;
}

static struct dump begin_dump(bool is_swapped)
{
	return begin_dump_with(is_swapped, 0);
}

static void put_load(struct dump *dump, uint64_t address, const char *name, size_t size_bytes)
{
	begin_record(dump, 0);
	put_u32(dump, 1);
	put_u32(dump, 1);
	put_u64(dump, address);
	put_u64(dump, address);
	put_u64(dump, size_bytes);
	put_u64(dump, 0);
	put_text(dump, name);
	for (size_t i = 0; i < size_bytes; i++)
		byte_vector_append(&dump->bytes, 0xcc);
	end_record(dump);
}

static void put_move(struct dump *dump, uint64_t from, uint64_t to, uint64_t size_bytes)
{
	begin_record(dump, 1);
	put_u32(dump, 1);
	put_u32(dump, 1);
	put_u64(dump, to);
	put_u64(dump, from);
	put_u64(dump, to);
	put_u64(dump, size_bytes);
	put_u64(dump, 0);
	end_record(dump);
}

/** Two lines, of one file, at the code's start and 8 bytes later, @p shift too far. */
static void put_lines(struct dump *dump, uint64_t address, uint64_t shift)
{
	begin_record(dump, 2);
	put_u64(dump, address);
	put_u64(dump, 2);
	put_u64(dump, address + shift);
	put_u32(dump, 10);
	put_u32(dump, 0);
	put_text(dump, "/srv/app.js");
	put_u64(dump, address + shift + 8);
	put_u32(dump, 20);
	put_u32(dump, 0);
	put_text(dump, "\xff");
	end_record(dump);
}

static void parse(struct dump *dump, struct code_map *ret)
{
	struct code_map_builder builder = { 0 };

	assert_null(
		jit_dump_parse((struct bytes){ dump->bytes.items, dump->bytes.count }, &builder));
	code_map_build(&builder, ret);
	byte_vector_deinit(&dump->bytes);
}

static const char *text_at(const struct code_map *map, uint32_t offset)
{
	return (const char *)map->text.items + offset;
}

/** The name at @p address, or NULL. */
static const char *name_at(const struct code_map *map, uint64_t address)
{
	for (size_t i = 0; i < map->ranges.count; i++) {
		if (address >= map->ranges.items[i].start && address < map->ranges.items[i].end)
			return text_at(map, map->ranges.items[i].name_offset);
	}
	return NULL;
}

/** The line at @p address; 0: none. */
static uint32_t line_at(const struct code_map *map, uint64_t address)
{
	uint32_t line = 0;

	for (size_t i = 0; i < map->places.count && map->places.items[i].address <= address; i++) {
		line = map->places.items[i].line;
		if (line)
			assert_string_equal(text_at(map, map->places.items[i].file_offset),
					    "/srv/app.js");
	}
	return line;
}

static void test_code_and_lines(void **state)
{
	for (int is_swapped = 0; is_swapped < 2; is_swapped++) {
		struct dump dump = begin_dump(is_swapped);
		struct code_map map;

		put_lines(&dump, 0x1000, 0);
		put_load(&dump, 0x1000, "run", 16);
		put_load(&dump, 0x2000, "without lines", 16);
		parse(&dump, &map);
		assert_string_equal(name_at(&map, 0x100f), "run");
		assert_null(name_at(&map, 0x1010));
		assert_string_equal(name_at(&map, 0x2000), "without lines");
		assert_int_equal(line_at(&map, 0x1000), 10);
		assert_int_equal(line_at(&map, 0x1007), 10);
		assert_int_equal(line_at(&map, 0x1008), 20);
		assert_int_equal(line_at(&map, 0x1010), 0);
		assert_int_equal(line_at(&map, 0x2000), 0);
		code_map_deinit(&map);
	}
}

/** As node 20 writes them: the first bytes of the path are those of the freed memory. */
static void test_places_in_what_is_no_path_are_left_out(void **state)
{
	struct dump dump = begin_dump(false);
	struct code_map map;

	begin_record(&dump, 2);
	put_u64(&dump, 0x1000);
	put_u64(&dump, 2);
	put_u64(&dump, 0x1000);
	put_u32(&dump, 10);
	put_u32(&dump, 0);
	put_text(&dump, "\x96@\x01");
	put_text(&dump, "\xce\xf2ID/app.js and what would be the next place");
	end_record(&dump);
	put_load(&dump, 0x1000, "run", 16);
	put_lines(&dump, 0x2000, 0);
	put_load(&dump, 0x2000, "whole", 16);
	parse(&dump, &map);
	assert_string_equal(name_at(&map, 0x1000), "run");
	assert_int_equal(line_at(&map, 0x1000), 0);
	assert_int_equal(line_at(&map, 0x2000), 10);
	code_map_deinit(&map);
}

static void test_places_that_count_an_elf_header(void **state)
{
	struct dump dump = begin_dump(false);
	struct code_map map;

	put_lines(&dump, 0x1000, 64);
	put_load(&dump, 0x1000, "run", 128);
	parse(&dump, &map);
	assert_int_equal(line_at(&map, 0x1000), 10);
	assert_int_equal(line_at(&map, 0x1008), 20);
	code_map_deinit(&map);
}

static void test_code_that_moves_and_is_replaced(void **state)
{
	struct dump dump = begin_dump(false);
	struct code_map map;

	put_lines(&dump, 0x1000, 0);
	put_load(&dump, 0x1000, "first", 16);
	put_move(&dump, 0x1000, 0x3000, 16);
	put_load(&dump, 0x1000, "second", 8);
	parse(&dump, &map);
	assert_string_equal(name_at(&map, 0x3008), "first");
	assert_string_equal(name_at(&map, 0x1004), "second");
	assert_string_equal(name_at(&map, 0x1009), "first");
	assert_int_equal(line_at(&map, 0x1004), 0);
	assert_int_equal(line_at(&map, 0x1009), 20);
	code_map_deinit(&map);
}

/** Where what was at @p address at @p time_ns is in the map. */
static uint64_t address_then(const struct code_map *map, uint64_t address, uint64_t time_ns)
{
	struct code_version_vector versions = { 0 };

	code_map_versions(map, address, &versions);
	for (size_t i = 0; i < versions.count; i++) {
		assert_true(i ? versions.items[i].start_ns > versions.items[i - 1].start_ns
			      : versions.items[i].start_ns == 0);
		if (versions.items[i].start_ns <= time_ns)
			address = versions.items[i].address;
	}
	code_version_vector_deinit(&versions);
	return address;
}

static void test_code_by_time(void **state)
{
	struct dump dump = begin_dump(false);
	struct code_map map;

	dump.time_ns = 100;
	put_lines(&dump, 0x1000, 0);
	put_load(&dump, 0x1000, "first", 16);
	put_load(&dump, 0x2000, "alone", 16);
	dump.time_ns = 200;
	put_load(&dump, 0x1000, "second", 8);
	dump.time_ns = 300;
	put_move(&dump, 0x1000, 0x3000, 8);
	put_load(&dump, 0x1000, "third", 16);
	dump.time_ns = 400;
	put_load(&dump, 0x3000, "third", 16);
	dump.time_ns = 500;
	put_load(&dump, 0x3000, "third", 16);
	parse(&dump, &map);
	assert_string_equal(name_at(&map, 0x1004), "third");
	assert_string_equal(name_at(&map, address_then(&map, 0x1004, 50)), "first");
	assert_string_equal(name_at(&map, address_then(&map, 0x1004, 199)), "first");
	assert_int_equal(line_at(&map, address_then(&map, 0x1004, 199)), 10);
	assert_int_equal(line_at(&map, address_then(&map, 0x1009, 250)), 20);
	assert_string_equal(name_at(&map, address_then(&map, 0x1004, 200)), "second");
	assert_int_equal(line_at(&map, address_then(&map, 0x1004, 200)), 0);
	assert_string_equal(name_at(&map, address_then(&map, 0x1009, 250)), "first");
	assert_string_equal(name_at(&map, address_then(&map, 0x1004, 300)), "third");
	assert_int_equal(address_then(&map, 0x1004, 300), 0x1004);
	assert_string_equal(name_at(&map, address_then(&map, 0x3004, 350)), "second");
	assert_int_equal(address_then(&map, 0x3004, 400), 0x3004);
	/* There is only one of it. */
	assert_int_equal(address_then(&map, 0x2000, 1), 0x2000);
	code_map_deinit(&map);
}

static void test_times_of_the_cpu_are_no_times(void **state)
{
	struct dump dump = begin_dump_with(false, 1);
	struct code_map map;

	dump.time_ns = 100;
	put_load(&dump, 0x1000, "first", 16);
	dump.time_ns = 200;
	put_load(&dump, 0x1000, "second", 8);
	parse(&dump, &map);
	assert_int_equal(address_then(&map, 0x1000, 100), 0x1000);
	assert_int_equal(map.pieces.count, 0);
	code_map_deinit(&map);
}

static void test_record_being_written(void **state)
{
	struct dump dump = begin_dump(false);
	struct code_map map;

	put_load(&dump, 0x1000, "whole", 16);
	put_load(&dump, 0x2000, "cut", 16);
	dump.bytes.count -= 5;
	parse(&dump, &map);
	assert_string_equal(name_at(&map, 0x1000), "whole");
	assert_null(name_at(&map, 0x2000));
	code_map_deinit(&map);
}

static void test_not_a_dump(void **state)
{
	struct code_map_builder builder = { 0 };
	_cleanup_error_ struct error *error = NULL;

	error = jit_dump_parse((struct bytes){ (const uint8_t *)"1000 10 a perf map\n", 19 },
			       &builder);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FORMAT);
	code_map_builder_deinit(&builder);
}

/** Whatever is damaged: an error or less of a map, never a fault (sanitizers look on). */
static void test_damaged_bytes(void **state)
{
	uint64_t random = 99;

	for (int round = 0; round < 2000; round++) {
		struct dump dump = begin_dump(false);
		struct code_map_builder builder = { 0 };
		struct code_map map;

		put_lines(&dump, 0x1000, 0);
		put_load(&dump, 0x1000, "run", 16);
		put_move(&dump, 0x1000, 0x3000, 16);
		for (int i = 0; i < 4; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			dump.bytes.items[(random >> 33) % dump.bytes.count] =
				(uint8_t)(random >> 20);
		}
		dump.bytes.count -= (random >> 40) % 20;
		error_destroy(jit_dump_parse((struct bytes){ dump.bytes.items, dump.bytes.count },
					     &builder));
		code_map_build(&builder, &map);
		code_map_deinit(&map);
		byte_vector_deinit(&dump.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code_and_lines),
		cmocka_unit_test(test_places_in_what_is_no_path_are_left_out),
		cmocka_unit_test(test_places_that_count_an_elf_header),
		cmocka_unit_test(test_code_that_moves_and_is_replaced),
		cmocka_unit_test(test_code_by_time),
		cmocka_unit_test(test_times_of_the_cpu_are_no_times),
		cmocka_unit_test(test_record_being_written),
		cmocka_unit_test(test_not_a_dump),
		cmocka_unit_test(test_damaged_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
