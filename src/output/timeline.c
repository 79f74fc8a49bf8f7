#include "output/timeline_internal.h"

#include <assert.h>

/** The trie of stacks with weights, to number stacks heaviest first. */
struct stack_ranking {
	const struct profile *profile;
	uint64_t *weights;     /* by stack: samples of it and of all below */
	uint32_t *first_child; /* by stack; 0: none */
	uint32_t *next_sibling;
	uint32_t *ranks;
};

static int compare_by_weight(const void *left, const void *right, void *argument)
{
	const uint64_t *weights = argument;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	if (weights[a] != weights[b])
		return weights[a] > weights[b] ? -1 : 1;
	return (a > b) - (a < b);
}

/** Every stack once, the lightest first; so each child list ends up heaviest first. */
static void ranking_link_children(struct stack_ranking *ranking)
{
	const struct profile_stack_vector *stacks = &ranking->profile->stacks;
	uint32_t *order = memory_allocate(stacks->count, sizeof(*order));

	for (uint32_t i = 0; i < stacks->count; i++)
		order[i] = i;
	qsort_r(order, stacks->count, sizeof(*order), compare_by_weight, ranking->weights);
	for (size_t i = stacks->count; i-- > 0;) {
		uint32_t stack = order[i], parent = stacks->items[stack].parent;

		if (stack == 0)
			continue;
		ranking->next_sibling[stack] = ranking->first_child[parent];
		ranking->first_child[parent] = stack;
	}
	free(order);
}

/** Number depth first, without recursion: stacks may be very deep. */
static void ranking_number(struct stack_ranking *ranking)
{
	const struct profile_stack *stacks = ranking->profile->stacks.items;
	uint32_t stack = 0, rank = 0;

	for (;;) {
		ranking->ranks[stack] = rank++;
		if (ranking->first_child[stack]) {
			stack = ranking->first_child[stack];
			continue;
		}
		while (stack && !ranking->next_sibling[stack])
			stack = stacks[stack].parent;
		if (!stack)
			return;
		stack = ranking->next_sibling[stack];
	}
}

/** @return by stack id its place when callers stay together, the heaviest first. Owned. */
static uint32_t *rank_stacks(const struct profile *profile, uint32_t event)
{
	size_t n_stacks = profile->stacks.count;
	struct stack_ranking ranking = {
		.profile = profile,
		.weights = memory_allocate(n_stacks, sizeof(uint64_t)),
		.first_child = memory_allocate(n_stacks, sizeof(uint32_t)),
		.next_sibling = memory_allocate(n_stacks, sizeof(uint32_t)),
		.ranks = memory_allocate(n_stacks, sizeof(uint32_t)),
	};

	for (size_t i = 0; i < profile->samples.count; i++) {
		if (profile->samples.items[i].event == event)
			ranking.weights[profile->samples.items[i].stack] +=
				profile_sample_weight(profile, &profile->samples.items[i]);
	}
	for (size_t i = n_stacks; i-- > 1;)
		ranking.weights[profile->stacks.items[i].parent] += ranking.weights[i];
	ranking_link_children(&ranking);
	ranking_number(&ranking);
	free(ranking.next_sibling);
	free(ranking.first_child);
	free(ranking.weights);
	return ranking.ranks;
}

static uint32_t entry_sample(const struct timeline *timeline, size_t entry)
{
	return timeline->has_times ? timeline->profile->ticks.items[entry].sample : (uint32_t)entry;
}

/** Counting sort of the event's ticks or samples by thread; keeps their order. */
static void timeline_group(struct timeline *timeline, uint32_t event)
{
	const struct profile *profile = timeline->profile;
	const struct profile_sample *samples = profile->samples.items;
	size_t n_entries = timeline->has_times ? profile->ticks.count : profile->samples.count;
	size_t n_threads = profile->threads.count, n_before = 0;
	size_t *position;

	assert(n_entries <= UINT32_MAX);
	timeline->first_of_thread = memory_allocate(n_threads + 1, sizeof(size_t));
	for (size_t i = 0; i < n_entries; i++) {
		const struct profile_sample *sample = &samples[entry_sample(timeline, i)];

		timeline->first_of_thread[sample->thread] += sample->event == event;
	}
	for (size_t i = 0; i <= n_threads; i++) {
		size_t n_here = timeline->first_of_thread[i];

		timeline->first_of_thread[i] = n_before;
		n_before += n_here;
	}

	timeline->entries = memory_allocate(n_before, sizeof(*timeline->entries));
	position = memory_duplicate(timeline->first_of_thread, (n_threads + 1) * sizeof(size_t));
	for (size_t i = 0; i < n_entries; i++) {
		const struct profile_sample *sample = &samples[entry_sample(timeline, i)];

		if (sample->event == event)
			timeline->entries[position[sample->thread]++] = (uint32_t)i;
	}
	free(position);
}

struct rank_comparison {
	const struct profile_sample *samples;
	const uint32_t *ranks;
};

static int compare_by_rank(const void *left, const void *right, void *argument)
{
	const struct rank_comparison *comparison = argument;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	uint32_t a_rank = comparison->ranks[comparison->samples[a].stack];
	uint32_t b_rank = comparison->ranks[comparison->samples[b].stack];

	if (a_rank != b_rank)
		return a_rank < b_rank ? -1 : 1;
	return (a > b) - (a < b);
}

static void timeline_sort_by_stack(struct timeline *timeline, uint32_t event)
{
	struct rank_comparison comparison = { .samples = timeline->profile->samples.items };
	uint32_t *ranks = rank_stacks(timeline->profile, event);

	comparison.ranks = ranks;
	for (size_t i = 0; i < timeline->profile->threads.count; i++) {
		size_t first = timeline->first_of_thread[i];
		size_t n_here = timeline->first_of_thread[i + 1] - first;

		if (n_here > 1)
			qsort_r(timeline->entries + first, n_here, sizeof(*timeline->entries),
				compare_by_rank, &comparison);
	}
	free(ranks);
}

void timeline_init(struct timeline *timeline, const struct profile *profile, uint32_t event)
{
	*timeline = (struct timeline){ .profile = profile,
				       .measure = event_measure_of(profile, event) };
	for (size_t i = 0; i < profile->ticks.count && !timeline->has_times; i++) {
		const struct profile_tick *tick = &profile->ticks.items[i];

		timeline->has_times = profile->samples.items[tick->sample].event == event;
		timeline->start_ns = tick->time_ns;
	}
	if (!timeline->has_times)
		timeline->start_ns = 0;
	timeline_group(timeline, event);
	if (!timeline->has_times)
		timeline_sort_by_stack(timeline, event);
}

void timeline_deinit(struct timeline *timeline)
{
	free(timeline->first_of_thread);
	free(timeline->entries);
}

struct timeline_cursor timeline_thread(const struct timeline *timeline, uint32_t thread)
{
	return (struct timeline_cursor){
		.timeline = timeline,
		.next = timeline->first_of_thread[thread],
		.end = timeline->first_of_thread[thread + 1],
	};
}

bool timeline_next(struct timeline_cursor *cursor, struct timeline_entry *ret)
{
	const struct timeline *timeline = cursor->timeline;
	const struct profile *profile = timeline->profile;
	const struct profile_sample *sample;
	uint32_t entry;

	if (cursor->next == cursor->end)
		return false;
	entry = timeline->entries[cursor->next++];
	sample = &profile->samples.items[entry_sample(timeline, entry)];
	*ret = (struct timeline_entry){ .stack = sample->stack };
	if (timeline->has_times) {
		const struct profile_tick *tick = &profile->ticks.items[entry];

		ret->count = 1;
		ret->period = tick->period;
		ret->time_ns = tick->time_ns - timeline->start_ns;
	} else {
		ret->count = sample->count;
		ret->period = sample->period;
		ret->time_ns = cursor->time_ns;
	}
	ret->duration_ns = timeline->measure.is_time ? ret->period
						     : ret->count * timeline->measure.interval_ns;
	cursor->time_ns += ret->duration_ns;
	return true;
}
