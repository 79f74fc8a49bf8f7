#include "symbols/kernel_identity_internal.h"

#include "symbols/kallsyms_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static char *write_text(const char *text)
{
	char *path = memory_duplicate_text("/tmp/kernel_identity.XXXXXX");
	int descriptor = mkstemp(path);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
	close(descriptor);
	return path;
}

static char *identity_of(const char *boot_id, const char *modules)
{
	_cleanup_free_ char *boot_id_path = write_text(boot_id),
			    *modules_path = write_text(modules);
	char *identity = kernel_identity(boot_id_path, modules_path);

	unlink(boot_id_path);
	unlink(modules_path);
	return identity;
}

#define BOOT_ID "f3506f69-3059-4be1-9ba0-cf05508e9872\n"
#define MODULES                                                                                    \
	"ext4 983040 1 - Live 0xffffffffc0a00000\n"                                                \
	"jbd2 167936 1 ext4, Live 0xffffffffc09d0000\n"

static void test_what_it_depends_on(void **state)
{
	_cleanup_free_ char *identity = identity_of(BOOT_ID, MODULES);
	_cleanup_free_ char *other_boot =
		identity_of("03506f69-3059-4be1-9ba0-cf05508e9872\n", MODULES);
	_cleanup_free_ char *fewer =
		identity_of(BOOT_ID, "ext4 983040 1 - Live 0xffffffffc0a00000\n");
	_cleanup_free_ char *elsewhere =
		identity_of(BOOT_ID, "ext4 983040 1 - Live 0xffffffffc0b00000\n"
				     "jbd2 167936 1 ext4, Live 0xffffffffc09d0000\n");
	_cleanup_free_ char *more_users =
		identity_of(BOOT_ID, "ext4 983040 2 - Live 0xffffffffc0a00000\n"
				     "jbd2 167936 7 ext4, Live 0xffffffffc09d0000\n");

	assert_non_null(strstr(identity, "f3506f69-3059-4be1-9ba0-cf05508e9872"));
	assert_string_not_equal(identity, other_boot);
	assert_string_not_equal(identity, fewer);
	assert_string_not_equal(identity, elsewhere);
	assert_string_equal(identity, more_users);
}

static void test_unknown(void **state)
{
	_cleanup_free_ char *path = write_text(BOOT_ID);
	_cleanup_free_ char *without_modules = kernel_identity(path, "/no/such/file");

	/* A kernel that can load none has no list of them. */
	assert_non_null(without_modules);
	assert_null(kernel_identity("/no/such/file", path));
	unlink(path);
	assert_null(identity_of("", MODULES));
	assert_null(identity_of("\n", MODULES));
}

static void expect(const struct symbol_table *table, uint64_t address, const char *name)
{
	size_t hint = 0;
	const struct symbol_entry *entry = symbol_table_find(table, address, &hint);

	assert_int_equal(entry != NULL, name != NULL);
	if (name)
		assert_string_equal(symbol_table_name(table, entry), name);
}

static void test_only_what_lasts_is_kept(void **state)
{
	static const char text[] = "ffffffff81000000 T _stext\n"
				   "ffffffff81000040 t last_of_kernel\n"
				   "ffffffffc0001000 t ext4_open\t[ext4]\n"
				   "ffffffffc0001800 t ext4_last\t[ext4]\n"
				   "ffffffffc0005000 t bpf_prog_1234_main\t[bpf]\n"
				   "ffffffffc0006000 t ftrace_trampoline\t[__builtin__ftrace]\n"
				   "ffffffffc0007000 t kprobe_insn\t[__builtin__kprobes]\n"
				   "ffffffffc0008000 t btrfs_open\t[btrfs]\n";
	struct symbol_table table;

	assert_null(kallsyms_parse(memory_duplicate_text(text), strlen(text), &table));
	kernel_table_keep_lasting(&table);
	expect(&table, 0xffffffff8100003f, "_stext");
	expect(&table, 0xffffffff81000fff, "last_of_kernel");
	expect(&table, 0xffffffff81001000, NULL);
	expect(&table, 0xffffffffc00017ff, "ext4_open [ext4]");
	expect(&table, 0xffffffffc0001fff, "ext4_last [ext4]");
	expect(&table, 0xffffffffc0002000, NULL);
	expect(&table, 0xffffffffc0005000, NULL);
	expect(&table, 0xffffffffc0006000, NULL);
	expect(&table, 0xffffffffc0007000, NULL);
	expect(&table, 0xffffffffc0008000, "btrfs_open [btrfs]");
	symbol_table_deinit(&table);
}

static void test_hidden_addresses_show_early(void **state)
{
	struct byte_vector text = { 0 };
	static const char hidden[] = "0000000000000000 t some_function_of_the_kernel\n";
	static const char visible[] = "ffffffff81000000 t another\n";
	_cleanup_free_ char *path = NULL, *visible_path = NULL;
	_cleanup_error_ struct error *error = NULL;

	for (unsigned int i = 0; i < 3000; i++)
		byte_vector_append_bytes(&text, hidden, strlen(hidden));
	byte_vector_append(&text, 0);
	path = write_text((const char *)text.items);
	error = kallsyms_check_hidden(path);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_PERMISSION);
	assert_non_null(error->hint);
	unlink(path);

	memcpy(text.items + 100 * strlen(hidden), visible, strlen(visible));
	visible_path = write_text((const char *)text.items);
	assert_null(kallsyms_check_hidden(visible_path));
	unlink(visible_path);
	assert_null(kallsyms_check_hidden("/no/such/file"));
	byte_vector_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_it_depends_on),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_only_what_lasts_is_kept),
		cmocka_unit_test(test_hidden_addresses_show_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
