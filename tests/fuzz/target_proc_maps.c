/** /proc/PID/maps: its paths are the profiled program's choice. */

#include "fuzz_target.h"
#include "process/proc_maps_internal.h"

static void run(struct bytes input)
{
	char *text = memory_allocate(input.size + 1, 1);
	char *next;

	if (input.size)
		memcpy(text, input.data, input.size);
	for (char *line = text; line < text + input.size; line = next) {
		struct mapping_record mapping;
		char *end = memchr(line, '\n', (size_t)(text + input.size - line));

		next = end ? end + 1 : text + input.size;
		if (end)
			*end = '\0';
		if (!proc_maps_parse_line(line, &mapping))
			continue;
		FUZZ_CHECK(mapping.size_bytes > 0 && mapping.path[0]);
	}
	free(text);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	fuzz_seeds_add_text(seeds,
			    "7f0000000000-7f0000001000 r-xp 00001000 08:01 1234   /usr/lib/a b.so\n"
			    "7f0000001000-7f0000002000 rw-p 00000000 00:00 0 \n"
			    "7f0000002000-7f0000003000 rwxs 00000000 00:05 7   /memfd:x (deleted)\n"
			    "7fff00000000-7fff00001000 r-xp 00000000 00:00 0   [vdso]\n"
			    "400000-401000 r-xp 00000000 08:01 1   /tmp/new\\012line\\012\n");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
