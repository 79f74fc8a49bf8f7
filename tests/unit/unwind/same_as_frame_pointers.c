/**
 * The stacks of a program that keeps frame pointers, by us and along these, at the same stops.
 *
 *     same_as_frame_pointers STOPS STEPS PROGRAM [ARGUMENT...]
 *
 * The program, all of whose own code keeps frame pointers, runs for some milliseconds, is stopped
 * and then goes on for STEPS instructions; after each that is in the program itself, our chain must
 * be that of the words at the frame pointer, from the innermost frame to what called main(). The
 * libraries below that keep none: there ours must reach the root.
 *
 * One difference is right: where a function has not yet set its frame pointer, or has taken it back
 * already, the chain of these passes over its caller. The return address is then the topmost word
 * of the stack, or the second, below the frame pointer that was just saved: only so it is allowed.
 */

#include "unwind/unwinder.h"

#include "stopped_process.h"

#include "base/vector.h"
#include "object/object.h"
#include "process/process.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/** Stops in a library, one after the other, before we give up. */
#define TRIES_MAX 200

/** Differences that are printed, and frames of each. */
#define PRINTED_MAX 3
#define ROWS_MAX    12

DEFINE_VECTOR(chain_vector, uint64_t)

struct comparison {
	pid_t pid;
	char program[PATH_MAX];
	struct stopped_unwinder unwinder;
	struct chain_vector ours, theirs;

	uint64_t n_compared;
	uint64_t n_frames;
	size_t n_frames_max;
	uint64_t n_without_caller;
	uint64_t n_different;
};

static bool is_in_program(const struct comparison *comparison, uint64_t address)
{
	const struct mapping *mapping =
		process_find_mapping(stopped_unwinder_process(&comparison->unwinder), address);

	return mapping && !strcmp(mapping->object->path, comparison->program);
}

/** Our frames up to the first that is not in the program. */
static void take_ours(struct comparison *comparison)
{
	const struct address_frame_vector *frames = &comparison->unwinder.frames;
	bool is_inside = true;

	chain_vector_clear(&comparison->ours);
	for (size_t i = 0; is_inside && i < frames->count; i++) {
		chain_vector_append(&comparison->ours, frames->items[i].runtime_address);
		is_inside = is_in_program(comparison, frames->items[i].runtime_address);
	}
}

/** Theirs, read from the process word by word. */
static void take_theirs(struct comparison *comparison, const struct user_regs_struct *user)
{
	/* As push %rbp; mov %rsp,%rbp leave it: the caller's frame pointer, the return address. */
	uint64_t frame[2];
	uint64_t frame_pointer = user->rbp;

	chain_vector_clear(&comparison->theirs);
	chain_vector_append(&comparison->theirs, user->rip);
	while (stopped_process_read(comparison->pid, frame_pointer, frame, sizeof(frame)) ==
	       sizeof(frame)) {
		chain_vector_append(&comparison->theirs, frame[1]);
		if (!is_in_program(comparison, frame[1]) || frame[0] <= frame_pointer)
			break;
		frame_pointer = frame[0];
	}
}

/** Whether theirs is ours from @p n_passed frames after the innermost on. */
static bool is_same_but_for(const struct comparison *comparison, size_t n_passed)
{
	const struct chain_vector *ours = &comparison->ours, *theirs = &comparison->theirs;

	return ours->count == theirs->count + n_passed && ours->items[0] == theirs->items[0] &&
	       !memcmp(&ours->items[1 + n_passed], &theirs->items[1],
		       (theirs->count - 1) * sizeof(uint64_t));
}

/** Whether the caller's return address is where a function without a frame of its own has it. */
static bool has_no_frame_yet(const struct comparison *comparison,
			     const struct user_regs_struct *user)
{
	uint64_t top[2] = { 0 };

	stopped_process_read(comparison->pid, user->rsp, top, sizeof(top));
	return top[0] == comparison->ours.items[1] ||
	       (top[1] == comparison->ours.items[1] && top[0] == user->rbp);
}

static void print_difference(const struct comparison *comparison, enum stack_end end)
{
	const struct chain_vector *ours = &comparison->ours, *theirs = &comparison->theirs;

	printf("differs (%s): %zu frames of ours, %zu of theirs\n", stack_end_description(end),
	       ours->count, theirs->count);
	for (size_t i = 0; i < MIN(MAX(ours->count, theirs->count), (size_t)ROWS_MAX); i++)
		printf("    %2zu %16" PRIx64 " %16" PRIx64 "\n", i,
		       i < ours->count ? ours->items[i] : 0,
		       i < theirs->count ? theirs->items[i] : 0);
}

/** @return whether it stands in the program. */
static bool compare_here(struct comparison *comparison)
{
	struct user_regs_struct user;
	enum stack_end end;

	if (ptrace(PTRACE_GETREGS, comparison->pid, NULL, &user) != 0 ||
	    !is_in_program(comparison, user.rip))
		return false;
	end = stopped_unwinder_run(&comparison->unwinder, &user);
	take_ours(comparison);
	take_theirs(comparison, &user);
	comparison->n_compared++;
	comparison->n_frames += comparison->ours.count;
	comparison->n_frames_max = MAX(comparison->n_frames_max, comparison->ours.count);
	if (stack_end_is_complete(end) && is_same_but_for(comparison, 0))
		return true;
	if (stack_end_is_complete(end) && is_same_but_for(comparison, 1) &&
	    has_no_frame_yet(comparison, &user)) {
		comparison->n_without_caller++;
		return true;
	}
	if (comparison->n_different++ < PRINTED_MAX)
		print_difference(comparison, end);
	return true;
}

static bool step(const struct comparison *comparison)
{
	int status;

	return ptrace(PTRACE_SINGLESTEP, comparison->pid, NULL, 0) == 0 &&
	       waitpid(comparison->pid, &status, 0) == comparison->pid && WIFSTOPPED(status);
}

/** @return whether a stop in the program was found. */
static bool take_stop(struct comparison *comparison, unsigned int number, unsigned int n_steps)
{
	bool is_found = false;

	/* Not in step with anything: 3, 4... ms, and again where that was in a library. */
	for (unsigned int i = 0; !is_found && i < TRIES_MAX; i++) {
		if (!stopped_process_run_for(comparison->pid, i ? 1000 : 3000 + number % 7 * 1000))
			return false;
		stopped_unwinder_look(&comparison->unwinder);
		is_found = compare_here(comparison);
	}
	for (unsigned int i = 0; is_found && i < n_steps; i++) {
		if (!step(comparison))
			return false;
		compare_here(comparison);
	}
	return is_found;
}

int main(int argc, char **argv)
{
	struct comparison comparison = { 0 };
	unsigned int n_stops = argc > 3 ? (unsigned int)atoi(argv[1]) : 0, n_taken = 0;

	if (!n_stops || !realpath(argv[3], comparison.program))
		return 2;
	comparison.pid = stopped_process_start(argv + 3);
	stopped_unwinder_init(&comparison.unwinder, comparison.pid);
	while (n_taken < n_stops && take_stop(&comparison, n_taken, (unsigned int)atoi(argv[2])))
		n_taken++;
	kill(comparison.pid, SIGKILL);
	printf("%u stops, %" PRIu64 " places compared, %.1f frames each, %zu at most: %" PRIu64
	       " different, %" PRIu64 " where the caller is not in the chain yet\n",
	       n_taken, comparison.n_compared,
	       (double)comparison.n_frames / (double)MAX(comparison.n_compared, UINT64_C(1)),
	       comparison.n_frames_max, comparison.n_different, comparison.n_without_caller);
	chain_vector_deinit(&comparison.ours);
	chain_vector_deinit(&comparison.theirs);
	stopped_unwinder_deinit(&comparison.unwinder);
	return n_taken == n_stops && !comparison.n_different ? 0 : 1;
}
