#include "schedule/sleeper.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** The longest first line that is looked at. */
#define LINE_SIZE_BYTES 1024

static bool read_line(uint32_t pid, uint32_t tid, const char *name, char line[LINE_SIZE_BYTES])
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/task/%u/%s", pid, tid, name);
	FILE *file = fopen(path, "re");
	bool is_read = file && fgets(line, LINE_SIZE_BYTES, file);

	if (file)
		fclose(file);
	return is_read;
}

/** The letter behind the name in parentheses, which may itself hold some: proc(5). */
static bool is_asleep(uint32_t pid, uint32_t tid)
{
	char line[LINE_SIZE_BYTES];
	const char *end;

	if (!read_line(pid, tid, "stat", line))
		return false;
	end = strrchr(line, ')');
	return end && end[1] == ' ' && strchr("SDTtI", end[2]) && end[2];
}

static enum wait_reason reason_of(uint32_t pid, int64_t number, uint64_t first_argument)
{
	_cleanup_free_ char *path = NULL;
	char file[256];
	ssize_t length = -1;

	if (system_call_waits_for_file(number)) {
		path = memory_format_text("/proc/%u/fd/%" PRIu64, pid, first_argument);
		length = readlink(path, file, sizeof(file) - 1);
	}
	if (length >= 0)
		file[length] = '\0';
	return wait_reason_of_system_call(number, length >= 0 ? file : NULL);
}

struct sleeper sleeper_read(uint32_t pid, uint32_t tid)
{
	struct sleeper sleeper = { .is_asleep = is_asleep(pid, tid) };
	char line[LINE_SIZE_BYTES];
	uint64_t first_argument;
	int64_t number;

	/* "NUMBER SIX ARGUMENTS SP PC", or "-1 SP PC" outside of system calls, or "running". */
	if (!sleeper.is_asleep || !read_line(pid, tid, "syscall", line))
		return sleeper;
	if (sscanf(line, "%" SCNd64 " %" SCNx64 " %*x %*x %*x %*x %*x %" SCNx64 " %" SCNx64,
		   &number, &first_argument, &sleeper.stack_pointer,
		   &sleeper.instruction_pointer) == 4) {
		sleeper.has_registers = sleeper.stack_pointer && sleeper.instruction_pointer;
		sleeper.reason = reason_of(pid, number, first_argument);
	} else if (sscanf(line, "-1 %" SCNx64 " %" SCNx64, &sleeper.stack_pointer,
			  &sleeper.instruction_pointer) == 2) {
		sleeper.has_registers = sleeper.stack_pointer && sleeper.instruction_pointer;
		sleeper.reason = WAIT_PAGE_FAULT;
	}
	return sleeper;
}
