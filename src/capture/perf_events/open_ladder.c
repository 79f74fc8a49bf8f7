#include "capture/perf_events/open_ladder.h"

#include "arch/architecture.h"
#include "base/clock.h"
#include "base/memory.h"
#include "capture/perf_events/pmu.h"
#include "capture/perf_events/rung_internal.h"
#include "capture/perf_events/sample_cost.h"
#include "capture/perf_events/span_probes.h"
#include "capture/perf_events/switch_events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FREQUENCY_DEFAULT_HZ 997

/**
 * Interrupts alone may take this share of a program's time with -F max, and this one at a rate that
 * was asked for: beyond, it would hardly go on. Lower rates take less anywhere.
 */
#define INTERRUPT_SHARE_MAX   0.25
#define INTERRUPT_SHARE_MOST  0.75
#define FREQUENCY_HARMLESS_HZ 10000

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

static void choose_cpus(const struct sampler_options *options, struct index_vector *ret)
{
	if (!options->n_cpus)
		online_cpus_read(&event_places_of_kernel, ret);
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
	uint64_t sum_hz = 0;

	/* With a fixed period the rate is the program's; assume a high one. */
	for (size_t i = 0; i < rung->n_events; i++)
		sum_hz += rung->events[i].frequency_hz ? rung->events[i].frequency_hz : 4000;
	return sum_hz;
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

/** The kernel side is all there is of these; without it there would be nothing. */
static bool is_kernel_side_needed(const struct rung *rung)
{
	for (size_t i = 0; i < rung->n_events; i++) {
		if (event_is_of_kernel_only(&rung->events[i].selection))
			return true;
	}
	return false;
}

/** A switch is something of the kernel: without that side there is none to see. */
static void leave_out_switch_stacks(struct rung *rung, const struct sampler_options *options,
				    struct sampler_facts *facts)
{
	if (!options->has_switches || rung->is_without_switch_stacks)
		return;
	rung->is_without_switch_stacks = true;
	note(facts,
	     memory_format_text("no stacks at the moment threads begin to wait, which are of "
				"the kernel side: waits over 10 ms are looked up in /proc, "
				"shorter ones are only timed"));
}

/** Go on without the kernel side; false: that would help nothing. */
static bool leave_out_kernel(struct rung *rung, const struct rung_event *refused,
			     const struct sampler_options *options, struct sampler_facts *facts)
{
	int64_t paranoid = 2;

	if (refused->is_without_kernel || refused->is_without_user || is_kernel_side_needed(rung))
		return false;
	leave_out_switch_stacks(rung, options, facts);
	kernel_number_read("/proc/sys/kernel/perf_event_paranoid", &paranoid);
	for (size_t i = 0; i < rung->n_events; i++)
		rung->events[i].is_without_kernel = !rung->events[i].is_without_user;
	if (options->sides == SAMPLED_BOTH)
		note(facts, memory_format_text("kernel side not recorded: perf_event_paranoid is "
					       "%" PRId64 " (sudo sysctl "
					       "kernel.perf_event_paranoid=1)",
					       paranoid));
	return true;
}

/** Step down in answer to @p failure; false: nothing is left to try. */
static bool rung_step_down(struct rung *rung, const struct sampler_options *options,
			   const struct open_failure *failure, struct sampler_facts *facts)
{
	struct rung_event *event = &rung->events[MIN(failure->event_index, rung->n_events - 1)];

	if (failure->step == OPEN_FAILED_RING)
		return (failure->errno_value == EPERM || failure->errno_value == ENOMEM) &&
		       rung_shrink(rung, options);

	if (failure->event_index >= rung->n_events) {
		if (!options->has_switches)
			return false; /* a probe */
		leave_out_switch_stacks(rung, options, facts);
		return failure->event_index == rung->n_events;
	}
	if (failure->errno_value == EINVAL && !rung->is_without_build_ids) {
		rung->is_without_build_ids = true; /* before Linux 5.12 */
		return true;
	}
	if (open_errno_is_missing_event(failure->errno_value) && !rung->is_event_chosen &&
	    event->selection.type == PERF_TYPE_HARDWARE) {
		struct error *error = event_name_parse("cpu-clock", &event->selection);

		error_destroy(error);
		note(facts, memory_format_text("no hardware counters here (virtual machine?): "
					       "sampling on the CPU clock instead of cycles"));
		return true;
	}
	return (failure->errno_value == EACCES || failure->errno_value == EPERM) &&
	       leave_out_kernel(rung, event, options, facts);
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

/** The kernel refuses rates over its limit, which it lowers itself when a PMU's samples take long.
 */
static void limit_to_kernel(struct rung_event *event, const struct sampler_options *options,
			    struct sampler_facts *facts)
{
	int64_t most_hz;

	if (!kernel_number_read("/proc/sys/kernel/perf_event_max_sample_rate", &most_hz) ||
	    most_hz <= 0)
		return;
	if (options->is_frequency_max) {
		event->frequency_hz = (uint64_t)most_hz;
	} else if (event->frequency_hz > (uint64_t)most_hz) {
		note(facts, memory_format_text("rate lowered from %" PRIu64 " to %" PRId64
					       " Hz: the kernel's limit (sudo sysctl "
					       "kernel.perf_event_max_sample_rate=%" PRIu64 ")",
					       event->frequency_hz, most_hz, event->frequency_hz));
		event->frequency_hz = (uint64_t)most_hz;
	}
}

/** Nobody lowers a timer's rate: at one interrupt after the other a program would stand still. */
static void limit_to_cost(struct rung_event *event, const struct sampler_options *options,
			  struct sampler_facts *facts)
{
	double share = options->is_frequency_max ? INTERRUPT_SHARE_MAX : INTERRUPT_SHARE_MOST;
	uint64_t cost_ns, most_hz;

	if (event->frequency_hz <= FREQUENCY_HARMLESS_HZ)
		return;
	cost_ns = sample_cost_ns();
	most_hz = cost_ns ? (uint64_t)(share * (double)NS_PER_S / (double)cost_ns) : UINT64_MAX;
	most_hz = MAX(most_hz, (uint64_t)FREQUENCY_DEFAULT_HZ);
	if (event->frequency_hz <= most_hz)
		return;
	note(facts,
	     memory_format_text("rate lowered from %" PRIu64 " to %" PRIu64
				" Hz: a sample's interrupt takes %.1f us here, which leaves the "
				"program %.0f %% of its time",
				event->frequency_hz, most_hz, (double)cost_ns / 1000.0,
				100 * (1 - share)));
	event->frequency_hz = most_hz;
}

static void limit_frequency(struct rung_event *event, const struct sampler_options *options,
			    struct sampler_facts *facts)
{
	limit_to_kernel(event, options, facts);
	limit_to_cost(event, options, facts);
}

/** Its own rate, else the one for all, else what suits it: each hit of a tracepoint, or 997 Hz. */
static void choose_rate(struct rung_event *event, const struct sampled_event *asked,
			const struct sampler_options *options, struct sampler_facts *facts)
{
	event->period = asked->period ? asked->period : options->period;
	event->frequency_hz = asked->frequency_hz ? asked->frequency_hz : options->frequency_hz;
	if (asked->frequency_hz || (event->frequency_hz && !asked->period && !options->period))
		event->period = 0;
	else if (event->period)
		event->frequency_hz = 0;
	else if (event->selection.type == PERF_TYPE_TRACEPOINT)
		event->period = 1;
	else
		event->frequency_hz = FREQUENCY_DEFAULT_HZ;
	if (event->frequency_hz)
		limit_frequency(event, options, facts);
}

static struct error *choose_events(const struct sampler_options *options,
				   struct sampler_facts *facts, struct rung *rung)
{
	static const struct sampled_event usual = { .name = "cycles" };
	const struct sampled_event *asked = options->n_events ? options->events : &usual;
	size_t n_asked = MAX(options->n_events, (size_t)1);

	if (n_asked > SAMPLED_EVENTS_MAX)
		return error_new(ERROR_USAGE, "more than %d events to sample on",
				 SAMPLED_EVENTS_MAX);
	rung->is_event_chosen = options->n_events > 0;
	for (size_t i = 0; i < n_asked; i++) {
		struct rung_event *event = &rung->events[rung->n_events++];

		RETURN_IF_ERROR(event_name_parse(asked[i].name, &event->selection));
		event->is_without_kernel =
			options->sides == SAMPLED_USER_ONLY || event->selection.is_user_only;
		event->is_without_user =
			options->sides == SAMPLED_KERNEL_ONLY || event->selection.is_kernel_only;
		choose_rate(event, &asked[i], options, facts);
	}
	return NULL;
}

/** Side-band records come of events that count only: one that never stops and samples nothing. */
static void add_tracking_event(struct rung *rung)
{
	struct rung_event *event = &rung->events[rung->n_events];

	rung->is_tracked_apart = true;
	event->selection = (struct event_selection){ .type = PERF_TYPE_SOFTWARE,
						     .config = PERF_COUNT_SW_DUMMY,
						     .name = "dummy",
						     .unit = "events" };
	event->is_without_kernel = rung->events[0].is_without_kernel;
	event->period = 1;
	rung->n_events++;
}

static struct error *rung_first(const struct sampler_options *options, size_t n_cpus,
				struct sampler_facts *facts, struct rung *ret)
{
	struct rung rung = {
		.stack_method = options->stack_method,
		.stack_copy_bytes = options->stack_copy_bytes,
	};

	if (options->spans.n_edges && !span_probes_find_type(&(uint32_t){ 0 }))
		return error_with_hint(error_new(ERROR_UNSUPPORTED,
						 "this kernel has no probes for --begin and --end"),
				       "Linux 4.17 with CONFIG_UPROBE_EVENTS has them");
	RETURN_IF_ERROR(choose_events(options, facts, &rung));
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
	if (options->is_held_back || options->can_pause)
		add_tracking_event(&rung);
	*ret = rung;
	return NULL;
}

static void facts_fill(struct sampler_facts *facts, const struct rung *rung,
		       const struct opened_events *opened)
{
	facts->n_events = rung->n_events - rung->is_tracked_apart;
	for (size_t i = 0; i < facts->n_events; i++) {
		const struct rung_event *event = &rung->events[i];

		facts->events[i] = (struct sampled_event_facts){
			.name = event->selection.name,
			.unit = event->selection.unit,
			.frequency_hz = event->frequency_hz,
			.period = event->period,
		};
		facts->has_kernel |= !event->is_without_kernel;
		facts->has_user |= !event->is_without_user;
		facts->stack_copy_bytes =
			MAX(facts->stack_copy_bytes, opened->attrs[i].sample_stack_user);
	}
	facts->ring_size_bytes = rung->ring_size_bytes;
	facts->n_rings = (uint32_t)opened->n_rings;
}

/** What the samples of the rung's events are told by. */
static size_t append_probes(const struct sampler_spans *spans, struct event_request *requests,
			    size_t n_requests)
{
	uint32_t type = 0;

	span_probes_find_type(&type);
	for (size_t i = 0; i < spans->n_edges; i++)
		requests[n_requests++] = span_probe_request(&requests[0], &spans->edges[i], type);
	return n_requests;
}

/** One try at everything on the rung. */
static bool rung_open(const struct rung *rung, const struct sampler_options *options,
		      const struct index_vector *cpus, struct opened_events *ret,
		      struct open_failure *failure_ret)
{
	struct event_request requests[SAMPLED_EVENTS_MAX + 1 + SWITCH_EVENTS_MAX + SPAN_EDGES_MAX];
	size_t n_requests = rung->n_events;

	for (size_t i = 0; i < rung->n_events; i++)
		requests[i] = (struct event_request){
			.attr = rung_attr(rung, i, options),
			.ring_group = RING_GROUP_SAMPLES,
			.ring_size_bytes = rung->ring_size_bytes,
			.is_always_on = rung->is_tracked_apart && i + 1 == rung->n_events,
		};
	/* Where both are, stacks come first: see the drain. */
	if (options->has_switches && !rung->is_without_switch_stacks)
		requests[n_requests++] = switch_stacks_request(&requests[0]);
	if (options->has_switches)
		requests[n_requests++] = switch_times_request(&requests[0]);
	n_requests = append_probes(&options->spans, requests, n_requests);
	return opened_events_open(requests, n_requests, options, cpus, ret, failure_ret);
}

static struct error *refusal(const struct rung *rung, const struct sampler_options *options,
			     const struct open_failure *failure)
{
	if (failure->step == OPEN_FAILED_RING)
		return open_refusal_of_ring(rung, failure->errno_value);
	if (options->spans.n_edges && failure->event_index >= rung->n_events)
		return span_probe_refusal(
			&options->spans.edges[failure->event_index - rung->n_events],
			failure->errno_value);
	return open_refusal_of_event(rung, MIN(failure->event_index, rung->n_events - 1), options,
				     failure->errno_value);
}

struct error *open_ladder_descend(const struct sampler_options *options,
				  struct sampler_facts *facts, struct opened_events *ret)
{
	struct index_vector cpus = { 0 };
	struct open_failure failure = { 0 };
	struct error *error;
	struct rung rung;

	choose_cpus(options, &cpus);
	error = rung_first(options, cpus.count, facts, &rung);
	if (!error)
		raise_descriptor_limit(
			(rung.n_events + SWITCH_EVENTS_MAX + options->spans.n_edges) * cpus.count *
			MAX(options->n_tasks, (size_t)1));
	while (!error) {
		if (rung_open(&rung, options, &cpus, ret, &failure))
			break;
		if (!rung_step_down(&rung, options, &failure, facts))
			error = refusal(&rung, options, &failure);
	}
	if (!error)
		facts_fill(facts, &rung, ret);
	index_vector_deinit(&cpus);
	return error;
}
