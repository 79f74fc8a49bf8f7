/** perf.data through a pipe: `perf record -o - | perf-profile report -i -`. */

#include "read_recording.h"
#include "seed_recordings.h"

#include <fcntl.h>
#include <unistd.h>

/** What a pipe of the usual size takes without a reader. */
#define INPUT_SIZE_MAX_BYTES 65536

static void run(struct bytes input)
{
	int ends[2];

	input.size = MIN(input.size, (size_t)INPUT_SIZE_MAX_BYTES);
	FUZZ_CHECK(pipe2(ends, O_CLOEXEC) == 0);
	FUZZ_CHECK(write(ends[1], input.data, input.size) == (ssize_t)input.size);
	close(ends[1]);
	FUZZ_CHECK(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
	close(ends[0]);
	read_recording("-");
}

const struct fuzz_target fuzz_target = { run, seed_recordings_add };
