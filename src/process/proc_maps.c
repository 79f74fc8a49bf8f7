#include "process/proc_maps_internal.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/** In place: the kernel writes a newline in a path as \012 and nothing else so. */
static void decode_path(char *path)
{
	char *out = path;

	for (const char *in = path; *in; out++) {
		if (text_begins_with(in, "\\012")) {
			*out = '\n';
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
}

bool proc_maps_parse_line(char *line, struct mapping_record *ret)
{
	struct mapping_record mapping = { .protection = PROT_READ | PROT_EXEC };
	char permissions[5];
	int path_position = 0;
	uint64_t end;
	char *path;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line,
		   "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %" SCNx32 ":%" SCNx32 " %" SCNu64 "%n",
		   &mapping.start, &end, permissions, &mapping.file_offset, &mapping.device_major,
		   &mapping.device_minor, &mapping.inode, &path_position) != 7 ||
	    strlen(permissions) < 4 || permissions[2] != 'x' || end <= mapping.start)
		return false;
	mapping.size_bytes = end - mapping.start;
	mapping.flags = permissions[3] == 's' ? MAP_SHARED : MAP_PRIVATE;
	path = line + path_position;
	while (*path == ' ')
		path++;
	decode_path(path);
	/* As the kernel's MMAP records name it. */
	mapping.path = *path ? path : "//anon";
	*ret = mapping;
	return true;
}
