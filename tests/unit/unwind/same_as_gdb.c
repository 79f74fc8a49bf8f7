/**
 * The stacks of a real program at the same stops, by us and by gdb(1).
 *
 *     same_as_gdb GDB STOPS PROGRAM [ARGUMENT...]
 *
 * The program runs for some milliseconds, is stopped, unwound by us, and left standing for gdb to
 * attach to. All frames' addresses must be equal, to the outermost. Fails at any other. Above the
 * dynamic linker's own _start(), which has no caller, gdb takes the arguments for addresses: its
 * chain ends where no code is.
 */

#include "unwind/unwinder.h"

#include "stopped_process.h"

#include "base/memory.h"
#include "process/process.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <unistd.h>

DEFINE_VECTOR(chain_vector, uint64_t)

/** Inlined calls, and tail calls that gdb works out from debug information, are not on the stack.
 */
static const char frames_script[] =
	"python\n"
	"frame = gdb.newest_frame()\n"
	"while frame:\n"
	"    if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):\n"
	"        print('frame %x' % frame.pc())\n"
	"    frame = frame.older()\n";

struct stops {
	const char *gdb;
	pid_t pid;
	struct stopped_unwinder unwinder;
	uint64_t n_frames;
	uint64_t n_different;
};

/** What gdb finds in the process, which stands and is nobody's at the moment. */
static void ask_gdb(const struct stops *stops, const char *script_path, struct chain_vector *ret)
{
	_cleanup_free_ char *command = memory_format_text(
		"%s -nx -batch -iex 'set auto-load off' -iex 'set debuginfod enabled off' "
		"-ex 'set backtrace past-main on' -ex 'set backtrace past-entry on' "
		"-ex 'set backtrace limit unlimited' -p %d -x %s 2>/dev/null",
		stops->gdb, stops->pid, script_path);
	FILE *answer = popen(command, "re");
	char line[4096];
	uint64_t address;

	if (!answer)
		return;
	while (fgets(line, sizeof(line), answer)) {
		if (sscanf(line, "frame %" SCNx64, &address) == 1)
			chain_vector_append(ret, address);
	}
	pclose(answer);
}

/** Cut a chain at its first address that is in no code. */
static void keep_code(const struct process *process, struct chain_vector *chain)
{
	size_t n_code = 0;

	while (n_code < chain->count && process_find_mapping(process, chain->items[n_code]))
		n_code++;
	chain->count = n_code;
}

static void compare(struct stops *stops, const struct chain_vector *theirs, unsigned int number)
{
	const struct address_frame_vector *frames = &stops->unwinder.frames;
	size_t n_most = MAX(frames->count, theirs->count);
	bool is_same = frames->count == theirs->count && n_most > 0;

	for (size_t i = 0; is_same && i < n_most; i++)
		is_same = frames->items[i].runtime_address == theirs->items[i];
	stops->n_frames += frames->count;
	if (is_same)
		return;
	stops->n_different++;
	printf("stop %u differs: ours, gdb's\n", number);
	for (size_t i = 0; i < n_most; i++) {
		printf("    %2zu %16" PRIx64 " %16" PRIx64 "\n", i,
		       i < frames->count ? frames->items[i].runtime_address : 0,
		       i < theirs->count ? theirs->items[i] : 0);
	}
}

/** @return whether it could be stopped. */
static bool take_stop(struct stops *stops, const char *script_path, unsigned int number)
{
	struct chain_vector theirs = { 0 };
	struct user_regs_struct user;

	/* Not in step with anything: 3, 10, 17... ms. */
	if (!stopped_process_run_for(stops->pid, 3000 + number * 7000))
		return false;
	ptrace(PTRACE_GETREGS, stops->pid, NULL, &user);
	stopped_unwinder_look(&stops->unwinder);
	stopped_unwinder_run(&stops->unwinder, &user);
	ptrace(PTRACE_DETACH, stops->pid, NULL, (long)SIGSTOP);
	ask_gdb(stops, script_path, &theirs);
	keep_code(stopped_unwinder_process(&stops->unwinder), &theirs);
	compare(stops, &theirs, number);
	chain_vector_deinit(&theirs);
	return ptrace(PTRACE_ATTACH, stops->pid, NULL, NULL) == 0 &&
	       stopped_process_stop(stops->pid);
}

static bool write_script(char *path)
{
	int descriptor = mkstemp(path);
	FILE *script = descriptor < 0 ? NULL : fdopen(descriptor, "w");

	if (!script)
		return false;
	fputs(frames_script, script);
	return fclose(script) == 0;
}

int main(int argc, char **argv)
{
	struct stops stops = { .gdb = argv[1] };
	char script_path[] = "/tmp/same_as_gdb.XXXXXX";
	unsigned int n_stops = argc > 2 ? (unsigned int)atoi(argv[2]) : 0, n_taken = 0;

	if (argc < 4 || !n_stops || !write_script(script_path))
		return 2;
	stops.pid = stopped_process_start(argv + 3);
	stopped_unwinder_init(&stops.unwinder, stops.pid);
	while (n_taken < n_stops && take_stop(&stops, script_path, n_taken))
		n_taken++;
	kill(stops.pid, SIGKILL);
	unlink(script_path);
	printf("%u stops, %" PRIu64 " different, %.1f frames each\n", n_taken, stops.n_different,
	       (double)stops.n_frames / MAX(n_taken, 1u));

	stopped_unwinder_deinit(&stops.unwinder);
	return n_taken == n_stops && !stops.n_different ? 0 : 1;
}
