#include "capture/perf_events/sample_spans.h"

#include "base/hash_map.h"

#include <string.h>

/** A thread in a span. */
struct open_span {
	uint32_t pid;
	uint64_t stack_pointer; /**< Of the outermost call... */
	uint64_t caller;        /**< ...and what is there: where it will return. */
};

DEFINE_HASH_MAP(span_map, uint32_t, struct open_span, hash_u32, equal_u32)
DEFINE_HASH_MAP(count_map, uint32_t, uint32_t, hash_u32, equal_u32)

struct sample_spans {
	bool is_call, is_per_process;
	struct span_map open;       /**< By tid. */
	struct count_map n_open_of; /**< By pid. */
	uint64_t count;
};

struct sample_spans *sample_spans_create(bool is_call, bool is_per_process)
{
	struct sample_spans *spans = memory_allocate(1, sizeof(*spans));

	spans->is_call = is_call;
	spans->is_per_process = is_per_process;
	return spans;
}

void sample_spans_destroy(struct sample_spans *spans)
{
	if (!spans)
		return;
	span_map_deinit(&spans->open);
	count_map_deinit(&spans->n_open_of);
	free(spans);
}

static void open_span(struct sample_spans *spans, uint32_t tid, const struct open_span *opened)
{
	bool is_new;

	*span_map_insert(&spans->open, tid, &is_new) = *opened;
	if (is_new)
		(*count_map_insert(&spans->n_open_of, opened->pid, &is_new))++;
}

static void close_span(struct sample_spans *spans, uint32_t tid)
{
	const struct open_span *span = span_map_find(&spans->open, tid);
	uint32_t pid, *n_open;

	if (!span)
		return;
	pid = span->pid;
	span_map_remove(&spans->open, tid);
	n_open = count_map_find(&spans->n_open_of, pid);
	if (--*n_open == 0)
		count_map_remove(&spans->n_open_of, pid);
}

static bool is_of_process(const struct sample_spans *spans, uint32_t pid, uint32_t *tid_ret)
{
	struct open_span *span;
	size_t cursor = 0;

	while (span_map_next(&spans->open, &cursor, tid_ret, &span)) {
		if (span->pid == pid)
			return true;
	}
	return false;
}

void sample_spans_begin(struct sample_spans *spans, uint32_t pid, uint32_t tid,
			uint64_t stack_pointer, uint64_t caller)
{
	const struct open_span *span = span_map_find(&spans->open, tid);

	/* Stacks grow down: a call no deeper than the one that is open says that this one was
	 * left. */
	if (span && (!spans->is_call || stack_pointer < span->stack_pointer))
		return;
	spans->count++;
	open_span(spans, tid, &(struct open_span){ pid, stack_pointer, caller });
}

void sample_spans_see_stack(struct sample_spans *spans, uint32_t tid, uint64_t stack_pointer,
			    struct bytes stack)
{
	const struct open_span *span = span_map_find(&spans->open, tid);
	uint64_t offset, caller;

	if (!span || !spans->is_call)
		return;
	offset = span->stack_pointer - stack_pointer;
	if (stack_pointer > span->stack_pointer) {
		close_span(spans, tid);
	} else if (offset < stack.size && stack.size - offset >= sizeof(caller)) {
		memcpy(&caller, stack.data + offset, sizeof(caller));
		if (caller != span->caller)
			close_span(spans, tid);
	}
}

void sample_spans_end(struct sample_spans *spans, uint32_t pid, uint32_t tid,
		      uint64_t stack_pointer)
{
	const struct open_span *span = span_map_find(&spans->open, tid);

	if (spans->is_call) {
		/* At its way out a function's stack pointer is as it was at its entry. */
		if (span && stack_pointer >= span->stack_pointer)
			close_span(spans, tid);
	} else if (spans->is_per_process) {
		while (is_of_process(spans, pid, &tid))
			close_span(spans, tid);
	} else {
		close_span(spans, tid);
	}
}

/** A child process goes on where its parent was, on a copy of its stack. */
static void apply_fork(struct sample_spans *spans, const struct task_record *task)
{
	const struct open_span *span = span_map_find(&spans->open, task->parent_tid);
	struct open_span child;

	if (!span || task->pid == task->parent_pid)
		return;
	child = *span;
	child.pid = task->pid;
	open_span(spans, task->tid, &child);
}

void sample_spans_apply(struct sample_spans *spans, const struct record *record)
{
	if (record->type == PERF_RECORD_FORK)
		apply_fork(spans, &record->task);
	else if (record->type == PERF_RECORD_EXIT ||
		 (record->type == PERF_RECORD_COMM && record->comm.is_exec))
		close_span(spans, record->tid);
}

bool sample_spans_are_open(const struct sample_spans *spans, uint32_t pid, uint32_t tid)
{
	return spans->is_per_process ? count_map_find(&spans->n_open_of, pid) != NULL
				     : span_map_find(&spans->open, tid) != NULL;
}

uint64_t sample_spans_count(const struct sample_spans *spans)
{
	return spans->count;
}
