#include "schedule/turn_count.h"

#include "base/clock.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>

bool turn_count_read(uint32_t pid, uint32_t tid, uint64_t *count_ret, uint64_t *time_ns_ret)
{
	_cleanup_free_ char *path =
		memory_format_text("/proc/%" PRIu32 "/task/%" PRIu32 "/schedstat", pid, tid);
	FILE *file = fopen(path, "re");
	bool is_read;

	if (!file)
		return false;
	is_read = fscanf(file, "%*u %*u %" SCNu64, count_ret) == 1 && *count_ret;
	fclose(file);
	*time_ns_ret = clock_monotonic_ns();
	return is_read;
}
