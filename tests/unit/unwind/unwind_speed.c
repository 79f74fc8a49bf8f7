/**
 * What does it cost to unwind a frame?
 *
 * usage: unwind_speed COMMAND...
 *
 * Records COMMAND with stack copies and unwinds each sample as a recording does, once: cold, what
 * the sample before did not leave in the caches; then nine times more: hot. Making tables is not
 * counted. For bench/unwind.
 */
#include "base/clock.h"
#include "process/process.h"
#include "sampled_command.h"
#include "unwind/unwinder.h"

#include <inttypes.h>
#include <stdio.h>

#define N_HOT_RUNS 9

struct speed_test {
	struct process_table *processes;
	struct unwinder *unwinder;
	struct address_frame_vector frames;
	uint64_t n_samples, n_frames;
	uint64_t cold_ns, hot_ns;
};

/** Time that one run takes, without that of tables made in it. */
static uint64_t unwind(struct speed_test *test, const struct record *record,
		       const struct registers *registers)
{
	struct process *process = process_table_find(test->processes, record->pid);
	const struct stack_copy stack = { .bytes = record->sample.user_stack };
	uint64_t built_ns = unwinder_statistics(test->unwinder).table_build_ns;
	uint64_t start_ns = clock_monotonic_ns();
	uint64_t end_ns;

	address_frame_vector_clear(&test->frames);
	unwinder_run(test->unwinder, process, registers, &stack, NULL, &test->frames);
	end_ns = clock_monotonic_ns();
	built_ns = unwinder_statistics(test->unwinder).table_build_ns - built_ns;
	return end_ns - start_ns - built_ns;
}

static void take_sample(void *context, const struct record *record)
{
	struct speed_test *test = context;
	struct registers registers;

	if (!sampled_command_registers(&record->sample, &registers))
		return;
	test->cold_ns += unwind(test, record, &registers);
	for (int i = 0; i < N_HOT_RUNS; i++)
		test->hot_ns += unwind(test, record, &registers);
	test->n_samples++;
	test->n_frames += test->frames.count;
}

int main(int argc, char **argv)
{
	struct object_registry *registry = object_registry_create(NULL);
	struct speed_test test = {
		.processes = process_table_create(registry),
		.unwinder = unwinder_create(architecture_native()),
	};
	struct error *error;

	if (argc < 2)
		return 2;
	error = sampled_command_run(argv + 1, test.processes, take_sample, &test);
	if (error) {
		fprintf(stderr, "unwind_speed: %s\n", error->message);
		return 2;
	}
	if (test.n_frames)
		printf("%" PRIu64 " samples, %" PRIu64
		       " frames, cold %.0f ns a frame, hot %.0f ns\n",
		       test.n_samples, test.n_frames, (double)test.cold_ns / (double)test.n_frames,
		       (double)test.hot_ns / N_HOT_RUNS / (double)test.n_frames);
	address_frame_vector_deinit(&test.frames);
	unwinder_destroy(test.unwinder);
	process_table_destroy(test.processes);
	object_registry_destroy(registry);
	return test.n_frames ? 0 : 1;
}
