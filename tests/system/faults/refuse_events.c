/*
 * LD_PRELOAD: perf_event_open(2) as a kernel answers an ordinary user at perf_event_paranoid
 * $REFUSE_PARANOID, and no ring of more than $REFUSE_RING_KIB (perf_event_mlock_kb). Only the
 * program itself: what it starts has an empty LD_PRELOAD by then.
 *
 * Source: perf_allow_kernel(), perf_allow_cpu(), perf_allow_tracepoint() and perf_mmap() of the
 * kernel; at 3 and 4 Debian's and Ubuntu's patches refuse all.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS_MAX 4096

static unsigned char is_event[EVENTS_MAX];
static long paranoid = -1;
static long ring_max_kib = -1;

static long number_from(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : -1;
}

__attribute__((constructor)) static void begin(void)
{
	unsetenv("LD_PRELOAD");
	paranoid = number_from("REFUSE_PARANOID");
	ring_max_kib = number_from("REFUSE_RING_KIB");
}

/** The errno, or 0. */
static int refuse(const struct perf_event_attr *attr, long pid)
{
	if (paranoid >= 3 || (paranoid >= 2 && !attr->exclude_kernel) ||
	    (paranoid >= 1 && pid == -1))
		return EACCES;
	if (paranoid >= 0 && attr->type == PERF_TYPE_TRACEPOINT &&
	    (pid == -1 || (attr->sample_type & PERF_SAMPLE_RAW)))
		return EPERM;
	return 0;
}

long syscall(long number, ...)
{
	static long (*original)(long number, ...);
	long arguments[6], result;
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (!original)
		original = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (number == SYS_perf_event_open) {
		errno = refuse((const struct perf_event_attr *)arguments[0], (int)arguments[1]);
		if (errno)
			return -1;
	}
	result = original(number, arguments[0], arguments[1], arguments[2], arguments[3],
			  arguments[4], arguments[5]);
	if (number == SYS_perf_event_open && result >= 0 && result < EVENTS_MAX)
		is_event[result] = 1;
	return result;
}

int close(int fd)
{
	if (fd >= 0 && fd < EVENTS_MAX)
		is_event[fd] = 0;
	return (int)syscall(SYS_close, fd);
}

void *mmap(void *address, size_t size_bytes, int protection, int flags, int fd, off_t offset)
{
	if (ring_max_kib >= 0 && fd >= 0 && fd < EVENTS_MAX && is_event[fd] &&
	    size_bytes > (size_t)ring_max_kib * 1024) {
		errno = EPERM;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, address, size_bytes, (long)protection, (long)flags,
			       (long)fd, offset);
}

void *mmap64(void *address, size_t size_bytes, int protection, int flags, int fd, off_t offset)
	__attribute__((alias("mmap")));
