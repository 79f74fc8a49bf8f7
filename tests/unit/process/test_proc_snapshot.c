#include "process/proc_snapshot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

/* What a snapshot told, as far as the tests look at it. */
struct seen {
	unsigned int n_comms, n_forks, n_mappings;
	bool has_own_code, has_thread, is_comm_first;
	pid_t thread;
	bool must_fail;
};

static struct error *see(void *context, const struct record *record)
{
	struct seen *seen = context;

	if (seen->must_fail)
		return error_new(ERROR_SYSTEM, "handler says no");
	switch (record->type) {
	case PERF_RECORD_COMM:
		seen->is_comm_first |= seen->n_mappings == 0 && record->tid == record->pid;
		seen->n_comms++;
		seen->has_thread |= (pid_t)record->tid == seen->thread;
		break;
	case PERF_RECORD_FORK:
		assert_int_equal(record->pid, record->task.parent_pid);
		seen->n_forks++;
		break;
	case PERF_RECORD_MMAP2:
		assert_true(record->mapping.protection & PROT_EXEC);
		seen->n_mappings++;
		seen->has_own_code |= (uintptr_t)see - record->mapping.start <
				      record->mapping.size_bytes;
		break;
	default:
		fail_msg("record of type %u", record->type);
	}
	assert_int_equal(record->time_ns, 0);
	return NULL;
}

static void test_own_process(void **state)
{
	struct seen seen = { 0 };

	assert_null(proc_snapshot_read((uint32_t)getpid(), see, &seen));
	assert_true(seen.is_comm_first);
	assert_true(seen.has_own_code);
	assert_true(seen.n_mappings >= 3); /* program, libc, ld.so */
}

static pthread_mutex_t hold = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t started;

static void *wait_for_release(void *context)
{
	*(pid_t *)context = gettid();
	pthread_barrier_wait(&started);
	pthread_mutex_lock(&hold);
	pthread_mutex_unlock(&hold);
	return NULL;
}

static void test_threads(void **state)
{
	struct seen seen = { 0 };
	struct index_vector tids = { 0 };
	pthread_t thread;

	pthread_barrier_init(&started, NULL, 2);
	pthread_mutex_lock(&hold);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_release, &seen.thread), 0);
	pthread_barrier_wait(&started);
	assert_null(proc_snapshot_read((uint32_t)getpid(), see, &seen));
	assert_null(proc_snapshot_threads((uint32_t)getpid(), &tids));
	pthread_mutex_unlock(&hold);
	pthread_join(thread, NULL);

	assert_true(seen.has_thread);
	assert_true(seen.n_forks >= 1);
	assert_int_equal(seen.n_comms, seen.n_forks + 1);
	assert_true(tids.count >= 2);
	index_vector_deinit(&tids);
}

static void test_errors(void **state)
{
	struct seen seen = { 0 };
	struct error *error = proc_snapshot_read(1U << 30, see, &seen);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	assert_non_null(strstr(error->message, "process 1073741824"));
	error_destroy(error);

	seen.must_fail = true;
	error = proc_snapshot_read((uint32_t)getpid(), see, &seen);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "handler says no"));
	error_destroy(error);
}

static void test_whole_machine(void **state)
{
	struct seen seen = { 0 };

	assert_null(proc_snapshot_read_all(see, &seen));
	assert_true(seen.has_own_code);
	assert_true(seen.n_comms >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_process),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_whole_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
