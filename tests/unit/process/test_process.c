#include "elf_builder.h"
#include "process/process.h"

#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct object_registry *registry;
	struct process_table *table;
};

static int set_up(void **state)
{
	struct fixture *fixture = memory_allocate(1, sizeof(*fixture));

	fixture->registry = object_registry_create(NULL);
	fixture->table = process_table_create(fixture->registry);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	process_table_destroy(fixture->table);
	object_registry_destroy(fixture->registry);
	free(fixture);
	return 0;
}

static struct process_table *table_of(void **state)
{
	return ((struct fixture *)*state)->table;
}

static void map(struct process_table *table, uint32_t pid, uint64_t start, const char *path)
{
	process_table_apply(table, &(struct record){
					   .type = PERF_RECORD_MMAP,
					   .pid = pid,
					   .tid = pid,
					   .mapping = { .start = start,
							.size_bytes = 0x1000,
							.protection = PROT_EXEC,
							.path = path },
				   });
}

static void task(struct process_table *table, uint32_t type, uint32_t pid, uint32_t tid,
		 uint32_t parent_pid, uint32_t parent_tid)
{
	process_table_apply(table, &(struct record){
					   .type = type,
					   .pid = pid,
					   .tid = tid,
					   .task = { .pid = pid,
						     .tid = tid,
						     .parent_pid = parent_pid,
						     .parent_tid = parent_tid },
				   });
}

static void comm(struct process_table *table, uint32_t pid, uint32_t tid, const char *name,
		 bool is_exec)
{
	process_table_apply(table, &(struct record){
					   .type = PERF_RECORD_COMM,
					   .pid = pid,
					   .tid = tid,
					   .comm = { .name = name, .is_exec = is_exec },
				   });
}

static bool is_mapped(struct process_table *table, uint32_t pid, uint64_t address)
{
	return process_find_mapping(process_table_find(table, pid), address) != NULL;
}

static void test_fork_copies_and_parts(void **state)
{
	struct process_table *table = table_of(state);
	struct process *parent, *child;

	map(table, 1, 0x1000, "/a");
	task(table, PERF_RECORD_FORK, 2, 2, 1, 1);
	parent = process_table_find(table, 1);
	child = process_table_find(table, 2);
	assert_true(is_mapped(table, 2, 0x1000));
	assert_ptr_equal(parent->mappings.items, child->mappings.items);
	assert_true(child->generation > parent->generation);

	map(table, 2, 0x5000, "/child");
	assert_true(is_mapped(table, 2, 0x5000));
	assert_true(is_mapped(table, 2, 0x1000));
	assert_false(is_mapped(table, 1, 0x5000));
	map(table, 1, 0x7000, "/parent");
	assert_true(is_mapped(table, 1, 0x7000));
	assert_false(is_mapped(table, 2, 0x7000));
}

static void test_parent_changes_first(void **state)
{
	struct process_table *table = table_of(state);

	map(table, 1, 0x1000, "/a");
	task(table, PERF_RECORD_FORK, 2, 2, 1, 1);
	task(table, PERF_RECORD_FORK, 3, 3, 2, 2);
	map(table, 1, 0x1000, "/other");
	assert_string_equal(
		process_find_mapping(process_table_find(table, 1), 0x1000)->object->path, "/other");
	assert_string_equal(
		process_find_mapping(process_table_find(table, 2), 0x1000)->object->path, "/a");
	assert_string_equal(
		process_find_mapping(process_table_find(table, 3), 0x1000)->object->path, "/a");
}

static void test_threads_share(void **state)
{
	struct process_table *table = table_of(state);
	uint64_t generation;

	map(table, 1, 0x1000, "/a");
	generation = process_table_find(table, 1)->generation;
	task(table, PERF_RECORD_FORK, 1, 9, 1, 1);
	assert_int_equal(process_table_find(table, 1)->generation, generation);
	assert_true(is_mapped(table, 1, 0x1000));
}

static void test_exec_clears(void **state)
{
	struct process_table *table = table_of(state);
	struct process *process;

	map(table, 1, 0x1000, "/a");
	task(table, PERF_RECORD_FORK, 2, 2, 1, 1);
	comm(table, 2, 2, "renamed", false);
	assert_true(is_mapped(table, 2, 0x1000));
	comm(table, 2, 2, "ls", true);
	process = process_table_find(table, 2);
	assert_int_equal(process->n_execs, 1);
	assert_int_equal(process->mappings.count, 0);
	assert_true(is_mapped(table, 1, 0x1000));
	assert_string_equal(process_table_comm(table, 2, 2), "ls");
}

static void test_names(void **state)
{
	struct process_table *table = table_of(state);

	assert_string_equal(process_table_comm(table, 0, 0), "swapper");
	assert_string_equal(process_table_comm(table, 1, 1), "");
	comm(table, 1, 1, "server", false);
	assert_string_equal(process_table_comm(table, 1, 1), "server");
	assert_string_equal(process_table_comm(table, 1, 5), "server");
	task(table, PERF_RECORD_FORK, 1, 5, 1, 1);
	comm(table, 1, 5, "worker", false);
	assert_string_equal(process_table_comm(table, 1, 5), "worker");
	assert_string_equal(process_table_comm(table, 1, 1), "server");
	task(table, PERF_RECORD_FORK, 2, 2, 1, 5);
	assert_string_equal(process_table_comm(table, 2, 2), "worker");
	task(table, PERF_RECORD_FORK, 1, 6, 1, 5);
	assert_string_equal(process_table_comm(table, 1, 6), "worker");
	comm(table, 1, 5, "late", false);
	assert_string_equal(process_table_comm(table, 1, 6), "worker");
}

static void test_late_records_after_exit(void **state)
{
	struct process_table *table = table_of(state);

	map(table, 1, 0x1000, "/a");
	comm(table, 1, 1, "gone", false);
	task(table, PERF_RECORD_EXIT, 1, 1, 0, 0);
	assert_true(is_mapped(table, 1, 0x1000));
	assert_string_equal(process_table_comm(table, 1, 1), "gone");
}

static void test_reused_pid(void **state)
{
	struct process_table *table = table_of(state);

	map(table, 7, 0x1000, "/old");
	comm(table, 7, 7, "old", false);
	task(table, PERF_RECORD_EXIT, 7, 7, 0, 0);
	map(table, 1, 0x2000, "/shell");
	comm(table, 1, 1, "sh", false);
	task(table, PERF_RECORD_FORK, 7, 7, 1, 1);
	assert_false(is_mapped(table, 7, 0x1000));
	assert_true(is_mapped(table, 7, 0x2000));
	assert_string_equal(process_table_comm(table, 7, 7), "sh");
	/* Its parent unknown, a dead pid's new life begins empty. */
	task(table, PERF_RECORD_EXIT, 7, 7, 0, 0);
	task(table, PERF_RECORD_FORK, 7, 7, 5000, 5000);
	assert_int_equal(process_table_find(table, 7)->mappings.count, 0);
}

static void test_unknown_parent_keeps_what_proc_said(void **state)
{
	struct process_table *table = table_of(state);

	map(table, 7, 0x1000, "/running");
	task(table, PERF_RECORD_FORK, 7, 7, 5000, 5000);
	assert_true(is_mapped(table, 7, 0x1000));
}

static void test_many_dead_processes_are_forgotten(void **state)
{
	enum {
		N_CHILDREN = 10000
	};
	struct process_table *table = table_of(state);
	size_t n_mapped = 0;

	map(table, 1, 0x1000, "/a");
	for (uint32_t pid = 2; pid < 2 + N_CHILDREN; pid++) {
		task(table, PERF_RECORD_FORK, pid, pid, 1, 1);
		map(table, pid, 0x5000, "/own");
		/* A second thread keeps every hundredth alive. */
		if (pid % 100 == 0)
			task(table, PERF_RECORD_FORK, pid, pid + 1000000, pid, pid);
		task(table, PERF_RECORD_EXIT, pid, pid, 1, 1);
	}
	assert_true(is_mapped(table, 1, 0x1000));
	for (uint32_t pid = 2; pid < 2 + N_CHILDREN; pid++) {
		if (pid % 100 == 0)
			assert_true(is_mapped(table, pid, 0x5000));
		n_mapped += is_mapped(table, pid, 0x5000);
	}
	assert_true(is_mapped(table, 2 + N_CHILDREN - 1, 0x5000));
	assert_true(n_mapped < N_CHILDREN / 2);
}

static void test_old_death_does_not_end_new_life(void **state)
{
	struct process_table *table = table_of(state);

	map(table, 1, 0x1000, "/a");
	task(table, PERF_RECORD_FORK, 2, 2, 1, 1);
	task(table, PERF_RECORD_EXIT, 2, 2, 1, 1);
	task(table, PERF_RECORD_FORK, 2, 2, 1, 1);
	for (uint32_t pid = 10; pid < 5010; pid++) {
		task(table, PERF_RECORD_FORK, pid, pid, 1, 1);
		task(table, PERF_RECORD_EXIT, pid, pid, 1, 1);
	}
	assert_true(is_mapped(table, 2, 0x1000));
}

/** Forks and exits of @p n_children, each with mappings of its own. */
static void bury_children(struct process_table *table, uint32_t first_pid, uint32_t n_children)
{
	for (uint32_t pid = first_pid; pid < first_pid + n_children; pid++) {
		task(table, PERF_RECORD_FORK, pid, pid, 1, 1);
		task(table, PERF_RECORD_EXIT, pid, pid, 1, 1);
	}
}

static void test_second_death_has_its_own_delay(void **state)
{
	struct process_table *table = table_of(state);

	map(table, 1, 0x1000, "/a");
	bury_children(table, 2, 1);
	bury_children(table, 1000, 4000);
	bury_children(table, 2, 1);
	/* Now the first death of pid 2 is over 4096 deaths ago, the second is not. */
	bury_children(table, 5000, 100);
	assert_true(is_mapped(table, 2, 0x1000));
	bury_children(table, 10000, 5000);
	assert_false(is_mapped(table, 2, 0x1000));
}

/** Threads that began before the recording are not counted: the leader's exit looks like the last.
 */
static void test_thread_seen_after_death(void **state)
{
	struct process_table *table = table_of(state);

	map(table, 2, 0x1000, "/a");
	task(table, PERF_RECORD_EXIT, 2, 2, 1, 1);
	task(table, PERF_RECORD_FORK, 2, 20, 2, 19);
	bury_children(table, 1000, 5000);
	assert_true(is_mapped(table, 2, 0x1000));
}

static void test_names_of_the_dead_are_forgotten(void **state)
{
	struct process_table *table = table_of(state);

	comm(table, 1, 1, "server", false);
	for (uint32_t tid = 2; tid < 10002; tid++) {
		task(table, PERF_RECORD_FORK, 1, tid, 1, 1);
		comm(table, 1, tid, "request", false);
		task(table, PERF_RECORD_EXIT, 1, tid, 1, 1);
	}
	assert_string_equal(process_table_comm(table, 1, 10001), "request");
	/* An old one has its process's name again, as one that was never named. */
	assert_string_equal(process_table_comm(table, 1, 2), "server");
	/* The leader's stays when it ends before its threads. */
	task(table, PERF_RECORD_FORK, 1, 20000, 1, 1);
	task(table, PERF_RECORD_EXIT, 1, 1, 1, 1);
	bury_children(table, 30000, 5000);
	assert_string_equal(process_table_comm(table, 1, 1), "server");
	task(table, PERF_RECORD_EXIT, 1, 20000, 1, 1);
	bury_children(table, 40000, 5000);
	assert_string_equal(process_table_comm(table, 1, 1), "");
}

static struct error *apply_told(void *context, const struct record *record)
{
	process_table_apply(context, record);
	return NULL;
}

static struct error *refuse_told(void *context, const struct record *record)
{
	(void)context;
	(void)record;
	return error_new(ERROR_SYSTEM, "no");
}

static void test_what_is_told_makes_another_table_alike(void **state)
{
	struct fixture *fixture = *state;
	struct process_table *table = fixture->table, *other;
	struct error *error;

	map(table, 1, 0x1000, "/a");
	map(table, 1, 0x8000, "/b");
	comm(table, 1, 1, "server", false);
	task(table, PERF_RECORD_FORK, 1, 2, 1, 1);
	comm(table, 1, 2, "worker", false);
	task(table, PERF_RECORD_FORK, 1, 3, 1, 1);
	task(table, PERF_RECORD_EXIT, 1, 3, 1, 1);
	task(table, PERF_RECORD_FORK, 9, 9, 1, 1);
	map(table, 9, 0x8000, "/c");
	task(table, PERF_RECORD_FORK, 10, 10, 1, 1);
	task(table, PERF_RECORD_EXIT, 10, 10, 1, 1);
	error = process_table_tell(table, refuse_told, NULL);
	assert_string_equal(error->message, "no");
	error_destroy(error);
	other = process_table_create(fixture->registry);
	assert_null(process_table_tell(table, apply_told, other));
	assert_true(is_mapped(other, 1, 0x1000));
	assert_true(is_mapped(other, 9, 0x1000));
	assert_string_equal(
		process_find_mapping(process_table_find(other, 9), 0x8000)->object->path, "/c");
	assert_string_equal(process_table_comm(other, 1, 1), "server");
	assert_string_equal(process_table_comm(other, 1, 2), "worker");
	assert_string_equal(process_table_comm(other, 9, 9), "server");
	assert_string_equal(process_table_comm(other, 10, 10), "");
	assert_int_equal(process_table_find(other, 10)->mappings.count, 0);
	/* Threads are counted: two of process 1 live. */
	task(other, PERF_RECORD_EXIT, 1, 1, 1, 1);
	bury_children(other, 1000, 5000);
	assert_true(is_mapped(other, 1, 0x1000));
	task(other, PERF_RECORD_EXIT, 1, 2, 1, 1);
	bury_children(other, 10000, 5000);
	assert_false(is_mapped(other, 1, 0x1000));
	process_table_destroy(other);
}

static void test_read_own_proc(void **state)
{
	struct process_table *table = table_of(state);
	uint32_t pid = (uint32_t)getpid();
	const struct process *process;
	const struct mapping *mapping;
	char expected[64] = "";
	FILE *file = fopen("/proc/self/comm", "re");

	assert_non_null(file);
	assert_non_null(fgets(expected, sizeof(expected), file));
	fclose(file);
	expected[strcspn(expected, "\n")] = '\0';

	assert_null(process_table_read_proc(table, pid));
	process = process_table_find(table, pid);
	mapping = process_find_mapping(process, (uint64_t)test_read_own_proc);
	assert_non_null(mapping);
	assert_non_null(strstr(mapping->object->path, "test_process"));
	assert_string_equal(process_table_comm(table, pid, pid), expected);
	assert_string_equal(process_table_comm(table, pid, 0), expected);
}

static void test_read_proc_of_nobody(void **state)
{
	/* Above any pid_max. */
	struct error *error = process_table_read_proc(table_of(state), 1U << 30);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);
}

static void test_path_with_newline(void **state)
{
	struct process_table *table = table_of(state);
	char folder[] = "/tmp/perf-profile-test-XXXXXX";
	uint32_t pid = (uint32_t)getpid();
	const struct mapping *mapping;
	char *path;
	void *memory;
	FILE *file;

	assert_non_null(mkdtemp(folder));
	path = memory_format_text("%s/a \nb", folder);
	elf_builder_write_bytes(bytes_of_text("content"), path);
	file = fopen(path, "re");
	memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(file), 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	fclose(file);

	assert_null(process_table_read_proc(table, pid));
	mapping = process_find_mapping(process_table_find(table, pid), (uint64_t)memory);
	assert_non_null(mapping);
	assert_string_equal(mapping->object->path, path);
	munmap(memory, 4096);
	unlink(path);
	rmdir(folder);
	free(path);
}

static void test_elf_address_of_file(void **state)
{
	struct object_segment segments[] = {
		{ .file_offset = 0, .file_size_bytes = 0x1230, .elf_address = 0x400000 },
		{ .file_offset = 0x1240,
		  .file_size_bytes = 0x2000,
		  .elf_address = 0x402240,
		  .memory_size_bytes = 0x2000,
		  .is_executable = true },
	};
	struct object object = {
		.kind = OBJECT_FILE,
		.state = OBJECT_OPEN,
		.segments = { .items = segments, .count = 2 },
	};
	struct mapping mapping = { .start = 0x7f0000001000,
				   .end = 0x7f0000004000,
				   .file_offset = 0x1000,
				   .object = &object };
	uint64_t elf_address;

	assert_true(mapping_elf_address(&mapping, 0x7f0000001240, &elf_address));
	assert_int_equal(elf_address, 0x402240);
	assert_true(mapping_elf_address(&mapping, 0x7f000000323f, &elf_address));
	assert_int_equal(elf_address, 0x40423f);
	/* Between the segments, and after the last up to the end of its page: as mapped. */
	assert_true(mapping_elf_address(&mapping, 0x7f0000001238, &elf_address));
	assert_int_equal(elf_address, 0x402238);
	assert_true(mapping_elf_address(&mapping, 0x7f0000003fff, &elf_address));
	assert_int_equal(elf_address, 0x404fff);
	elf_address = 77;
	mapping.file_offset = 0x100000;
	assert_false(mapping_elf_address(&mapping, 0x7f0000001240, &elf_address));
	assert_int_equal(elf_address, 77);
}

/** One address of a loaded module: the dynamic linker knows its load address. */
static void check_own_address(struct process_table *table, uint64_t load_address,
			      uint64_t elf_address)
{
	uint64_t runtime_address = load_address + elf_address, found;
	const struct process *process = process_table_find(table, (uint32_t)getpid());
	const struct mapping *mapping = process_find_mapping(process, runtime_address);

	assert_non_null(mapping);
	mapping_open_object(mapping, process);
	assert_int_equal(mapping->object->state, OBJECT_OPEN);
	assert_true(mapping_elf_address(mapping, runtime_address, &found));
	assert_int_equal(found, elf_address);
}

static int check_own_module(struct dl_phdr_info *module, size_t size_bytes, void *table)
{
	for (size_t i = 0; i < module->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &module->dlpi_phdr[i];

		if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
			continue;
		check_own_address(table, module->dlpi_addr, header->p_vaddr);
		check_own_address(table, module->dlpi_addr, header->p_vaddr + header->p_filesz / 2);
		check_own_address(table, module->dlpi_addr, header->p_vaddr + header->p_filesz - 1);
	}
	return 0;
}

/** This program, its libraries and the vdso. */
static void test_elf_addresses_of_own_modules(void **state)
{
	struct process_table *table = table_of(state);

	assert_null(process_table_read_proc(table, (uint32_t)getpid()));
	assert_int_equal(dl_iterate_phdr(check_own_module, table), 0);
}

static void test_elf_address_of_anonymous_and_kernel(void **state)
{
	static const enum object_kind kinds[] = { OBJECT_ANONYMOUS, OBJECT_KERNEL,
						  OBJECT_PERF_MAP };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct object object = { .kind = kinds[i] };
		struct mapping mapping = {
			.start = 0x1000, .end = 0x2000, .file_offset = 0x77, .object = &object
		};
		uint64_t elf_address;

		assert_true(mapping_elf_address(&mapping, 0x1234, &elf_address));
		assert_int_equal(elf_address, 0x1234);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_fork_copies_and_parts),
		TEST(test_parent_changes_first),
		TEST(test_threads_share),
		TEST(test_exec_clears),
		TEST(test_names),
		TEST(test_late_records_after_exit),
		TEST(test_reused_pid),
		TEST(test_unknown_parent_keeps_what_proc_said),
		TEST(test_many_dead_processes_are_forgotten),
		TEST(test_names_of_the_dead_are_forgotten),
		TEST(test_what_is_told_makes_another_table_alike),
		TEST(test_old_death_does_not_end_new_life),
		TEST(test_second_death_has_its_own_delay),
		TEST(test_thread_seen_after_death),
		TEST(test_read_own_proc),
		TEST(test_read_proc_of_nobody),
		TEST(test_path_with_newline),
		TEST(test_elf_address_of_file),
		TEST(test_elf_addresses_of_own_modules),
		TEST(test_elf_address_of_anonymous_and_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
