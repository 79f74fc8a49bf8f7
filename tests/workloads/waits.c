/*
 * Waits of known length: waits KIND [COUNT [CPU...]]. Each kind waits in a function of its own
 * name, and says at its end how long that was off the CPU, by its own clocks: "KIND thread
 * NANOSECONDS".
 *
 *   sleeper    nanosleep, again and again
 *   locker     two threads and one mutex, held for a while by each
 *   listener   a condition variable that another thread signals now and then
 *   reader     a pipe that another thread writes to now and then
 *   pingpong   a byte to and fro through two pipes, as fast as it goes; each thread on its CPU
 *   syncer     write and fsync
 *   poller     epoll_wait for connections on the loopback that a client makes now and then
 *   parent     waitpid for children that sleep
 */
#include "work.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSE_MS 5

static unsigned int count;
static const char *cpus[2]; /* Of the two threads; NULL: any. */
static int pipes[2][2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned int n_told;
static struct sockaddr_in address;

/* Time that passed and time on the CPU, of this thread. */
struct stopwatch {
	uint64_t wall_ns, cpu_ns;
};

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void stopwatch_start(struct stopwatch *stopwatch)
{
	stopwatch->wall_ns -= wall_ns();
	stopwatch->cpu_ns -= thread_cpu_ns();
}

static void stopwatch_stop(struct stopwatch *stopwatch)
{
	stopwatch->cpu_ns += thread_cpu_ns();
	stopwatch->wall_ns += wall_ns();
}

static void stopwatch_print(const struct stopwatch *stopwatch, const char *kind, const char *thread)
{
	printf("%s %s %llu\n", kind, thread,
	       (unsigned long long)(stopwatch->wall_ns - stopwatch->cpu_ns));
	fflush(stdout);
}

static void check(int is_good, const char *what)
{
	if (is_good)
		return;
	perror(what);
	exit(1);
}

static void pause_ms(unsigned int ms)
{
	const struct timespec time = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&time, NULL);
}

__attribute__((noinline)) static void sleeper(void)
{
	struct stopwatch stopwatch = { 0 };

	stopwatch_start(&stopwatch);
	for (unsigned int i = 0; i < count; i++)
		pause_ms(PAUSE_MS);
	stopwatch_stop(&stopwatch);
	stopwatch_print(&stopwatch, "sleeper", "main");
}

/* Who holds the lock sleeps: the other one waits for about as long. */
__attribute__((noinline)) static void *locker(void *name)
{
	struct stopwatch stopwatch = { 0 };

	for (unsigned int i = 0; i < count; i++) {
		stopwatch_start(&stopwatch);
		pthread_mutex_lock(&mutex);
		stopwatch_stop(&stopwatch);
		pause_ms(PAUSE_MS);
		pthread_mutex_unlock(&mutex);
	}
	stopwatch_print(&stopwatch, "locker", name);
	return NULL;
}

__attribute__((noinline)) static void *listener(void *name)
{
	struct stopwatch stopwatch = { 0 };

	pthread_mutex_lock(&mutex);
	for (unsigned int i = 0; i < count; i++) {
		stopwatch_start(&stopwatch);
		while (n_told <= i)
			pthread_cond_wait(&changed, &mutex);
		stopwatch_stop(&stopwatch);
	}
	pthread_mutex_unlock(&mutex);
	stopwatch_print(&stopwatch, "listener", name);
	return NULL;
}

static void *teller(void *unused)
{
	for (unsigned int i = 0; i < count; i++) {
		pause_ms(PAUSE_MS);
		pthread_mutex_lock(&mutex);
		n_told++;
		pthread_cond_signal(&changed);
		pthread_mutex_unlock(&mutex);
	}
	return unused;
}

__attribute__((noinline)) static void *reader(void *name)
{
	struct stopwatch stopwatch = { 0 };
	char byte;

	for (unsigned int i = 0; i < count; i++) {
		stopwatch_start(&stopwatch);
		check(read(pipes[0][0], &byte, 1) == 1, "read");
		stopwatch_stop(&stopwatch);
	}
	stopwatch_print(&stopwatch, "reader", name);
	return NULL;
}

static void *writer(void *unused)
{
	for (unsigned int i = 0; i < count; i++) {
		pause_ms(PAUSE_MS);
		check(write(pipes[0][1], "x", 1) == 1, "write");
	}
	return unused;
}

/* Where the scheduler puts two threads that wake each other is a matter of luck. */
static void stay_on_cpu(size_t thread)
{
	cpu_set_t set;

	if (!cpus[thread])
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)atoi(cpus[thread]), &set);
	check(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

/* The clocks of a whole thread: reading them at each turn would be most of the work. */
__attribute__((noinline)) static void *pingpong(void *name)
{
	int is_first = strcmp(name, "first") == 0;
	struct stopwatch stopwatch = { 0 };
	char byte = 'x';

	stay_on_cpu(is_first ? 0 : 1);
	stopwatch_start(&stopwatch);
	for (unsigned int i = 0; i < count; i++) {
		if (is_first)
			check(write(pipes[0][1], &byte, 1) == 1, "write");
		check(read(pipes[is_first][0], &byte, 1) == 1, "read");
		if (!is_first)
			check(write(pipes[1][1], &byte, 1) == 1, "write");
	}
	stopwatch_stop(&stopwatch);
	stopwatch_print(&stopwatch, "pingpong", name);
	if (is_first)
		printf("switches per second: %.0f\n",
		       2e9 * (double)count / (double)stopwatch.wall_ns);
	return NULL;
}

__attribute__((noinline)) static void syncer(void)
{
	static char block[65536];
	struct stopwatch stopwatch = { 0 };
	FILE *file = tmpfile();

	check(file != NULL, "tmpfile");
	for (unsigned int i = 0; i < count; i++) {
		memset(block, (int)i, sizeof(block));
		check(pwrite(fileno(file), block, sizeof(block), 0) == sizeof(block), "pwrite");
		stopwatch_start(&stopwatch);
		check(fsync(fileno(file)) == 0, "fsync");
		stopwatch_stop(&stopwatch);
	}
	fclose(file);
	stopwatch_print(&stopwatch, "syncer", "main");
}

static void *client(void *unused)
{
	for (unsigned int i = 0; i < count; i++) {
		int connection = socket(AF_INET, SOCK_STREAM, 0);

		pause_ms(PAUSE_MS);
		check(connect(connection, (const struct sockaddr *)&address, sizeof(address)) == 0,
		      "connect");
		close(connection);
	}
	return unused;
}

__attribute__((noinline)) static void poller(int server)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct stopwatch stopwatch = { 0 };
	int poll = epoll_create1(0);

	check(epoll_ctl(poll, EPOLL_CTL_ADD, server, &event) == 0, "epoll_ctl");
	for (unsigned int i = 0; i < count; i++) {
		stopwatch_start(&stopwatch);
		check(epoll_wait(poll, &event, 1, -1) == 1, "epoll_wait");
		stopwatch_stop(&stopwatch);
		close(accept(server, NULL, NULL));
	}
	stopwatch_print(&stopwatch, "poller", "main");
}

__attribute__((noinline)) static void parent(void)
{
	struct stopwatch stopwatch = { 0 };

	for (unsigned int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child == 0) {
			pause_ms(PAUSE_MS);
			_exit(0);
		}
		stopwatch_start(&stopwatch);
		check(waitpid(child, NULL, 0) == child, "waitpid");
		stopwatch_stop(&stopwatch);
	}
	stopwatch_print(&stopwatch, "parent", "main");
}

static void run_two(void *(*first)(void *), void *(*second)(void *))
{
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, first, "first");
	pthread_create(&threads[1], NULL, second, "second");
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

static void run_poller(void)
{
	socklen_t size = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t thread;

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check(bind(server, (const struct sockaddr *)&address, sizeof(address)) == 0, "bind");
	check(getsockname(server, (struct sockaddr *)&address, &size) == 0, "getsockname");
	check(listen(server, 16) == 0, "listen");
	pthread_create(&thread, NULL, client, NULL);
	poller(server);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "sleeper";

	count = argc > 2 ? (unsigned int)atoi(argv[2]) : 100;
	for (int i = 0; i < 2 && i + 3 < argc; i++)
		cpus[i] = argv[i + 3];
	check(pipe(pipes[0]) == 0 && pipe(pipes[1]) == 0, "pipe");
	if (strcmp(kind, "sleeper") == 0)
		sleeper();
	else if (strcmp(kind, "locker") == 0)
		run_two(locker, locker);
	else if (strcmp(kind, "listener") == 0)
		run_two(listener, teller);
	else if (strcmp(kind, "reader") == 0)
		run_two(reader, writer);
	else if (strcmp(kind, "pingpong") == 0)
		run_two(pingpong, pingpong);
	else if (strcmp(kind, "syncer") == 0)
		syncer();
	else if (strcmp(kind, "poller") == 0)
		run_poller();
	else if (strcmp(kind, "parent") == 0)
		parent();
	else
		return 2;
	return 0;
}
