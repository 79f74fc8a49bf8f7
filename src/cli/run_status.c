#include "cli/run_status.h"

#include "base/clock.h"
#include "base/count_noun.h"
#include "base/memory.h"
#include "cli/terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STATUS_PERIOD_NS (NS_PER_S / 4)
/** A command that ends or speaks before is not spoken over: most do. */
#define STATUS_SILENCE_NS (3 * NS_PER_S)

/**
 * Whether the command has written anything (proc(5), /proc/PID/io, wchar: children it has
 * waited for included). Where the kernel does not tell, it may have.
 */
static bool has_written(pid_t pid)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%d/io", (int)pid);
	unsigned long long n_bytes = 1;
	FILE *file = fopen(path, "re");

	if (!file)
		return true;
	if (fscanf(file, "rchar: %*u wchar: %llu", &n_bytes) != 1)
		n_bytes = 1;
	fclose(file);
	return n_bytes > 0;
}

/** Our line and a command that talks on the same terminal would garble each other. */
static bool may_show(struct run_status *status)
{
	if (status->pid > 0 && !status->has_written && isatty(STDOUT_FILENO))
		status->has_written = has_written(status->pid);
	return !status->has_written;
}

void run_status_start(struct run_status *status, pid_t pid, uint64_t now_ns)
{
	*status = (struct run_status){ .pid = pid,
				       .start_ns = now_ns,
				       .next_ns = now_ns + STATUS_SILENCE_NS };
}

void run_status_show(struct run_status *status, const struct recording *recording, uint64_t now_ns)
{
	const struct profile *profile = analyzer_profile(recording->analyzer);
	uint64_t lost = profile->losses.lost_records + profile->losses.lost_samples;
	double elapsed_ns = (double)(now_ns - status->start_ns);
	uint64_t period_total = 0;
	char text[128], cpu[32] = "";

	if (!terminal_is_interactive() || now_ns < status->next_ns)
		return;
	status->next_ns = now_ns + STATUS_PERIOD_NS;
	if (!may_show(status))
		return;
	if (strcmp(recording->facts.events[0].unit, "ns") == 0) {
		for (size_t i = 0; i < profile->samples.count; i++)
			period_total += profile->samples.items[i].event == 0
						? profile->samples.items[i].period
						: 0;
		snprintf(cpu, sizeof(cpu), ", CPU %.0f %%",
			 100.0 * (double)period_total / elapsed_ns);
	}
	snprintf(text, sizeof(text), "recording: %.1f s, %" PRIu64 " %s, %" PRIu64 " lost%s",
		 elapsed_ns / NS_PER_S, recording->n_samples,
		 count_noun(recording->n_samples, "sample", "samples"), lost, cpu);
	terminal_set_status(text);
}
