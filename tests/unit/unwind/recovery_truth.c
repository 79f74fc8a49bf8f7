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
#include "base/clock.h"
#include "capture/launch.h"
#include "capture/sampler.h"
#include "process/process.h"
#include "unwind/live_memory.h"
#include "unwind/unwinder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_NS UINT64_C(100000000)

struct counts {
	uint64_t n_true;      /**< Complete with the whole copy. */
	uint64_t n_short;     /**< Of those, what the short copy alone cannot complete. */
	uint64_t n_recovered; /**< Of those, complete with the live process. */
	uint64_t n_wrong;     /**< Of those, other than the truth. */
	uint64_t n_wrong_frames;
};

struct truth_test {
	const struct architecture *architecture;
	struct process_table *processes;
	struct unwinder *unwinder;
	struct address_frame_vector whole, alone, recovered;
	size_t copy_bytes;
	struct counts counts;
};

static bool read_registers(const struct architecture *architecture,
			   const struct sample_record *sample, struct registers *ret)
{
	*ret = (struct registers){ 0 };
	if (!sample->has_user_registers || sample->user_registers_abi != PERF_SAMPLE_REGS_ABI_64 ||
	    sample->user_registers_mask != architecture->perf_registers_mask)
		return false;
	for (int i = 0; i < __builtin_popcountll(sample->user_registers_mask); i++) {
		uint8_t number = architecture->dwarf_register_of_perf[i];

		ret->values[number] = sample->user_registers[i];
		ret->valid_mask |= UINT64_C(1) << number;
	}
	return true;
}

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

static void take_sample(struct truth_test *test, const struct record *record)
{
	const struct memory_reader now = memory_reader_of_thread(record->tid, record->time_ns);
	struct process *process = process_table_find(test->processes, record->pid);
	struct stack_copy stack = { .bytes = record->sample.user_stack };
	struct registers registers;

	if (!read_registers(test->architecture, &record->sample, &registers))
		return;
	address_frame_vector_clear(&test->whole);
	address_frame_vector_clear(&test->alone);
	address_frame_vector_clear(&test->recovered);
	if (!stack_end_is_complete(unwinder_run(test->unwinder, process, &registers, &stack, NULL,
						&test->whole)))
		return;
	test->counts.n_true++;
	stack.bytes.size = MIN(stack.bytes.size, test->copy_bytes);
	if (stack_end_is_complete(unwinder_run(test->unwinder, process, &registers, &stack, NULL,
					       &test->alone)))
		return;
	test->counts.n_short++;
	if (unwinder_run(test->unwinder, process, &registers, &stack, &now, &test->recovered) ==
	    STACK_END_RECOVERED)
		compare(test);
}

static struct error *take_records(struct truth_test *test, struct record_source *source)
{
	enum record_source_state state = RECORD_SOURCE_IDLE;
	struct record record;

	while (state != RECORD_SOURCE_END) {
		RETURN_IF_ERROR(source->next(source, WAIT_NS, &record, &state));
		if (state != RECORD_SOURCE_RECORD)
			continue;
		if (record.type == PERF_RECORD_SAMPLE)
			take_sample(test, &record);
		else
			process_table_apply(test->processes, &record);
	}
	return NULL;
}

static struct error *run_command(struct truth_test *test, char **command)
{
	struct launch launch = { 0 };
	struct sampler_session *session;
	struct error *error;
	const struct sampler_options options = {
		.frequency_hz = 1999,
		.sides = SAMPLED_USER_ONLY,
		.stack_method = STACK_METHOD_DWARF,
	};
	struct sampler_options of_command = options;
	uint32_t watched_pid;

	RETURN_IF_ERROR(launch_prepare(command, &launch));
	of_command.pid = launch.pid;
	watched_pid = (uint32_t)launch.pid;
	of_command.watched_pids = &watched_pid;
	of_command.n_watched_pids = 1;
	error = samplers[0]->open(&of_command, &session);
	if (error) {
		launch_abandon(&launch);
		return error;
	}
	error = launch_exec(&launch);
	if (!error)
		error = take_records(test, &session->source);
	launch_abandon(&launch);
	session->source.destroy(&session->source);
	waitpid(launch.pid, NULL, 0);
	return error;
}

int main(int argc, char **argv)
{
	struct object_registry *registry = object_registry_create(NULL);
	struct truth_test test = {
		.architecture = architecture_native(),
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
	error = run_command(&test, argv + optind);
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
	return test.counts.n_true &&
			       test.counts.n_wrong * 1000 <=
				       wrong_max_permille * test.counts.n_recovered
		       ? 0
		       : 1;
}
