#include "cli/process_filter.h"

#include "base/clock.h"
#include "base/hash_map.h"

/** Of a process that was just looked up nothing more is to be learnt. */
#define LOOKED_UP_AGAIN_LEAST_NS NS_PER_MS

struct verdict {
	bool is_kept;        /**< Until it is looked up, as its parent. */
	uint64_t since_ns;   /**< When it was first met, or its last exec. */
	uint64_t look_up_ns; /**< When it is to be looked up next. */
};

DEFINE_HASH_MAP(verdict_map, uint32_t, struct verdict, hash_u32, equal_u32)

struct process_filter {
	struct process_matcher matcher;
	struct verdict_map verdicts; /**< By process. */
};

struct error *process_filter_create(const struct process_choice *choice,
				    struct process_filter **ret)
{
	struct process_matcher matcher;

	RETURN_IF_ERROR(process_matcher_init(&matcher, choice));
	*ret = memory_allocate(1, sizeof(**ret));
	(*ret)->matcher = matcher;
	return NULL;
}

static void note_fork(struct process_filter *filter, const struct record *record)
{
	const struct verdict *parent = verdict_map_find(&filter->verdicts, record->task.parent_pid);
	struct verdict of_child = { .is_kept = parent && parent->is_kept,
				    .since_ns = record->time_ns };

	if (record->task.pid != record->task.parent_pid)
		*verdict_map_insert(&filter->verdicts, record->task.pid, NULL) = of_child;
}

static void note_name(struct process_filter *filter, const struct record *record)
{
	struct verdict *verdict = verdict_map_find(&filter->verdicts, record->pid);

	if (!verdict || record->pid != record->tid)
		return;
	verdict->since_ns = record->time_ns;
	verdict->look_up_ns = 0;
}

static bool is_of_chosen(struct process_filter *filter, uint32_t pid, uint64_t time_ns)
{
	struct verdict *verdict;
	struct proc_entry entry;
	bool is_new;

	if (pid == 0)
		return false; /* an idle CPU */
	verdict = verdict_map_insert(&filter->verdicts, pid, &is_new);
	if (is_new)
		verdict->since_ns = time_ns;
	if (time_ns < verdict->look_up_ns)
		return verdict->is_kept;
	if (proc_entry_read(pid, &entry) && !entry.is_zombie)
		verdict->is_kept = process_matcher_fits(&filter->matcher, &entry);
	/* No record tells of a change of the user, which comes early in a life: looked up whenever
	 * it has become twice as old. */
	verdict->look_up_ns = time_ns + MAX(time_ns - MIN(verdict->since_ns, time_ns),
					    (uint64_t)LOOKED_UP_AGAIN_LEAST_NS);
	return verdict->is_kept;
}

bool process_filter_keeps(struct process_filter *filter, const struct record *record)
{
	switch (record->type) {
	case PERF_RECORD_FORK:
		note_fork(filter, record);
		return true;
	case PERF_RECORD_COMM:
		note_name(filter, record);
		return true;
	case PERF_RECORD_EXIT:
		if (record->task.pid == record->task.tid)
			verdict_map_remove(&filter->verdicts, record->task.pid);
		return true;
	case PERF_RECORD_SAMPLE:
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		return is_of_chosen(filter, record->pid, record->time_ns);
	default:
		return true;
	}
}

void process_filter_destroy(struct process_filter *filter)
{
	if (!filter)
		return;
	verdict_map_deinit(&filter->verdicts);
	free(filter);
}
