#include "capture/perf_events/event_gate.h"

#include "base/clock.h"
#include "base/hash_map.h"
#include "base/memory.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>

/** Never closed for less: turning itself costs time. */
#define CLOSED_LEAST_NS (4 * NS_PER_MS)

/** Turning on and off takes at most this part of the time (events times threads are many). */
#define TURNING_PART 200

static void turn_events(const struct event_gate *gate, bool is_on)
{
	for (size_t i = 0; i < gate->plan.n_events; i++)
		ioctl(gate->plan.events[i], is_on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE,
		      0);
}

void event_gate_init(struct event_gate *gate, const struct event_gate_plan *plan, uint64_t now_ns)
{
	*gate = (struct event_gate){
		.plan = *plan,
		.n_tokens = (double)plan->burst,
		.last_ns = now_ns,
		.opened_ns = now_ns,
		.random_state = now_ns,
		.turn = turn_events,
	};
}

static void turn(struct event_gate *gate, bool is_on)
{
	gate->turn_start_ns = clock_monotonic_ns();
	gate->turn(gate, is_on);
	gate->turn_end_ns = clock_monotonic_ns();
	gate->is_closed = !is_on;
}

/** Until the reserve is there again, with chance on top. */
static uint64_t closed_time_ns(struct event_gate *gate)
{
	double missing = MAX((double)gate->plan.reserve - gate->n_tokens, 0.0);
	uint64_t time_ns =
		(uint64_t)(missing * (double)NS_PER_S / (double)gate->plan.samples_per_second);

	time_ns = MAX(time_ns, (uint64_t)CLOSED_LEAST_NS);
	time_ns = MAX(time_ns, (gate->turn_end_ns - gate->turn_start_ns) * TURNING_PART);
	gate->random_state = hash_u64(gate->random_state + 1);
	return time_ns / 2 + gate->random_state % time_ns;
}

static void count_tokens(struct event_gate *gate, uint64_t n_samples, uint64_t now_ns)
{
	gate->n_tokens += (double)(now_ns - gate->last_ns) * (double)gate->plan.samples_per_second /
			  (double)NS_PER_S;
	gate->n_tokens = MIN(gate->n_tokens, (double)gate->plan.burst) - (double)n_samples;
	gate->last_ns = now_ns;
}

bool event_gate_update(struct event_gate *gate, uint64_t n_samples, uint64_t now_ns)
{
	bool may_be_open = !gate->plan.outer || !gate->plan.outer->is_closed;
	bool is_too_much;

	if (!gate->plan.n_events)
		return false;
	count_tokens(gate, n_samples, now_ns);
	is_too_much = gate->n_tokens < 0 && now_ns - gate->opened_ns >= gate->plan.open_least_ns;
	if (gate->is_paused)
		return false;
	if (!gate->is_closed && (is_too_much || !may_be_open)) {
		turn(gate, false);
		gate->open_again_ns = is_too_much ? now_ns + closed_time_ns(gate) : now_ns;
		return true;
	}
	if (gate->is_closed && may_be_open && now_ns >= gate->open_again_ns) {
		turn(gate, true);
		gate->opened_ns = now_ns;
		return true;
	}
	return false;
}

uint64_t event_gate_wait_ns(const struct event_gate *gate, uint64_t now_ns)
{
	uint64_t until_ns =
		gate->is_closed ? gate->open_again_ns : gate->opened_ns + gate->plan.open_least_ns;

	if (!gate->plan.n_events || (gate->plan.outer && gate->plan.outer->is_closed))
		return UINT64_MAX;
	if (until_ns > now_ns)
		return until_ns - now_ns;
	return gate->is_closed ? 0 : UINT64_MAX;
}
