#include "analyze/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <cmocka.h>

static const struct build_id some_build_id = { .bytes = { 1, 2, 3, 4 }, .size_bytes = 4 };
static const struct build_id other_build_id = { .bytes = { 9, 2, 3, 4 }, .size_bytes = 4 };

static void open_own_program(struct object_registry *registry, enum object_state expected)
{
	static const struct build_id none;
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct object_identity identity = { .path = path, .build_id = none };
	struct object *object;

	assert_true(length > 0);
	path[length] = '\0';
	object = object_registry_find(registry, &identity);
	object_open(object, &(struct object_mapping){ .pid = (uint32_t)getpid() });
	assert_int_equal(object->state, expected);
}

static void check_trust(const struct record_origin *facts, bool is_trusting,
			enum object_state expected)
{
	struct object_registry *registry = object_registry_create(NULL);
	struct origin origin;

	origin_init(&origin, facts, registry, is_trusting);
	open_own_program(registry, expected);
	origin_deinit(&origin);
	object_registry_destroy(registry);
}

/** Without a build id a file of this machine is taken for that of a recording made here only. */
static void test_files_of_another_machine(void **state)
{
	struct utsname here;
	struct record_origin facts = { .hostname = "surely-not-this-machine" };

	uname(&here);
	check_trust(&facts, false, OBJECT_REPLACED);
	check_trust(&facts, true, OBJECT_OPEN);
	facts.hostname = here.nodename;
	check_trust(&facts, false, OBJECT_OPEN);
	facts.hostname = NULL;
	check_trust(&facts, false, OBJECT_REPLACED);
	facts.is_unfinished = true;
	check_trust(&facts, false, OBJECT_OPEN);
}

static void test_build_ids_complete_mappings(void **state)
{
	struct build_id_record known = { .build_id = some_build_id, .path = "/lib/a.so" };
	struct record_origin facts = { .build_ids = &known, .n_build_ids = 1 };
	struct record late = { .type = RECORD_TYPE_HEADER_BUILD_ID,
			       .build_id = { .build_id = other_build_id, .path = "/lib/b.so" } };
	struct mapping_record a = { .path = "/lib/a.so" }, b = { .path = "/lib/b.so" };
	struct mapping_record own = { .path = "/lib/a.so", .build_id = other_build_id };
	struct object_registry *registry = object_registry_create(NULL);
	struct origin origin;

	origin_init(&origin, &facts, registry, false);
	origin_complete_mapping(&origin, &a);
	assert_true(build_id_equal(&a.build_id, &some_build_id));
	origin_complete_mapping(&origin, &b);
	assert_int_equal(b.build_id.size_bytes, 0);
	origin_apply(&origin, &late); /* in pipe mode they come as records */
	origin_complete_mapping(&origin, &b);
	assert_true(build_id_equal(&b.build_id, &other_build_id));
	origin_complete_mapping(&origin, &own);
	assert_true(build_id_equal(&own.build_id, &other_build_id));
	origin_deinit(&origin);
	object_registry_destroy(registry);
}

static void test_another_kernel_names_nothing(void **state)
{
	struct build_id_record known = { .build_id = some_build_id, .path = "[kernel.kallsyms]" };
	struct record_origin facts = { .build_ids = &known, .n_build_ids = 1 };
	struct record mapping = { .type = PERF_RECORD_MMAP,
				  .pid = UINT32_MAX,
				  .mapping = { .start = UINT64_C(0xffffffff81000000),
					       .size_bytes = 0x1000000,
					       .file_offset = UINT64_C(0xffffffff81000000),
					       .path = "[kernel.kallsyms]_text" } };
	struct object_registry *registry = object_registry_create(NULL);
	uint64_t address = UINT64_C(0xffffffff81000010);
	struct object *object = NULL;
	struct origin origin;

	origin_init(&origin, &facts, registry, true);
	origin_apply(&origin, &mapping);
	assert_true(origin_kernel_address(&origin, registry, address, &object) == address);
	assert_ptr_equal(object, object_registry_kernel(registry));
	assert_int_equal(object->state, OBJECT_REPLACED);
	assert_true(build_id_equal(&object->build_id, &some_build_id));
	origin_deinit(&origin);
	object_registry_destroy(registry);
}

static void test_native(void **state)
{
	struct record_origin facts = { 0 };

	assert_true(origin_is_native(&facts));
	facts.architecture = "m68k";
	assert_false(origin_is_native(&facts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_of_another_machine),
		cmocka_unit_test(test_build_ids_complete_mappings),
		cmocka_unit_test(test_another_kernel_names_nothing),
		cmocka_unit_test(test_native),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
