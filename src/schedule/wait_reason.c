/**
 * What a thread waits for.
 *
 * Source: names of functions in the kernel's sources (4.19 to 6.18), of the C libraries and of
 * the runtimes of Go and Rust. The innermost function that tells anything decides: a read of a pipe
 * inside the system call read() is a pipe.
 */

#include "schedule/wait_reason.h"

#include "base/memory.h"

#include <fnmatch.h>
#include <string.h>
#include <sys/syscall.h>

static const struct {
	const char *name, *frame_name;
} reasons[N_WAIT_REASONS] = {
	[WAIT_UNKNOWN] = { "unknown", "[waiting: unknown]" },
	[WAIT_CPU] = { "cpu", "[waiting: cpu]" },
	[WAIT_LOCK] = { "lock", "[waiting: lock]" },
	[WAIT_CONDITION] = { "condition", "[waiting: condition]" },
	[WAIT_THREAD_END] = { "thread end", "[waiting: thread end]" },
	[WAIT_DISK] = { "disk", "[waiting: disk]" },
	[WAIT_NETWORK] = { "network", "[waiting: network]" },
	[WAIT_LOCAL_SOCKET] = { "local socket", "[waiting: local socket]" },
	[WAIT_PIPE] = { "pipe", "[waiting: pipe]" },
	[WAIT_POLL] = { "poll", "[waiting: poll]" },
	[WAIT_SLEEP] = { "sleep", "[waiting: sleep]" },
	[WAIT_PAGE_FAULT] = { "page fault", "[waiting: page fault]" },
	[WAIT_CHILD] = { "child", "[waiting: child]" },
	[WAIT_TERMINAL] = { "terminal", "[waiting: terminal]" },
	[WAIT_SIGNAL] = { "signal", "[waiting: signal]" },
	[WAIT_ASYNC_IO] = { "async i/o", "[waiting: async i/o]" },
	[WAIT_MESSAGE] = { "message", "[waiting: message]" },
	[WAIT_STOPPED] = { "stopped", "[waiting: stopped]" },
	[WAIT_KERNEL_WORK] = { "kernel work", "[waiting: kernel work]" },
	[WAIT_NO_STACK] = { "no stack", "[waiting: no stack]" },
};

const char *wait_reason_name(enum wait_reason reason)
{
	return reasons[reason].name;
}

const char *wait_reason_frame_name(enum wait_reason reason)
{
	return reasons[reason].frame_name;
}

struct name_rule {
	enum wait_reason reason;
	const char *names; /**< Words with * and ?, blanks between. */
};

/** In the order of trying; a name is held against all of them before the next name comes. */
static const struct name_rule kernel_rules[] = {
	{ WAIT_CPU, "preempt_schedule* __cond_resched* _cond_resched* dynamic_cond_resched* "
		    "exit_to_user_mode_loop* irqentry_exit* *do_sched_yield* *_sched_yield "
		    "yield yield_to raw_irqentry_exit* do_notify_resume" },
	{ WAIT_STOPPED, "ptrace_stop* do_signal_stop do_jobctl_trap __refrigerator get_signal "
			"do_freezer_trap cgroup_*_frozen" },
	{ WAIT_LOCK, "*futex_* futex_* do_futex __mutex_lock* mutex_lock* rwsem_down_* down_read* "
		     "down_write* __down* *rt_mutex_* rtlock_* percpu_rwsem_wait *percpu_down_* "
		     "*posix_lock_* flock_lock_* *flock fcntl_setlk* locks_lock_inode_wait "
		     "do_semtimedop* __do_semtimedop* *semtimedop*" },
	{ WAIT_PIPE, "pipe_read pipe_write anon_pipe_* pipe_wait* fifo_open fifo_pipe_* "
		     "wait_for_partner splice_from_pipe* pipe_to_* ipipe_prep* opipe_prep*" },
	{ WAIT_POLL, "ep_poll* do_epoll_* do_select core_sys_select* do_pselect* do_poll* "
		     "do_sys_poll poll_schedule_timeout* do_compat_poll* do_compat_select" },
	{ WAIT_SLEEP, "do_nanosleep hrtimer_nanosleep* *clock_nanosleep* common_nsleep* "
		      "alarm_timer_nsleep alarmtimer_do_nsleep msleep* usleep_range* timerfd_read* "
		      "ssleep" },
	{ WAIT_CHILD, "do_wait* kernel_wait4 *sys_wait4* *sys_waitid* kernel_waitid* "
		      "wait_for_vfork_done kernel_clone" },
	{ WAIT_TERMINAL, "n_tty_* tty_* iterate_tty_* file_tty_* pty_* job_control" },
	{ WAIT_SIGNAL, "sigsuspend *rt_sigsuspend* do_sigtimedwait* *rt_sigtimedwait* *sys_pause* "
		       "signalfd_*" },
	{ WAIT_ASYNC_IO, "io_cqring_* io_uring_* __do_sys_io_uring_* io_wq_* io_sq_thread "
			 "read_events do_io_getevents* aio_*" },
	{ WAIT_MESSAGE, "eventfd_* inotify_read fanotify_read do_msgrcv* do_msgsnd* wq_sleep "
			"do_mq_* *mq_timed* userfaultfd_* binder_* kernfs_fop_poll do_syslog* "
			"devkmsg_read*" },
	{ WAIT_LOCAL_SOCKET, "unix_* vsock_* *virtio_vsock*" },
	{ WAIT_NETWORK, "inet_* inet6_* tcp_* tcpv* udp_* udpv6_* sk_wait_* sk_stream_* "
			"__lock_sock* lock_sock* raw_recvmsg rawv6_recvmsg netlink_* packet_* "
			"sctp_* mptcp_* "
			"ping_recvmsg tls_* kernel_accept kernel_connect svc_* rpc_* nfs* ceph_* "
			"cifs_* smb2_* p9_* v9fs_*" },
	{ WAIT_DISK, "io_schedule* folio_wait_* __folio_lock* wait_on_page* __lock_page* "
		     "__wait_on_buffer wait_on_buffer* blk_* blkdev_* submit_bio_wait bio_* jbd2_* "
		     "jbd2_log_* ext4_* ext3_* xfs_* btrfs_* f2fs_* vfs_fsync* do_fsync* "
		     "file_write_and_wait* __filemap_fdatawait* filemap_* ksys_sync iomap_* dio_* "
		     "__blockdev_direct_IO do_blockdev_direct_IO rq_qos_wait wbt_wait "
		     "balance_dirty_pages* fuse_* request_wait_answer md_* dm_* nvme_* scsi_* "
		     "virtblk_* sync_inodes* wb_wait_for_completion writeback_* read_pages "
		     "page_cache_* generic_file_* bread* __bread* getblk* *fdatasync* *fsync* "
		     "loop_* overlay_* ovl_* erofs_* squashfs_* zfs_* z_* cv_wait_*" },
	/* Only when nothing more particular was found on the way out. */
	{ WAIT_NETWORK, "sock_* __sys_recv* __sys_send* __sys_accept* __sys_connect* ___sys_recv* "
			"___sys_send* *sys_accept* *sys_recv* *sys_send* *sys_connect*" },
	/* Bringing in memory: beats the disk that it comes from. */
	{ WAIT_PAGE_FAULT, "asm_exc_page_fault exc_page_fault do_user_addr_fault handle_mm_fault "
			   "__handle_mm_fault do_page_fault __do_page_fault faultin_page "
			   "filemap_fault do_swap_page" },
	{ WAIT_KERNEL_WORK, "worker_thread kthread kthread_worker_fn smpboot_thread_fn kswapd "
			    "rcu_gp_* rcu_nocb_* kcompactd khugepaged* ksm_* kauditd_* "
			    "oom_reaper rescuer_thread migration_* ksoftirqd* kthreadd "
			    "ret_from_fork*" },
};

static const struct name_rule user_rules[] = {
	{ WAIT_CONDITION, "*pthread_cond_* *pthread_barrier_wait* *sem_wait* *sem_timedwait* "
			  "*sem_clockwait* cnd_wait cnd_timedwait std::condition_variable::* "
			  "std::sys::sync::condvar::* std::thread::park* parking_lot::condvar::* "
			  "runtime.notesleep* runtime.notetsleep* runtime.semasleep" },
	{ WAIT_THREAD_END, "*pthread_join* *pthread_timedjoin* *pthread_clockjoin* thrd_join "
			   "std::thread::join" },
	{ WAIT_LOCK, "*pthread_mutex_lock* *pthread_mutex_timedlock* *pthread_mutex_clocklock* "
		     "*lll_lock_wait* *lll_timedlock_wait* *pthread_rwlock_* *futex* "
		     "__timedwait* __wait mtx_lock std::sys::sync::mutex::* "
		     "runtime.futex* flock lockf* semop semtimedop" },
	{ WAIT_SLEEP, "*nanosleep* usleep sleep thrd_sleep runtime.usleep*" },
	{ WAIT_POLL, "epoll_wait* epoll_pwait* __GI_epoll_* *poll ppoll __ppoll* __poll* "
		     "select __select* pselect* runtime.epollwait* runtime.netpoll*" },
	{ WAIT_CHILD, "wait wait3 wait4 __wait4* waitpid __waitpid* waitid __waitid*" },
	{ WAIT_DISK, "fsync fdatasync msync sync syncfs sync_file_range pread* pwrite* __pread* "
		     "__pwrite* *fsync" },
	{ WAIT_NETWORK, "recv recvfrom recvmsg recvmmsg __recv* send sendto sendmsg "
			"sendmmsg __send* accept accept4 __accept* connect __connect* __libc_recv* "
			"__libc_send* "
			"__libc_accept* __libc_connect*" },
	{ WAIT_SIGNAL, "pause __libc_pause sigsuspend *sigsuspend* sigwait* *sigtimedwait* "
		       "sigwaitinfo" },
	{ WAIT_ASYNC_IO, "io_getevents io_pgetevents io_uring_* __io_uring_*" },
	{ WAIT_MESSAGE, "msgrcv msgsnd mq_receive mq_timedreceive mq_send eventfd_read" },
	{ WAIT_CPU, "sched_yield __sched_yield runtime.osyield*" },
};

/** Whether @p name is one of the words of @p names. */
static bool is_named(const char *name, const char *names)
{
	char word[64];

	while (*names) {
		size_t length = strcspn(names, " ");

		if (length < sizeof(word)) {
			memcpy(word, names, length);
			word[length] = '\0';
			if (fnmatch(word, name, 0) == 0)
				return true;
		}
		names += length;
		names += strspn(names, " ");
	}
	return false;
}

static enum wait_reason reason_of_name(const char *name, const struct name_rule *rules,
				       size_t n_rules)
{
	for (size_t i = 0; i < n_rules; i++) {
		if (is_named(name, rules[i].names))
			return rules[i].reason;
	}
	return WAIT_UNKNOWN;
}

struct wait_clue wait_clue_of_function(const char *name, bool is_kernel)
{
	return (struct wait_clue){
		.reason = is_kernel ? reason_of_name(name, kernel_rules, ARRAY_SIZE(kernel_rules))
				    : reason_of_name(name, user_rules, ARRAY_SIZE(user_rules)),
		.is_kernel = is_kernel,
	};
}

/** Functions of libraries between the system call and who asked for it. */
#define LOCK_CALLERS_MAX 8

enum wait_reason wait_reason_refine(enum wait_reason reason, const struct wait_clue *clues,
				    size_t n_clues)
{
	size_t n_callers = 0;

	if (reason != WAIT_LOCK)
		return reason;
	for (size_t i = 0; i < n_clues && n_callers < LOCK_CALLERS_MAX; i++) {
		if (clues[i].is_kernel)
			continue;
		n_callers++;
		if (clues[i].reason == WAIT_CONDITION || clues[i].reason == WAIT_THREAD_END)
			return clues[i].reason;
	}
	return WAIT_LOCK;
}

enum wait_reason wait_reason_of_clues(const struct wait_clue *clues, size_t n_clues)
{
	enum wait_reason reason = WAIT_UNKNOWN;
	bool has_page_fault = false;

	for (size_t i = 0; i < n_clues; i++) {
		if (clues[i].reason == WAIT_PAGE_FAULT)
			has_page_fault = true;
		else if (reason == WAIT_UNKNOWN)
			reason = clues[i].reason;
	}
	if (has_page_fault &&
	    (reason == WAIT_UNKNOWN || reason == WAIT_DISK || reason == WAIT_KERNEL_WORK))
		return WAIT_PAGE_FAULT;
	return wait_reason_refine(reason, clues, n_clues);
}

static const struct {
	long number;
	enum wait_reason reason; /**< WAIT_UNKNOWN: the file decides. */
} system_calls[] = {
	{ SYS_futex, WAIT_LOCK },
	{ SYS_nanosleep, WAIT_SLEEP },
	{ SYS_clock_nanosleep, WAIT_SLEEP },
	{ SYS_epoll_pwait, WAIT_POLL },
	{ SYS_ppoll, WAIT_POLL },
	{ SYS_pselect6, WAIT_POLL },
#ifdef SYS_epoll_wait
	{ SYS_epoll_wait, WAIT_POLL },
	{ SYS_poll, WAIT_POLL },
	{ SYS_select, WAIT_POLL },
	{ SYS_pause, WAIT_SIGNAL },
#endif
#ifdef SYS_epoll_pwait2
	{ SYS_epoll_pwait2, WAIT_POLL },
#endif
	{ SYS_wait4, WAIT_CHILD },
	{ SYS_waitid, WAIT_CHILD },
	{ SYS_accept, WAIT_NETWORK },
	{ SYS_accept4, WAIT_NETWORK },
	{ SYS_connect, WAIT_NETWORK },
	{ SYS_recvfrom, WAIT_NETWORK },
	{ SYS_recvmsg, WAIT_NETWORK },
	{ SYS_recvmmsg, WAIT_NETWORK },
	{ SYS_sendto, WAIT_NETWORK },
	{ SYS_sendmsg, WAIT_NETWORK },
	{ SYS_sendmmsg, WAIT_NETWORK },
	{ SYS_fsync, WAIT_DISK },
	{ SYS_fdatasync, WAIT_DISK },
	{ SYS_sync, WAIT_DISK },
	{ SYS_msync, WAIT_DISK },
	{ SYS_sync_file_range, WAIT_DISK },
	{ SYS_rt_sigsuspend, WAIT_SIGNAL },
	{ SYS_rt_sigtimedwait, WAIT_SIGNAL },
	{ SYS_io_uring_enter, WAIT_ASYNC_IO },
	{ SYS_io_getevents, WAIT_ASYNC_IO },
	{ SYS_semtimedop, WAIT_LOCK },
	{ SYS_semop, WAIT_LOCK },
	{ SYS_flock, WAIT_LOCK },
	{ SYS_msgrcv, WAIT_MESSAGE },
	{ SYS_msgsnd, WAIT_MESSAGE },
	{ SYS_mq_timedreceive, WAIT_MESSAGE },
	{ SYS_mq_timedsend, WAIT_MESSAGE },
	{ SYS_sched_yield, WAIT_CPU },
	{ SYS_read, WAIT_UNKNOWN },
	{ SYS_write, WAIT_UNKNOWN },
	{ SYS_readv, WAIT_UNKNOWN },
	{ SYS_writev, WAIT_UNKNOWN },
	{ SYS_pread64, WAIT_UNKNOWN },
	{ SYS_pwrite64, WAIT_UNKNOWN },
	{ SYS_splice, WAIT_UNKNOWN },
	{ SYS_ioctl, WAIT_UNKNOWN },
};

static const struct {
	const char *pattern; /**< fnmatch(3) of the link in /proc/PID/fd. */
	enum wait_reason reason;
} files[] = {
	{ "pipe:*", WAIT_PIPE },
	{ "socket:*", WAIT_NETWORK },
	{ "/dev/pts/*", WAIT_TERMINAL },
	{ "/dev/tty*", WAIT_TERMINAL },
	{ "/dev/console", WAIT_TERMINAL },
	{ "anon_inode:*timerfd*", WAIT_SLEEP },
	{ "anon_inode:*signalfd*", WAIT_SIGNAL },
	{ "anon_inode:*", WAIT_MESSAGE },
	{ "/dev/*", WAIT_UNKNOWN },
	{ "/*", WAIT_DISK },
};

bool system_call_waits_for_file(int64_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(system_calls); i++) {
		if (system_calls[i].number == number)
			return system_calls[i].reason == WAIT_UNKNOWN;
	}
	return false;
}

enum wait_reason wait_reason_of_system_call(int64_t number, const char *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(system_calls); i++) {
		if (system_calls[i].number == number && system_calls[i].reason != WAIT_UNKNOWN)
			return system_calls[i].reason;
	}
	if (!file || !system_call_waits_for_file(number))
		return WAIT_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (fnmatch(files[i].pattern, file, 0) == 0)
			return files[i].reason;
	}
	return WAIT_UNKNOWN;
}
