#include "base/file_mapping.h"

#include "base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/**
 * A mapping as the signal handler finds it. Never freed, because a handler may be looking at it;
 * taken again by a later mapping.
 */
struct guarded_range {
	struct guarded_range *next;
	_Atomic(uintptr_t) start; /**< 0: free. */
	_Atomic(size_t) size_bytes;
	atomic_bool was_cut;
};

/* Signal handlers can only reach what is global. */
static _Atomic(struct guarded_range *) ranges;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of writers; the handler only reads */
static size_t page_size_bytes;
static struct sigaction previous_action;

static struct guarded_range *find_range(uintptr_t address)
{
	struct guarded_range *range = atomic_load(&ranges);

	while (range) {
		uintptr_t start = atomic_load(&range->start);

		if (start && address >= start && address - start < atomic_load(&range->size_bytes))
			return range;
		range = range->next;
	}
	return NULL;
}

/** Zeros from the page of @p address to the end of its range. */
static bool fill_with_zeros(struct guarded_range *range, uintptr_t address)
{
	uintptr_t page = address & ~(uintptr_t)(page_size_bytes - 1);
	size_t left = atomic_load(&range->start) + atomic_load(&range->size_bytes) - page;

	atomic_store(&range->was_cut, true);
	return mmap((void *)page, left, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static void handle_bus_error(int number, siginfo_t *info, void *context)
{
	int saved_errno = errno;
	struct guarded_range *range =
		info->si_code == BUS_ADRERR ? find_range((uintptr_t)info->si_addr) : NULL;

	(void)context;
	/* Not ours: the same instruction faults again, and meets who was there before us. */
	if (!range || !fill_with_zeros(range, (uintptr_t)info->si_addr))
		sigaction(number, &previous_action, NULL);
	errno = saved_errno;
}

static void install_handler(void)
{
	struct sigaction action = { .sa_sigaction = handle_bus_error, .sa_flags = SA_SIGINFO };
	struct sigaction present;

	if (sigaction(SIGBUS, NULL, &present) == 0 && present.sa_sigaction == handle_bus_error)
		return;
	page_size_bytes = (size_t)sysconf(_SC_PAGESIZE);
	sigaction(SIGBUS, &action, &previous_action);
}

static void guard(const struct file_mapping *mapping)
{
	struct guarded_range *range = atomic_load(&ranges);

	while (range && atomic_load(&range->start))
		range = range->next;
	if (!range) {
		range = memory_allocate(1, sizeof(*range));
		range->next = atomic_load(&ranges);
		atomic_store(&ranges, range);
	}
	atomic_store(&range->was_cut, false);
	atomic_store(&range->size_bytes, mapping->size_bytes);
	atomic_store(&range->start, (uintptr_t)mapping->data);
}

struct error *file_mapping_open(int descriptor, size_t size_bytes, enum file_mapping_use use,
				struct file_mapping *ret)
{
	int protection = use == FILE_MAPPING_CHANGE ? PROT_READ | PROT_WRITE : PROT_READ;
	int flags = MAP_PRIVATE | (use == FILE_MAPPING_CHANGE    ? MAP_NORESERVE
				   : use == FILE_MAPPING_AT_ONCE ? MAP_POPULATE
								 : 0);
	void *data = mmap(NULL, size_bytes, protection, flags, descriptor, 0);

	if (data == MAP_FAILED)
		return error_from_errno(errno, "cannot map it");
	*ret = (struct file_mapping){ data, size_bytes };
	pthread_mutex_lock(&lock);
	install_handler();
	guard(ret);
	pthread_mutex_unlock(&lock);
	return NULL;
}

void file_mapping_close(struct file_mapping *mapping)
{
	struct guarded_range *range;

	if (!mapping->data)
		return;
	pthread_mutex_lock(&lock);
	range = find_range((uintptr_t)mapping->data);
	if (range)
		atomic_store(&range->start, 0);
	pthread_mutex_unlock(&lock);
	munmap(mapping->data, mapping->size_bytes);
	*mapping = (struct file_mapping){ 0 };
}

bool file_mapping_was_cut(const struct file_mapping *mapping)
{
	const struct guarded_range *range = find_range((uintptr_t)mapping->data);

	return mapping->data && range && atomic_load(&range->was_cut);
}
