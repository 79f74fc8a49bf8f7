#include "input/object_kind.h"

#include <string.h>

static bool text_ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

bool object_path_is_kernel(const char *path)
{
	static const char *const of_processes[] = { "[unknown]", "[vdso]", "[heap]", "[stack]",
						    "[vsyscall]" };

	for (size_t i = 0; i < ARRAY_SIZE(of_processes); i++) {
		if (strcmp(path, of_processes[i]) == 0)
			return false;
	}
	return (path[0] == '[' && strncmp(path, "[anon", 5) != 0) ||
	       text_ends_with(path, "vmlinux") || text_ends_with(path, ".ko");
}

bool object_path_is_jit(const char *path)
{
	return strncmp(path, "/tmp/perf-", 10) == 0 && text_ends_with(path, ".map");
}
