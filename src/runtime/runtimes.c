#include "runtime/runtimes.h"

#include "runtime/jit_dump.h"
#include "runtime/perf_map.h"

/** A dump knows more of the same code than a map does, so it comes later. */
static const struct runtime runtimes[] = {
	{ "perf map", perf_map_read },
	{ "jitdump", jit_dump_read },
};

struct error *runtimes_read(const struct object_process *process, struct code_map *ret)
{
	struct code_map_builder builder = { 0 };
	struct error *first_error = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		struct error *error = runtimes[i].read(process, &builder);

		if (error && error->code != ERROR_NOT_FOUND && !first_error)
			first_error = error;
		else
			error_destroy(error);
	}
	code_map_build(&builder, ret);
	return first_error;
}
