#include "capture/perf_events/open_ladder.h"

#include "arch/architecture.h"
#include "base/memory.h"
#include "capture/perf_events/event_name.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FREQUENCY_DEFAULT_HZ 997

/** Rings are sized to hold this long a stall of the thread that empties them. */
#define BUFFERED_MS 128

/** The largest copy the kernel makes, given that a record is under 64 KiB. */
#define STACK_COPY_MAX_BYTES   65528
#define STACK_COPY_LEAST_BYTES 8192

/** Everything in a sample but the stack: registers and a deep kernel callchain. */
#define SAMPLE_OVERHEAD_BYTES 1024

#define RING_SIZE_LEAST_BYTES         ((uint64_t)64 * 1024)
#define RING_SIZE_MAX_BYTES           ((uint64_t)64 * 1024 * 1024)
#define RING_TOTAL_SIZE_MAX_BYTES     ((uint64_t)512 * 1024 * 1024)
#define RING_SIZE_WITHOUT_STACK_BYTES ((uint64_t)1024 * 1024)

/** More CPUs than any kernel here supports (NR_CPUS). */
#define CPUS_MAX 8192

/** One rung: what to ask the kernel for. */
struct rung {
	struct event_selection event;
	bool is_event_chosen; /**< By the user: no other event in its place. */
	bool is_without_kernel;
	bool is_without_user;
	bool is_without_build_ids;
	enum stack_method stack_method;
	uint64_t frequency_hz;
	uint64_t period;
	uint32_t stack_copy_bytes;
	uint64_t ring_size_bytes;
};

static bool read_number(const char *path, int64_t *ret)
{
	FILE *file = fopen(path, "re");
	bool is_read = file && fscanf(file, "%" SCNd64, ret) == 1;

	if (file)
		fclose(file);
	return is_read;
}

/** Parse "0-3,8,10-11" (cpulist of the kernel's sysfs). */
static void read_online_cpus(struct index_vector *cpus_ret)
{
	FILE *file = fopen("/sys/devices/system/cpu/online", "re");
	unsigned int first, last;
	long n_cpus;

	while (file && fscanf(file, "%u", &first) == 1) {
		last = first;
		if (fscanf(file, "-%u", &last) != 1)
			last = first;
		for (unsigned int cpu = first; cpu <= last && cpus_ret->count < CPUS_MAX; cpu++)
			index_vector_append(cpus_ret, cpu);
		if (fgetc(file) != ',')
			break;
	}
	if (file)
		fclose(file);
	n_cpus = cpus_ret->count ? 0 : sysconf(_SC_NPROCESSORS_ONLN);
	for (unsigned int cpu = 0; (long)cpu < n_cpus; cpu++)
		index_vector_append(cpus_ret, cpu);
}

static void choose_cpus(const struct sampler_options *options, struct index_vector *ret)
{
	if (!options->n_cpus)
		read_online_cpus(ret);
	for (size_t i = 0; i < options->n_cpus; i++)
		index_vector_append(ret, options->cpus[i]);
}

static void note(struct sampler_facts *facts, char *line)
{
	string_vector_append(&facts->degradations, line);
}

static uint64_t power_of_two_at_least(uint64_t value)
{
	uint64_t power = 1;

	while (power < value)
		power *= 2;
	return power;
}

static uint64_t expected_samples_per_second(const struct rung *rung)
{
	/* With a fixed period the rate is the program's; assume a high one. */
	return rung->frequency_hz ? rung->frequency_hz : 4000;
}

static uint64_t buffered_records(const struct rung *rung)
{
	return MAX(expected_samples_per_second(rung) * BUFFERED_MS / 1000, UINT64_C(32));
}

static uint64_t ring_size_wanted(const struct rung *rung, size_t n_cpus)
{
	uint64_t size_bytes = RING_SIZE_WITHOUT_STACK_BYTES;
	uint64_t record_bytes =
		rung->stack_copy_bytes ? rung->stack_copy_bytes : STACK_COPY_MAX_BYTES;

	if (rung->stack_method == STACK_METHOD_DWARF)
		size_bytes = power_of_two_at_least(buffered_records(rung) *
						   (record_bytes + SAMPLE_OVERHEAD_BYTES) * 9 / 10);
	size_bytes = MIN(size_bytes, RING_SIZE_MAX_BYTES);
	while (size_bytes * n_cpus > RING_TOTAL_SIZE_MAX_BYTES &&
	       size_bytes > RING_SIZE_LEAST_BYTES)
		size_bytes /= 2;
	return size_bytes;
}

/** As large a copy as lets the ring hold BUFFERED_MS of them. */
static uint32_t stack_copy_for_ring(const struct rung *rung)
{
	uint64_t bytes = rung->ring_size_bytes / buffered_records(rung);

	bytes = MIN(MAX(bytes, (uint64_t)STACK_COPY_LEAST_BYTES), (uint64_t)STACK_COPY_MAX_BYTES);
	while (bytes + SAMPLE_OVERHEAD_BYTES > rung->ring_size_bytes / 4)
		bytes /= 2;
	return (uint32_t)(bytes & ~UINT64_C(7));
}

static struct perf_event_attr rung_attr(const struct rung *rung,
					const struct sampler_options *options, uint32_t copy_bytes)
{
	struct perf_event_attr attr = {
		.type = rung->event.type,
		.size = sizeof(attr),
		.config = rung->event.config,
		.config1 = rung->event.config1,
		.config2 = rung->event.config2,
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD,
		.disabled = 1,
		.enable_on_exec = options->target == SAMPLER_TARGET_LAUNCHED,
		.inherit = !options->is_without_inherit,
		.exclude_kernel = rung->is_without_kernel,
		.exclude_user = rung->is_without_user,
		.exclude_hv = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.sample_id_all = 1,
		.build_id = !rung->is_without_build_ids,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(rung->ring_size_bytes / 4),
	};

	if (rung->frequency_hz) {
		attr.freq = 1;
		attr.sample_freq = rung->frequency_hz;
	} else {
		attr.sample_period = rung->period;
	}
	if (rung->stack_method != STACK_METHOD_NONE) {
		attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		attr.exclude_callchain_kernel = rung->is_without_kernel;
		attr.exclude_callchain_user = rung->is_without_user;
	}
	if (rung->stack_method == STACK_METHOD_DWARF && !rung->is_without_user) {
		attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
		attr.sample_regs_user = architecture_native()->perf_registers_mask;
		attr.sample_stack_user = copy_bytes;
		attr.exclude_callchain_user = 1;
	}
	return attr;
}

/** Half the ring, and a copy that fits it; false: the end of this side of the ladder. */
static bool rung_shrink(struct rung *rung, const struct sampler_options *options)
{
	if (rung->ring_size_bytes / 2 < RING_SIZE_LEAST_BYTES)
		return false;
	rung->ring_size_bytes /= 2;
	if (!options->stack_copy_bytes && rung->stack_method == STACK_METHOD_DWARF)
		rung->stack_copy_bytes = stack_copy_for_ring(rung);
	return true;
}

static bool is_missing_event(int errno_value)
{
	return errno_value == ENOENT || errno_value == EOPNOTSUPP || errno_value == ENODEV ||
	       errno_value == ENXIO;
}

/** Step down in answer to @p failure; false: nothing is left to try. */
static bool rung_step_down(struct rung *rung, const struct sampler_options *options,
			   const struct open_failure *failure, struct sampler_facts *facts)
{
	if (failure->step == OPEN_FAILED_RING)
		return (failure->errno_value == EPERM || failure->errno_value == ENOMEM) &&
		       rung_shrink(rung, options);

	if (failure->errno_value == EINVAL && !rung->is_without_build_ids) {
		rung->is_without_build_ids = true; /* before Linux 5.12 */
		return true;
	}
	if (is_missing_event(failure->errno_value) && !rung->is_event_chosen &&
	    rung->event.type == PERF_TYPE_HARDWARE) {
		struct error *error = event_name_parse("cpu-clock", &rung->event);

		error_destroy(error);
		note(facts, memory_format_text("no hardware counters here (virtual machine?): "
					       "sampling on the CPU clock instead of cycles"));
		return true;
	}
	if ((failure->errno_value == EACCES || failure->errno_value == EPERM) &&
	    !rung->is_without_kernel && !rung->is_without_user) {
		int64_t paranoid = 2;

		read_number("/proc/sys/kernel/perf_event_paranoid", &paranoid);
		rung->is_without_kernel = true;
		if (options->sides == SAMPLED_BOTH)
			note(facts,
			     memory_format_text("kernel side not recorded: perf_event_paranoid is "
						"%" PRId64 " (sudo sysctl "
						"kernel.perf_event_paranoid=1)",
						paranoid));
		return true;
	}
	return false;
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

static struct error *explain_open_failure(const struct rung *rung,
					  const struct sampler_options *options, int errno_value)
{
	struct error *error = error_from_errno(errno_value, "cannot sample '%s'", rung->event.name);
	const char *target_hint = hint_for_target(options, errno_value);
	int64_t paranoid = 0;

	if (errno_value == ENOSYS || (errno_value == EPERM && is_seccomp_filtered()))
		return error_with_hint(error,
				       "a seccomp filter blocks perf_event_open (container?): run "
				       "the container with --security-opt seccomp=unconfined or "
				       "with --cap-add PERFMON");
	if (target_hint)
		return error_with_hint(error, "%s", target_hint);
	if ((errno_value == EACCES || errno_value == EPERM) &&
	    read_number("/proc/sys/kernel/perf_event_paranoid", &paranoid))
		return error_with_hint(error,
				       "perf_event_paranoid is %" PRId64
				       ": run 'sudo sysctl kernel.perf_event_paranoid=%d', or run "
				       "perf-profile as root",
				       paranoid, rung->is_without_user ? 1 : 2);
	if (is_missing_event(errno_value))
		return error_with_hint(error,
				       "this machine (or virtual machine) does not count it; "
				       "'-e cpu-clock' works everywhere");
	if (errno_value == EMFILE)
		return error_with_hint(error, "one file per CPU and thread is needed: raise "
					      "'ulimit -n'");
	return error_with_hint(error, "'perf-profile check' shows what this machine allows");
}

static struct error *explain_map_failure(const struct rung *rung, int errno_value)
{
	return error_with_hint(
		error_from_errno(errno_value, "cannot map rings of %" PRIu64 " KiB",
				 rung->ring_size_bytes / 1024),
		"raise the limit on locked memory: 'sudo sysctl kernel.perf_event_mlock_kb=8192'");
}

/** The soft limit is often 1,024 while the hard one is far higher. */
static void raise_descriptor_limit(size_t n_events)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < n_events + 256) {
		limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)n_events + 256);
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			return; /* opening says EMFILE, which has its own message */
	}
}

/** The kernel refuses rates over its limit, which it lowers itself when sampling takes long. */
static void limit_frequency(struct rung *rung, const struct sampler_options *options,
			    struct sampler_facts *facts)
{
	int64_t most_hz;

	if (!read_number("/proc/sys/kernel/perf_event_max_sample_rate", &most_hz) || most_hz <= 0)
		return;
	if (options->is_frequency_max) {
		rung->frequency_hz = (uint64_t)most_hz;
	} else if (rung->frequency_hz > (uint64_t)most_hz) {
		note(facts, memory_format_text("rate lowered from %" PRIu64 " to %" PRId64
					       " Hz: the kernel's limit (sudo sysctl "
					       "kernel.perf_event_max_sample_rate=%" PRIu64 ")",
					       rung->frequency_hz, most_hz, rung->frequency_hz));
		rung->frequency_hz = (uint64_t)most_hz;
	}
}

static struct error *rung_first(const struct sampler_options *options, size_t n_cpus,
				struct sampler_facts *facts, struct rung *ret)
{
	struct rung rung = {
		.is_event_chosen = options->event != NULL,
		.is_without_kernel = options->sides == SAMPLED_USER_ONLY,
		.is_without_user = options->sides == SAMPLED_KERNEL_ONLY,
		.stack_method = options->stack_method,
		.period = options->period,
		.stack_copy_bytes = options->stack_copy_bytes,
	};

	RETURN_IF_ERROR(event_name_parse(options->event ? options->event : "cycles", &rung.event));
	rung.is_without_kernel |= rung.event.is_user_only;
	rung.is_without_user |= rung.event.is_kernel_only;
	if (!options->period)
		rung.frequency_hz =
			options->frequency_hz ? options->frequency_hz : FREQUENCY_DEFAULT_HZ;
	if (rung.frequency_hz)
		limit_frequency(&rung, options, facts);
	if (rung.stack_method == STACK_METHOD_DWARF && !architecture_native()) {
		rung.stack_method = STACK_METHOD_FP;
		note(facts, memory_format_text("stacks by frame pointer only: this CPU has no "
					       "unwinder here yet"));
	}
	rung.ring_size_bytes = options->ring_size_bytes
				       ? power_of_two_at_least(options->ring_size_bytes)
				       : ring_size_wanted(&rung, n_cpus);
	if (rung.stack_method == STACK_METHOD_DWARF && !rung.stack_copy_bytes)
		rung.stack_copy_bytes = stack_copy_for_ring(&rung);
	rung.stack_copy_bytes &= ~7u;
	*ret = rung;
	return NULL;
}

static void facts_fill(struct sampler_facts *facts, const struct rung *rung,
		       const struct opened_events *opened)
{
	facts->event_name = rung->event.name;
	facts->event_unit = rung->event.unit;
	facts->frequency_hz = rung->frequency_hz;
	facts->period = rung->period;
	facts->has_kernel = !rung->is_without_kernel;
	facts->has_user = !rung->is_without_user;
	facts->stack_copy_bytes = opened->attr.sample_stack_user;
	facts->ring_size_bytes = rung->ring_size_bytes;
	facts->n_rings = (uint32_t)opened->n_rings;
}

struct error *open_ladder_descend(const struct sampler_options *options,
				  struct sampler_facts *facts, struct opened_events *ret)
{
	struct index_vector cpus = { 0 };
	struct perf_event_attr attr;
	struct open_failure failure;
	struct error *error;
	struct rung rung;

	choose_cpus(options, &cpus);
	raise_descriptor_limit(cpus.count * MAX(options->n_tasks, (size_t)1));
	error = rung_first(options, cpus.count, facts, &rung);
	while (!error) {
		attr = rung_attr(&rung, options, rung.stack_copy_bytes);
		if (opened_events_open(&attr, options, &cpus, rung.ring_size_bytes, ret, &failure))
			break;
		if (!rung_step_down(&rung, options, &failure, facts))
			error = failure.step == OPEN_FAILED_EVENT
					? explain_open_failure(&rung, options, failure.errno_value)
					: explain_map_failure(&rung, failure.errno_value);
	}
	if (!error)
		facts_fill(facts, &rung, ret);
	index_vector_deinit(&cpus);
	return error;
}
