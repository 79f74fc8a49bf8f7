#pragma once

/** Small recordings, as seeds for whatever reads perf.data. */

#include "fuzz_target.h"

/** File mode and pipe mode, plain and compressed, one and two events, cut and whole. */
void seed_recordings_add(struct fuzz_seeds *seeds);
