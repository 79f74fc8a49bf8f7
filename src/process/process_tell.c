#include "process/process_internal.h"

#include <sys/mman.h>

/** Whom to tell. */
struct listener {
	const struct process_table *table;
	process_record_handler *handler;
	void *context;
};

static struct error *tell(const struct listener *listener, const struct record *record)
{
	return listener->handler(listener->context, record);
}

static struct error *tell_comm(const struct listener *listener, uint32_t pid, uint32_t tid,
			       string_id name)
{
	const struct record record = {
		.type = PERF_RECORD_COMM,
		.pid = pid,
		.tid = tid,
		.comm.name = string_table_text(&listener->table->names, name),
	};

	return tell(listener, &record);
}

static struct error *tell_mappings(const struct listener *listener, const struct process *process)
{
	for (size_t i = 0; i < process->mappings.count; i++) {
		const struct mapping *mapping = &process->mappings.items[i];
		const struct record record = {
			.type = PERF_RECORD_MMAP2,
			.misc = PERF_RECORD_MISC_USER,
			.pid = process->pid,
			.tid = process->pid,
			.mapping = { .start = mapping->start,
				     .size_bytes = mapping->end - mapping->start,
				     .file_offset = mapping->file_offset,
				     .build_id = mapping->object->mapped_build_id,
				     .protection = PROT_READ | PROT_EXEC,
				     .flags = MAP_PRIVATE,
				     .path = mapping->object->path },
		};

		RETURN_IF_ERROR(tell(listener, &record));
	}
	return NULL;
}

static struct error *tell_thread(const struct listener *listener, uint32_t pid, uint32_t tid,
				 string_id name)
{
	const struct record fork = {
		.type = PERF_RECORD_FORK,
		.pid = pid,
		.tid = tid,
		.task = { .pid = pid, .parent_pid = pid, .tid = tid, .parent_tid = pid },
	};

	RETURN_IF_ERROR(tell(listener, &fork));
	return tell_comm(listener, pid, tid, name);
}

static bool is_alive(const struct process_table *table, uint32_t pid)
{
	struct process_entry *const *process = process_map_find(&table->processes, pid);

	return process && (*process)->n_threads > 0;
}

static struct error *tell_threads(const struct listener *listener)
{
	const struct process_table *table = listener->table;
	struct thread_name *name;
	size_t cursor = 0;
	uint64_t key;

	while (comm_map_next(&table->comms, &cursor, &key, &name)) {
		const uint32_t pid = (uint32_t)(key >> 32), tid = (uint32_t)key;

		if (tid != pid && !name->is_ended && is_alive(table, pid))
			RETURN_IF_ERROR(tell_thread(listener, pid, tid, name->name));
	}
	return NULL;
}

struct error *process_table_tell(const struct process_table *table, process_record_handler *handler,
				 void *context)
{
	const struct listener listener = { table, handler, context };
	struct process_entry **process;
	size_t cursor = 0;
	uint32_t pid;

	while (process_map_next(&table->processes, &cursor, &pid, &process)) {
		const struct thread_name *name = comm_map_find(&table->comms, comm_key(pid, pid));

		if (!(*process)->n_threads)
			continue;
		if (name)
			RETURN_IF_ERROR(tell_comm(&listener, pid, pid, name->name));
		RETURN_IF_ERROR(tell_mappings(&listener, &(*process)->process));
	}
	return tell_threads(&listener);
}
