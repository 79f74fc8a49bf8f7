#include "capture/counters/counters.h"

#include "base/memory.h"
#include "capture/counters/counter_refusal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Descriptors for everything but the counters. */
#define DESCRIPTORS_RESERVED 64

/** All that opening needs. */
struct opening {
	const struct counter_target *target;
	const struct event_places *places;
	struct counter_surroundings surroundings;
	struct counter_set *counters;
	size_t n_positions; /**< Threads or CPUs. */
};

static int open_event(struct perf_event_attr *attr, pid_t task, int cpu, int group_fd,
		      unsigned long flags)
{
	return (int)syscall(SYS_perf_event_open, attr, task, cpu, group_fd, flags);
}

static bool is_in_group(const struct counter *counter)
{
	return counter->request->group != COUNTER_WITHOUT_GROUP && !counter->is_out_of_group;
}

/** The first open counter of the same group, or NULL. */
static const struct counter *leader_of(const struct counter_set *counters,
				       const struct counter *counter)
{
	for (const struct counter *other = counters->items; other < counter; other++) {
		if (other->state == COUNTER_OPEN && is_in_group(other) && is_in_group(counter) &&
		    other->request->group == counter->request->group)
			return other;
	}
	return NULL;
}

static struct perf_event_attr counter_attr(const struct opening *opening,
					   const struct counter *counter, bool is_leader)
{
	const struct event_selection *event = &counter->request->event;
	bool is_launched = opening->target->kind == COUNTERS_OF_LAUNCHED;

	/* A group begins with its leader: only that one waits to be enabled. */
	return (struct perf_event_attr){
		.type = event->type,
		.size = sizeof(struct perf_event_attr),
		.config = event->config,
		.config1 = event->config1,
		.config2 = event->config2,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = is_leader,
		.enable_on_exec = is_leader && is_launched,
		.inherit = opening->target->kind != COUNTERS_OF_SYSTEM &&
			   !opening->target->is_without_inherit,
		.exclude_kernel = event->is_user_only || counter->is_kernel_left_out,
		.exclude_user = event->is_kernel_only,
		.exclude_hv = event->is_user_only || counter->is_kernel_left_out,
	};
}

/** @return the descriptor, or -1 with errno set. */
static int open_at(const struct opening *opening, const struct counter *counter, size_t position)
{
	const struct counter_target *target = opening->target;
	const struct counter *leader = leader_of(opening->counters, counter);
	struct perf_event_attr attr = counter_attr(opening, counter, leader == NULL);
	counter_open_function *open_function = target->open_event ? target->open_event : open_event;
	int group_fd = leader ? leader->descriptors.items[position] : -1;
	bool is_system = target->kind == COUNTERS_OF_SYSTEM;
	bool is_cgroup = is_system && target->has_cgroup;
	pid_t task = target->kind == COUNTERS_OF_TASKS ? (pid_t)target->tasks[position]
		     : is_cgroup                       ? target->cgroup_fd
		     : is_system                       ? -1
						       : target->pid;

	if (leader && group_fd < 0) {
		errno = ESRCH;
		return -1;
	}
	return open_function(&attr, task, is_system ? (int)target->cpus[position] : -1, group_fd,
			     PERF_FLAG_FD_CLOEXEC | (is_cgroup ? PERF_FLAG_PID_CGROUP : 0));
}

static void close_descriptors(struct counter *counter)
{
	for (size_t i = 0; i < counter->descriptors.count; i++) {
		if (counter->descriptors.items[i] >= 0)
			close(counter->descriptors.items[i]);
	}
	counter_descriptor_vector_clear(&counter->descriptors);
}

/** CPUs of the other kind of core, and all but one of a package, do not have the unit. */
static bool is_wanted_at(const struct opening *opening, const struct index_vector *pmu_cpus,
			 size_t position)
{
	if (opening->target->kind != COUNTERS_OF_SYSTEM || !pmu_cpus->count)
		return true;
	for (size_t i = 0; i < pmu_cpus->count; i++) {
		if (pmu_cpus->items[i] == opening->target->cpus[position])
			return true;
	}
	return false;
}

/** Open on all threads or CPUs. @return 0, or the errno of the first that could not be. */
static int open_everywhere(const struct opening *opening, struct counter *counter,
			   const struct index_vector *pmu_cpus)
{
	int failed_errno = 0;
	size_t n_open = 0;

	for (size_t i = 0; i < opening->n_positions; i++) {
		int fd = -1;

		if (is_wanted_at(opening, pmu_cpus, i)) {
			fd = open_at(opening, counter, i);
			if (fd < 0)
				failed_errno = errno;
			/* A thread may have ended, a CPU gone offline, since they were listed. */
			if (fd < 0 && failed_errno != ESRCH &&
			    !(failed_errno == ENODEV && n_open > 0))
				break;
		}
		n_open += fd >= 0;
		counter_descriptor_vector_append(&counter->descriptors, fd);
	}
	if (n_open > 0 && counter->descriptors.count == opening->n_positions)
		return 0;
	close_descriptors(counter);
	return failed_errno ? failed_errno : ENODEV;
}

/** The next rung after @p errno_value; false: there is none. */
static bool step_down(const struct opening *opening, struct counter *counter, int errno_value)
{
	const struct event_selection *event = &counter->request->event;

	if ((errno_value == EACCES || errno_value == EPERM) && !counter->is_kernel_left_out &&
	    !event->is_user_only && !event->is_kernel_only && !event_is_of_kernel_only(event) &&
	    opening->target->kind != COUNTERS_OF_SYSTEM) {
		counter->is_kernel_left_out = true;
		return true;
	}
	if (errno_value == EINVAL && leader_of(opening->counters, counter)) {
		counter->is_out_of_group = true;
		return true;
	}
	return false;
}

static void counter_open(const struct opening *opening, struct counter *counter)
{
	const struct event_selection *event = &counter->request->event;
	struct index_vector pmu_cpus = { 0 };
	int errno_value;

	if (event->pmu[0])
		pmu_read_cpus(opening->places, event->pmu, &pmu_cpus);
	do
		errno_value = open_everywhere(opening, counter, &pmu_cpus);
	while (errno_value && step_down(opening, counter, errno_value));
	counter->state = COUNTER_OPEN;
	if (errno_value) {
		counter->state = counter_refusal_state(errno_value);
		counter->reason = counter_refusal_reason(&opening->surroundings, opening->target,
							 event, errno_value);
	}
	index_vector_deinit(&pmu_cpus);
}

/** The soft limit is often 1,024 while the hard one is far higher. */
static void raise_descriptor_limit(size_t n_descriptors)
{
	rlim_t wanted = (rlim_t)n_descriptors + DESCRIPTORS_RESERVED;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
		limit.rlim_cur = MIN(limit.rlim_max, wanted);
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			return; /* opening says EMFILE, which has its own reason */
	}
}

void counter_set_open(const struct counter_list *list, const struct counter_target *target,
		      const struct event_places *places, struct counter_set *ret)
{
	struct opening opening = {
		.target = target,
		.places = places,
		.surroundings = counter_surroundings_read(places, "/proc"),
		.counters = ret,
		.n_positions = target->kind == COUNTERS_OF_TASKS    ? target->n_tasks
			       : target->kind == COUNTERS_OF_SYSTEM ? target->n_cpus
								    : 1,
	};

	*ret = (struct counter_set){
		.items = memory_allocate(list->requests.count, sizeof(*ret->items)),
		.count = list->requests.count,
	};
	raise_descriptor_limit(list->requests.count * opening.n_positions);
	for (size_t i = 0; i < ret->count; i++) {
		ret->items[i].request = &list->requests.items[i];
		counter_open(&opening, &ret->items[i]);
	}
}

size_t counter_set_n_open(const struct counter_set *counters)
{
	size_t n_open = 0;

	for (size_t i = 0; i < counters->count; i++)
		n_open += counters->items[i].state == COUNTER_OPEN;
	return n_open;
}

static void control_leaders(const struct counter_set *counters, unsigned long request)
{
	for (size_t i = 0; i < counters->count; i++) {
		const struct counter *counter = &counters->items[i];

		if (leader_of(counters, counter))
			continue;
		for (size_t d = 0; d < counter->descriptors.count; d++) {
			/* Fails only for threads that have ended: their counts stay. */
			if (counter->descriptors.items[d] >= 0)
				ioctl(counter->descriptors.items[d], request, 0);
		}
	}
}

void counter_set_enable(const struct counter_set *counters)
{
	control_leaders(counters, PERF_EVENT_IOC_ENABLE);
}

void counter_set_disable(const struct counter_set *counters)
{
	control_leaders(counters, PERF_EVENT_IOC_DISABLE);
}

struct counter_reading counter_read(const struct counter *counter)
{
	struct counter_reading sum = { 0 };

	for (size_t i = 0; i < counter->descriptors.count; i++) {
		struct counter_reading one; /* read(2) fills it in this order */

		if (counter->descriptors.items[i] < 0 ||
		    read(counter->descriptors.items[i], &one, sizeof(one)) != sizeof(one))
			continue;
		sum.value += one.value;
		sum.time_enabled_ns += one.time_enabled_ns;
		sum.time_running_ns += one.time_running_ns;
	}
	return sum;
}

void counter_set_deinit(struct counter_set *counters)
{
	for (size_t i = 0; i < counters->count; i++) {
		close_descriptors(&counters->items[i]);
		counter_descriptor_vector_deinit(&counters->items[i].descriptors);
		free(counters->items[i].reason);
	}
	free(counters->items);
	*counters = (struct counter_set){ 0 };
}

struct counter_reading counter_reading_since(struct counter_reading now,
					     struct counter_reading before)
{
	return (struct counter_reading){
		.value = now.value - before.value,
		.time_enabled_ns = now.time_enabled_ns - before.time_enabled_ns,
		.time_running_ns = now.time_running_ns - before.time_running_ns,
	};
}

double counter_reading_scaled(const struct counter_reading *reading)
{
	if (!reading->time_running_ns)
		return 0;
	if (reading->time_running_ns >= reading->time_enabled_ns)
		return (double)reading->value;
	return (double)reading->value * (double)reading->time_enabled_ns /
	       (double)reading->time_running_ns;
}

double counter_reading_running_share(const struct counter_reading *reading)
{
	if (!reading->time_enabled_ns)
		return 1;
	return MIN((double)reading->time_running_ns / (double)reading->time_enabled_ns, 1.0);
}
