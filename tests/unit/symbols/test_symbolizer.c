#include "symbols/symbolizer.h"

#include "elf_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CODE_ADDRESS 0x1000

/** The readable name of a function that the file calls @p linkage_name. */
static char *readable_name_of(const char *linkage_name, bool is_mangled)
{
	static const uint8_t code[64];
	const struct symbolizer_options options = { .is_mangled = is_mangled };
	char path[] = "/tmp/perf-profile-test-XXXXXX";
	const uint64_t address = CODE_ADDRESS + 4;
	struct object_identity identity = { .path = path };
	struct object_registry *registry = object_registry_create(NULL);
	struct symbolizer *symbolizer = symbolizer_create(&options);
	struct elf_builder builder;
	struct symbol_result result;
	struct object *object;
	char *name;

	close(mkstemp(path));
	elf_builder_init(&builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_code(&builder, ".text", CODE_ADDRESS,
			     (struct bytes){ .data = code, .size = sizeof(code) });
	elf_builder_add_symbol(&builder, linkage_name, CODE_ADDRESS, sizeof(code), STT_FUNC);
	elf_builder_write(&builder, path);
	object = object_registry_find(registry, &identity);
	object_open(object, NULL);
	symbolizer_resolve(symbolizer, object, &address, 1, &result);
	assert_int_equal(result.status, SYMBOL_FOUND);
	assert_int_equal(result.symbol_elf_address, CODE_ADDRESS);
	assert_string_equal(result.frames[0].linkage_name, linkage_name);
	name = memory_duplicate_text(result.frames[0].name);

	symbolizer_destroy(symbolizer);
	object_registry_destroy(registry);
	elf_builder_deinit(&builder);
	unlink(path);
	return name;
}

static void test_readable_names(void **state)
{
	static const struct {
		const char *linkage_name, *name;
	} cases[] = {
		{ "main", "main" },
		{ "write@@GLIBC_2.2.5", "write" },
		{ "memcpy@GLIBC_2.14", "memcpy" },
		{ "memcpy@plt", "memcpy@plt" },
		{ "@odd", "@odd" },
		{ "_ZN3foo3barEv", "foo::bar" },
		{ "_ZNSt6thread4joinEv@@GLIBCXX_3.4.11", "std::thread::join" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *name = readable_name_of(cases[i].linkage_name, false);
		_cleanup_free_ char *mangled = readable_name_of(cases[i].linkage_name, true);

		assert_string_equal(name, cases[i].name);
		assert_string_equal(mangled, cases[i].linkage_name);
	}
}

/** What is told of a file with an honest function and a symbol like this. */
static char *problem_with(const char *name, uint64_t address, uint64_t size_bytes)
{
	static const uint8_t code[64];
	char path[] = "/tmp/perf-profile-test-XXXXXX";
	const uint64_t addresses[] = { CODE_ADDRESS + 4, CODE_ADDRESS + 20 };
	struct object_registry *registry = object_registry_create(NULL);
	struct symbolizer *symbolizer = symbolizer_create(&(struct symbolizer_options){ 0 });
	struct elf_builder builder;
	struct symbol_result results[2];
	struct object *object;
	const char *problem;
	char *copy;

	close(mkstemp(path));
	elf_builder_init(&builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_code(&builder, ".text", CODE_ADDRESS,
			     (struct bytes){ .data = code, .size = sizeof(code) });
	elf_builder_add_symbol(&builder, "honest", CODE_ADDRESS, 16, STT_FUNC);
	elf_builder_add_symbol(&builder, name, address, size_bytes, STT_FUNC);
	elf_builder_write(&builder, path);
	object = object_registry_find(registry, &(struct object_identity){ .path = path });
	symbolizer_resolve(symbolizer, object, addresses, 2, results);
	assert_int_equal(results[0].status, SYMBOL_FOUND);
	assert_string_equal(results[0].frames[0].name, "honest");
	problem = symbolizer_object_problem(symbolizer, object);
	copy = problem ? memory_duplicate_text(problem) : NULL;
	symbolizer_destroy(symbolizer);
	object_registry_destroy(registry);
	elf_builder_deinit(&builder);
	unlink(path);
	return copy;
}

static void test_damaged_entries_are_told(void **state)
{
	static const struct {
		uint64_t address, size_bytes;
		bool is_damaged;
	} cases[] = {
		{ CODE_ADDRESS + 16, 48, false },
		{ CODE_ADDRESS + 64, 0, false }, /* a mark at the end */
		{ CODE_ADDRESS + 16, 49, true },
		{ CODE_ADDRESS + 16, UINT64_MAX, true },
		{ CODE_ADDRESS - 1, 1, true },
		{ UINT64_MAX, 1, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *problem =
			problem_with("other", cases[i].address, cases[i].size_bytes);

		assert_int_equal(problem != NULL, cases[i].is_damaged);
		if (problem)
			assert_non_null(strstr(problem, "1 of 3 entries of .symtab"));
	}
}

static void test_names_that_are_no_text_are_told(void **state)
{
	_cleanup_free_ char *odd = problem_with("f\x01\xff", CODE_ADDRESS + 16, 16);
	_cleanup_free_ char *fine = problem_with("caf\xc3\xa9", CODE_ADDRESS + 16, 16);

	assert_non_null(strstr(odd, "are not text"));
	assert_null(fine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readable_names),
		cmocka_unit_test(test_damaged_entries_are_told),
		cmocka_unit_test(test_names_that_are_no_text_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
