#include "arch/architecture.h"
#include "elf_builder.h"
#include "object/object.h"
#include "temporary_folder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BUILD_ID       "00112233445566778899aabbccddeeff01234567"
#define OTHER_BUILD_ID "ff112233445566778899aabbccddeeff01234567"
#define CODE           "pretend that this is code"

static void write_program(const char *path, const char *build_id)
{
	struct elf_builder builder;

	elf_builder_init(&builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	builder.entry_elf_address = 0x401040;
	elf_builder_add_code(&builder, ".text", 0x401040, bytes_of_text(CODE));
	if (build_id)
		elf_builder_add_build_id(&builder, build_id);
	elf_builder_write(&builder, path);
	elf_builder_deinit(&builder);
}

static struct object *find(struct object_registry *registry, const char *path, const char *build_id)
{
	struct object_identity identity = { .path = path };

	if (build_id)
		identity.build_id = elf_builder_build_id(build_id);
	return object_registry_find(registry, &identity);
}

static void test_open_file(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *path = temporary_path(state, "program");
	char build_id[BUILD_ID_TEXT_SIZE_BYTES];
	struct object *object;

	write_program(path, BUILD_ID);
	object = find(registry, path, NULL);
	assert_int_equal(object->kind, OBJECT_FILE);
	assert_int_equal(object->state, OBJECT_UNOPENED);
	object_open(object, NULL);
	assert_int_equal(object->state, OBJECT_OPEN);
	assert_null(object->problem);
	build_id_format(&object->build_id, build_id);
	assert_string_equal(build_id, BUILD_ID);
	assert_int_equal(object->mapped_build_id.size_bytes, 0);
	assert_int_equal(object->entry_elf_address, 0x401040);
	assert_ptr_equal(object->architecture, architecture_find(EM_X86_64));
	assert_int_equal(elf_kind(object->elf), ELF_K_ELF);
	object_registry_destroy(registry);
}

/** /proc says the inode, the kernel's records the build id. */
static void test_build_id_found_on_opening_is_an_identity(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *path = temporary_path(state, "program");
	struct object_identity by_inode = { .path = path, .inode = 12 };
	struct object *object = object_registry_find(registry, &by_inode);

	write_program(path, BUILD_ID);
	object_open(object, NULL);
	assert_ptr_equal(find(registry, path, BUILD_ID), object);
	assert_ptr_equal(object_registry_find(registry, &by_inode), object);
	assert_ptr_not_equal(find(registry, path, OTHER_BUILD_ID), object);
	object_registry_destroy(registry);
}

static char *fingerprint_of(const char *path)
{
	struct object_registry *registry = object_registry_create(NULL);
	struct object *object = find(registry, path, NULL);
	char *fingerprint;

	assert_null(object_fingerprint(object));
	object_open(object, NULL);
	fingerprint = object_fingerprint(object);
	object_registry_destroy(registry);
	assert_non_null(fingerprint);
	return fingerprint;
}

static void test_fingerprint_without_build_id(void **state)
{
	static const struct timespec times[] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	_cleanup_free_ char *path = temporary_path(state, "program");
	_cleanup_free_ char *before = NULL, *again = NULL, *changed = NULL, *with_build_id = NULL;

	write_program(path, NULL);
	before = fingerprint_of(path);
	again = fingerprint_of(path);
	assert_string_equal(before, again);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	changed = fingerprint_of(path);
	assert_string_not_equal(before, changed);
	write_program(path, BUILD_ID);
	with_build_id = fingerprint_of(path);
	assert_non_null(strstr(with_build_id, BUILD_ID));
}

static void test_unknown_cpu(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *path = temporary_path(state, "program");
	struct elf_builder builder;
	struct object *object;

	elf_builder_init(&builder, ELFCLASS32, ELFDATA2MSB, EM_M32);
	elf_builder_add_code(&builder, ".text", 0x1000, bytes_of_text(CODE));
	elf_builder_write(&builder, path);
	elf_builder_deinit(&builder);
	object = find(registry, path, NULL);
	object_open(object, NULL);
	assert_int_equal(object->state, OBJECT_OPEN);
	assert_null(object->architecture);
	assert_memory_equal(object_bytes_at(object, 0x1000).data, CODE, strlen(CODE));
	object_registry_destroy(registry);
}

static void test_build_id_checked(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *path = temporary_path(state, "program");
	struct object *same, *replaced, *without;

	write_program(path, BUILD_ID);
	same = find(registry, path, BUILD_ID);
	replaced = find(registry, path, OTHER_BUILD_ID);
	assert_ptr_not_equal(same, replaced);
	object_open(same, NULL);
	assert_int_equal(same->state, OBJECT_OPEN);
	object_open(replaced, NULL);
	assert_int_equal(replaced->state, OBJECT_REPLACED);
	assert_non_null(strstr(replaced->problem, OTHER_BUILD_ID));
	assert_non_null(strstr(replaced->problem, " " BUILD_ID));
	assert_null(replaced->elf);
	assert_int_equal(replaced->segments.count, 0);

	write_program(path, NULL);
	without = find(registry, path, "abcd");
	object_open(without, NULL);
	assert_int_equal(without->state, OBJECT_REPLACED);
	assert_non_null(strstr(without->problem, "has none"));
	object_registry_destroy(registry);
}

static void test_opened_once(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *path = temporary_path(state, "program");
	struct object *object = find(registry, path, NULL);

	object_open(object, NULL);
	assert_int_equal(object->state, OBJECT_MISSING);
	assert_non_null(strstr(object->problem, "No such file"));
	write_program(path, BUILD_ID);
	object_open(object, NULL);
	assert_int_equal(object->state, OBJECT_MISSING);
	object_registry_destroy(registry);
}

static void test_unusable_files(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *text = temporary_path(state, "text");
	_cleanup_free_ char *empty = temporary_path(state, "empty");
	_cleanup_free_ char *fifo = temporary_path(state, "fifo");
	_cleanup_free_ char *folder = temporary_path(state, "folder/");
	_cleanup_free_ char *below_file = memory_format_text("%s/x", text);

	const struct {
		const char *path;
		enum object_state state;
		const char *problem;
	} cases[] = {
		{ text, OBJECT_BROKEN, "not an ELF file" },
		{ empty, OBJECT_BROKEN, "empty" },
		{ fifo, OBJECT_BROKEN, "not a regular file" },
		{ folder, OBJECT_BROKEN, "not a regular file" },
		{ below_file, OBJECT_MISSING, "Not a directory" },
	};

	elf_builder_write_bytes(bytes_of_text("#!/bin/sh\n"), text);
	elf_builder_write_bytes(bytes_of_text(""), empty);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct object *object = find(registry, cases[i].path, NULL);

		object_open(object, NULL);
		assert_int_equal(object->state, cases[i].state);
		assert_non_null(strstr(object->problem, cases[i].problem));
	}
	object_registry_destroy(registry);
}

static void test_denied(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *path = temporary_path(state, "program");
	struct object *object = find(registry, path, NULL);
	uid_t user = geteuid();

	write_program(path, BUILD_ID);
	assert_int_equal(chmod(path, 0), 0);
	/* Nothing is denied to root; any other user does for the moment. */
	if (!user)
		assert_int_equal(seteuid(65534), 0);
	object_open(object, NULL);
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(object->state, OBJECT_DENIED);
	assert_non_null(strstr(object->problem, "Permission denied"));
	object_registry_destroy(registry);
}

static void test_deleted_file(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *path = temporary_path(state, "program");
	_cleanup_free_ char *deleted = memory_format_text("%s (deleted)", path);
	struct object *gone = find(registry, deleted, NULL);
	struct object *other, *same;

	object_open(gone, NULL);
	assert_int_equal(gone->state, OBJECT_MISSING);
	assert_string_equal(gone->path, deleted);

	/* Another file under the name: only a build id can tell that it is the same program. */
	write_program(path, BUILD_ID);
	same = find(registry, deleted, BUILD_ID);
	object_open(same, NULL);
	assert_int_equal(same->state, OBJECT_OPEN);
	object_registry_destroy(registry);

	registry = object_registry_create(NULL);
	other = find(registry, deleted, NULL);
	object_open(other, NULL);
	assert_int_equal(other->state, OBJECT_REPLACED);
	assert_non_null(strstr(other->problem, "deleted"));
	object_registry_destroy(registry);
}

static void test_through_the_process(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *path = temporary_path(state, "program");
	uint32_t pid = (uint32_t)getpid();
	struct object *object;

	write_program(path, BUILD_ID);
	object = find(registry, path, BUILD_ID);
	/* A range that is not mapped: the process's root is next. */
	object_open(object, &(struct object_mapping){ .pid = pid, .start = 0x1000, .end = 0x2000 });
	assert_int_equal(object->state, OBJECT_OPEN);
	object_registry_destroy(registry);

	/* A process that has ended: the path itself is last. */
	registry = object_registry_create(NULL);
	object = find(registry, path, BUILD_ID);
	object_open(object,
		    &(struct object_mapping){ .pid = 1U << 30, .start = 0x1000, .end = 0x2000 });
	assert_int_equal(object->state, OBJECT_OPEN);
	object_registry_destroy(registry);
}

static bool access_by_opening(const char *path)
{
	FILE *file = fopen(path, "re");

	if (file)
		fclose(file);
	return file != NULL;
}

/**
 * Map @p path, run object_open() on the mapping, unmap.
 *
 * @return whether map_files can be opened: it needs a capability, and without
 *         it the result must be as if it were not there.
 */
static bool open_mapped(struct object *object, const char *path, bool is_deleted_then)
{
	FILE *file = fopen(path, "re");
	void *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fileno(file), 0);
	uint64_t start = (uint64_t)memory;
	_cleanup_free_ char *place = memory_format_text("/proc/self/map_files/%" PRIx64 "-%" PRIx64,
							start, start + 4096);
	bool can_open_map_files;

	assert_ptr_not_equal(memory, MAP_FAILED);
	fclose(file);
	if (is_deleted_then)
		unlink(path);
	can_open_map_files = access_by_opening(place);
	object_open(object, &(struct object_mapping){ .pid = (uint32_t)getpid(),
						      .start = start,
						      .end = start + 4096 });
	munmap(memory, 4096);
	return can_open_map_files;
}

static void test_deleted_file_that_is_still_mapped(void **state)
{
	static const char *const build_ids[] = { BUILD_ID, NULL };

	for (size_t i = 0; i < ARRAY_SIZE(build_ids); i++) {
		struct object_registry *registry = object_registry_create(NULL);
		_cleanup_free_ char *path = temporary_path(state, "program");
		_cleanup_free_ char *deleted = memory_format_text("%s (deleted)", path);
		struct object *object = find(registry, deleted, build_ids[i]);

		write_program(path, BUILD_ID);
		if (open_mapped(object, path, true))
			assert_int_equal(object->state, OBJECT_OPEN);
		else
			assert_int_equal(object->state, OBJECT_MISSING);
		object_registry_destroy(registry);
	}
}

static void test_range_that_holds_another_file_now(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *path = temporary_path(state, "program");
	_cleanup_free_ char *other_path = temporary_path(state, "other");
	struct object *object = find(registry, path, NULL);
	char build_id[BUILD_ID_TEXT_SIZE_BYTES];

	write_program(path, BUILD_ID);
	write_program(other_path, OTHER_BUILD_ID);
	open_mapped(object, other_path, false);
	assert_int_equal(object->state, OBJECT_OPEN);
	build_id_format(&object->build_id, build_id);
	assert_string_equal(build_id, BUILD_ID);
	object_registry_destroy(registry);
}

static void test_symfs(void **state)
{
	_cleanup_free_ char *path =
		temporary_path(state, "root/usr/bin/program-of-another-machine");
	_cleanup_free_ char *root = temporary_path(state, "root");
	struct object_registry *registry = object_registry_create(root);
	struct object *object, *shell;

	write_program(path, BUILD_ID);
	object = find(registry, "/usr/bin/program-of-another-machine", BUILD_ID);
	object_open(object, &(struct object_mapping){ .pid = (uint32_t)getpid() });
	assert_int_equal(object->state, OBJECT_OPEN);
	shell = find(registry, "/bin/sh", NULL);
	object_open(shell, &(struct object_mapping){ .pid = (uint32_t)getpid() });
	assert_int_equal(shell->state, OBJECT_MISSING);
	object_registry_destroy(registry);
}

static void test_address_conversion(void **state)
{
	struct object_segment segments[] = {
		{ .file_offset = 0, .file_size_bytes = 0x1800, .elf_address = 0x400000 },
		{ .file_offset = 0x1000,
		  .file_size_bytes = 0x1000,
		  .elf_address = 0x501000,
		  .is_executable = true },
		{ .file_offset = 0x2000,
		  .file_size_bytes = 0x100,
		  .elf_address = 0x602000,
		  .memory_size_bytes = 0x1000 },
	};
	uint8_t *content = memory_allocate(0x2100, 1);
	struct object object = {
		.state = OBJECT_OPEN,
		.segments = { .items = segments, .count = 3 },
		.image = { content, 0x2100 },
	};
	uint64_t elf_address = 77;
	struct bytes bytes;

	assert_true(object_elf_address_of_offset(&object, 0xfff, &elf_address));
	assert_int_equal(elf_address, 0x400fff);
	/* In two segments: the executable one. */
	assert_true(object_elf_address_of_offset(&object, 0x1000, &elf_address));
	assert_int_equal(elf_address, 0x501000);
	assert_true(object_elf_address_of_offset(&object, 0x20ff, &elf_address));
	assert_int_equal(elf_address, 0x6020ff);
	elf_address = 77;
	assert_false(object_elf_address_of_offset(&object, 0x2100, &elf_address));
	assert_false(object_elf_address_of_offset(&object, UINT64_MAX, &elf_address));
	assert_int_equal(elf_address, 77);

	bytes = object_bytes_at(&object, 0x501ffe);
	assert_ptr_equal(bytes.data, content + 0x1ffe);
	assert_int_equal(bytes.size, 2);
	assert_int_equal(object_bytes_at(&object, 0x602100).size, 0);
	assert_int_equal(object_bytes_at(&object, 0x3fffff).size, 0);
	assert_int_equal(object_bytes_at(&object, 0x602000).size, 0x100);
	free(content);
}

static void test_vdso(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	struct object *object = find(registry, "[vdso]", NULL);
	struct object *foreign = find(registry, "[vdso]", BUILD_ID);
	uint64_t elf_address;
	struct bytes names;

	assert_int_equal(object->kind, OBJECT_VDSO);
	object_open(object, NULL);
	assert_int_equal(object->state, OBJECT_OPEN);
	assert_ptr_equal(object->architecture, architecture_native());
	assert_memory_equal(object->image.data, (const void *)getauxval(AT_SYSINFO_EHDR), 64);
	names = object_section(object, ".dynstr", NULL);
	assert_non_null(memmem(names.data, names.size, "clock_gettime", 13));
	assert_true(object_section(object, ".eh_frame", NULL).size > 0);
	assert_true(object_elf_address_of_offset(object, 0x400, &elf_address));

	object_open(foreign, NULL);
	assert_int_equal(foreign->state, OBJECT_REPLACED);
	object_registry_destroy(registry);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *path;
		enum object_kind kind;
	} cases[] = {
		{ "/usr/lib/libc.so.6", OBJECT_FILE },
		{ "/home/a/[vdso]", OBJECT_FILE },
		{ "/memfd-file", OBJECT_FILE },
		{ "/dev/shm/x", OBJECT_FILE },
		{ "relative", OBJECT_FILE },
		{ "[vdso]", OBJECT_VDSO },
		{ "[kernel.kallsyms]", OBJECT_KERNEL },
		{ "[kernel.kallsyms]_text", OBJECT_KERNEL },
		{ "", OBJECT_ANONYMOUS },
		{ "//anon", OBJECT_ANONYMOUS },
		{ "[heap]", OBJECT_ANONYMOUS },
		{ "[stack]", OBJECT_ANONYMOUS },
		{ "[vsyscall]", OBJECT_ANONYMOUS },
		{ "[anon:v8]", OBJECT_ANONYMOUS },
		{ "[uprobes]", OBJECT_ANONYMOUS },
		{ "/memfd:jit (deleted)", OBJECT_ANONYMOUS },
		{ "/dev/zero (deleted)", OBJECT_ANONYMOUS },
		{ "/SYSV00000000 (deleted)", OBJECT_ANONYMOUS },
		{ "/anon_hugepage (deleted)", OBJECT_ANONYMOUS },
	};
	struct object_registry *registry = object_registry_create(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct object *object = find(registry, cases[i].path, NULL);

		if (object->kind != cases[i].kind)
			fail_msg("%s: kind %d", cases[i].path, object->kind);
		if (object->kind == OBJECT_FILE)
			continue;
		object_open(object, NULL);
		assert_int_equal(object->state, OBJECT_OPEN);
	}
	object_registry_destroy(registry);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, temporary_folder_set_up, temporary_folder_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_open_file),
		TEST(test_build_id_found_on_opening_is_an_identity),
		TEST(test_fingerprint_without_build_id),
		TEST(test_unknown_cpu),
		TEST(test_build_id_checked),
		TEST(test_opened_once),
		TEST(test_unusable_files),
		TEST(test_denied),
		TEST(test_deleted_file),
		TEST(test_through_the_process),
		TEST(test_deleted_file_that_is_still_mapped),
		TEST(test_range_that_holds_another_file_now),
		TEST(test_symfs),
		TEST(test_address_conversion),
		TEST(test_vdso),
		TEST(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
