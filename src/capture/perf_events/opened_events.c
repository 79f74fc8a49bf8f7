#include "capture/perf_events/opened_events.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
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

/** NULL: no event of the group is open on that CPU yet. */
static const struct ring *find_ring(const struct opened_events *opened, enum ring_group group,
				    uint32_t cpu)
{
	for (size_t i = opened->n_rings; i-- > 0;) {
		if (opened->ring_groups[i] == group && opened->rings[i].cpu == cpu)
			return &opened->rings[i];
	}
	return NULL;
}

static int add_ring(struct opened_events *opened, int fd, uint32_t cpu,
		    const struct event_request *request)
{
	struct error *error =
		ring_init(&opened->rings[opened->n_rings], fd, cpu, request->ring_size_bytes);
	int errno_value = error ? error->errno_value : 0;

	error_destroy(error);
	if (!errno_value)
		opened->ring_groups[opened->n_rings++] = request->ring_group;
	return errno_value;
}

/** The first event of a group on a CPU brings the ring, the others write into it. */
static bool add_event(struct opened_events *opened, int fd, uint32_t cpu, size_t index,
		      const struct event_request *request, struct open_failure *failure_ret)
{
	const struct ring *ring = find_ring(opened, request->ring_group, cpu);
	int failed_errno = 0;

	if (!ring) {
		failed_errno = add_ring(opened, fd, cpu, request);
	} else if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd) != 0) {
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
	descriptor_vector_append(&opened->group_events[request->ring_group], fd);
	opened->group_attr[request->ring_group] = (uint32_t)index;
	add_id(opened, fd, index);
	return true;
}

/** One event on one CPU, for all tasks. */
static bool open_on_cpu(struct opened_events *opened, size_t index,
			const struct sampler_options *options, uint32_t cpu,
			const struct event_request *request, struct open_failure *failure_ret)
{
	enum sampler_target target = request->is_of_all ? SAMPLER_TARGET_SYSTEM : options->target;
	size_t n_tasks = target == SAMPLER_TARGET_TASKS ? options->n_tasks : 1;
	bool is_cgroup =
		target == SAMPLER_TARGET_SYSTEM && options->has_cgroup && !request->is_of_all;

	for (size_t i = 0; i < n_tasks; i++) {
		int task = target == SAMPLER_TARGET_TASKS    ? (int)options->tasks[i]
			   : is_cgroup                       ? options->cgroup_fd
			   : target == SAMPLER_TARGET_SYSTEM ? -1
							     : options->pid;
		int fd = open_event(&opened->attrs[index], task, cpu, is_cgroup);

		if (fd < 0 && (errno == ESRCH || (errno == ENODEV && opened->n_rings > 0)))
			continue;
		if (fd < 0) {
			*failure_ret = (struct open_failure){ OPEN_FAILED_EVENT, errno, index };
			return false;
		}
		if (!add_event(opened, fd, cpu, index, request, failure_ret))
			return false;
	}
	return true;
}

bool opened_events_open(const struct event_request *requests, size_t n_requests,
			const struct sampler_options *options, const struct index_vector *cpus,
			struct opened_events *ret, struct open_failure *failure_ret)
{
	size_t n_rings_max = cpus->count * n_requests;
	struct opened_events opened = {
		.attrs = memory_allocate(n_requests, sizeof(*opened.attrs)),
		.n_attrs = n_requests,
		.is_always_on = memory_allocate(n_requests, sizeof(*opened.is_always_on)),
		.is_of_all = memory_allocate(n_requests, sizeof(*opened.is_of_all)),
		.rings = memory_allocate(n_rings_max, sizeof(*opened.rings)),
		.ring_groups = memory_allocate(n_rings_max, sizeof(*opened.ring_groups)),
	};
	struct open_failure failure = { OPEN_FAILED_EVENT, ESRCH, 0 };
	bool is_open = true;

	for (size_t i = 0; i < n_requests; i++) {
		opened.attrs[i] = requests[i].attr;
		opened.is_always_on[i] = requests[i].is_always_on;
		opened.is_of_all[i] = requests[i].is_of_all;
	}
	for (size_t i = 0; i < n_rings_max && is_open; i++)
		is_open = open_on_cpu(&opened, i % n_requests, options, cpus->items[i / n_requests],
				      &requests[i % n_requests], &failure);
	if (!is_open || opened.n_rings == 0) {
		opened_events_deinit(&opened);
		*failure_ret = failure;
		return false;
	}
	*ret = opened;
	return true;
}

void opened_events_track(const struct opened_events *opened)
{
	for (size_t i = 0; i < opened->more_events.count; i++) {
		if (opened->is_always_on[opened->more_attrs.items[i]])
			ioctl(opened->more_events.items[i], PERF_EVENT_IOC_ENABLE, 0);
	}
}

void opened_events_set_enabled(const struct opened_events *opened, bool is_enabled)
{
	unsigned long request = is_enabled ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE;

	for (size_t i = 0; i < opened->n_rings; i++)
		ioctl(opened->rings[i].fd, request, 0);
	for (size_t i = 0; i < opened->more_events.count; i++) {
		if (!opened->is_always_on[opened->more_attrs.items[i]])
			ioctl(opened->more_events.items[i], request, 0);
	}
}

/**
 * A process that holds all our descriptors until we have let go of them, which is told by closing
 * what is returned; it has nothing else of ours. -1: there is none.
 */
static int start_holder(void)
{
	int ends[2];
	char nothing;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		/* Who reads what we write is not to wait for it. */
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		close(ends[1]);
		while (read(ends[0], &nothing, 1) > 0)
			;
		_exit(0);
	}
	close(ends[0]);
	if (pid > 0)
		return ends[1];
	close(ends[1]);
	return -1;
}

/** Taking a probe away makes the kernel wait for all CPUs, some 50 ms each time. */
static bool are_slow_to_close(const struct opened_events *opened)
{
	bool has_probes = false;

	for (size_t i = 0; i < opened->n_attrs; i++)
		has_probes |= opened->is_of_all[i];
	return has_probes;
}

void opened_events_deinit(struct opened_events *opened)
{
	int holder = are_slow_to_close(opened) ? start_holder() : -1;

	/* Before the rings they write into. */
	for (size_t i = 0; i < opened->more_events.count; i++)
		close(opened->more_events.items[i]);
	descriptor_vector_deinit(&opened->more_events);
	for (size_t i = 0; i < opened->n_rings; i++)
		ring_deinit(&opened->rings[i]);
	for (size_t i = 0; i < N_RING_GROUPS; i++)
		descriptor_vector_deinit(&opened->group_events[i]);
	free(opened->rings);
	free(opened->ring_groups);
	address_vector_deinit(&opened->ids);
	index_vector_deinit(&opened->attr_of_id);
	index_vector_deinit(&opened->more_attrs);
	free(opened->attrs);
	free(opened->is_always_on);
	free(opened->is_of_all);
	if (holder >= 0)
		close(holder);
	*opened = (struct opened_events){ 0 };
}
