#include "profile/cut_stacks.h"

/** Where the stack of @p sample was cut short. */
static struct cut_stacks cut_of(const struct profile *profile, const struct profile_sample *sample)
{
	struct cut_stacks cut = { .end = sample->end,
				  .object = PROFILE_OBJECT_UNKNOWN,
				  .count = sample->count };
	uint32_t stack = sample->stack, location;

	if (!stack)
		return cut;
	while (profile->stacks.items[stack].parent)
		stack = profile->stacks.items[stack].parent;
	location = profile->stacks.items[stack].location;
	cut.object = profile->locations.items[location].object;
	cut.is_jit = profile_location_frame(profile, location, 0)->flags & FRAME_IS_JIT;
	return cut;
}

static void add_cut(struct cut_stacks_vector *cuts, struct cut_stacks cut)
{
	for (size_t i = 0; i < cuts->count; i++) {
		if (cuts->items[i].end == cut.end && cuts->items[i].object == cut.object) {
			cuts->items[i].count += cut.count;
			return;
		}
	}
	cut_stacks_vector_append(cuts, cut);
}

static int compare(const void *left, const void *right)
{
	const struct cut_stacks *a = left, *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return a->object < b->object ? -1 : a->object > b->object;
}

void profile_cut_stacks_of(const struct profile *profile, uint32_t event,
			   struct cut_stacks_vector *ret)
{
	uint64_t n_stacks = 0;

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];

		if (sample->event != event || sample->end == STACK_END_NONE)
			continue;
		n_stacks += sample->count;
		if (!stack_end_is_complete(sample->end) && sample->end != STACK_END_UNTRACED)
			add_cut(ret, cut_of(profile, sample));
	}
	for (size_t i = 0; i < ret->count; i++)
		ret->items[i].share = (double)ret->items[i].count / (double)n_stacks;
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), compare);
}

const char *profile_cut_stacks_reason(const struct profile *profile, const struct cut_stacks *cut)
{
	const string_id problem = profile->objects.items[cut->object].unwind_problem;

	/* A copy that was too short or not there is not the code's fault. */
	if (!problem || cut->end == STACK_END_COPY_ENDED || cut->end == STACK_END_NO_COPY)
		return NULL;
	return profile_text(profile, problem);
}
