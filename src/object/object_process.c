#include "object/object_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** Processes in containers whose /tmp stays reachable; each costs a descriptor. */
#define TEMPORARY_FOLDERS_MAX 256

/** The last number of NSpid and the effective user, of /proc/PID/status (proc(5)). */
static void read_status(struct object_process *process)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/status", process->pid);
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		const char *last = strrchr(line, '\t');

		if (sscanf(line, "Uid: %*u %u", &process->user_id) == 1)
			process->is_user_known = true;
		if (text_begins_with(line, "NSpid:") && last)
			sscanf(last, "%u", &process->own_pid);
	}
	fclose(file);
}

/** Field 22 of /proc/PID/stat (proc(5)): clock ticks since boot. The name before may be any. */
static void read_start(struct object_process *process)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/stat", process->pid);
	const uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	FILE *file = fopen(path, "re");
	struct timespec boot_time;
	char line[1024] = "";
	uint64_t start, age_ns;
	const char *name_end;
	size_t n_read;

	if (!file)
		return;
	n_read = fread(line, 1, sizeof(line) - 1, file);
	line[n_read] = '\0';
	fclose(file);
	name_end = strrchr(line, ')');
	if (!name_end ||
	    sscanf(name_end,
		   ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%" SCNu64,
		   &start) != 1 ||
	    clock_gettime(CLOCK_BOOTTIME, &boot_time) != 0)
		return;
	age_ns = (uint64_t)boot_time.tv_sec * NS_PER_S + (uint64_t)boot_time.tv_nsec -
		 start * tick_ns;
	process->start_realtime_ns = clock_realtime_ns() - age_ns;
}

/** Its /tmp may be a mount of its own, which the root alone does not keep reachable. */
static void keep_temporary_folder(struct object_process *process, uint32_t *n_kept)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/root/tmp", process->pid);

	process->temporary_path = memory_format_text("%s/tmp", process->root_path);
	if (!process->root_path[0] || *n_kept >= TEMPORARY_FOLDERS_MAX)
		return;
	process->temporary_descriptor = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process->temporary_descriptor < 0)
		return;
	++*n_kept;
	free(process->temporary_path);
	process->temporary_path =
		memory_format_text("/proc/self/fd/%d", process->temporary_descriptor);
}

struct object_process *object_process_create(struct object_registry *registry, uint32_t pid)
{
	struct object_process *process = memory_allocate(1, sizeof(*process));
	const char *symfs_path = object_registry_symfs_path(registry);

	process->pid = process->own_pid = pid;
	process->temporary_descriptor = -1;
	if (object_registry_trust(registry) != OBJECTS_OF_PROCESSES) {
		process->root_path = memory_duplicate_text(symfs_path);
		process->temporary_path = memory_format_text("%s/tmp", symfs_path);
		return process;
	}
	read_status(process);
	read_start(process);
	process->root_path = object_registry_root_path(registry, pid);
	keep_temporary_folder(process, object_registry_n_temporary_folders(registry));
	return process;
}

void object_process_destroy(struct object_process *process)
{
	if (!process)
		return;
	if (process->temporary_descriptor >= 0)
		close(process->temporary_descriptor);
	free(process->root_path);
	free(process->temporary_path);
	free(process->dump_path);
	free(process);
}
