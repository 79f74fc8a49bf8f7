#include "capture/perf_events/opened_events.h"

#include "base/memory.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_event(struct perf_event_attr attr, int task, uint32_t cpu)
{
	return (int)syscall(SYS_perf_event_open, &attr, task, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static void add_id(struct opened_events *opened, int fd)
{
	uint64_t id;

	if (ioctl(fd, PERF_EVENT_IOC_ID, &id) == 0)
		address_vector_append(&opened->ids, id);
}

/** The first event of a CPU brings the ring, the others write into it. */
static bool add_event(struct opened_events *opened, int fd, uint32_t cpu, bool has_ring,
		      uint64_t ring_size_bytes, struct open_failure *failure_ret)
{
	int failed_errno = 0;

	if (!has_ring) {
		struct error *error =
			ring_init(&opened->rings[opened->n_rings], fd, cpu, ring_size_bytes);

		failed_errno = error ? error->errno_value : 0;
		opened->n_rings += error == NULL;
		error_destroy(error);
	} else if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, opened->rings[opened->n_rings - 1].fd) !=
		   0) {
		failed_errno = errno;
	} else {
		descriptor_vector_append(&opened->more_events, fd);
	}
	if (failed_errno) {
		*failure_ret = (struct open_failure){ OPEN_FAILED_RING, failed_errno };
		close(fd);
		return false;
	}
	add_id(opened, fd);
	return true;
}

static bool open_on_cpu(struct opened_events *opened, const struct sampler_options *options,
			uint32_t cpu, uint64_t ring_size_bytes, struct open_failure *failure_ret)
{
	size_t n_tasks = options->target == SAMPLER_TARGET_TASKS ? options->n_tasks : 1;
	bool has_ring = false;

	for (size_t i = 0; i < n_tasks; i++) {
		int task = options->target == SAMPLER_TARGET_TASKS    ? (int)options->tasks[i]
			   : options->target == SAMPLER_TARGET_SYSTEM ? -1
								      : options->pid;
		int fd = open_event(opened->attr, task, cpu);

		if (fd < 0 && (errno == ESRCH || (errno == ENODEV && opened->n_rings > 0)))
			continue;
		if (fd < 0) {
			*failure_ret = (struct open_failure){ OPEN_FAILED_EVENT, errno };
			return false;
		}
		if (!add_event(opened, fd, cpu, has_ring, ring_size_bytes, failure_ret))
			return false;
		has_ring = true;
	}
	return true;
}

bool opened_events_open(const struct perf_event_attr *attr, const struct sampler_options *options,
			const struct index_vector *cpus, uint64_t ring_size_bytes,
			struct opened_events *ret, struct open_failure *failure_ret)
{
	struct opened_events opened = {
		.attr = *attr,
		.rings = memory_allocate(cpus->count, sizeof(*opened.rings)),
	};
	struct open_failure failure = { OPEN_FAILED_EVENT, ESRCH };
	bool is_open = true;

	for (size_t i = 0; i < cpus->count && is_open; i++)
		is_open = open_on_cpu(&opened, options, cpus->items[i], ring_size_bytes, &failure);
	if (!is_open || opened.n_rings == 0) {
		opened_events_deinit(&opened);
		*failure_ret = failure;
		return false;
	}
	*ret = opened;
	return true;
}

void opened_events_enable(const struct opened_events *opened)
{
	for (size_t i = 0; i < opened->n_rings; i++)
		ioctl(opened->rings[i].fd, PERF_EVENT_IOC_ENABLE, 0);
	for (size_t i = 0; i < opened->more_events.count; i++)
		ioctl(opened->more_events.items[i], PERF_EVENT_IOC_ENABLE, 0);
}

void opened_events_deinit(struct opened_events *opened)
{
	/* Before the rings they write into. */
	for (size_t i = 0; i < opened->more_events.count; i++)
		close(opened->more_events.items[i]);
	descriptor_vector_deinit(&opened->more_events);
	for (size_t i = 0; i < opened->n_rings; i++)
		ring_deinit(&opened->rings[i]);
	free(opened->rings);
	address_vector_deinit(&opened->ids);
	*opened = (struct opened_events){ 0 };
}
