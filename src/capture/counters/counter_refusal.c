#include "capture/counters/counter_refusal.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/** Lines of /proc/cpuinfo with flags are long; the rest is cut off. */
#define LINE_SIZE_BYTES 8192

static bool line_has_word(const char *line, const char *word)
{
	size_t length = strlen(word);

	for (const char *found = strstr(line, word); found; found = strstr(found + 1, word)) {
		if (found[-1] == ' ' && (found[length] == ' ' || found[length] == '\n'))
			return true;
	}
	return false;
}

static bool is_processor_virtual(const char *proc_path)
{
	_cleanup_free_ char *path = memory_format_text("%s/cpuinfo", proc_path);
	_cleanup_free_ char *line = memory_allocate(1, LINE_SIZE_BYTES);
	FILE *file = fopen(path, "re");
	bool is_found = false;

	while (file && !is_found && fgets(line, LINE_SIZE_BYTES, file))
		is_found = text_begins_with(line, "flags") && line_has_word(line + 5, "hypervisor");
	if (file)
		fclose(file);
	return is_found;
}

/** The number behind @p label ("Seccomp:", or "" for the whole file); @p missing without one. */
static int64_t read_number(const char *proc_path, const char *name, const char *label,
			   int64_t missing)
{
	_cleanup_free_ char *path = memory_format_text("%s/%s", proc_path, name);
	FILE *file = fopen(path, "re");
	int64_t number = missing;
	char line[256], *end;

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, label, strlen(label)) != 0)
			continue;
		number = strtoll(line + strlen(label), &end, 10);
		if (end == line + strlen(label))
			number = missing;
		break;
	}
	if (file)
		fclose(file);
	return number;
}

struct counter_surroundings counter_surroundings_read(const struct event_places *places,
						      const char *proc_path)
{
	return (struct counter_surroundings){
		.has_pmu = pmu_exists(places, "cpu") || pmu_exists(places, "cpu_core") ||
			   pmu_exists(places, "armv8_pmuv3_0"),
		.is_virtual = is_processor_virtual(proc_path),
		.is_seccomp_filtered = read_number(proc_path, "self/status", "Seccomp:", 0) == 2,
		.paranoid = read_number(proc_path, "sys/kernel/perf_event_paranoid", "", 2),
	};
}

enum counter_state counter_refusal_state(int errno_value)
{
	switch (errno_value) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case EOPNOTSUPP:
	case EINVAL:
		return COUNTER_NOT_SUPPORTED;
	case EACCES:
	case EPERM:
	case ENOSYS:
		return COUNTER_NOT_ALLOWED;
	default:
		return COUNTER_FAILED;
	}
}

static bool is_of_processor(const struct event_selection *event)
{
	return event->type == PERF_TYPE_HARDWARE || event->type == PERF_TYPE_HW_CACHE ||
	       event->type == PERF_TYPE_RAW;
}

static char *not_supported(const struct counter_surroundings *surroundings,
			   const struct event_selection *event)
{
	if (!is_of_processor(event) || surroundings->has_pmu)
		return memory_duplicate_text(event->pmu[0] ? "this unit does not count it"
							   : "this processor does not count it");
	if (surroundings->is_virtual)
		return memory_duplicate_text("not measurable here: no PMU in this virtual machine");
	return memory_duplicate_text("not measurable here: the kernel knows no PMU of this "
				     "processor");
}

static char *not_allowed(const struct counter_surroundings *surroundings,
			 const struct counter_target *target, int errno_value)
{
	/* Without a filter every kernel with perf events has the call. */
	if (errno_value == ENOSYS || (errno_value == EPERM && surroundings->is_seccomp_filtered))
		return memory_duplicate_text(
			"a seccomp filter blocks perf_event_open (container?): --security-opt "
			"seccomp=unconfined or --cap-add PERFMON");
	if (target->kind == COUNTERS_OF_SYSTEM)
		return memory_format_text("whole CPUs need root, CAP_PERFMON, or 'sudo sysctl "
					  "kernel.perf_event_paranoid=0' (it is %" PRId64 ")",
					  surroundings->paranoid);
	if (surroundings->paranoid > 2)
		return memory_format_text("perf_event_paranoid is %" PRId64
					  ": sudo sysctl kernel.perf_event_paranoid=2",
					  surroundings->paranoid);
	if (target->kind == COUNTERS_OF_TASKS)
		return memory_duplicate_text("only your own processes can be counted; others' "
					     "need root or CAP_PERFMON and CAP_SYS_PTRACE");
	return memory_format_text("not allowed at perf_event_paranoid %" PRId64
				  ": sudo sysctl kernel.perf_event_paranoid=1",
				  surroundings->paranoid);
}

char *counter_refusal_reason(const struct counter_surroundings *surroundings,
			     const struct counter_target *target,
			     const struct event_selection *event, int errno_value)
{
	switch (counter_refusal_state(errno_value)) {
	case COUNTER_NOT_SUPPORTED:
		return not_supported(surroundings, event);
	case COUNTER_NOT_ALLOWED:
		return not_allowed(surroundings, target, errno_value);
	default:
		break;
	}
	if (errno_value == EMFILE || errno_value == ENFILE)
		return memory_duplicate_text("too many open files (one per event and CPU or "
					     "thread): raise 'ulimit -n', or count fewer events");
	if (errno_value == ESRCH)
		return memory_duplicate_text("the process has ended");
	return memory_duplicate_text(strerror(errno_value));
}
