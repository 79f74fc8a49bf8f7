/** Folded stacks to a profile. */

#include "target_text.h"

static void run(struct bytes input)
{
	read_text_profile(input, folded_profile_read);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	fuzz_seeds_add_text(seeds, "app;main;work 30\napp-7/8;main;write;sys_write_[k] 5\n"
				   "app;main;inner_[i] 1\napp;jit_[j] 2\n");
	fuzz_seeds_add_text(seeds, "a;b;c 1 2\na;b 3.25\n# comment\n\na;-;b -4\r\n");
	fuzz_seeds_add_text(seeds, "alone 18446744073709551615\n;;; 1\na;b");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
