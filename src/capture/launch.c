#include "capture/launch.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/** execvp(3) puts PATH's folders and, for a script without "#!", the arguments on it. */
#define START_STACK_SIZE_BYTES (8 << 20)

/**
 * Signals whose disposition is ours to choose: the kernel throws a child's status away while
 * SIGCHLD is ignored, and writers of reports ignore SIGPIPE. The command gets them as we did.
 */
static const int own_signals[] = { SIGCHLD, SIGPIPE };
static struct sigaction given_actions[ARRAY_SIZE(own_signals)];
static bool has_given_actions;

static void take_signals_over(void)
{
	if (has_given_actions)
		return;
	has_given_actions = true;
	for (size_t i = 0; i < ARRAY_SIZE(own_signals); i++)
		sigaction(own_signals[i], NULL, &given_actions[i]);
	signal(SIGCHLD, SIG_DFL);
}

static void hand_signals_on(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_signals); i++)
		sigaction(own_signals[i], &given_actions[i], NULL);
}

static ssize_t read_retrying(int descriptor, void *buffer, size_t size_bytes)
{
	ssize_t n_read;

	do
		n_read = read(descriptor, buffer, size_bytes);
	while (n_read < 0 && errno == EINTR);
	return n_read;
}

static bool enter_place(const struct launch_place *place)
{
	const int descriptors[] = { place->input_fd, place->output_fd, place->error_fd };

	for (int i = 0; i < 3; i++) {
		if (descriptors[i] >= 0 && dup2(descriptors[i], i) < 0)
			return false;
	}
	if (place->folder && chdir(place->folder) != 0)
		return false;
	return launch_user_become(place->user);
}

struct launch_note *launch_note_create(void)
{
	void *page = mmap(NULL, sizeof(struct launch_note), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

void launch_note_destroy(struct launch_note *note)
{
	if (note)
		munmap(note, sizeof(*note));
}

/** Become the command. @return the errno of what failed. */
static int enter_command(const struct launch_place *place, char *const *argv,
			 struct launch_note *note)
{
	hand_signals_on();
	if (!enter_place(place))
		return errno;
	if (note) {
		getrusage(RUSAGE_SELF, &note->before);
		note->exec_ns = clock_monotonic_ns();
	}
	if (place->user)
		execvpe(argv[0], argv, place->user->environment);
	else
		execvp(argv[0], argv);
	return errno;
}

/** The child's life until exec; only async-signal-safe calls. */
static _Noreturn void run_child(const struct launch_place *place, char *const *argv,
				struct launch_note *note, int release_fd, int status_fd)
{
	int exec_errno;
	char go;

	if (read_retrying(release_fd, &go, 1) != 1)
		_exit(0);
	exec_errno = enter_command(place, argv, note);
	if (write(status_fd, &exec_errno, sizeof(exec_errno)) < 0)
		_exit(126);
	_exit(127);
}

static void close_pair(const int descriptors[2])
{
	close(descriptors[0]);
	close(descriptors[1]);
}

struct error *launch_prepare(char *const *argv, struct launch *ret)
{
	const struct launch_place ours = { .input_fd = -1, .output_fd = -1, .error_fd = -1 };

	return launch_prepare_in(&ours, argv, NULL, ret);
}

struct error *launch_prepare_in(const struct launch_place *place, char *const *argv,
				struct launch_note *note, struct launch *ret)
{
	int release_pipe[2], status_pipe[2];
	struct error *error;
	pid_t pid;

	if (pipe2(release_pipe, O_CLOEXEC) != 0)
		return error_from_errno(errno, "cannot make a pipe");
	if (pipe2(status_pipe, O_CLOEXEC) != 0) {
		error = error_from_errno(errno, "cannot make a pipe");
		close_pair(release_pipe);
		return error;
	}
	take_signals_over();
	if (note)
		memset(note, 0, sizeof(*note));
	pid = fork();
	if (pid < 0) {
		error = error_from_errno(errno, "cannot start a process");
		close_pair(release_pipe);
		close_pair(status_pipe);
		return error;
	}
	if (pid == 0) {
		close(release_pipe[1]);
		close(status_pipe[0]);
		run_child(place, argv, note, release_pipe[0], status_pipe[1]);
	}
	close(release_pipe[0]);
	close(status_pipe[1]);
	*ret = (struct launch){
		.pid = pid, .argv = argv, .release_fd = release_pipe[1], .status_fd = status_pipe[0]
	};
	return NULL;
}

/** What the child of launch_start_in() needs; on our stack, which it shares until its exec. */
struct start_order {
	const struct launch_place *place;
	char *const *argv;
	struct launch_note *note;
	sigset_t given_mask;
	uint64_t handled_signals; /**< Bit N - 1: we have a handler for signal N. */
};

/** Bits of signals whose handlers must not run in a child that shares our memory. */
static uint64_t find_handled_signals(void)
{
	uint64_t handled = 0;

	for (int number = 1; number < NSIG && number <= 64; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL &&
		    action.sa_handler != SIG_IGN)
			handled |= UINT64_C(1) << (number - 1);
	}
	return handled;
}

static int run_started_child(void *context)
{
	const struct start_order *order = context;
	const struct sigaction by_default = { .sa_handler = SIG_DFL };

	for (int number = 1; order->handled_signals >> (number - 1); number++) {
		if (order->handled_signals >> (number - 1) & 1)
			sigaction(number, &by_default, NULL);
		if (number == 64)
			break;
	}
	sigprocmask(SIG_SETMASK, &order->given_mask, NULL);
	order->note->exec_errno = enter_command(order->place, order->argv, order->note);
	_exit(127);
}

struct error *launch_start_in(const struct launch_place *place, char *const *argv,
			      struct launch_note *note, pid_t *ret)
{
	struct start_order order = { .place = place, .argv = argv, .note = note };
	int old_errno = errno, clone_errno;
	sigset_t all;
	char *stack;
	pid_t pid;

	stack = mmap(NULL, START_STACK_SIZE_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return error_from_errno(errno, "cannot start a process");
	take_signals_over();
	memset(note, 0, sizeof(*note));
	order.handled_signals = find_handled_signals();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &order.given_mask);
	/* Like vfork(2): a copy of our memory is work the command would be late by. */
	pid = clone(run_started_child, stack + START_STACK_SIZE_BYTES,
		    CLONE_VM | CLONE_VFORK | SIGCHLD, &order);
	clone_errno = errno;
	sigprocmask(SIG_SETMASK, &order.given_mask, NULL);
	munmap(stack, START_STACK_SIZE_BYTES);
	if (pid < 0)
		return error_from_errno(clone_errno, "cannot start a process");
	errno = old_errno;
	*ret = pid;
	return NULL;
}

static void launch_finish(struct launch *launch, bool is_child_gone)
{
	close(launch->release_fd);
	close(launch->status_fd);
	while (is_child_gone && waitpid(launch->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*launch = (struct launch){ 0 };
}

struct error *launch_exec(struct launch *launch)
{
	int exec_errno = 0;
	ssize_t n_read;

	if (write(launch->release_fd, "", 1) != 1)
		return error_from_errno(errno, "cannot start '%s'", launch->argv[0]);
	n_read = read_retrying(launch->status_fd, &exec_errno, sizeof(exec_errno));
	if (n_read == 0) {
		launch_finish(launch, false);
		return NULL;
	}
	struct error *error =
		error_from_errno(exec_errno ? exec_errno : EIO, "cannot run '%s'", launch->argv[0]);

	launch_finish(launch, true);
	return error;
}

void launch_abandon(struct launch *launch)
{
	if (launch->pid > 0)
		launch_finish(launch, true);
}
