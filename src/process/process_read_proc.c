#include "process/process_internal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/** Lines of /proc/PID/maps taken; beyond PROCESS_MAPPINGS_MAX because most are data. */
#define PROC_MAPS_LINES_MAX (4 * PROCESS_MAPPINGS_MAX)

/** Threads named; pid_max is at most 2^22. */
#define PROC_THREADS_MAX (1 << 22)

/** The kernel's TASK_COMM_LEN is 16; kernel threads may show more. */
#define PROC_COMM_SIZE_MAX_BYTES 64

/** In place: the kernel writes a newline in a path as \012 and nothing else so. */
static void decode_path(char *path)
{
	char *out = path;

	for (const char *in = path; *in; out++) {
		if (strncmp(in, "\\012", 4) == 0) {
			*out = '\n';
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
}

/** One line of proc(5), /proc/PID/maps. False: no executable mapping. */
static bool parse_line(char *line, struct mapping *mapping_ret,
		       struct object_identity *identity_ret)
{
	char permissions[5];
	int path_position = 0;
	char *path;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line,
		   "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %" SCNx32 ":%" SCNx32 " %" SCNu64 "%n",
		   &mapping_ret->start, &mapping_ret->end, permissions, &mapping_ret->file_offset,
		   &identity_ret->device_major, &identity_ret->device_minor, &identity_ret->inode,
		   &path_position) != 7 ||
	    strlen(permissions) < 3 || permissions[2] != 'x' ||
	    mapping_ret->end <= mapping_ret->start)
		return false;
	path = line + path_position;
	while (*path == ' ')
		path++;
	decode_path(path);
	/* As the kernel's MMAP records name it. */
	identity_ret->path = *path ? path : "//anon";
	return true;
}

static struct error *read_maps(struct process_table *table, struct process_entry *entry)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/maps", entry->process.pid);
	_cleanup_free_ char *line = NULL;
	struct error *error = NULL;
	size_t capacity = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return error_from_errno(errno, "open %s", path);
	for (size_t n_lines = 0; n_lines < PROC_MAPS_LINES_MAX; n_lines++) {
		struct object_identity identity = { 0 };
		struct mapping mapping = { 0 };

		errno = 0;
		if (getline(&line, &capacity, file) < 0)
			break;
		if (!parse_line(line, &mapping, &identity))
			continue;
		mapping.object = object_registry_find(table->registry, &identity);
		process_table_add_mapping(table, entry, &mapping);
	}
	if (ferror(file))
		error = error_from_errno(errno, "read %s", path);
	fclose(file);
	return error;
}

/** A thread that ended meanwhile keeps the name it had. */
static void read_comm(struct process_table *table, uint32_t pid, uint32_t tid)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/task/%u/comm", pid, tid);
	char name[PROC_COMM_SIZE_MAX_BYTES];
	FILE *file = fopen(path, "re");
	size_t length;

	if (!file)
		return;
	length = fread(name, 1, sizeof(name) - 1, file);
	fclose(file);
	if (length && name[length - 1] == '\n')
		length--;
	name[length] = '\0';
	if (length)
		process_table_set_comm(table, pid, tid, name);
}

static struct error *read_threads(struct process_table *table, struct process_entry *entry)
{
	uint32_t pid = entry->process.pid, n_threads = 0;
	_cleanup_free_ char *path = memory_format_text("/proc/%u/task", pid);
	DIR *folder = opendir(path);
	struct dirent *item;

	if (!folder)
		return error_from_errno(errno, "open %s", path);
	while (n_threads < PROC_THREADS_MAX && (item = readdir(folder))) {
		if (!isdigit((unsigned char)item->d_name[0]))
			continue;
		read_comm(table, pid, (uint32_t)strtoul(item->d_name, NULL, 10));
		n_threads++;
	}
	closedir(folder);
	entry->n_threads = MAX(n_threads, 1U);
	return NULL;
}

struct error *process_table_read_proc(struct process_table *table, uint32_t pid)
{
	struct process_entry *entry = process_table_entry(table, pid);

	RETURN_IF_ERROR(error_wrap(read_maps(table, entry), "process %u", pid));
	return error_wrap(read_threads(table, entry), "process %u", pid);
}
