#include "profile/profile_index_internal.h"

#include <assert.h>

void sample_index_deinit(struct sample_index *index)
{
	index_vector_deinit(&index->last_of_stack);
	id_set_deinit(&index->ids);
	*index = (struct sample_index){ 0 };
}

static uint64_t sample_hash(const struct profile_sample *sample)
{
	return hash_u64(id_pair(sample->stack, sample->thread) ^
			hash_u64(id_pair(sample->event, (uint32_t)sample->end)));
}

static bool is_same(const struct profile_sample *a, const struct profile_sample *b)
{
	return a->stack == b->stack && a->thread == b->thread && a->event == b->event &&
	       a->end == b->end;
}

/** Of a stack, by sample_index.last_of_stack; what was released is made again. */
static uint32_t *last_of_stack(struct profile *profile, uint32_t stack)
{
	const struct profile_sample_vector *samples = &profile->samples;
	struct sample_index *index = &profile->index->samples;

	while (index->last_of_stack.count <= stack)
		index_vector_append(&index->last_of_stack, 0);
	for (; index->n_noted < samples->count; index->n_noted++) {
		uint32_t noted = samples->items[index->n_noted].stack;

		while (index->last_of_stack.count <= noted)
			index_vector_append(&index->last_of_stack, 0);
		index->last_of_stack.items[noted] = (uint32_t)index->n_noted + 1;
	}
	return &index->last_of_stack.items[stack];
}

/** Among all; ID_NONE: there is none. */
static uint32_t find_sample(struct profile *profile, const struct profile_sample *sample)
{
	const struct profile_sample_vector *samples = &profile->samples;
	struct id_set *set = &profile->index->samples.ids;
	struct id_probe probe;
	uint32_t id;

	for (size_t i = set->count; i < samples->count; i++)
		id_set_add(set, sample_hash(&samples->items[i]), (uint32_t)i);
	probe = id_set_probe(set, sample_hash(sample));
	do
		id = id_probe_next(&probe);
	while (id != ID_NONE && !is_same(&samples->items[id], sample));
	return id;
}

uint32_t profile_add_sample(struct profile *profile, uint32_t thread, uint32_t event,
			    uint32_t stack, enum stack_end end, uint64_t count, uint64_t period)
{
	struct profile_sample_vector *samples = &profile->samples;
	const struct profile_sample sample = { .thread = thread,
					       .event = event,
					       .stack = stack,
					       .end = end,
					       .count = count,
					       .period = period };
	uint32_t *last = last_of_stack(profile, stack);
	uint32_t id = *last ? *last - 1 : ID_NONE;

	if (id != ID_NONE && !is_same(&samples->items[id], &sample))
		id = find_sample(profile, &sample);
	if (id == ID_NONE) {
		assert(thread < profile->threads.count && event < profile->events.count);
		assert(stack < profile->stacks.count && end < N_STACK_ENDS);
		id = id_next(samples->count);
		profile_sample_vector_append(samples, sample);
		profile->index->samples.n_noted++;
	} else {
		samples->items[id].count += count;
		samples->items[id].period += period;
	}
	*last = id + 1;
	return id;
}

struct profile_sample_vector profile_take_samples(struct profile *profile)
{
	struct profile_sample_vector samples = profile->samples;

	profile->samples = (struct profile_sample_vector){ 0 };
	sample_index_deinit(&profile->index->samples);
	return samples;
}

void profile_keep_samples(struct profile *profile, const bool *kept)
{
	struct profile_sample_vector *samples = &profile->samples;
	uint32_t *new_ids = memory_allocate(samples->count + 1, sizeof(*new_ids));
	uint32_t n_samples = 0;
	size_t n_ticks = 0;

	sample_index_deinit(&profile->index->samples);
	for (size_t i = 0; i < samples->count; i++) {
		const struct profile_sample sample = samples->items[i];

		new_ids[i] = ID_NONE;
		if (!kept[i])
			continue;
		new_ids[i] = n_samples;
		samples->items[n_samples++] = sample;
	}
	samples->count = n_samples;
	for (size_t i = 0; i < profile->ticks.count; i++) {
		struct profile_tick tick = profile->ticks.items[i];

		tick.sample = new_ids[tick.sample];
		if (tick.sample != ID_NONE)
			profile->ticks.items[n_ticks++] = tick;
	}
	profile->ticks.count = n_ticks;
	free(new_ids);
}
