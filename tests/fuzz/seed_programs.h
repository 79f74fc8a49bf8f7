#pragma once

/** Small ELF files, as seeds for whatever reads them. */

#include "fuzz_target.h"

/** 64 and 32 bit, both byte orders, with symbols, build id and packed sections. */
void seed_programs_add(struct fuzz_seeds *seeds);
