#include "input/object_kind.h"

#include "base/text.h"

#include <string.h>

bool object_path_is_kernel(const char *path)
{
	static const char *const of_processes[] = { "[unknown]", "[vdso]", "[heap]", "[stack]",
						    "[vsyscall]" };

	for (size_t i = 0; i < ARRAY_SIZE(of_processes); i++) {
		if (strcmp(path, of_processes[i]) == 0)
			return false;
	}
	return (path[0] == '[' && !text_begins_with(path, "[anon")) ||
	       text_ends_with(path, "vmlinux") || text_ends_with(path, ".ko");
}

bool object_path_is_jit(const char *path)
{
	return text_begins_with(path, "/tmp/perf-") && text_ends_with(path, ".map");
}
