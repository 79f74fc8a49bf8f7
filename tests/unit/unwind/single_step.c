/**
 * The truth about unwinding, at every instruction of a real program.
 *
 *     single_step [-n STEPS] [-e EVERY] [-a ALLOWED] PROGRAM [ARGUMENT...]
 *
 * The program is run one instruction at a time from its very first. A call
 * leaves its return address on the stack, so the true call chain is known: the
 * return addresses of all calls whose slot has not been released. After each
 * step (or every EVERY-th) the registers and the stack are handed to the
 * unwinder and its chain must be that one, to the outermost frame.
 *
 * Fails when more than ALLOWED checks (default 0) differ; the first places that
 * do are printed.
 */

#include "unwind/unwinder.h"

#include "stopped_process.h"

#include "arch/architecture.h"
#include "base/clock.h"
#include "process/process.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_COPY_MAX_BYTES (4 << 20)
#define PLACES_MAX           25
#define PRINTED_MAX          6

/** rt_sigframe: return address, then a ucontext with rip at 40 + 16 * 8. */
#define SIGNAL_FRAME_RIP_OFFSET (8 + 40 + 16 * 8)

/** A return address somebody will use, and where it lies. */
struct pending_return {
	uint64_t slot;
	uint64_t address;
};

DEFINE_VECTOR(pending_vector, struct pending_return)

struct place {
	const struct object *object;
	uint64_t elf_address;
	enum stack_end end;
	uint64_t count;
};

struct single_step {
	pid_t pid;
	uint64_t steps_max;
	uint64_t every;
	uint64_t n_allowed;
	struct process_table *processes;
	struct unwinder *unwinder;
	const struct architecture *architecture;
	struct pending_vector pending; /**< Outermost first. */
	uint8_t *stack;
	struct address_frame_vector frames;

	uint64_t n_steps;
	uint64_t n_checks;
	uint64_t n_frames;
	uint64_t n_different;
	unsigned int n_printed;
	enum stack_end last_printed_end; /**< So that not all printed are of one kind. */
	uint64_t n_by_end[N_STACK_ENDS];
	uint64_t unwind_ns;
	struct place places[PLACES_MAX];
};

static uint64_t read_word(const struct single_step *test, uint64_t address)
{
	uint64_t value = 0;

	if (stopped_process_read(test->pid, address, &value, sizeof(value)) != sizeof(value))
		return 0;
	return value;
}

static void note_place(struct single_step *test, enum stack_end end)
{
	const struct address_frame *leaf = &test->frames.items[0];

	for (size_t i = 0; i < PLACES_MAX; i++) {
		struct place *place = &test->places[i];

		if (!place->count)
			*place = (struct place){ .object = leaf->object,
						 .elf_address = leaf->elf_address,
						 .end = end };
		if (place->object == leaf->object && place->elf_address == leaf->elf_address) {
			place->count++;
			return;
		}
	}
}

static void print_difference(const struct single_step *test)
{
	size_t n_expected = test->pending.count;

	for (size_t i = 0; i < MAX(test->frames.count, n_expected + 1); i++) {
		uint64_t expected = 0;
		uint64_t found = 0;

		if (i && i <= n_expected)
			expected = test->pending.items[n_expected - i].address;
		if (i < test->frames.count)
			found = test->frames.items[i].runtime_address;
		printf("    %2zu %16" PRIx64 " %16" PRIx64 " %s\n", i, expected, found,
		       i < test->frames.count && test->frames.items[i].object
			       ? test->frames.items[i].object->path
			       : "");
	}
}

static bool chain_is_true(const struct single_step *test)
{
	size_t n_expected = test->pending.count;

	if (test->frames.count != n_expected + 1)
		return false;
	for (size_t i = 0; i < n_expected; i++) {
		if (test->frames.items[i + 1].runtime_address !=
		    test->pending.items[n_expected - 1 - i].address)
			return false;
	}
	return true;
}

static void check(struct single_step *test, const struct user_regs_struct *user)
{
	struct registers registers = stopped_process_registers(user);
	struct stack_copy stack = { .bytes = { .data = test->stack } };
	enum stack_end end;
	uint64_t start_ns;
	uint64_t wanted_bytes = 4096;

	/* Enough for all pending returns, and one page for what else is read. */
	if (test->pending.count)
		wanted_bytes += test->pending.items[0].slot - user->rsp;
	stack.bytes.size = stopped_process_read(test->pid, user->rsp, test->stack,
						MIN(wanted_bytes, (uint64_t)STACK_COPY_MAX_BYTES));
	address_frame_vector_clear(&test->frames);
	start_ns = clock_monotonic_ns();
	end = unwinder_run(test->unwinder, process_table_find(test->processes, (uint32_t)test->pid),
			   &registers, &stack, NULL, &test->frames);
	test->unwind_ns += clock_monotonic_ns() - start_ns;
	test->n_checks++;
	test->n_frames += test->frames.count;
	test->n_by_end[end]++;
	if (stack_end_is_complete(end) && chain_is_true(test))
		return;
	test->n_different++;
	if (test->n_printed < PRINTED_MAX && end != test->last_printed_end) {
		test->n_printed++;
		test->last_printed_end = end;
		printf("step %" PRIu64 ": %s\n", test->n_steps, stack_end_name(end));
		print_difference(test);
	}
	note_place(test, end);
}

static void read_mappings(struct single_step *test)
{
	_cleanup_error_ struct error *error =
		process_table_read_proc(test->processes, (uint32_t)test->pid);

	if (error)
		printf("%s\n", error->message);
}

/** What the instruction (or the signal) between @p before and @p after did to the stack. */
static void follow(struct single_step *test, const struct user_regs_struct *before,
		   const struct user_regs_struct *after, bool is_handler_start)
{
	struct pending_vector *pending = &test->pending;
	uint64_t top = read_word(test, after->rsp);

	while (pending->count && pending->items[pending->count - 1].slot < after->rsp)
		pending->count--;
	if (is_handler_start) {
		uint64_t slot = after->rsp + SIGNAL_FRAME_RIP_OFFSET;

		pending_vector_append(pending, (struct pending_return){ slot, before->rip });
		pending_vector_append(pending, (struct pending_return){ after->rsp, top });
	} else if (after->rsp == before->rsp - 8 && top > before->rip && top - before->rip <= 9) {
		pending_vector_append(pending, (struct pending_return){ after->rsp, top });
	}
}

static bool changes_mappings(const struct single_step *test, const struct user_regs_struct *user)
{
	uint8_t code[2] = { 0 };

	stopped_process_read(test->pid, user->rip, code, sizeof(code));
	return code[0] == 0x0f && code[1] == 0x05 &&
	       (user->rax == SYS_mmap || user->rax == SYS_mprotect || user->rax == SYS_munmap ||
		user->rax == SYS_mremap || user->rax == SYS_execve);
}

static void run(struct single_step *test)
{
	struct user_regs_struct user;
	int deliver = 0;
	int status;

	ptrace(PTRACE_GETREGS, test->pid, NULL, &user);
	read_mappings(test);
	while (test->n_steps < test->steps_max) {
		struct user_regs_struct before = user;
		bool is_mapping_change = changes_mappings(test, &user);
		bool is_handler_start = deliver != 0;

		if (ptrace(PTRACE_SINGLESTEP, test->pid, NULL, (long)deliver) != 0 ||
		    waitpid(test->pid, &status, 0) != test->pid || !WIFSTOPPED(status))
			return;
		ptrace(PTRACE_GETREGS, test->pid, NULL, &user);
		deliver = 0;
		if (WSTOPSIG(status) != SIGTRAP) {
			/* The instruction is still to come: the signal goes first. */
			deliver = WSTOPSIG(status);
			continue;
		}
		if (is_handler_start && user.rsp > before.rsp - SIGNAL_FRAME_RIP_OFFSET)
			is_handler_start = false; /* Ignored, or it had no handler. */
		test->n_steps++;
		follow(test, &before, &user, is_handler_start);
		if (is_mapping_change)
			read_mappings(test);
		if (test->n_steps % test->every == 0)
			check(test, &user);
	}
}

static int report(const struct single_step *test)
{
	struct unwinder_statistics statistics = unwinder_statistics(test->unwinder);

	for (size_t i = 0; i < PLACES_MAX && test->places[i].count; i++) {
		const struct place *place = &test->places[i];

		printf("  %8" PRIu64 " x %-14s %s+0x%" PRIx64 "\n", place->count,
		       stack_end_name(place->end), place->object ? place->object->path : "?",
		       place->elf_address);
	}
	for (size_t i = 0; i < N_STACK_ENDS; i++) {
		if (test->n_by_end[i])
			printf("%s %" PRIu64 " ", stack_end_name((enum stack_end)i),
			       test->n_by_end[i]);
	}
	printf("\n%" PRIu64 " steps, %" PRIu64 " checks, %" PRIu64 " different (%.4f %%), "
	       "%.1f frames each, %.0f ns a frame, %" PRIu64 " rows in %.1f ms\n",
	       test->n_steps, test->n_checks, test->n_different,
	       100.0 * (double)test->n_different / (double)MAX(test->n_checks, UINT64_C(1)),
	       (double)test->n_frames / (double)MAX(test->n_checks, UINT64_C(1)),
	       (double)(test->unwind_ns - statistics.table_build_ns) /
		       (double)MAX(test->n_frames, UINT64_C(1)),
	       statistics.n_table_rows, (double)statistics.table_build_ns / 1e6);
	return test->n_checks && test->n_different <= test->n_allowed ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct single_step test = { .steps_max = UINT64_MAX, .every = 1 };
	struct object_registry *registry = object_registry_create(NULL);
	int option;
	int result;

	while ((option = getopt(argc, argv, "+n:e:a:")) != -1) {
		if (option == 'n')
			test.steps_max = strtoull(optarg, NULL, 10);
		else if (option == 'e')
			test.every = MAX(strtoull(optarg, NULL, 10), 1ULL);
		else if (option == 'a')
			test.n_allowed = strtoull(optarg, NULL, 10);
		else
			return 2;
	}
	if (optind == argc)
		return 2;
	test.architecture = architecture_native();
	test.processes = process_table_create(registry);
	test.unwinder = unwinder_create(test.architecture);
	test.stack = memory_allocate(1, STACK_COPY_MAX_BYTES);
	test.pid = stopped_process_start(argv + optind);
	run(&test);
	kill(test.pid, SIGKILL);
	waitpid(test.pid, NULL, 0);
	result = report(&test);

	address_frame_vector_deinit(&test.frames);
	pending_vector_deinit(&test.pending);
	free(test.stack);
	unwinder_destroy(test.unwinder);
	process_table_destroy(test.processes);
	object_registry_destroy(registry);
	return result;
}
