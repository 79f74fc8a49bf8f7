/** /tmp/perf-PID.map. */

#include "fuzz_target.h"
#include "runtime/perf_map.h"

static void run(struct bytes input)
{
	char *text = memory_allocate(input.size + 1, 1);
	struct perf_map map;
	uint64_t last_end = 0;

	if (input.size)
		memcpy(text, input.data, input.size);
	perf_map_parse(text, input.size, &map);
	for (size_t i = 0; i < map.n_ranges; i++) {
		const struct perf_map_range *range = &map.ranges[i];

		FUZZ_CHECK(range->start >= last_end && range->end > range->start);
		FUZZ_CHECK(range->code_start <= range->start && range->end <= range->code_end);
		FUZZ_CHECK(range->name_offset < map.text_size_bytes);
		FUZZ_CHECK(map.text[range->name_offset]);
		last_end = range->end;
	}
	perf_map_deinit(&map);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	fuzz_seeds_add_text(seeds, "7f0000001000 40 LazyCompile:*work /a.js:1:2\n"
				   "7f0000001020 100 inner function\n7f0000001000 8 later\n");
	fuzz_seeds_add_text(seeds, "0x400000 0x10 with a prefix\nffffffffffffff00 ff last");
	fuzz_seeds_add_text(seeds, "bad\n10 0 empty\n10 10\n\n10 10 good\r\n");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
