#include "capture/perf_events/opened_events.h"

#include "base/memory.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_event(const struct perf_event_attr *attr, int task, uint32_t cpu, bool is_cgroup)
{
	struct perf_event_attr own = *attr;

	return (int)syscall(SYS_perf_event_open, &own, task, (int)cpu, -1,
			    PERF_FLAG_FD_CLOEXEC | (is_cgroup ? PERF_FLAG_PID_CGROUP : 0));
}

static void add_id(struct opened_events *opened, int fd, size_t index)
{
	uint64_t id;

	if (ioctl(fd, PERF_EVENT_IOC_ID, &id) != 0)
		return;
	address_vector_append(&opened->ids, id);
	index_vector_append(&opened->attr_of_id, (uint32_t)index);
}

/** The first event of a CPU brings the ring, the others write into it. */
static bool add_event(struct opened_events *opened, int fd, uint32_t cpu, size_t index,
		      uint64_t ring_size_bytes, struct open_failure *failure_ret)
{
	struct ring *last = opened->n_rings ? &opened->rings[opened->n_rings - 1] : NULL;
	int failed_errno = 0;

	if (!last || last->cpu != cpu) {
		struct error *error =
			ring_init(&opened->rings[opened->n_rings], fd, cpu, ring_size_bytes);

		failed_errno = error ? error->errno_value : 0;
		opened->n_rings += error == NULL;
		error_destroy(error);
	} else if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, last->fd) != 0) {
		failed_errno = errno;
	} else {
		descriptor_vector_append(&opened->more_events, fd);
		index_vector_append(&opened->more_attrs, (uint32_t)index);
	}
	if (failed_errno) {
		*failure_ret = (struct open_failure){ OPEN_FAILED_RING, failed_errno, index };
		close(fd);
		return false;
	}
	add_id(opened, fd, index);
	return true;
}

/** One event on one CPU, for all tasks. */
static bool open_on_cpu(struct opened_events *opened, size_t index,
			const struct sampler_options *options, uint32_t cpu,
			uint64_t ring_size_bytes, struct open_failure *failure_ret)
{
	size_t n_tasks = options->target == SAMPLER_TARGET_TASKS ? options->n_tasks : 1;
	bool is_cgroup = options->target == SAMPLER_TARGET_SYSTEM && options->has_cgroup;

	for (size_t i = 0; i < n_tasks; i++) {
		int task = options->target == SAMPLER_TARGET_TASKS    ? (int)options->tasks[i]
			   : is_cgroup                                ? options->cgroup_fd
			   : options->target == SAMPLER_TARGET_SYSTEM ? -1
								      : options->pid;
		int fd = open_event(&opened->attrs[index], task, cpu, is_cgroup);

		if (fd < 0 && (errno == ESRCH || (errno == ENODEV && opened->n_rings > 0)))
			continue;
		if (fd < 0) {
			*failure_ret = (struct open_failure){ OPEN_FAILED_EVENT, errno, index };
			return false;
		}
		if (!add_event(opened, fd, cpu, index, ring_size_bytes, failure_ret))
			return false;
	}
	return true;
}

bool opened_events_open(const struct perf_event_attr *attrs, size_t n_attrs,
			const struct sampler_options *options, const struct index_vector *cpus,
			uint64_t ring_size_bytes, struct opened_events *ret,
			struct open_failure *failure_ret)
{
	struct opened_events opened = {
		.attrs = memory_duplicate(attrs, n_attrs * sizeof(*attrs)),
		.n_attrs = n_attrs,
		.rings = memory_allocate(cpus->count, sizeof(*opened.rings)),
	};
	struct open_failure failure = { OPEN_FAILED_EVENT, ESRCH, 0 };
	bool is_open = true;

	for (size_t i = 0; i < cpus->count * n_attrs && is_open; i++)
		is_open = open_on_cpu(&opened, i % n_attrs, options, cpus->items[i / n_attrs],
				      ring_size_bytes, &failure);
	if (!is_open || opened.n_rings == 0) {
		opened_events_deinit(&opened);
		*failure_ret = failure;
		return false;
	}
	*ret = opened;
	return true;
}

static bool is_tracking(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE && attr->config == PERF_COUNT_SW_DUMMY;
}

void opened_events_track(const struct opened_events *opened)
{
	for (size_t i = 0; i < opened->more_events.count; i++) {
		if (is_tracking(&opened->attrs[opened->more_attrs.items[i]]))
			ioctl(opened->more_events.items[i], PERF_EVENT_IOC_ENABLE, 0);
	}
}

void opened_events_set_enabled(const struct opened_events *opened, bool is_enabled)
{
	unsigned long request = is_enabled ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE;

	for (size_t i = 0; i < opened->n_rings; i++)
		ioctl(opened->rings[i].fd, request, 0);
	for (size_t i = 0; i < opened->more_events.count; i++) {
		if (!is_tracking(&opened->attrs[opened->more_attrs.items[i]]))
			ioctl(opened->more_events.items[i], request, 0);
	}
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
	index_vector_deinit(&opened->attr_of_id);
	index_vector_deinit(&opened->more_attrs);
	free(opened->attrs);
	*opened = (struct opened_events){ 0 };
}
