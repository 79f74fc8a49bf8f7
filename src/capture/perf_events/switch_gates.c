#include "capture/perf_events/switch_gates.h"

#include "base/clock.h"
#include "base/memory.h"

/** The allowance of this long may come at once. */
#define BURST_PART 8

/** Long enough for a look at times: some hundred switches where they are a flood. */
#define TIMES_OPEN_LEAST_NS (2 * NS_PER_MS)

/** Leaving and coming back have a record each. */
#define RECORDS_PER_SWITCH 2

void switch_gates_init(struct switch_gates *gates, const struct opened_events *opened,
		       const struct record_layout_table *layouts, uint64_t times_per_second,
		       uint64_t stacks_per_second, uint64_t now_ns)
{
	const struct descriptor_vector *times = &opened->group_events[RING_GROUP_SWITCH_TIMES];
	const struct descriptor_vector *stacks = &opened->group_events[RING_GROUP_SWITCH_STACKS];
	const uint64_t stacks_burst = MAX(stacks_per_second / BURST_PART, UINT64_C(1));

	*gates = (struct switch_gates){
		.opened = opened,
		.layouts = layouts,
		.n_taken = memory_allocate(opened->n_rings, sizeof(*gates->n_taken)),
	};
	event_gate_init(&gates->times,
			&(struct event_gate_plan){
				.events = times->items,
				.n_events = times->count,
				.samples_per_second = times_per_second,
				.burst = times_per_second / BURST_PART,
				.open_least_ns = TIMES_OPEN_LEAST_NS,
			},
			now_ns);
	event_gate_init(&gates->stacks,
			&(struct event_gate_plan){
				.events = stacks->items,
				.n_events = stacks->count,
				.samples_per_second = stacks_per_second,
				.burst = stacks_burst,
				.reserve = stacks_burst / 2,
				.outer = &gates->times,
			},
			now_ns);
}

void switch_gates_deinit(struct switch_gates *gates)
{
	free(gates->n_taken);
	switch_marker_vector_deinit(&gates->markers);
}

void switch_gates_count(struct switch_gates *gates, size_t ring)
{
	gates->n_taken[ring]++;
}

/** Of the CPU that had most: an allowance that idle CPUs leave over helps nobody. */
static uint64_t most_taken(const struct switch_gates *gates, enum ring_group group)
{
	uint64_t n_most = 0;

	for (size_t i = 0; i < gates->opened->n_rings; i++) {
		if (gates->opened->ring_groups[i] == group)
			n_most = MAX(n_most, gates->n_taken[i]);
	}
	return n_most;
}

void switch_gates_update(struct switch_gates *gates, uint64_t now_ns)
{
	uint64_t n_switches = most_taken(gates, RING_GROUP_SWITCH_TIMES) / RECORDS_PER_SWITCH;
	uint64_t n_stacks = most_taken(gates, RING_GROUP_SWITCH_STACKS);

	/* What is certain to be on, and nothing else, is between the two. */
	if (event_gate_update(&gates->times, n_switches, now_ns))
		switch_marker_vector_append(
			&gates->markers,
			(struct switch_marker){ .time_ns = gates->times.is_closed
								   ? gates->times.turn_start_ns
								   : gates->times.turn_end_ns,
						.is_end = !gates->times.is_closed });
	event_gate_update(&gates->stacks, n_stacks, now_ns);
	memset(gates->n_taken, 0, gates->opened->n_rings * sizeof(*gates->n_taken));
}

uint64_t switch_gates_wait_ns(const struct switch_gates *gates, uint64_t now_ns)
{
	return MIN(event_gate_wait_ns(&gates->times, now_ns),
		   event_gate_wait_ns(&gates->stacks, now_ns));
}

static uint64_t id_of_times(const struct opened_events *opened)
{
	for (size_t i = 0; i < opened->ids.count; i++) {
		if (opened->attr_of_id.items[i] == opened->group_attr[RING_GROUP_SWITCH_TIMES])
			return opened->ids.items[i];
	}
	return 0;
}

struct bytes switch_gates_peek(struct switch_gates *gates, uint64_t *time_ns_ret)
{
	const struct opened_events *opened = gates->opened;
	const struct switch_marker *marker = gates->markers.items;
	struct record record;

	if (!gates->markers.count)
		return (struct bytes){ 0 };
	record = (struct record){
		.type = marker->is_end ? PERF_RECORD_UNTHROTTLE : PERF_RECORD_THROTTLE,
		.time_ns = marker->time_ns,
		.id = id_of_times(opened),
		.throttle = { .time_ns = marker->time_ns, .is_end = marker->is_end },
	};
	*time_ns_ret = marker->time_ns;
	return (struct bytes){
		gates->marker,
		record_encode_side_band(
			&gates->layouts->layouts[opened->group_attr[RING_GROUP_SWITCH_TIMES]],
			&record, gates->marker),
	};
}

void switch_gates_skip(struct switch_gates *gates)
{
	struct switch_marker_vector *markers = &gates->markers;

	markers->count--;
	memmove(markers->items, markers->items + 1, markers->count * sizeof(*markers->items));
}

void switch_gates_set_paused(struct switch_gates *gates, bool is_paused)
{
	gates->times.is_paused = is_paused;
	gates->stacks.is_paused = is_paused;
}
