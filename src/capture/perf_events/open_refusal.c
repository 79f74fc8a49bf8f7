#include "capture/perf_events/rung_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

bool kernel_number_read(const char *path, int64_t *ret)
{
	FILE *file = fopen(path, "re");
	bool is_read = file && fscanf(file, "%" SCNd64, ret) == 1;

	if (file)
		fclose(file);
	return is_read;
}

bool open_errno_is_missing_event(int errno_value)
{
	return errno_value == ENOENT || errno_value == EOPNOTSUPP || errno_value == ENODEV ||
	       errno_value == ENXIO;
}

/** /proc/self/status says 2 when a filter decides about system calls. */
static bool is_seccomp_filtered(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	int mode = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Seccomp: %d", &mode) == 1)
			break;
	}
	if (file)
		fclose(file);
	return mode == 2;
}

/** Not this event or target, but the call itself: by a filter, or by Debian's level 3 and above. */
static bool is_blocked_altogether(int errno_value)
{
	int64_t paranoid = 0;

	if (errno_value == ENOSYS || (errno_value == EPERM && is_seccomp_filtered()))
		return true;
	return errno_value == EACCES &&
	       kernel_number_read("/proc/sys/kernel/perf_event_paranoid", &paranoid) &&
	       paranoid > 2;
}

/** What kept us from others' processes or from whole CPUs; NULL: it is not that. */
static const char *hint_for_target(const struct sampler_options *options, int errno_value)
{
	if (options->target == SAMPLER_TARGET_LAUNCHED)
		return NULL;
	if (errno_value == ESRCH)
		return "the process has ended, or was never there: 'ps -e' lists what runs";
	if (errno_value == ENODEV && options->n_cpus)
		return "is that CPU online? /sys/devices/system/cpu/online lists those that are";
	if (errno_value != EACCES && errno_value != EPERM)
		return NULL;
	return options->target == SAMPLER_TARGET_SYSTEM
		       ? "whole CPUs need root, CAP_PERFMON, or 'sudo sysctl "
			 "kernel.perf_event_paranoid=0'"
		       : "only your own processes can be attached to; others' need root or "
			 "CAP_PERFMON and CAP_SYS_PTRACE";
}

struct error *open_refusal_of_event(const struct rung *rung, size_t index,
				    const struct sampler_options *options, int errno_value)
{
	const struct rung_event *event = &rung->events[index];
	struct error *error =
		error_from_errno(errno_value, "cannot sample '%s'", event->selection.name);
	const char *target_hint = hint_for_target(options, errno_value);
	int64_t paranoid = 0;

	if (is_blocked_altogether(errno_value))
		error->code = ERROR_UNSUPPORTED; /* another sampler may do */
	if (errno_value == ENOSYS || (errno_value == EPERM && is_seccomp_filtered()))
		return error_with_hint(error,
				       "a seccomp filter blocks perf_event_open (container?): run "
				       "the container with --security-opt seccomp=unconfined or "
				       "with --cap-add PERFMON");
	if (target_hint)
		return error_with_hint(error, "%s", target_hint);
	if ((errno_value == EACCES || errno_value == EPERM) &&
	    kernel_number_read("/proc/sys/kernel/perf_event_paranoid", &paranoid))
		return error_with_hint(error,
				       "perf_event_paranoid is %" PRId64
				       ": run 'sudo sysctl kernel.perf_event_paranoid=%d', or run "
				       "perf-profile as root",
				       paranoid, event->is_without_user ? 1 : 2);
	if (open_errno_is_missing_event(errno_value))
		return error_with_hint(error,
				       "this machine (or virtual machine) does not count it; "
				       "'-e cpu-clock' works everywhere");
	if (errno_value == EMFILE)
		return error_with_hint(error, "one file per CPU and thread is needed: raise "
					      "'ulimit -n'");
	return error_with_hint(error, "'perf-profile check' shows what this machine allows");
}

struct error *open_refusal_of_ring(const struct rung *rung, int errno_value)
{
	struct error *error = error_from_errno(errno_value, "cannot map rings of %" PRIu64 " KiB",
					       rung->ring_size_bytes / 1024);

	/* Where memory may not be locked, another sampler may do. */
	if (errno_value == EPERM)
		error->code = ERROR_UNSUPPORTED;
	return error_with_hint(
		error,
		"raise the limit on locked memory: 'sudo sysctl kernel.perf_event_mlock_kb=8192'");
}
