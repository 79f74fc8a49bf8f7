#include "profile/unnamed.h"

static int compare(const void *left, const void *right)
{
	const struct unnamed_object *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return (a->object > b->object) - (a->object < b->object);
}

void profile_unnamed_of(const struct profile *profile, uint32_t event,
			struct unnamed_object_vector *ret)
{
	_cleanup_free_ uint64_t *counts = memory_allocate(profile->objects.count, sizeof(*counts));
	uint64_t n_samples = 0;

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		const struct profile_frame *leaf;

		if (sample->event != event)
			continue;
		n_samples += sample->count;
		if (!sample->stack)
			continue;
		leaf = profile_location_frame(profile,
					      profile->stacks.items[sample->stack].location, 0);
		if (leaf->flags & FRAME_IS_UNKNOWN)
			counts[leaf->object] += sample->count;
	}
	for (uint32_t i = 0; i < profile->objects.count; i++) {
		if (counts[i])
			unnamed_object_vector_append(
				ret, (struct unnamed_object){ .object = i,
							      .count = counts[i],
							      .share = (double)counts[i] /
								       (double)n_samples });
	}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), compare);
}

void profile_damaged_of(const struct profile *profile, const struct unnamed_object_vector *unnamed,
			struct index_vector *ret)
{
	for (uint32_t id = 0; id < profile->objects.count; id++) {
		const struct profile_object *object = &profile->objects.items[id];
		/* What a package would mend is stripped, not damaged: only callers lack names. */
		bool is_passed_over = !object->problem || object->problem_hint;

		for (size_t i = 0; i < unnamed->count && !is_passed_over; i++)
			is_passed_over = unnamed->items[i].object == id;
		if (!is_passed_over)
			index_vector_append(ret, id);
	}
}
