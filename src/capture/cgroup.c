#include "capture/cgroup.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/** Machines with many containers have thousands of mounts of about 150 bytes. */
#define MOUNTINFO_MAX_BYTES ((size_t)4 * 1024 * 1024)

/** Whether the comma-separated @p options have "perf_event". */
static bool has_controller(const char *options)
{
	const char *found = strstr(options, "perf_event");

	return found && (found == options || found[-1] == ',') &&
	       (found[10] == ',' || found[10] == '\0');
}

/**
 * The mount point in one line of mountinfo when it is a hierarchy with perf_event, else NULL:
 * "36 35 98:0 / /sys/fs/cgroup/perf_event rw - cgroup cgroup rw,perf_event" (proc(5)).
 */
static char *hierarchy_of_line(const char *line, bool is_version_2)
{
	const char *separator = strstr(line, " - ");
	char point[4096], type[64], options[1024] = "";

	if (!separator || sscanf(line, "%*s %*s %*s %*s %4095s", point) != 1 ||
	    sscanf(separator + 3, "%63s %*s %1023s", type, options) < 1)
		return NULL;
	if (is_version_2 ? strcmp(type, "cgroup2") != 0
			 : strcmp(type, "cgroup") != 0 || !has_controller(options))
		return NULL;
	return memory_duplicate_text(point);
}

/** The last one mounted: it may lie over the others. */
static char *find_hierarchy(const char *mountinfo)
{
	char *point = NULL;

	for (int version = 1; version <= 2 && !point; version++) {
		_cleanup_free_ char *copy = memory_duplicate_text(mountinfo);
		char *rest = copy, *line;

		while ((line = strsep(&rest, "\n"))) {
			char *later = hierarchy_of_line(line, version == 2);

			if (!later)
				continue;
			free(point);
			point = later;
		}
	}
	return point;
}

struct error *cgroup_open_in(const char *mountinfo, const char *name, int *fd_ret)
{
	_cleanup_free_ char *point = find_hierarchy(mountinfo);
	_cleanup_free_ char *path = NULL;
	struct error *error;
	int fd;

	if (!point)
		return error_with_hint(error_new(ERROR_UNSUPPORTED,
						 "no cgroup hierarchy with perf_event is mounted"),
				       "cgroup version 2 has it: mount -t cgroup2 none "
				       "/sys/fs/cgroup");
	if (strncmp(name, point, strlen(point)) == 0)
		path = memory_duplicate_text(name);
	else
		path = memory_format_text("%s/%s", point, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		error = error_from_errno(errno, "no cgroup '%s'", name);
		return error_with_hint(error,
				       "it is looked for below %s; 'systemd-cgls' and 'cat "
				       "/proc/PID/cgroup' show names",
				       point);
	}
	*fd_ret = fd;
	return NULL;
}

struct error *cgroup_open(const char *name, int *fd_ret)
{
	_cleanup_free_ char *text = memory_allocate(1, MOUNTINFO_MAX_BYTES);
	FILE *file = fopen("/proc/self/mountinfo", "re");
	size_t length;

	if (!file)
		return error_from_errno(errno, "cannot read /proc/self/mountinfo");
	length = fread(text, 1, MOUNTINFO_MAX_BYTES - 1, file);
	fclose(file);
	text[length] = '\0';
	return cgroup_open_in(text, name, fd_ret);
}
