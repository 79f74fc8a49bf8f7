#include "capture/perf_events/event_gate.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static unsigned int n_turned_on, n_turned_off;

static void count_turns(const struct event_gate *gate, bool is_on)
{
	(void)gate;
	if (is_on)
		n_turned_on++;
	else
		n_turned_off++;
}

static struct event_gate make_gate_within(const struct event_gate *outer,
					  uint64_t samples_per_second, uint64_t open_least_ns)
{
	static const int events[] = { -1 };
	const struct event_gate_plan plan = {
		.events = events,
		.n_events = 1,
		.samples_per_second = samples_per_second,
		.burst = samples_per_second / 8,
		.reserve = samples_per_second / 16,
		.open_least_ns = open_least_ns,
		.outer = outer,
	};
	struct event_gate gate;

	n_turned_on = n_turned_off = 0;
	event_gate_init(&gate, &plan, NS_PER_S);
	gate.turn = count_turns;
	return gate;
}

static struct event_gate make_gate(uint64_t samples_per_second)
{
	return make_gate_within(NULL, samples_per_second, 0);
}

/** Ten seconds in steps of 1 ms, @p rate_hz samples a second while the gate is open. */
static uint64_t run(struct event_gate *gate, uint64_t rate_hz)
{
	uint64_t n_taken = 0;

	for (uint64_t i = 1; i <= 10000; i++) {
		uint64_t n_samples = gate->is_closed ? 0 : rate_hz / 1000;

		n_taken += n_samples;
		event_gate_update(gate, n_samples, NS_PER_S + i * NS_PER_MS);
	}
	return n_taken;
}

static void what_is_allowed_passes(void **state)
{
	struct event_gate gate = make_gate(2000);

	assert_int_equal(run(&gate, 2000), 20000);
	assert_int_equal(n_turned_off, 0);
	assert_true(event_gate_wait_ns(&gate, 11 * NS_PER_S) == UINT64_MAX);
}

static void what_is_too_much_is_cut_to_the_allowance(void **state)
{
	struct event_gate gate = make_gate(2000);
	uint64_t n_taken = run(&gate, 200000);

	assert_in_range(n_taken, 16000, 24000);
	assert_true(n_turned_off > 20);
	assert_in_range(n_turned_on, n_turned_off - 1, n_turned_off);
}

static void it_opens_when_the_time_has_come(void **state)
{
	struct event_gate gate = make_gate(1000);
	uint64_t wait_ns;

	event_gate_update(&gate, 1000, NS_PER_S);
	assert_true(gate.is_closed);
	wait_ns = event_gate_wait_ns(&gate, NS_PER_S);
	assert_true(wait_ns > 0 && wait_ns < 3 * NS_PER_S);
	event_gate_update(&gate, 0, NS_PER_S + wait_ns - 1);
	assert_true(gate.is_closed);
	event_gate_update(&gate, 0, NS_PER_S + wait_ns);
	assert_false(gate.is_closed);
}

static void without_events_nothing_happens(void **state)
{
	struct event_gate gate;

	event_gate_init(&gate, &(struct event_gate_plan){ .samples_per_second = 1000 }, 0);
	gate.turn = count_turns;
	n_turned_off = 0;
	event_gate_update(&gate, 1000000, NS_PER_S);
	assert_int_equal(n_turned_off, 0);
	assert_true(event_gate_wait_ns(&gate, NS_PER_S) == UINT64_MAX);
}

static void it_stays_open_for_a_while(void **state)
{
	struct event_gate gate = make_gate_within(NULL, 1000, 5 * NS_PER_MS);

	assert_false(event_gate_update(&gate, 1000, NS_PER_S + NS_PER_MS));
	assert_true(event_gate_wait_ns(&gate, NS_PER_S + NS_PER_MS) == 4 * NS_PER_MS);
	assert_true(event_gate_update(&gate, 0, NS_PER_S + 5 * NS_PER_MS));
	assert_true(gate.is_closed);
}

static void the_inner_one_goes_with_the_outer_one(void **state)
{
	struct event_gate outer = make_gate(1000);
	struct event_gate inner = make_gate_within(&outer, 1000, 0);
	uint64_t now_ns = NS_PER_S;

	assert_true(event_gate_update(&outer, 1000, now_ns));
	assert_true(event_gate_update(&inner, 1, now_ns));
	assert_true(inner.is_closed);
	assert_true(event_gate_wait_ns(&inner, now_ns) == UINT64_MAX);
	now_ns += event_gate_wait_ns(&outer, now_ns);
	assert_false(event_gate_update(&inner, 0, now_ns));
	assert_true(event_gate_update(&outer, 0, now_ns));
	assert_true(event_gate_update(&inner, 0, now_ns));
	assert_false(inner.is_closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_allowed_passes),
		cmocka_unit_test(what_is_too_much_is_cut_to_the_allowance),
		cmocka_unit_test(it_opens_when_the_time_has_come),
		cmocka_unit_test(it_stays_open_for_a_while),
		cmocka_unit_test(the_inner_one_goes_with_the_outer_one),
		cmocka_unit_test(without_events_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
