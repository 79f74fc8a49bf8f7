/** /tmp/perf-PID.map. */

#include "fuzz_code_map.h"
#include "fuzz_target.h"
#include "runtime/perf_map.h"

static void run(struct bytes input)
{
	struct code_map_builder builder = { 0 };

	perf_map_parse((const char *)input.data, input.size, &builder);
	fuzz_code_map_check(&builder);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	fuzz_seeds_add_text(seeds, "7f0000001000 40 LazyCompile:*work /a.js:1:2\n"
				   "7f0000001020 100 inner function\n7f0000001000 8 later\n");
	fuzz_seeds_add_text(seeds, "0x400000 0x10 with a prefix\nffffffffffffff00 ff last");
	fuzz_seeds_add_text(seeds, "bad\n10 0 empty\n10 10\n\n10 10 good\r\n");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
