#include "cli/pager.h"

#include "base/attributes.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t pager_pid;

static const char *pager_command(void)
{
	static const char *const variables[] = { "PERF_PROFILE_PAGER", "PERF_PAGER", "PAGER" };

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *command = secure_getenv(variables[i]);

		if (command)
			return command;
	}
	return "less";
}

static void run_pager(const char *command, const int pipe_ends[2])
{
	dup2(pipe_ends[0], STDIN_FILENO);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	/* Less than a screen is just printed; colours pass; the text stays afterwards. */
	setenv("LESS", "FRX", /* overwrite= */ 0);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

void pager_begin(void)
{
	const char *command = pager_command();
	int pipe_ends[2];

	if (!isatty(STDOUT_FILENO) || !*command || strcmp(command, "cat") == 0)
		return;
	if (pipe(pipe_ends) != 0)
		return;
	fflush(stdout);
	pager_pid = fork();
	if (pager_pid == 0)
		run_pager(command, pipe_ends);
	close(pipe_ends[0]);
	if (pager_pid > 0) {
		dup2(pipe_ends[1], STDOUT_FILENO);
		/* Who leaves the pager early ends the output, not the program by a signal. */
		signal(SIGPIPE, SIG_IGN);
	}
	close(pipe_ends[1]);
}

void pager_end(void)
{
	if (pager_pid <= 0)
		return;
	close(STDOUT_FILENO);
	while (waitpid(pager_pid, NULL, 0) < 0 && pager_pid > 0)
		break;
	pager_pid = 0;
}
