#pragma once

/** What the targets of text formats have in common. */

#include "fuzz_target.h"
#include "input/text_profile.h"

typedef struct error *text_profile_reader(struct input_stream *stream,
					  const struct text_profile_options *options,
					  struct profile *profile,
					  struct text_profile_losses *losses_ret);

/** Every sample's stack leads to the root, over names that are there. */
static inline void check_profile(const struct profile *profile)
{
	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		struct index_vector frames = { 0 };

		FUZZ_CHECK(sample->thread < profile->threads.count);
		FUZZ_CHECK(sample->event < profile->events.count);
		profile_expand_stack(profile, sample->stack, &frames);
		for (size_t k = 0; k < frames.count; k++) {
			FUZZ_CHECK(frames.items[k] < profile->frames.count);
			FUZZ_CHECK(
				profile_text(profile, profile->frames.items[frames.items[k]].name));
		}
		index_vector_deinit(&frames);
	}
}

typedef struct error *whole_profile_reader(struct input_stream *stream, struct profile *profile);

static inline void read_whole_profile(struct bytes input, whole_profile_reader *read)
{
	struct profile *profile = profile_create();
	struct input_stream *stream;
	struct error *error = input_stream_open(fuzz_file(input), &stream);

	FUZZ_CHECK(!error);
	fuzz_check_error(read(stream, profile));
	check_profile(profile);
	input_stream_close(stream);
	profile_destroy(profile);
}

static inline void read_text_profile(struct bytes input, text_profile_reader *read)
{
	static const struct text_profile_options choices[] = {
		{ 0 },
		{ .is_without_ticks = true },
		{ .has_line_ticks = true, .has_both_counts = true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		struct text_profile_losses losses = { 0 };
		struct profile *profile = profile_create();
		struct input_stream *stream;
		struct error *error = input_stream_open(fuzz_file(input), &stream);

		FUZZ_CHECK(!error);
		fuzz_check_error(read(stream, &choices[i], profile, &losses));
		check_profile(profile);
		input_stream_close(stream);
		profile_destroy(profile);
	}
}
