/*
 * Starts children as posix_spawn() and vfork() do, as fast as it can; the second argument names
 * the way: "fork" (exit at once), "exec" (fork and exec /bin/true) or "vfork" (exec /bin/true).
 */
#include "work.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline)) static void start_child(const char *way)
{
	pid_t pid;

	if (strcmp(way, "vfork") == 0)
		pid = vfork();
	else
		pid = fork();
	if (pid == 0) {
		if (strcmp(way, "fork") != 0)
			execl("/bin/true", "true", (char *)NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;
	struct timespec now;
	uint64_t end_ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec +
		 (uint64_t)ms * 1000000u;
	do {
		start_child(argc > 2 ? argv[2] : "vfork");
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec < end_ns);
	return 0;
}
