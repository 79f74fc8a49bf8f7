/*
 *     way_out_truth [-w PERMILLE] [-v] FILE...
 *
 * Follows the code of each file to its returns from every address where its unwind information
 * changes, and from behind every call, and compares what was found with that information. Exits
 * with 1 if more than PERMILLE of what was found is wrong. -v prints each wrong one.
 */

#include "unwind/object_table.h"

#include "arch/architecture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct truth {
	struct object *object;
	struct unwind_table *table;
	const struct architecture *architecture;
	bool is_verbose;
	uint64_t n_asked, n_found, n_wrong;
};

static struct bytes read_code(void *context, uint64_t address)
{
	return object_bytes_at(context, address);
}

/** Whether @p way says the same as @p rule, as far as both speak of the same registers. */
static bool agrees(const struct architecture *architecture, const struct unwind_rule *rule,
		   const struct way_out *way)
{
	const uint8_t from = way->is_from_frame_pointer ? architecture->frame_pointer_register
							: architecture->stack_pointer_register;

	if (rule->cfa_register == from && rule->cfa_offset != way->cfa_offset)
		return false;
	if (rule->frame_pointer == UNWIND_FRAME_POINTER_AT_CFA && way->is_frame_pointer_saved)
		return rule->frame_pointer_offset == way->frame_pointer_offset;
	return true;
}

static void ask(struct truth *truth, uint64_t address, uint64_t rule_address)
{
	const struct code_source code = { read_code, truth->object };
	const struct unwind_rule *rule = unwind_table_find(truth->table, rule_address);
	struct way_out way;

	if (rule->kind != UNWIND_RULE_REGISTER || rule->is_signal_frame)
		return;
	truth->n_asked++;
	if (!truth->architecture->find_way_out(&code, address, address != rule_address, &way))
		return;
	truth->n_found++;
	if (agrees(truth->architecture, rule, &way))
		return;
	truth->n_wrong++;
	if (truth->is_verbose)
		printf("%" PRIx64 ": CFA is register %u %+d, found %s %+d\n", address,
		       rule->cfa_register, rule->cfa_offset,
		       way.is_from_frame_pointer ? "frame pointer" : "stack pointer",
		       way.cfa_offset);
}

/** Behind calls with a displacement: where callers are. */
static void ask_callers(struct truth *truth, uint64_t start, uint64_t end)
{
	struct bytes code = object_bytes_at(truth->object, start);

	code.size = MIN(code.size, (size_t)(end - start));
	for (size_t i = 5; i < code.size; i++) {
		struct bytes before = { code.data + i - 5, 5 };

		if (before.data[0] == 0xe8 && truth->architecture->may_follow_call(before))
			ask(truth, start + i, start + i - 1);
	}
}

static int compare(struct truth *truth, unsigned int wrong_max_permille)
{
	const struct unwind_rule *rule, *next_rule;
	uint64_t address, next;

	for (size_t i = 0; unwind_table_row(truth->table, i, &address, &rule); i++) {
		ask(truth, address, address);
		if (unwind_table_row(truth->table, i + 1, &next, &next_rule))
			ask_callers(truth, address, next);
	}
	printf("%s: of %" PRIu64 " addresses %" PRIu64 " found, %" PRIu64
	       " of them wrong (%.2f %%)\n",
	       truth->object->path, truth->n_asked, truth->n_found, truth->n_wrong,
	       100.0 * (double)truth->n_wrong / (double)MAX(truth->n_found, UINT64_C(1)));
	return truth->n_found < truth->n_asked / 2 ||
	       truth->n_wrong * 1000 > truth->n_found * wrong_max_permille;
}

int main(int argc, char **argv)
{
	struct object_registry *registry = object_registry_create(NULL);
	unsigned int wrong_max_permille = 1000;
	bool is_verbose = false;
	int result = 0;

	for (int option; (option = getopt(argc, argv, "vw:")) != -1;) {
		is_verbose |= option == 'v';
		if (option == 'w')
			wrong_max_permille = (unsigned int)atoi(optarg);
	}
	for (int i = optind; i < argc; i++) {
		const struct object_identity identity = { .path = argv[i] };
		struct truth truth = { .object = object_registry_find(registry, &identity),
				       .is_verbose = is_verbose };

		object_open(truth.object, NULL);
		truth.architecture = truth.object->architecture;
		_cleanup_error_ struct error *error =
			object_table_create(truth.object, &truth.table);

		if (error) {
			printf("%s\n", error->message);
			result = 1;
			continue;
		}
		result |= compare(&truth, wrong_max_permille);
		unwind_table_destroy(truth.table);
	}
	object_registry_destroy(registry);
	return result;
}
