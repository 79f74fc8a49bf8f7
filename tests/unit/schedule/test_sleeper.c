#include "schedule/sleeper.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/* A thread that reads from a pipe until it is written to. */
struct reader {
	int ends[2];
	_Atomic uint32_t tid;
};

static void *read_one(void *context)
{
	struct reader *reader = context;
	char byte;

	reader->tid = (uint32_t)syscall(SYS_gettid);
	return read(reader->ends[0], &byte, 1) == 1 ? reader : NULL;
}

static void test_a_thread_that_reads_a_pipe(void **state)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct reader reader = { 0 };
	struct sleeper sleeper = { 0 };
	pthread_t thread;
	void *result;

	assert_int_equal(pipe(reader.ends), 0);
	assert_int_equal(pthread_create(&thread, NULL, read_one, &reader), 0);
	for (int i = 0; i < 10000 && !sleeper.is_asleep; i++) {
		nanosleep(&moment, NULL);
		if (reader.tid)
			sleeper = sleeper_read((uint32_t)getpid(), reader.tid);
	}
	assert_int_equal(write(reader.ends[1], "x", 1), 1);
	pthread_join(thread, &result);
	assert_ptr_equal(result, &reader);
	assert_true(sleeper.is_asleep);
	/* Where /proc/PID/syscall is withheld, nothing more is known. */
	if (sleeper.has_registers) {
		assert_int_equal(sleeper.reason, WAIT_PIPE);
		assert_true(sleeper.stack_pointer && sleeper.instruction_pointer);
	} else {
		assert_int_equal(sleeper.reason, WAIT_UNKNOWN);
	}
	close(reader.ends[0]);
	close(reader.ends[1]);
}

static void test_who_runs_or_is_not_there_does_not_sleep(void **state)
{
	assert_false(sleeper_read((uint32_t)getpid(), (uint32_t)getpid()).is_asleep);
	assert_false(sleeper_read(UINT32_MAX, 1).is_asleep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_thread_that_reads_a_pipe),
		cmocka_unit_test(test_who_runs_or_is_not_there_does_not_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
