#include "build/step_internal.h"

#include "build/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/** The program along the PATH the step will have, so that the child need not search. */
static char *find_tool(const char *name, const struct environment *environment)
{
	const char *folders = environment_value(environment, "PATH");

	if (strchr(name, '/'))
		return memory_duplicate_text(name);
	while (folders && *folders) {
		size_t length = strcspn(folders, ":");
		char *path = memory_format_text("%.*s%s%s", (int)length, folders,
						length ? "/" : "./", name);
		struct stat status;

		if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0)
			return path;
		free(path);
		folders += length + (folders[length] == ':');
	}
	return NULL;
}

/** The child's life until exec; only async-signal-safe calls. */
static _Noreturn void run_child(const char *path, char *const *argv, char *const *environment,
				const char *folder_path, int stdout_fd, int messages_fd,
				int status_fd)
{
	int exec_errno;
	int input = open("/dev/null", O_RDONLY);

	/* Writers of reports ignore it; builds are pipelines that count on it. */
	signal(SIGPIPE, SIG_DFL);
	if (input >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(stdout_fd, STDOUT_FILENO) >= 0 &&
	    dup2(messages_fd, STDERR_FILENO) >= 0 && chdir(folder_path) == 0)
		execve(path, argv, environment);
	exec_errno = errno;
	if (write(status_fd, &exec_errno, sizeof(exec_errno)) < 0)
		_exit(126);
	_exit(127);
}

static void pass_on(int messages_fd, FILE *log, const struct build_listener *listener)
{
	char bytes[16384];

	for (;;) {
		ssize_t n_read = read(messages_fd, bytes, sizeof(bytes));

		if (n_read < 0 && errno == EINTR)
			continue;
		if (n_read <= 0)
			return;
		fwrite(bytes, 1, (size_t)n_read, log);
		if (listener->on_output)
			listener->on_output(listener->context, bytes, (size_t)n_read);
	}
}

static struct error *judge_end(pid_t pid, const char *name)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return error_from_errno(errno, "cannot wait for %s", name);
	}
	if (WIFSIGNALED(status))
		return error_new(ERROR_SYSTEM, "the build failed: %s was ended by signal %d", name,
				 WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return error_new(ERROR_SYSTEM, "the build failed: %s ended with status %d", name,
				 WEXITSTATUS(status));
	return NULL;
}

/** Start the child and follow it. The descriptors stay the caller's. */
static struct error *follow_child(struct build_step *step, const char *path,
				  struct environment *environment, int stdout_fd, FILE *log,
				  const struct build_listener *listener)
{
	char *const *argv = text_vector_terminated(&step->argv);
	char *const *variables = text_vector_terminated(&environment->entries);
	int messages[2], status[2], exec_errno = 0;
	pid_t pid;

	if (pipe2(messages, O_CLOEXEC) != 0)
		return error_from_errno(errno, "cannot make a pipe");
	if (pipe2(status, O_CLOEXEC) != 0) {
		close(messages[0]);
		close(messages[1]);
		return error_from_errno(EMFILE, "cannot make a pipe");
	}
	fflush(log);
	pid = fork();
	if (pid == 0)
		run_child(path, argv, variables, step->folder_path,
			  stdout_fd >= 0 ? stdout_fd : messages[1], messages[1], status[1]);
	close(messages[1]);
	close(status[1]);
	if (pid > 0) {
		if (listener->set_running)
			listener->set_running(listener->context, pid);
		pass_on(messages[0], log, listener);
		if (read(status[0], &exec_errno, sizeof(exec_errno)) != sizeof(exec_errno))
			exec_errno = 0;
	}
	close(messages[0]);
	close(status[0]);
	if (pid < 0)
		return error_new(ERROR_SYSTEM, "cannot start a process");
	struct error *error = judge_end(pid, argv[0]);

	if (listener->set_running)
		listener->set_running(listener->context, 0);

	if (exec_errno) {
		error_destroy(error);
		return error_from_errno(exec_errno, "cannot run '%s' in '%s'", argv[0],
					step->folder_path);
	}
	return error;
}

struct error *build_step_run(struct build_step *step, struct environment *environment, FILE *log,
			     const struct build_listener *listener)
{
	const char *name = step->argv.items[0];
	_cleanup_free_ char *path = find_tool(name, environment);
	int stdout_fd = -1;
	struct error *error;

	if (!path)
		return error_with_hint(error_new(ERROR_NOT_FOUND, "'%s' is not on PATH", name),
				       "install it, or add its folder to PATH");
	RETURN_IF_ERROR(path_make_folders(step->folder_path));
	if (step->stdout_path) {
		stdout_fd = open(step->stdout_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (stdout_fd < 0)
			return error_from_errno(errno, "cannot write '%s'", step->stdout_path);
	}
	error = follow_child(step, path, environment, stdout_fd, log, listener);
	if (stdout_fd >= 0)
		close(stdout_fd);
	return error;
}
