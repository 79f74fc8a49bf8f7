#include "schedule/wait_reason.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <cmocka.h>

#define FRAMES_MAX 32

/** Names innermost first, "k:" before those of the kernel, blanks between. */
static enum wait_reason reason_of(const char *stack)
{
	_cleanup_free_ char *text = memory_duplicate_text(stack);
	struct wait_clue clues[FRAMES_MAX];
	char *rest = text;
	size_t n_clues = 0;

	for (char *word; (word = strsep(&rest, " ")) && n_clues < FRAMES_MAX;) {
		bool is_kernel = strncmp(word, "k:", 2) == 0;

		clues[n_clues++] = wait_clue_of_function(is_kernel ? word + 2 : word, is_kernel);
	}
	return wait_reason_of_clues(clues, n_clues);
}

#define SYSTEM_CALL " k:do_syscall_64 k:entry_SYSCALL_64_after_hwframe"

static void test_of_stacks_as_kernels_have_them(void **state)
{
	static const struct {
		enum wait_reason reason;
		const char *stack;
	} cases[] = {
		{ WAIT_LOCK,
		  "k:schedule k:futex_wait_queue k:__futex_wait k:futex_wait k:do_futex "
		  "k:__x64_sys_futex" SYSTEM_CALL " __lll_lock_wait pthread_mutex_lock work main" },
		{ WAIT_CONDITION, "k:schedule k:futex_wait_queue k:futex_wait" SYSTEM_CALL
				  " __futex_abstimed_wait_common pthread_cond_wait@@GLIBC_2.3.2 "
				  "worker" },
		{ WAIT_CONDITION, "k:futex_wait_queue_me k:futex_wait" SYSTEM_CALL
				  " do_futex_wait __new_sem_wait_slow64 sem_wait main" },
		{ WAIT_THREAD_END, "k:schedule k:futex_wait_queue k:futex_wait" SYSTEM_CALL
				   " __futex_abstimed_wait_common __pthread_clockjoin_ex main" },
		{ WAIT_LOCK, "k:schedule k:rwsem_down_write_slowpath k:down_write_killable "
			     "k:vm_mmap_pgoff" SYSTEM_CALL " mmap main" },
		{ WAIT_PIPE,
		  "k:schedule k:anon_pipe_read k:vfs_read k:ksys_read" SYSTEM_CALL " read main" },
		{ WAIT_PIPE,
		  "k:schedule k:pipe_wait k:pipe_write k:vfs_write" SYSTEM_CALL " write main" },
		{ WAIT_POLL, "k:schedule k:schedule_hrtimeout_range k:ep_poll k:do_epoll_wait "
			     "k:__x64_sys_epoll_wait" SYSTEM_CALL " epoll_wait serve" },
		{ WAIT_POLL, "k:schedule_hrtimeout_range k:poll_schedule_timeout.constprop.0 "
			     "k:do_sys_poll" SYSTEM_CALL " poll main" },
		{ WAIT_SLEEP, "k:schedule k:do_nanosleep k:hrtimer_nanosleep "
			      "k:common_nsleep" SYSTEM_CALL " clock_nanosleep nanosleep main" },
		{ WAIT_DISK,
		  "k:schedule k:io_schedule k:folio_wait_bit_common "
		  "k:folio_wait_writeback k:__filemap_fdatawait_range "
		  "k:file_write_and_wait_range k:ext4_sync_file" SYSTEM_CALL " fsync main" },
		{ WAIT_DISK,
		  "k:schedule k:jbd2_log_wait_commit k:ext4_fsync" SYSTEM_CALL " fsync main" },
		{ WAIT_PAGE_FAULT, "k:schedule k:io_schedule k:folio_wait_bit_common "
				   "k:filemap_fault k:__do_fault k:handle_mm_fault "
				   "k:exc_page_fault k:asm_exc_page_fault main" },
		{ WAIT_NETWORK,
		  "k:schedule k:schedule_timeout k:wait_woken k:sk_wait_data "
		  "k:tcp_recvmsg_locked k:tcp_recvmsg k:inet_recvmsg" SYSTEM_CALL " recv main" },
		{ WAIT_NETWORK,
		  "k:schedule_timeout k:inet_csk_accept k:inet_accept" SYSTEM_CALL " accept main" },
		{ WAIT_LOCAL_SOCKET, "k:schedule_timeout k:unix_stream_read_generic "
				     "k:unix_stream_recvmsg k:sock_recvmsg" SYSTEM_CALL " recv" },
		{ WAIT_LOCAL_SOCKET, "k:schedule_timeout k:__skb_wait_for_more_packets "
				     "k:__unix_dgram_recvmsg k:unix_dgram_recvmsg "
				     "k:sock_recvmsg" SYSTEM_CALL " recv" },
		{ WAIT_CHILD, "k:schedule k:do_wait k:kernel_wait4" SYSTEM_CALL " wait4 main" },
		{ WAIT_TERMINAL, "k:schedule_timeout k:wait_woken k:n_tty_read "
				 "k:iterate_tty_read k:file_tty_read" SYSTEM_CALL " read main" },
		{ WAIT_CPU, "k:schedule k:exit_to_user_mode_loop "
			    "k:irqentry_exit_to_user_mode spin main" },
		{ WAIT_CPU, "k:preempt_schedule_common k:__cond_resched "
			    "k:ext4_write_begin" SYSTEM_CALL " write main" },
		{ WAIT_CPU, "k:schedule k:__do_sys_sched_yield" SYSTEM_CALL " sched_yield main" },
		{ WAIT_SIGNAL, "k:schedule k:sigsuspend" SYSTEM_CALL " sigsuspend main" },
		{ WAIT_ASYNC_IO, "k:schedule k:io_cqring_wait" SYSTEM_CALL " io_uring_wait main" },
		{ WAIT_STOPPED, "k:schedule k:ptrace_stop k:get_signal "
				"k:exit_to_user_mode_loop main" },
		{ WAIT_KERNEL_WORK, "k:schedule k:worker_thread k:kthread k:ret_from_fork" },
		{ WAIT_UNKNOWN, "k:schedule k:a_driver_nobody_knows" SYSTEM_CALL " ioctl main" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (reason_of(cases[i].stack) != cases[i].reason)
			fail_msg("%s: %s", cases[i].stack,
				 wait_reason_name(reason_of(cases[i].stack)));
	}
}

static void test_without_the_kernel_side_libraries_tell(void **state)
{
	assert_int_equal(reason_of("__lll_lock_wait pthread_mutex_lock work main"), WAIT_LOCK);
	assert_int_equal(reason_of("__futex_abstimed_wait_common64 pthread_cond_timedwait main"),
			 WAIT_CONDITION);
	assert_int_equal(reason_of("clock_nanosleep sleep main"), WAIT_SLEEP);
	assert_int_equal(reason_of("epoll_wait event_loop main"), WAIT_POLL);
	assert_int_equal(reason_of("runtime.futex.abi0 runtime.futexsleep main"), WAIT_LOCK);
	assert_int_equal(reason_of("fsync commit main"), WAIT_DISK);
	assert_int_equal(reason_of("work main"), WAIT_UNKNOWN);
}

static void test_system_calls(void **state)
{
	assert_int_equal(wait_reason_of_system_call(SYS_futex, NULL), WAIT_LOCK);
	assert_int_equal(wait_reason_of_system_call(SYS_clock_nanosleep, "/dev/null"), WAIT_SLEEP);
	assert_int_equal(wait_reason_of_system_call(SYS_read, "pipe:[1234]"), WAIT_PIPE);
	assert_int_equal(wait_reason_of_system_call(SYS_read, "socket:[1]"), WAIT_NETWORK);
	assert_int_equal(wait_reason_of_system_call(SYS_read, "/dev/pts/3"), WAIT_TERMINAL);
	assert_int_equal(wait_reason_of_system_call(SYS_read, "/home/me/file"), WAIT_DISK);
	assert_int_equal(wait_reason_of_system_call(SYS_read, "anon_inode:[eventfd]"),
			 WAIT_MESSAGE);
	assert_int_equal(wait_reason_of_system_call(SYS_read, NULL), WAIT_UNKNOWN);
	assert_int_equal(wait_reason_of_system_call(-1, "pipe:[1]"), WAIT_UNKNOWN);
	assert_true(system_call_waits_for_file(SYS_read));
	assert_false(system_call_waits_for_file(SYS_futex));
}

static void test_every_reason_has_names_of_its_own(void **state)
{
	for (enum wait_reason i = 0; i < N_WAIT_REASONS; i++) {
		assert_non_null(wait_reason_name(i));
		assert_non_null(strstr(wait_reason_frame_name(i), wait_reason_name(i)));
		for (enum wait_reason j = 0; j < i; j++)
			assert_string_not_equal(wait_reason_name(i), wait_reason_name(j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_stacks_as_kernels_have_them),
		cmocka_unit_test(test_without_the_kernel_side_libraries_tell),
		cmocka_unit_test(test_system_calls),
		cmocka_unit_test(test_every_reason_has_names_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
