/** A perf.data file, of either mode, mapped. */

#include "read_recording.h"
#include "seed_recordings.h"

static void run(struct bytes input)
{
	read_recording(fuzz_file(input));
}

const struct fuzz_target fuzz_target = { run, seed_recordings_add };
