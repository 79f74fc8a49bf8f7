#pragma once

/** What the two mains and fuzz_support.c share. */

#include "fuzz_target.h"

DEFINE_VECTOR(fuzz_bytes_vector, struct bytes)

struct fuzz_seeds {
	struct fuzz_bytes_vector items; /**< On the heap. */
	char **files;                   /**< NULL at the end. */
};

/** The seeds of fuzz_target. @p files  NULL at the end; borrowed. */
void fuzz_seeds_init(struct fuzz_seeds *seeds, char **files);
void fuzz_seeds_deinit(struct fuzz_seeds *seeds);
