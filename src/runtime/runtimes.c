#include "runtime/runtimes.h"

#include "base/clock.h"
#include "runtime/jit_dump.h"
#include "runtime/perf_map.h"

/** About how exactly code is dated that a text tells of. */
#define WATCH_INTERVAL_NS (100 * NS_PER_MS)

/** A dump knows more of the same code than a map does, so it comes later. */
static const struct runtime runtimes[N_RUNTIMES] = {
	{ "perf map", perf_map_watch, perf_map_read },
	{ "jitdump", NULL, jit_dump_read },
};

void runtimes_watch(const struct object_process *process, struct runtime_watch *watch)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - watch->last_ns < WATCH_INTERVAL_NS)
		return;
	watch->last_ns = now_ns;
	/* What is wrong with it is said when it is read. */
	for (size_t i = 0; i < N_RUNTIMES; i++) {
		if (runtimes[i].watch)
			error_destroy(runtimes[i].watch(process, &watch->texts[i], now_ns));
	}
}

struct error *runtimes_read(const struct object_process *process, struct runtime_watch *watch,
			    struct code_map *ret)
{
	struct code_map_builder builder = { 0 };
	struct error *first_error = NULL;

	for (size_t i = 0; i < N_RUNTIMES; i++) {
		struct error *error = runtimes[i].read(process, &watch->texts[i], &builder);

		if (error && error->code != ERROR_NOT_FOUND && !first_error)
			first_error = error;
		else
			error_destroy(error);
	}
	code_map_build(&builder, ret);
	return first_error;
}

void runtime_watch_deinit(struct runtime_watch *watch)
{
	for (size_t i = 0; i < N_RUNTIMES; i++)
		runtime_text_deinit(&watch->texts[i]);
}
