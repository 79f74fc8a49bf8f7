#include "object/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int set_up(void **state)
{
	*state = object_registry_create(NULL);
	return 0;
}

static int tear_down(void **state)
{
	object_registry_destroy(*state);
	return 0;
}

static void test_identity(void **state)
{
	const struct object_identity first = {
		.path = "/a",
		.device_major = 8,
		.device_minor = 1,
		.inode = 10,
		.inode_generation = 1,
	};
	struct object *object = object_registry_find(*state, &first);
	struct object_identity other;

	assert_ptr_equal(object_registry_find(*state, &first), object);
#define ASSERT_TELLS_APART(field, value)                                                           \
	other = first;                                                                             \
	other.field = value;                                                                       \
	assert_ptr_not_equal(object_registry_find(*state, &other), object)

	ASSERT_TELLS_APART(path, "/b");
	ASSERT_TELLS_APART(device_major, 9);
	ASSERT_TELLS_APART(device_minor, 0);
	ASSERT_TELLS_APART(inode, 11);
	ASSERT_TELLS_APART(inode_generation, 2);
#undef ASSERT_TELLS_APART
	assert_ptr_equal(object_registry_find(*state, &first), object);
	assert_int_equal(object_registry_objects(*state)->count, 6);
}

static void test_build_id_outweighs_inode(void **state)
{
	struct object_identity identity = {
		.path = "/a",
		.inode = 10,
		.build_id = { .bytes = { 1, 2, 3, 4 }, .size_bytes = 4 },
	};
	struct object *object = object_registry_find(*state, &identity);

	identity.inode = 20;
	assert_ptr_equal(object_registry_find(*state, &identity), object);
	assert_true(build_id_equal(&object->mapped_build_id, &identity.build_id));
	assert_true(build_id_equal(&object->build_id, &identity.build_id));
	identity.build_id.bytes[3] = 5;
	assert_ptr_not_equal(object_registry_find(*state, &identity), object);
	identity.build_id = (struct build_id){ .bytes = { 1, 2, 3 }, .size_bytes = 3 };
	assert_ptr_not_equal(object_registry_find(*state, &identity), object);
}

static void test_path_is_copied(void **state)
{
	char path[] = "/tmp/name";
	struct object_identity identity = { .path = path };
	struct object *object = object_registry_find(*state, &identity);

	strcpy(path, "/gone/gon");
	assert_string_equal(object->path, "/tmp/name");
	identity.path = "/tmp/name";
	assert_ptr_equal(object_registry_find(*state, &identity), object);
}

static void test_dense_indexes(void **state)
{
	const struct object_vector *objects = object_registry_objects(*state);
	struct object *perf_map;
	char path[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/lib/%d", i);
		object_registry_find(*state, &(struct object_identity){ .path = path });
	}
	perf_map = object_registry_memory(*state, 42, "//anon");
	assert_int_equal(objects->count, 1001);
	for (uint32_t i = 0; i < objects->count; i++)
		assert_int_equal(objects->items[i]->index, i);
	assert_string_equal(perf_map->path, "/tmp/perf-42.map");
	assert_int_equal(perf_map->kind, OBJECT_PERF_MAP);
	assert_ptr_equal(object_registry_memory(*state, 42, "//anon"), perf_map);
	assert_ptr_not_equal(object_registry_memory(*state, 43, "//anon"), perf_map);
}

static void check_label(void **state, const char *path, const char *label)
{
	struct object *memory = object_registry_memory(*state, 7, path);

	assert_int_equal(memory->kind, OBJECT_PERF_MAP);
	assert_string_equal(memory->label, label);
	assert_int_equal(memory->process->pid, 7);
}

/** Memory is called what it is, without what differs from run to run. */
static void test_labels_of_memory(void **state)
{
	struct object *nameless = object_registry_memory(*state, 7, "//anon");

	check_label(state, "//anon", "//anon");
	check_label(state, "/memfd:doublemapper (deleted)", "memfd:doublemapper");
	check_label(state, "[heap]", "[heap]");
	check_label(state, "[anon:v8]", "[anon:v8]");
	check_label(state, "/SYSV0000162e (deleted)", "[shared memory]");
	check_label(state, "anon_inode:[perf_event]", "anon_inode:[perf_event]");
	assert_ptr_equal(object_registry_memory(*state, 7, "/dev/zero (deleted)"), nameless);
	assert_ptr_equal(object_registry_memory(*state, 7, ""), nameless);
	assert_ptr_not_equal(object_registry_memory(*state, 8, "//anon"), nameless);
	assert_ptr_equal(object_registry_memory(*state, 7, "[heap]")->process, nameless->process);
}

static void test_dump_that_is_mapped(void **state)
{
	struct object *memory = object_registry_memory(*state, 7, "//anon");

	object_registry_note_mapping(*state, 7, "/srv/jit-7.dump.old");
	object_registry_note_mapping(*state, 7, "/srv/jit-x.dump");
	object_registry_note_mapping(*state, 7, "/srv/lib.so");
	object_registry_note_mapping(*state, 8, "/srv/jit-8.dump");
	assert_null(memory->process->dump_path);
	/* The number may be the one of its own PID namespace. */
	object_registry_note_mapping(*state, 7, "/srv/jit-1.dump");
	assert_string_equal(memory->process->dump_path, "/srv/jit-1.dump");
}

static void test_kernel(void **state)
{
	struct object *kernel = object_registry_kernel(*state);
	struct object_identity named = { .path = "[kernel.kallsyms]_text" };

	assert_int_equal(kernel->kind, OBJECT_KERNEL);
	assert_string_equal(kernel->path, "[kernel.kallsyms]");
	assert_ptr_equal(object_registry_kernel(*state), kernel);
	assert_ptr_equal(object_registry_find(*state, &named), kernel);
}

static void test_anonymous_objects_go_by_name(void **state)
{
	struct object_identity identity = { .path = "/memfd:jit", .inode = 5 };
	struct object *object = object_registry_find(*state, &identity);

	identity.inode = 6;
	assert_ptr_equal(object_registry_find(*state, &identity), object);
	identity.path = NULL;
	assert_string_equal(object_registry_find(*state, &identity)->path, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_identity),         TEST(test_build_id_outweighs_inode),
		TEST(test_path_is_copied),   TEST(test_dense_indexes),
		TEST(test_kernel),           TEST(test_anonymous_objects_go_by_name),
		TEST(test_labels_of_memory), TEST(test_dump_that_is_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
