#include "profile/waits.h"

#include "base/hash_map.h"

#include <stdio.h>

DEFINE_HASH_MAP(total_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct waits_maker {
	const struct profile *profile;
	struct total_map reasons, threads, places;
};

static void add(struct total_map *map, struct wait_total_vector *totals,
		const struct wait_total *wait)
{
	uint64_t key = hash_combine(hash_combine(wait->reason, wait->comm), wait->stack);
	bool is_new;
	uint32_t *index = total_map_insert(map, key, &is_new);

	if (is_new) {
		*index = (uint32_t)totals->count;
		wait_total_vector_append(totals, *wait);
		return;
	}
	totals->items[*index].count += wait->count;
	totals->items[*index].period_ns += wait->period_ns;
}

static const struct profile_frame *innermost(const struct profile *profile, uint32_t stack)
{
	return profile_location_frame(profile, profile->stacks.items[stack].location, 0);
}

/** The innermost code that is not the kernel's. */
static uint32_t place_of(const struct profile *profile, uint32_t stack)
{
	while (stack && innermost(profile, stack)->flags & (FRAME_IS_WAIT | FRAME_IS_KERNEL))
		stack = profile->stacks.items[stack].parent;
	return stack;
}

static void add_sample(struct waits_maker *maker, struct waits *waits,
		       const struct profile_sample *sample)
{
	const struct profile *profile = maker->profile;
	struct wait_total wait = {
		.count = sample->count,
		.period_ns = sample->period,
	};

	if (!sample->stack || !(innermost(profile, sample->stack)->flags & FRAME_IS_WAIT))
		return;
	wait.reason = innermost(profile, sample->stack)->name;
	waits->count += sample->count;
	waits->period_ns += sample->period;
	add(&maker->reasons, &waits->by_reason, &wait);
	wait.comm = profile->threads.items[sample->thread].comm;
	add(&maker->threads, &waits->by_thread, &wait);
	wait.comm = 0;
	wait.stack = place_of(profile, sample->stack);
	if (wait.stack)
		add(&maker->places, &waits->by_place, &wait);
}

static int compare_totals(const void *left, const void *right)
{
	const struct wait_total *a = left, *b = right;

	if (a->period_ns != b->period_ns)
		return a->period_ns < b->period_ns ? 1 : -1;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	if (a->reason != b->reason)
		return a->reason < b->reason ? -1 : 1;
	if (a->comm != b->comm)
		return a->comm < b->comm ? -1 : 1;
	return (a->stack > b->stack) - (a->stack < b->stack);
}

static void sort(struct wait_total_vector *totals)
{
	if (totals->count)
		qsort(totals->items, totals->count, sizeof(*totals->items), compare_totals);
}

void waits_init(struct waits *waits, const struct profile *profile, uint32_t event)
{
	struct waits_maker maker = { .profile = profile };

	*waits = (struct waits){ 0 };
	for (size_t i = 0; i < profile->samples.count; i++) {
		if (profile->samples.items[i].event == event)
			add_sample(&maker, waits, &profile->samples.items[i]);
	}
	sort(&waits->by_reason);
	sort(&waits->by_thread);
	sort(&waits->by_place);
	total_map_deinit(&maker.reasons);
	total_map_deinit(&maker.threads);
	total_map_deinit(&maker.places);
}

void waits_deinit(struct waits *waits)
{
	wait_total_vector_deinit(&waits->by_reason);
	wait_total_vector_deinit(&waits->by_thread);
	wait_total_vector_deinit(&waits->by_place);
}

void wait_name(const struct profile *profile, string_id reason, char *text)
{
	if (sscanf(profile_text(profile, reason), "[waiting: %30[^]]", text) != 1)
		snprintf(text, WAIT_NAME_SIZE_BYTES, "%s", "unknown");
}
