#include "capture/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

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
	return !place->folder || chdir(place->folder) == 0;
}

/** The child's life until exec; only async-signal-safe calls. */
static _Noreturn void run_child(const struct launch_place *place, char *const *argv, int release_fd,
				int status_fd)
{
	int exec_errno;
	char go;

	if (read_retrying(release_fd, &go, 1) != 1)
		_exit(0);
	hand_signals_on();
	if (enter_place(place))
		execvp(argv[0], argv);
	exec_errno = errno;
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

	return launch_prepare_in(&ours, argv, ret);
}

struct error *launch_prepare_in(const struct launch_place *place, char *const *argv,
				struct launch *ret)
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
		run_child(place, argv, release_pipe[0], status_pipe[1]);
	}
	close(release_pipe[0]);
	close(status_pipe[1]);
	*ret = (struct launch){
		.pid = pid, .argv = argv, .release_fd = release_pipe[1], .status_fd = status_pipe[0]
	};
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
