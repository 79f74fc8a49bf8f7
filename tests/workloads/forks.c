/*
 * Eight children one after another, half of them through exec of this program: all of them in
 * main -> child_work.
 */
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline)) static void child_work(unsigned int ms)
{
	WORK_MS(ms);
	work_sink++;
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;
	char slice[16];

	if (argc > 2 && strcmp(argv[2], "child") == 0) {
		child_work(ms);
		return 0;
	}
	snprintf(slice, sizeof(slice), "%u", ms / 8);
	for (unsigned int i = 0; i < 8; i++) {
		pid_t pid = fork();

		if (pid == 0 && i % 2 == 0)
			execl("/proc/self/exe", argv[0], slice, "child", (char *)NULL);
		if (pid == 0) {
			child_work(ms / 8);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return 0;
}
