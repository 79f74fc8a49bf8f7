#include "process/proc_snapshot.h"

#include "base/memory.h"
#include "process/proc_maps_internal.h"
#include "process/process_internal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/** Lines of /proc/PID/maps taken; beyond PROCESS_MAPPINGS_MAX because most are data. */
#define PROC_MAPS_LINES_MAX (4 * PROCESS_MAPPINGS_MAX)

/** Tasks of a process, and processes of a machine; pid_max is at most 2^22. */
#define PROC_TASKS_MAX (1 << 22)

/** The kernel's TASK_COMM_LEN is 16; kernel threads may show more. */
#define PROC_COMM_SIZE_MAX_BYTES 64

static struct error *read_maps(uint32_t pid, proc_snapshot_handler *handler, void *context)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/maps", pid);
	_cleanup_free_ char *line = NULL;
	struct error *error = NULL;
	size_t capacity = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return error_from_errno(errno, "open %s", path);
	for (size_t n_lines = 0; n_lines < PROC_MAPS_LINES_MAX && !error; n_lines++) {
		struct record record = { .type = PERF_RECORD_MMAP2,
					 .misc = PERF_RECORD_MISC_USER,
					 .pid = pid,
					 .tid = pid };

		errno = 0;
		if (getline(&line, &capacity, file) < 0)
			break;
		if (proc_maps_parse_line(line, &record.mapping))
			error = handler(context, &record);
	}
	if (!error && ferror(file))
		error = error_from_errno(errno, "read %s", path);
	fclose(file);
	return error;
}

/** A thread that ended meanwhile is left out. */
static struct error *read_comm(uint32_t pid, uint32_t tid, proc_snapshot_handler *handler,
			       void *context)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/task/%u/comm", pid, tid);
	struct record record = { .type = PERF_RECORD_COMM, .pid = pid, .tid = tid };
	char name[PROC_COMM_SIZE_MAX_BYTES];
	FILE *file = fopen(path, "re");
	size_t length;

	if (!file)
		return NULL;
	length = fread(name, 1, sizeof(name) - 1, file);
	fclose(file);
	if (length && name[length - 1] == '\n')
		length--;
	name[length] = '\0';
	record.comm.name = name;
	return length ? handler(context, &record) : NULL;
}

/** Entries of a folder of /proc that are numbers. */
static struct error *read_numbers(const char *path, struct index_vector *ret)
{
	DIR *folder = opendir(path);
	struct dirent *item;

	if (!folder)
		return error_from_errno(errno, "open %s", path);
	while (ret->count < PROC_TASKS_MAX && (item = readdir(folder))) {
		if (isdigit((unsigned char)item->d_name[0]))
			index_vector_append(ret, (uint32_t)strtoul(item->d_name, NULL, 10));
	}
	closedir(folder);
	return NULL;
}

struct error *proc_snapshot_pids(struct index_vector *pids_ret)
{
	return read_numbers("/proc", pids_ret);
}

struct error *proc_snapshot_threads(uint32_t pid, struct index_vector *tids_ret)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/task", pid);

	return read_numbers(path, tids_ret);
}

static struct error *read_threads(uint32_t pid, proc_snapshot_handler *handler, void *context)
{
	struct index_vector tids = { 0 };
	struct error *error = proc_snapshot_threads(pid, &tids);

	for (size_t i = 0; i < tids.count && !error; i++) {
		uint32_t tid = tids.items[i];
		const struct record fork = {
			.type = PERF_RECORD_FORK,
			.pid = pid,
			.tid = tid,
			.task = { .pid = pid, .parent_pid = pid, .tid = tid, .parent_tid = pid }
		};

		if (tid == pid)
			continue;
		error = handler(context, &fork);
		if (!error)
			error = read_comm(pid, tid, handler, context);
	}
	index_vector_deinit(&tids);
	return error;
}

static struct error *read_process(uint32_t pid, proc_snapshot_handler *handler, void *context)
{
	RETURN_IF_ERROR(read_comm(pid, pid, handler, context));
	RETURN_IF_ERROR(read_maps(pid, handler, context));
	return read_threads(pid, handler, context);
}

struct error *proc_snapshot_read(uint32_t pid, proc_snapshot_handler *handler, void *context)
{
	return error_wrap(read_process(pid, handler, context), "process %u", pid);
}

struct error *proc_snapshot_read_all(proc_snapshot_handler *handler, void *context)
{
	struct index_vector pids = { 0 };
	struct error *error = proc_snapshot_pids(&pids);

	for (size_t i = 0; i < pids.count && !error; i++) {
		error = read_process(pids.items[i], handler, context);
		/* It ended, or it is another user's: the others still count. */
		if (error && (error->code == ERROR_NOT_FOUND || error->code == ERROR_PERMISSION)) {
			error_destroy(error);
			error = NULL;
		}
	}
	index_vector_deinit(&pids);
	return error;
}

static struct error *apply_to_table(void *context, const struct record *record)
{
	process_table_apply(context, record);
	return NULL;
}

struct error *process_table_read_proc(struct process_table *table, uint32_t pid)
{
	return proc_snapshot_read(pid, apply_to_table, table);
}
