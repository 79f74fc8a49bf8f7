/** `perf script` text to a profile. */

#include "target_text.h"

static void run(struct bytes input)
{
	read_text_profile(input, script_profile_read);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	fuzz_seeds_add_text(seeds, "my sh 12/13 [002] 5.000001:   77 cycles: \n"
				   "\tffffffff81000010 sys_read+0x10 ([kernel.kallsyms])\n"
				   "\t 1008 inner+0x8 (inlined)\n"
				   "\t 1008 work+0x8 (/bin/a)\n"
				   "\t 2010 main+0x10 (/bin/a (deleted))\n\n");
	fuzz_seeds_add_text(seeds, "# ========\n# hostname : a\n# cmdline : perf record a b\n"
				   "# ========\n#\n"
				   "a 1 2.5: cycles:u:\n\t 10 [unknown] ([unknown])\n\n"
				   "b 2 [000] 3.5: 1 cpu-clock:pppH: 55 f+0x1 (/lib/b.so)\r\n\r\n");
	fuzz_seeds_add_text(seeds, "swapper     0 [001] 1.000000: sched:sched_switch: "
				   "prev_comm=a prev_pid=1\n\t 1 a->b->c+0x3 (/tmp/perf-1.map)\n");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
