#include "process/proc_list.h"

#include "process/proc_snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/** Of the kernel's include/linux/sched.h; field 9 of /proc/PID/stat. */
#define PF_KTHREAD 0x00200000

/** /proc/PID/stat is a line of numbers. */
#define STAT_SIZE_MAX_BYTES 1024

bool proc_entry_read(uint32_t pid, struct proc_entry *ret)
{
	_cleanup_free_ char *folder = memory_format_text("/proc/%u", pid);
	_cleanup_free_ char *path = memory_format_text("%s/stat", folder);
	struct proc_entry entry = { .pid = pid };
	char line[STAT_SIZE_MAX_BYTES], *name, *end;
	FILE *file = fopen(path, "re");
	unsigned int flags = 0;
	char state = 0;
	struct stat status;
	size_t length = 0;

	if (!file)
		return false;
	length = fread(line, 1, sizeof(line) - 1, file);
	/* The folder's owner is the effective user, always; its files are root's where the process
	 * may not be dumped, as with servers that have changed their user (proc(5)). */
	if (stat(folder, &status) == 0)
		entry.uid = status.st_uid;
	fclose(file);
	line[length] = '\0';
	name = strchr(line, '(');
	end = strrchr(line, ')');
	if (!name || !end || end < name)
		return false;
	*end = '\0';
	snprintf(entry.name, sizeof(entry.name), "%s", name + 1);
	/* state ppid pgrp session tty_nr tpgid flags */
	if (sscanf(end + 1, " %c %*d %*d %*d %*d %*d %u", &state, &flags) == 2)
		entry.is_kernel_thread = flags & PF_KTHREAD;
	entry.is_zombie = state == 'Z';
	*ret = entry;
	return true;
}

uint32_t proc_process_of_thread(uint32_t tid)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/status", tid);
	FILE *file = fopen(path, "re");
	unsigned int pid = tid;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Tgid: %u", &pid) == 1)
			break;
	}
	if (file)
		fclose(file);
	return pid;
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	return (first > second) - (first < second);
}

struct error *proc_list_read(struct proc_entry_vector *ret)
{
	struct index_vector pids = { 0 };
	struct proc_entry entry;

	RETURN_IF_ERROR(proc_snapshot_pids(&pids));
	qsort(pids.items, pids.count, sizeof(*pids.items), compare_ids);
	for (size_t i = 0; i < pids.count; i++) {
		if (proc_entry_read(pids.items[i], &entry))
			proc_entry_vector_append(ret, entry);
	}
	index_vector_deinit(&pids);
	return NULL;
}

char *proc_program_name(uint32_t pid)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/exe", pid);
	char target[4096];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	char *slash;

	if (length <= 0)
		return NULL;
	target[length] = '\0';
	slash = strrchr(target, '/');
	return memory_duplicate_text(slash ? slash + 1 : target);
}
