/**
 * How often is a stack that was completed from the live process wrong?
 *
 * usage: recovery_truth [-c COPY_BYTES] [-w WRONG_MAX_PERMILLE] COMMAND...
 *
 * Records COMMAND with copies of nearly 64 KiB and unwinds each sample twice: with the whole copy,
 * which is the truth where it reaches the root, and with its first COPY_BYTES and
 * the memory of the process, under the delay that a recording has. Prints how many stacks that
 * the short copy cannot complete were recovered, and how many of them differ from the truth.
 */
#include "arch/architecture.h"
#include "process/process.h"
#include "sampled_command.h"
#include "unwind/live_memory.h"
#include "unwind/unwinder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct counts {
	uint64_t n_true;      /**< Complete with the whole copy. */
	uint64_t n_short;     /**< Of those, what the short copy alone cannot complete. */
	uint64_t n_recovered; /**< Of those, complete with the live process. */
	uint64_t n_wrong;     /**< Of those, other than the truth. */
	uint64_t n_wrong_frames;
};

struct truth_test {
	struct process_table *processes;
	struct unwinder *unwinder;
	struct address_frame_vector whole, alone, recovered;
	size_t copy_bytes;
	struct counts counts;
};

static void compare(struct truth_test *test)
{
	size_t n_different = test->whole.count != test->recovered.count;

	for (size_t i = 0; i < MIN(test->whole.count, test->recovered.count); i++)
		n_different += test->whole.items[i].runtime_address !=
			       test->recovered.items[i].runtime_address;
	test->counts.n_recovered++;
	test->counts.n_wrong += n_different != 0;
	test->counts.n_wrong_frames += n_different;
}

static void take_sample(void *context, const struct record *record)
{
	struct truth_test *test = context;
	const struct memory_reader now = memory_reader_of_thread(record->tid, record->time_ns);
	struct process *process = process_table_find(test->processes, record->pid);
	struct stack_copy stack = { .bytes = record->sample.user_stack };
	struct registers registers;

	if (!sampled_command_registers(&record->sample, &registers))
		return;
	address_frame_vector_clear(&test->whole);
	address_frame_vector_clear(&test->alone);
	address_frame_vector_clear(&test->recovered);
	if (!stack_end_is_complete(
		    unwinder_run(test->unwinder, process, &registers, &stack, NULL, &test->whole)))
		return;
	test->counts.n_true++;
	stack.bytes.size = MIN(stack.bytes.size, test->copy_bytes);
	if (stack_end_is_complete(
		    unwinder_run(test->unwinder, process, &registers, &stack, NULL, &test->alone)))
		return;
	test->counts.n_short++;
	if (unwinder_run(test->unwinder, process, &registers, &stack, &now, &test->recovered) ==
	    STACK_END_RECOVERED)
		compare(test);
}

int main(int argc, char **argv)
{
	struct object_registry *registry = object_registry_create(NULL);
	struct truth_test test = {
		.processes = process_table_create(registry),
		.unwinder = unwinder_create(architecture_native()),
		.copy_bytes = 8192,
	};
	unsigned long wrong_max_permille = 1000;
	struct unwinder_statistics statistics;
	struct error *error;
	int option;

	while ((option = getopt(argc, argv, "+c:w:")) != -1) {
		if (option == 'c')
			test.copy_bytes = strtoul(optarg, NULL, 10);
		else if (option == 'w')
			wrong_max_permille = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (optind == argc)
		return 2;
	error = sampled_command_run(argv + optind, test.processes, take_sample, &test);
	if (error) {
		fprintf(stderr, "recovery_truth: %s\n", error->message);
		return 2;
	}
	statistics = unwinder_statistics(test.unwinder);
	printf("%" PRIu64 " true stacks, %" PRIu64 " deeper than %zu bytes; recovered %" PRIu64
	       ", wrong %" PRIu64 " (%" PRIu64 " frames); %" PRIu64 " reads\n",
	       test.counts.n_true, test.counts.n_short, test.copy_bytes, test.counts.n_recovered,
	       test.counts.n_wrong, test.counts.n_wrong_frames, statistics.n_live_reads);
	address_frame_vector_deinit(&test.whole);
	address_frame_vector_deinit(&test.alone);
	address_frame_vector_deinit(&test.recovered);
	unwinder_destroy(test.unwinder);
	process_table_destroy(test.processes);
	object_registry_destroy(registry);
	return test.counts.n_true && test.counts.n_wrong * 1000 <=
					     wrong_max_permille * test.counts.n_recovered
		       ? 0
		       : 1;
}
