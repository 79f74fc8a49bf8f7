/**
 *     table_dump [-r] FILE...
 *
 * Makes the unwind table of each ELF file and says what it cost; with -r prints
 * its rows for compare_with_readelf.
 */

#include "unwind/object_table.h"

#include "arch/architecture.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/** CPU time: others may be at work on the machine. */
static uint64_t cpu_time_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static const char *const register_names[] = {
	"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
	"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip",
};

static void print_rule(const struct unwind_table *table, const struct architecture *architecture,
		       const struct unwind_rule *rule)
{
	static const char *const kinds[] = { "gap", "root", "bad", "reg", "exp", "exp", "full" };
	const struct unwind_saves *saves = unwind_table_saves(table, rule);

	printf(" %s", kinds[rule->kind]);
	if (rule->kind == UNWIND_RULE_REGISTER)
		printf(" cfa=%s%+d", register_names[rule->cfa_register], rule->cfa_offset);
	if (rule->frame_pointer == UNWIND_FRAME_POINTER_AT_CFA)
		printf(" rbp=c%+d", rule->frame_pointer_offset);
	else if (rule->frame_pointer == UNWIND_FRAME_POINTER_AT_SELF)
		printf(" rbp=exp");
	for (size_t i = 0; i < architecture->n_callee_saved_registers; i++) {
		const char *name = register_names[architecture->callee_saved_registers[i]];

		if (saves->at_cfa_mask >> i & 1)
			printf(" %s=c%+d", name, saves->offsets[i]);
		else if (saves->at_frame_pointer_mask >> i & 1)
			printf(" %s=exp", name);
	}
	if (rule->kind > UNWIND_RULE_BAD)
		printf(" ra=c%+d", rule->return_address_offset);
	printf("\n");
}

static void print_rows(const struct unwind_table *table, const struct architecture *architecture)
{
	const struct unwind_rule *rule;
	uint64_t elf_address;

	for (size_t i = 0; unwind_table_row(table, i, &elf_address, &rule); i++) {
		printf("%" PRIx64, elf_address);
		print_rule(table, architecture, rule);
	}
}

static int dump(struct object_registry *registry, const char *path, bool wants_rows)
{
	const struct object_identity identity = { .path = path };
	struct object *object = object_registry_find(registry, &identity);
	struct unwind_table *table = NULL;
	uint64_t start_ns;
	uint64_t code_size_bytes = 0;

	object_open(object, NULL);
	if (object->state != OBJECT_OPEN || !object->architecture) {
		printf("%s: %s\n", path, object->problem ? object->problem : "unknown CPU");
		return 1;
	}
	for (size_t i = 0; i < object->segments.count; i++) {
		if (object->segments.items[i].is_executable)
			code_size_bytes += object->segments.items[i].file_size_bytes;
	}
	start_ns = cpu_time_ns();

	_cleanup_error_ struct error *error = object_table_create(object, &table);
	uint64_t duration_ns = cpu_time_ns() - start_ns;

	if (error) {
		printf("%s\n", error->message);
		return 1;
	}
	if (wants_rows) {
		print_rows(table, object->architecture);
	} else {
		struct unwind_table_statistics statistics = unwind_table_statistics(table);
		double code_mib = (double)code_size_bytes / (1 << 20);

		printf("%s: %.1f MiB of code, %zu FDEs (%zu bad), %zu rows, %zu rules, %.1f ms = "
		       "%.0f ns a row = %.2f ms a MiB, %.0f KiB = %.1f KiB a MiB\n",
		       path, code_mib, statistics.n_fdes, statistics.n_bad_fdes, statistics.n_rows,
		       statistics.n_rules, (double)duration_ns / 1e6,
		       (double)duration_ns / (double)statistics.n_rows,
		       (double)duration_ns / 1e6 / code_mib, (double)statistics.size_bytes / 1024,
		       (double)statistics.size_bytes / 1024 / code_mib);
	}
	unwind_table_destroy(table);
	return 0;
}

int main(int argc, char **argv)
{
	struct object_registry *registry = object_registry_create(NULL);
	bool wants_rows = argc > 1 && strcmp(argv[1], "-r") == 0;
	int result = 0;

	for (int i = wants_rows ? 2 : 1; i < argc; i++)
		result |= dump(registry, argv[i], wants_rows);
	object_registry_destroy(registry);
	return result;
}
