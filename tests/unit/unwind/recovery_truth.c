/**
 * What lies beyond the copy of a stack: how much of it is found, and how much of that is wrong?
 *
 * usage: recovery_truth [-l] [-c COPY_BYTES] [-m COMPLETED_MIN] COMMAND...
 *
 * Records COMMAND with copies of nearly 64 KiB and unwinds each sample twice: with the whole copy,
 * which is the truth where it reaches the root, and with its first COPY_BYTES, the kernel's chain
 * of frame pointers and the memory of the process, under the delay that a recording has. -l: also
 * as --recover-stacks does. Prints how many stacks that the short copy cannot complete were
 * completed, how many got at least further, and how many of both have frames that are not true.
 * Fails if any has, or if fewer than COMPLETED_MIN were completed.
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
	uint64_t n_recovered; /**< Of those, completed. */
	uint64_t n_longer;    /**< Of the others, those that got further than the copy. */
	uint64_t n_wrong;     /**< Of both, other than the truth. */
	uint64_t n_wrong_frames;
};

struct truth_test {
	struct process_table *processes;
	struct unwinder *unwinder;
	struct address_frame_vector whole, alone, recovered;
	size_t copy_bytes;
	bool may_complete_stacks;
	struct counts counts;
};

static void compare(struct truth_test *test, enum stack_end end)
{
	const size_t n_whole = test->whole.count, n_found = test->recovered.count;
	size_t n_different = n_found > n_whole ? n_found - n_whole : 0;

	if (end == STACK_END_RECOVERED)
		n_different = n_found > n_whole ? n_found - n_whole : n_whole - n_found;
	for (size_t i = 0; i < MIN(n_whole, n_found); i++)
		n_different += test->whole.items[i].runtime_address !=
			       test->recovered.items[i].runtime_address;
	test->counts.n_recovered += end == STACK_END_RECOVERED;
	test->counts.n_longer += end != STACK_END_RECOVERED && n_found > test->alone.count;
	test->counts.n_wrong += n_different != 0;
	test->counts.n_wrong_frames += n_different;
}

static void take_sample(void *context, const struct record *record)
{
	struct truth_test *test = context;
	struct memory_reader now = memory_reader_of_thread(record->tid, record->time_ns);
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
	now.may_complete_stacks = test->may_complete_stacks;
	stack.chain = sample_user_chain(&record->sample, &stack.n_chain);
	compare(test,
		unwinder_run(test->unwinder, process, &registers, &stack, &now, &test->recovered));
}

int main(int argc, char **argv)
{
	struct object_registry *registry = object_registry_create(NULL);
	struct truth_test test = {
		.processes = process_table_create(registry),
		.unwinder = unwinder_create(architecture_native()),
		.copy_bytes = 8192,
	};
	unsigned long completed_min = 0;
	struct unwinder_statistics statistics;
	struct error *error;
	int option;

	while ((option = getopt(argc, argv, "+lc:m:")) != -1) {
		if (option == 'c')
			test.copy_bytes = strtoul(optarg, NULL, 10);
		else if (option == 'm')
			completed_min = strtoul(optarg, NULL, 10);
		else if (option == 'l')
			test.may_complete_stacks = true;
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
	printf("%" PRIu64 " true stacks, %" PRIu64 " deeper than %zu bytes; completed %" PRIu64
	       ", longer %" PRIu64 ", wrong %" PRIu64 " (%" PRIu64 " frames); %" PRIu64 " reads\n",
	       test.counts.n_true, test.counts.n_short, test.copy_bytes, test.counts.n_recovered,
	       test.counts.n_longer, test.counts.n_wrong, test.counts.n_wrong_frames,
	       statistics.n_live_reads);
	address_frame_vector_deinit(&test.whole);
	address_frame_vector_deinit(&test.alone);
	address_frame_vector_deinit(&test.recovered);
	unwinder_destroy(test.unwinder);
	process_table_destroy(test.processes);
	object_registry_destroy(registry);
	return test.counts.n_true && !test.counts.n_wrong &&
			       test.counts.n_recovered >= completed_min
		       ? 0
		       : 1;
}
