/*
 * What programs do that profilers trip over, one thing a call: trouble WHAT MS [ARGUMENT].
 * Each works MS milliseconds of CPU time in work_under_trouble() after (or while) it did it.
 */
#include "work.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_BYTES 4096

__attribute__((noinline)) static void work_under_trouble(unsigned int ms)
{
	WORK_MS(ms);
	work_sink++;
}

/* Executable mappings that cannot be merged: every other page is another file's. */
static int many_mappings(unsigned int ms, unsigned int n)
{
	char *start = mmap(NULL, (size_t)n * 2 * PAGE_BYTES, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int self = open("/proc/self/exe", O_RDONLY);

	if (start == MAP_FAILED || self < 0)
		return 1;
	for (unsigned int i = 0; i < n; i++) {
		if (mmap(start + (size_t)i * 2 * PAGE_BYTES, PAGE_BYTES, PROT_READ | PROT_EXEC,
			 MAP_PRIVATE | MAP_FIXED, self, 0) == MAP_FAILED)
			return 1;
	}
	work_under_trouble(ms);
	return 0;
}

static pthread_barrier_t all_there;

static void *thread_main(void *context)
{
	pthread_barrier_wait(&all_there);
	for (volatile unsigned int i = 0; i < 20000; i++)
		;
	return context;
}

/* All alive at the same time. */
static int many_threads(unsigned int ms, unsigned int n)
{
	pthread_t *threads = calloc(n, sizeof(*threads));
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	pthread_barrier_init(&all_there, NULL, n + 1);
	for (unsigned int i = 0; i < n; i++) {
		if (pthread_create(&threads[i], &attributes, thread_main, NULL) != 0)
			return 1;
	}
	pthread_barrier_wait(&all_there);
	for (unsigned int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	work_under_trouble(ms);
	return 0;
}

static void *thread_asleep(void *context)
{
	for (;;)
		pause();
	return context;
}

/* As servers have them: there from the beginning, none of them with anything to do. */
static int sleeping_threads(unsigned int ms, unsigned int n)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	for (unsigned int i = 0; i < n; i++) {
		if (pthread_create(&thread, &attributes, thread_asleep, NULL) != 0)
			return 1;
	}
	work_under_trouble(ms);
	return 0;
}

/* ARGUMENT is a folder with 0.so, 1.so, ...: each works a little. */
static int many_libraries(unsigned int ms, const char *folder)
{
	unsigned int n = 0;

	for (;; n++) {
		char path[4096];
		void *library;
		void (*plugin_work)(unsigned int ms);

		snprintf(path, sizeof(path), "%s/%u.so", folder, n);
		if (access(path, R_OK) != 0)
			break;
		library = dlopen(path, RTLD_NOW);
		plugin_work = library ? (void (*)(unsigned int))dlsym(library, "plugin_work")
				      : NULL;
		if (!plugin_work)
			return 1;
		plugin_work(0);
	}
	work_under_trouble(ms);
	return n > 0 ? 0 : 1;
}

/* N children at once, each of which forks and works a little. */
static int fork_bomb(unsigned int ms, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0) {
			pid = fork();
			work_under_trouble(1);
			if (pid > 0)
				waitpid(pid, NULL, 0);
			_exit(pid < 0);
		}
	}
	work_under_trouble(ms);
	while (wait(NULL) > 0)
		;
	return 0;
}

static int close_everything(unsigned int ms)
{
	for (int i = 0; i < 1024; i++)
		close(i);
	work_under_trouble(ms);
	return 0;
}

/* Twice forked, with a session of its own: the first process is gone at once. The file ARGUMENT
 * is made when the daemon is through with its work. */
static int daemonise(unsigned int ms, const char *made_at_end)
{
	if (fork() != 0)
		_exit(0);
	setsid();
	if (fork() != 0)
		_exit(0);
	work_under_trouble(ms);
	return open(made_at_end, O_CREAT | O_WRONLY, 0600) < 0;
}

static int change_user(unsigned int ms)
{
	if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
		return 1;
	work_under_trouble(ms);
	return 0;
}

static int enter_namespaces(unsigned int ms)
{
	pid_t pid;

	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNET) != 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		work_under_trouble(ms);
		_exit(0);
	}
	work_under_trouble(ms);
	return pid < 0 || waitpid(pid, NULL, 0) < 0;
}

/* ARGUMENT times. */
static int exec_itself(unsigned int ms, unsigned int n, char **argv)
{
	char left[16];

	work_under_trouble(ms);
	if (n == 0)
		return 0;
	snprintf(left, sizeof(left), "%u", n - 1);
	execl("/proc/self/exe", argv[0], argv[1], argv[2], left, NULL);
	return 1;
}

/* As a package manager does it: another file under the own name. ARGUMENT is the other file. */
static int replace_itself(unsigned int ms, const char *other, const char *own)
{
	work_under_trouble(ms);
	if (rename(other, own) != 0)
		return 1;
	work_under_trouble(ms);
	return 0;
}

/* A name with everything that is special somewhere: ARGUMENT. */
static int take_name(unsigned int ms, const char *name)
{
	pthread_setname_np(pthread_self(), name);
	work_under_trouble(ms);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";
	unsigned int ms = argc > 2 ? (unsigned int)atoi(argv[2]) : 0;
	unsigned int n = argc > 3 ? (unsigned int)atoi(argv[3]) : 0;

	if (strcmp(what, "mappings") == 0)
		return many_mappings(ms, n);
	if (strcmp(what, "threads") == 0)
		return many_threads(ms, n);
	if (strcmp(what, "sleeping-threads") == 0)
		return sleeping_threads(ms, n);
	if (strcmp(what, "libraries") == 0)
		return many_libraries(ms, argv[3]);
	if (strcmp(what, "forks") == 0)
		return fork_bomb(ms, n);
	if (strcmp(what, "close") == 0)
		return close_everything(ms);
	if (strcmp(what, "daemon") == 0)
		return daemonise(ms, argv[3]);
	if (strcmp(what, "user") == 0)
		return change_user(ms);
	if (strcmp(what, "namespaces") == 0)
		return enter_namespaces(ms);
	if (strcmp(what, "exec") == 0)
		return exec_itself(ms, n, argv);
	if (strcmp(what, "replace") == 0)
		return replace_itself(ms, argv[3], argv[0]);
	if (strcmp(what, "name") == 0)
		return take_name(ms, argv[3]);
	fprintf(stderr, "trouble WHAT MS ARGUMENT\n");
	return 2;
}
