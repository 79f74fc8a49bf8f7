#include "revision/git_command.h"

#include "base/memory.h"
#include "build/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/** Words of a failed call that are shown. */
#define MESSAGE_SIZE_MAX 1000

/** What `git rev-parse --local-env-vars` lists: they point at one repository. */
static const char *const local_variables[] = {
	"GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_CONFIG",
	"GIT_CONFIG_PARAMETERS",
	"GIT_CONFIG_COUNT",
	"GIT_OBJECT_DIRECTORY",
	"GIT_DIR",
	"GIT_WORK_TREE",
	"GIT_IMPLICIT_WORK_TREE",
	"GIT_GRAFT_FILE",
	"GIT_INDEX_FILE",
	"GIT_NO_REPLACE_OBJECTS",
	"GIT_REPLACE_REF_BASE",
	"GIT_PREFIX",
	"GIT_SHALLOW_FILE",
	"GIT_COMMON_DIR",
};

static bool is_local_variable(const char *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(local_variables); i++) {
		size_t length = strlen(local_variables[i]);

		if (strncmp(entry, local_variables[i], length) == 0 && entry[length] == '=')
			return true;
	}
	return false;
}

void git_forget_repository(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(local_variables); i++)
		unsetenv(local_variables[i]);
}

static void make_environment(bool is_ours, struct environment *environment)
{
	environment_init(environment, environ);
	environment_set(environment, "GIT_OPTIONAL_LOCKS", "0");
	environment_set(environment, "GIT_TERMINAL_PROMPT", "0");
	environment_set(environment, "LC_ALL", "C");
	for (size_t i = 0; is_ours && i < environment->entries.count;) {
		struct text_vector *entries = &environment->entries;

		if (!is_local_variable(entries->items[i])) {
			i++;
			continue;
		}
		free(entries->items[i]);
		entries->items[i] = entries->items[--entries->count];
	}
}

static void make_words(const char *folder_path, const char *const *arguments, bool is_ours,
		       struct text_vector *words)
{
	static const char *const quiet[] = { "-c", "core.hooksPath=/dev/null",
					     "-c", "core.fsmonitor=false",
					     "-c", "advice.detachedHead=false",
					     "-c", "submodule.recurse=false" };

	text_vector_append_copy(words, "git");
	text_vector_append_copy(words, "-C");
	text_vector_append_copy(words, folder_path);
	for (size_t i = 0; is_ours && i < ARRAY_SIZE(quiet); i++)
		text_vector_append_copy(words, quiet[i]);
	for (; *arguments; arguments++)
		text_vector_append_copy(words, *arguments);
}

/** @return 0 or an errno. */
static int start_git(const char *folder_path, const char *const *arguments, bool is_ours,
		     const int outputs[2], pid_t *pid_ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	struct environment environment;
	struct text_vector words = { 0 };
	int result;

	make_environment(is_ours, &environment);
	make_words(folder_path, arguments, is_ours, &words);
	/* Writers of reports ignore it. */
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, outputs[0], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, outputs[1], STDERR_FILENO);
	result = posix_spawnp(pid_ret, "git", &actions, &attributes, text_vector_terminated(&words),
			      text_vector_terminated(&environment.entries));
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	text_vector_destroy_items(&words);
	environment_deinit(&environment);
	return result;
}

static int wait_for(pid_t pid, const struct git_watch *watch)
{
	int status = 0;

	if (watch && watch->set_running)
		watch->set_running(watch->context, pid);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (watch && watch->set_running)
		watch->set_running(watch->context, 0);
	return status;
}

/** All of a memory file, with a NUL behind it; at most @p size_most. NULL: there is more. */
static char *read_file(int descriptor, size_t size_most, size_t *size_ret)
{
	struct stat status;
	size_t size_bytes, done = 0;
	char *text;

	if (fstat(descriptor, &status) != 0 || (uint64_t)status.st_size > size_most)
		return NULL;
	size_bytes = (size_t)status.st_size;
	text = memory_allocate(size_bytes + 1, 1);
	while (done < size_bytes) {
		ssize_t n_read = pread(descriptor, text + done, size_bytes - done, (off_t)done);

		if (n_read <= 0)
			break;
		done += (size_t)n_read;
	}
	text[done] = '\0';
	*size_ret = done;
	return text;
}

static struct error *failure_error(const char *const *arguments, int messages)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;

	text = read_file(messages, SIZE_MAX, &size);
	if (text && size > MESSAGE_SIZE_MAX)
		text[size = MESSAGE_SIZE_MAX] = '\0';
	while (text && size && text[size - 1] == '\n')
		text[--size] = '\0';
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			text[i] = ' ';
	}
	return error_new(ERROR_SYSTEM, "git %s failed: %s", arguments[0],
			 text && size ? text : "it does not say why");
}

static struct error *take_output(const char *const *arguments, int output, char **output_ret,
				 size_t *size_ret)
{
	size_t size = 0;
	char *text;

	if (!output_ret)
		return NULL;
	text = read_file(output, GIT_OUTPUT_SIZE_MAX, &size);
	if (!text)
		return error_new(ERROR_UNSUPPORTED, "git %s prints too much", arguments[0]);
	*output_ret = text;
	if (size_ret)
		*size_ret = size;
	return NULL;
}

struct error *git_run(const char *folder_path, const char *const *arguments, bool is_ours,
		      const struct git_watch *watch, char **output_ret, size_t *size_ret)
{
	int outputs[2] = { memfd_create("git output", MFD_CLOEXEC),
			   memfd_create("git messages", MFD_CLOEXEC) };
	struct error *error = NULL;
	int result, status;
	pid_t pid;

	result = outputs[0] < 0 || outputs[1] < 0
			 ? errno
			 : start_git(folder_path, arguments, is_ours, outputs, &pid);
	if (result) {
		error = error_from_errno(result, "cannot run 'git'");
		if (result == ENOENT)
			error = error_with_hint(error, "install git, or compare programs that are "
						       "built already");
	} else {
		status = wait_for(pid, watch);
		if (watch && watch->is_stopped && watch->is_stopped(watch->context))
			error = error_new(ERROR_SYSTEM, "interrupted");
		else if (status != 0)
			error = failure_error(arguments, outputs[1]);
		else
			error = take_output(arguments, outputs[0], output_ret, size_ret);
	}
	for (int i = 0; i < 2; i++) {
		if (outputs[i] >= 0)
			close(outputs[i]);
	}
	return error;
}

bool git_agrees(const char *folder_path, const char *const *arguments,
		const struct git_watch *watch)
{
	struct error *error = git_run(folder_path, arguments, false, watch, NULL, NULL);
	bool agrees = !error;

	error_destroy(error);
	return agrees;
}
