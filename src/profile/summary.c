#include "profile/summary.h"

#include "base/count_noun.h"

#include <inttypes.h>

/** The innermost frame of a stack; NULL for the empty stack. */
static const struct profile_frame *stack_leaf(const struct profile *profile, uint32_t stack)
{
	if (stack == 0)
		return NULL;
	return profile_location_frame(profile, profile->stacks.items[stack].location, 0);
}

static double share_of(uint64_t part, uint64_t whole, double of_nothing)
{
	return whole ? (double)part / (double)whole : of_nothing;
}

void profile_quality_of(const struct profile *profile, uint32_t event, struct profile_quality *ret)
{
	struct profile_quality quality = {
		.n_lost = profile->losses.lost_records + profile->losses.lost_samples,
	};
	uint64_t n_leaves = 0, n_named = 0;

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		const struct profile_frame *leaf;

		if (sample->event != event)
			continue;
		quality.n_samples += sample->count;
		quality.period_total += sample->period;
		quality.n_by_end[sample->end] += sample->count;
		if (sample->end != STACK_END_NONE)
			quality.n_user_stacks += sample->count;
		if (stack_end_is_complete(sample->end))
			quality.n_complete += sample->count;
		leaf = stack_leaf(profile, sample->stack);
		if (leaf) {
			n_leaves += sample->count;
			if (!(leaf->flags & FRAME_IS_UNKNOWN))
				n_named += sample->count;
		}
	}
	quality.complete_share = share_of(quality.n_complete, quality.n_user_stacks, 1);
	quality.named_share = share_of(n_named, n_leaves, 1);
	quality.lost_share = share_of(quality.n_lost, quality.n_samples + quality.n_lost, 0);
	*ret = quality;
}

void profile_quality_write(const struct profile_quality *quality, FILE *file)
{
	char count[PROFILE_NUMBER_SIZE_BYTES], lost[PROFILE_NUMBER_SIZE_BYTES];
	char complete[PROFILE_NUMBER_SIZE_BYTES], named[PROFILE_NUMBER_SIZE_BYTES];

	profile_format_count(quality->n_samples, count);
	profile_format_count(quality->n_lost, lost);
	profile_format_share(quality->complete_share, complete);
	profile_format_share(quality->named_share, named);
	fprintf(file, "%s %s, ", count, count_noun(quality->n_samples, "sample", "samples"));
	if (quality->n_user_stacks &&
	    quality->n_by_end[STACK_END_UNTRACED] == quality->n_user_stacks)
		fputs("stacks as recorded, ", file);
	else if (quality->n_user_stacks)
		fprintf(file, "%s complete stacks, ", complete);
	else if (quality->n_samples)
		fputs("no user stacks, ", file);
	if (quality->n_samples)
		fprintf(file, "%s named, ", named);
	fprintf(file, "%s lost", lost);
}

void profile_format_share(double share, char text[PROFILE_NUMBER_SIZE_BYTES])
{
	double percent = share * 100;

	if (percent > 0 && percent < 0.05)
		snprintf(text, PROFILE_NUMBER_SIZE_BYTES, "<0.1 %%");
	else if (percent < 100 && percent > 99.9)
		snprintf(text, PROFILE_NUMBER_SIZE_BYTES, "99.9 %%");
	else
		snprintf(text, PROFILE_NUMBER_SIZE_BYTES, "%.1f %%", percent);
}

void profile_format_count(uint64_t count, char text[PROFILE_NUMBER_SIZE_BYTES])
{
	char digits[24];
	int n_digits = snprintf(digits, sizeof(digits), "%" PRIu64, count);

	for (int i = 0; i < n_digits; i++) {
		*text++ = digits[i];
		if (i + 1 < n_digits && (n_digits - i - 1) % 3 == 0)
			*text++ = ',';
	}
	*text = '\0';
}
