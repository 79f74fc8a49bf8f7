#include "explain/explanation_internal.h"

#include "base/clock.h"
#include "base/count_noun.h"
#include "explain/layout_internal.h"

/* CPU time over wall time: how many CPUs were busy on average. */
#define CPUS_BUSY_WAITING_BELOW 0.5 /* It waited most of the time. */
#define CPUS_BUSY_SERIAL_FROM   0.9 /* One CPU, all the time ... */
#define CPUS_BUSY_SERIAL_UP_TO  1.1 /* ... and hardly a second one. */
#define CPUS_BUSY_PARALLEL_FROM 1.5

/** Of the CPU time. */
#define KERNEL_SHARE_BOUND 0.5

/** Locking in the samples of a busy program, and of one that mostly waits. */
#define LOCK_SHARE_BUSY    0.20
#define LOCK_SHARE_WAITING 0.05
/** A lock somebody waits for puts threads to sleep; one nobody waits for does not. */
#define LOCK_SWITCHES_PER_SECOND_LEAST 50

/**
 * A program that is put aside while it could run has involuntary switches, one that waits has
 * voluntary ones. Crowded out: many of the first, and this many times the second.
 */
#define CROWDED_SWITCHES_PER_SECOND_LEAST 20
#define CROWDED_SWITCHES_RATIO            4
/** ...or, where other programs are known to have kept the CPUs busy, this many. */
#define CROWDED_SWITCHES_RATIO_FULL 0.5

#define IO_SHARE_WAITING 0.05
/** Each is a read from disk that was waited for. */
#define MAJOR_FAULTS_PER_SECOND_MANY 50

/** A shorter run says more about starting up than about the program. */
#define WALL_SHORT_NS (100 * NS_PER_MS)

static const struct {
	const char *name;
	const char *description;
} kinds[] = {
	[PROGRAM_UNKNOWN] = { "unknown", "not known" },
	[PROGRAM_CPU_BOUND] = { "cpu-bound", "CPU-bound" },
	[PROGRAM_SERIAL] = { "serial", "CPU-bound on one CPU while the others were idle" },
	[PROGRAM_PARALLEL] = { "parallel", "CPU-bound on several CPUs" },
	[PROGRAM_KERNEL_BOUND] = { "kernel-bound", "CPU-bound in the kernel" },
	[PROGRAM_IO_BOUND] = { "io-bound", "mostly waiting, with input and output in its samples" },
	[PROGRAM_LOCK_BOUND] = { "lock-bound", "held up by locks" },
	[PROGRAM_CROWDED_OUT] = { "crowded-out", "ready to run, but other programs had the CPUs" },
	[PROGRAM_IDLE] = { "idle", "mostly waiting" },
	[PROGRAM_TOO_SHORT] = { "too-short", "too short to say" },
};

const char *program_kind_description(enum program_kind kind)
{
	return kinds[kind].description;
}

const char *program_kind_name(enum program_kind kind)
{
	return kinds[kind].name;
}

/** A tick of the machine's own accounting is 10 ms: a shorter run has too few of them. */
#define MACHINE_BUSY_WALL_LEAST_NS (300 * NS_PER_MS)

double program_others_cpus(const struct program_facts *facts)
{
	uint64_t own_ns = facts->user_cpu_ns + facts->system_cpu_ns;

	if (facts->wall_ns < MACHINE_BUSY_WALL_LEAST_NS || facts->machine_busy_ns <= own_ns)
		return 0;
	return (double)(facts->machine_busy_ns - own_ns) / (double)facts->wall_ns;
}

bool machine_is_full(const struct program_facts *facts)
{
	double others_cpus = program_others_cpus(facts);
	double own_ns = (double)(facts->user_cpu_ns + facts->system_cpu_ns);

	return facts->n_cpus && others_cpus >= OTHERS_CPUS_TOO_MANY &&
	       own_ns / (double)facts->wall_ns + others_cpus >=
		       MACHINE_FULL_SHARE * facts->n_cpus;
}

/** Figures derived from the facts. */
struct rates {
	double cpus_busy;
	double kernel_share; /**< Of the CPU time. */
	double switches_per_second;
	double involuntary_switches_per_second;
	double major_faults_per_second;
};

static struct rates rates_of(const struct program_facts *facts)
{
	uint64_t cpu_ns = facts->user_cpu_ns + facts->system_cpu_ns;
	double wall_s = (double)facts->wall_ns / (double)NS_PER_S;

	return (struct rates){
		.cpus_busy = (double)cpu_ns / (double)facts->wall_ns,
		.kernel_share = cpu_ns ? (double)facts->system_cpu_ns / (double)cpu_ns
				       : facts->kernel_share,
		.switches_per_second = (double)facts->voluntary_switches / wall_s,
		.involuntary_switches_per_second = (double)facts->involuntary_switches / wall_s,
		.major_faults_per_second = (double)facts->major_faults / wall_s,
	};
}

static bool is_too_short(const struct program_facts *facts, const struct rates *rates)
{
	if (rates->cpus_busy < CPUS_BUSY_WAITING_BELOW)
		return facts->wall_ns < WALL_SHORT_NS;
	return facts->n_samples < SAMPLES_LEAST;
}

static bool is_crowded_out(const struct program_facts *facts, const struct rates *rates)
{
	double ratio = machine_is_full(facts) ? CROWDED_SWITCHES_RATIO_FULL
					      : CROWDED_SWITCHES_RATIO;

	return rates->involuntary_switches_per_second >= CROWDED_SWITCHES_PER_SECOND_LEAST &&
	       rates->involuntary_switches_per_second >= ratio * rates->switches_per_second;
}

static enum program_kind kind_of_rates(const struct program_facts *facts, const struct rates *rates)
{
	bool is_waiting = rates->cpus_busy < CPUS_BUSY_WAITING_BELOW;

	if (is_too_short(facts, rates))
		return PROGRAM_TOO_SHORT;
	if (facts->lock_share >= (is_waiting ? LOCK_SHARE_WAITING : LOCK_SHARE_BUSY) &&
	    rates->switches_per_second >= LOCK_SWITCHES_PER_SECOND_LEAST)
		return PROGRAM_LOCK_BOUND;
	if (is_waiting && is_crowded_out(facts, rates))
		return PROGRAM_CROWDED_OUT;
	if (is_waiting)
		return facts->io_share >= IO_SHARE_WAITING || rates->major_faults_per_second >=
								      MAJOR_FAULTS_PER_SECOND_MANY
			       ? PROGRAM_IO_BOUND
			       : PROGRAM_IDLE;
	if (rates->kernel_share >= KERNEL_SHARE_BOUND)
		return PROGRAM_KERNEL_BOUND;
	if (rates->cpus_busy >= CPUS_BUSY_PARALLEL_FROM)
		return PROGRAM_PARALLEL;
	if (facts->n_cpus > 1 && rates->cpus_busy >= CPUS_BUSY_SERIAL_FROM &&
	    rates->cpus_busy <= CPUS_BUSY_SERIAL_UP_TO)
		return PROGRAM_SERIAL;
	return PROGRAM_CPU_BOUND;
}

/** What singles the kind out beyond the figures every kind shows; free() it. */
static char *particulars(const struct program_facts *facts, const struct rates *rates,
			 enum program_kind kind)
{
	char share[LAYOUT_NUMBER_SIZE_BYTES];

	switch (kind) {
	case PROGRAM_LOCK_BOUND:
		profile_format_share(facts->lock_share, share);
		return memory_format_text("; %s of the samples in locking and %.0f waits a second",
					  share, rates->switches_per_second);
	case PROGRAM_IO_BOUND:
		profile_format_share(facts->io_share, share);
		return memory_format_text("; %s of the samples in input and output, %.0f waits and "
					  "%.0f page faults from disk a second",
					  share, rates->switches_per_second,
					  rates->major_faults_per_second);
	case PROGRAM_CROWDED_OUT:
		return memory_format_text("; put aside %.0f times a second, against %.0f waits of "
					  "its own: profile again on a quiet machine",
					  rates->involuntary_switches_per_second,
					  rates->switches_per_second);
	case PROGRAM_IDLE:
		return memory_format_text("; %.0f waits a second, what for is not visible in "
					  "samples of CPU time",
					  rates->switches_per_second);
	default:
		return memory_duplicate_text("");
	}
}

enum program_kind program_kind_of(const struct program_facts *facts, char **reason_ret)
{
	char wall[LAYOUT_NUMBER_SIZE_BYTES], cpu[LAYOUT_NUMBER_SIZE_BYTES];
	char kernel[LAYOUT_NUMBER_SIZE_BYTES], samples[LAYOUT_NUMBER_SIZE_BYTES];
	_cleanup_free_ char *more = NULL, *cpus = NULL;
	enum program_kind kind;
	struct rates rates;

	if (!facts->wall_ns) {
		*reason_ret = memory_duplicate_text(
			"The recording does not say how long the program ran.");
		return PROGRAM_UNKNOWN;
	}
	/* Samples of something else than time do not say either. */
	if (facts->n_samples && facts->user_cpu_ns + facts->system_cpu_ns == 0) {
		*reason_ret = memory_duplicate_text(
			"The recording does not say how much CPU time the program took.");
		return PROGRAM_UNKNOWN;
	}
	rates = rates_of(facts);
	kind = kind_of_rates(facts, &rates);
	layout_format_duration(facts->wall_ns, wall);
	layout_format_duration(facts->user_cpu_ns + facts->system_cpu_ns, cpu);
	profile_format_count(facts->n_samples, samples);
	if (kind == PROGRAM_TOO_SHORT) {
		*reason_ret = memory_format_text(
			"It ran for %s with %s of CPU time and gave %s %s.", wall, cpu, samples,
			count_noun(facts->n_samples, "sample", "samples"));
		return kind;
	}
	profile_format_share(rates.kernel_share, kernel);
	more = particulars(facts, &rates, kind);
	cpus = facts->n_cpus ? memory_format_text("%.2f of %u CPUs", rates.cpus_busy, facts->n_cpus)
			     : memory_format_text("%.2f CPUs", rates.cpus_busy);
	*reason_ret = memory_format_text("%s of CPU time in %s: %s busy, %s of it in the kernel%s.",
					 cpu, wall, cpus, kernel, more);
	return kind;
}
