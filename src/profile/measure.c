#include "profile/profile.h"

#include <string.h>

#define NS_PER_WEIGHT 1000

uint64_t profile_sample_weight(const struct profile *profile, const struct profile_sample *sample)
{
	if (sample->event >= profile->events.count ||
	    profile->events.items[sample->event].measure == PROFILE_SAMPLED)
		return sample->count;
	return (sample->period + NS_PER_WEIGHT / 2) / NS_PER_WEIGHT;
}

static bool has_periods(const struct profile *profile, uint32_t event)
{
	for (size_t i = 0; i < profile->samples.count; i++)
		if (profile->samples.items[i].event == event && profile->samples.items[i].period)
			return true;
	return false;
}

void profile_take_cpu_time(struct profile *profile, uint32_t event)
{
	struct profile_info *info = &profile->info;

	if (event >= profile->events.count ||
	    profile->events.items[event].measure != PROFILE_SAMPLED ||
	    strcmp(profile_text(profile, profile->events.items[event].unit), "ns") != 0)
		return;
	info->user_cpu_ns = info->system_cpu_ns = 0;
	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		uint32_t location = profile->stacks.items[sample->stack].location;

		if (sample->event != event)
			continue;
		if (sample->stack && profile->locations.items[location].kind == LOCATION_KERNEL)
			info->system_cpu_ns += sample->period;
		else
			info->user_cpu_ns += sample->period;
	}
}

void profile_fill_from_samples(struct profile *profile, uint32_t event)
{
	const struct profile_info *info = &profile->info;

	if (has_periods(profile, event)) {
		if (info->user_cpu_ns + info->system_cpu_ns == 0)
			profile_take_cpu_time(profile, event);
		return;
	}
	for (size_t i = 0; i < profile->samples.count; i++) {
		struct profile_sample *sample = &profile->samples.items[i];

		if (sample->event == event)
			sample->period = sample->count;
	}
}

uint32_t profile_find_measure(const struct profile *profile, enum profile_measure measure)
{
	for (uint32_t i = 0; i < profile->events.count; i++) {
		if (profile->events.items[i].measure == measure)
			return i;
	}
	return UINT32_MAX;
}

DEFINE_VECTOR(added_tick_vector, struct profile_tick)

/** Both are in order of time already. From the back, where there is room. */
static void merge_ticks(struct profile *profile, const struct added_tick_vector *added)
{
	size_t n_before = profile->ticks.count, n_added = added->count;
	struct profile_tick *items;

	for (size_t i = 0; i < added->count; i++)
		profile_add_tick(profile, added->items[i].sample, added->items[i].time_ns,
				 added->items[i].cpu, added->items[i].period);
	items = profile->ticks.items;
	for (size_t i = n_before + n_added; n_added > 0 && i-- > 0;) {
		bool is_added = n_before == 0 ||
				added->items[n_added - 1].time_ns >= items[n_before - 1].time_ns;

		items[i] = is_added ? added->items[--n_added] : items[--n_before];
	}
}

uint32_t profile_add_sum(struct profile *profile, const char *name, enum profile_measure measure,
			 uint32_t first, uint32_t second)
{
	const size_t n_samples = profile->samples.count;
	_cleanup_free_ uint32_t *copies = memory_allocate(n_samples, sizeof(*copies));
	struct added_tick_vector ticks = { 0 };
	uint32_t event = profile_add_event(
		profile, name, profile_text(profile, profile->events.items[first].unit));

	profile->events.items[event].measure = measure;
	for (size_t i = 0; i < n_samples; i++) {
		const struct profile_sample sample = profile->samples.items[i];

		copies[i] = UINT32_MAX;
		if (sample.event == first || sample.event == second)
			copies[i] = profile_add_sample(profile, sample.thread, event, sample.stack,
						       sample.end, sample.count, sample.period);
	}
	for (size_t i = 0; i < profile->ticks.count; i++) {
		struct profile_tick tick = profile->ticks.items[i];

		if (copies[tick.sample] == UINT32_MAX)
			continue;
		tick.sample = copies[tick.sample];
		added_tick_vector_append(&ticks, tick);
	}
	merge_ticks(profile, &ticks);
	added_tick_vector_deinit(&ticks);
	return event;
}
