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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readable_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
