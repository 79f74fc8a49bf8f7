#include "capture/perf_events/stack_gate.h"

#include "base/clock.h"
#include "base/hash_map.h"
#include "base/memory.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>

/** The allowance of this long may come at once. */
#define BURST_NS (NS_PER_S / 8)

/** Never closed for less: turning itself costs time. */
#define CLOSED_LEAST_NS (4 * NS_PER_MS)

/** Turning on and off takes at most this part of the time (events times threads are many). */
#define SWITCHING_PART 200

static void turn_events(const struct stack_gate *gate, bool is_on)
{
	for (size_t i = 0; i < gate->n_events; i++)
		ioctl(gate->events[i], is_on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
}

void stack_gate_init(struct stack_gate *gate, const int *events, size_t n_events,
		     uint64_t samples_per_second, uint64_t now_ns)
{
	*gate = (struct stack_gate){
		.events = events,
		.n_events = n_events,
		.samples_per_second = samples_per_second,
		.burst = MAX(samples_per_second * (BURST_NS / 1000) / (NS_PER_S / 1000),
			     UINT64_C(1)),
		.last_ns = now_ns,
		.random_state = now_ns,
		.turn = turn_events,
	};
	gate->n_tokens = (double)gate->burst;
}

static void turn(struct stack_gate *gate, bool is_on)
{
	uint64_t start_ns = clock_monotonic_ns();

	gate->turn(gate, is_on);
	gate->switching_ns = clock_monotonic_ns() - start_ns;
	gate->is_closed = !is_on;
}

/** Until the allowance is there for another burst of about half the size, and chance on top. */
static uint64_t closed_time_ns(struct stack_gate *gate)
{
	double missing = (double)gate->burst / 2 - gate->n_tokens;
	uint64_t time_ns =
		(uint64_t)(missing * (double)NS_PER_S / (double)gate->samples_per_second);

	time_ns = MAX(time_ns, (uint64_t)CLOSED_LEAST_NS);
	time_ns = MAX(time_ns, gate->switching_ns * SWITCHING_PART);
	gate->random_state = hash_u64(gate->random_state + 1);
	return time_ns / 2 + gate->random_state % time_ns;
}

void stack_gate_update(struct stack_gate *gate, uint64_t n_samples, uint64_t now_ns)
{
	if (!gate->n_events)
		return;
	gate->n_tokens += (double)(now_ns - gate->last_ns) * (double)gate->samples_per_second /
			  (double)NS_PER_S;
	gate->n_tokens = MIN(gate->n_tokens, (double)gate->burst) - (double)n_samples;
	gate->last_ns = now_ns;
	if (gate->is_paused)
		return;
	if (!gate->is_closed && gate->n_tokens < 0) {
		turn(gate, false);
		gate->open_again_ns = now_ns + closed_time_ns(gate);
	} else if (gate->is_closed && now_ns >= gate->open_again_ns) {
		turn(gate, true);
	}
}

uint64_t stack_gate_wait_ns(const struct stack_gate *gate, uint64_t now_ns)
{
	if (!gate->is_closed)
		return UINT64_MAX;
	return gate->open_again_ns > now_ns ? gate->open_again_ns - now_ns : 0;
}
