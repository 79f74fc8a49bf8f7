#include "explain/pattern_index_internal.h"

#include <string.h>

#define WORD_BITS 64

/** What is known while all frames of a profile are held against the rules. */
struct frame_matcher {
	const struct profile *profile;
	size_t n_words;
	struct pattern_index indexes[N_SUBJECTS];

	/**
	 * By subject and string id (objects: object id): the bits of a text seen
	 * before, N_ROLES runs of n_words. NULL: not seen yet.
	 */
	uint64_t **seen[N_SUBJECTS];
	struct arena arena;
};

static void index_rules(struct frame_matcher *matcher, const struct rule_set *rules)
{
	for (int subject = 0; subject < N_SUBJECTS; subject++)
		pattern_index_init(&matcher->indexes[subject], matcher->n_words);
	for (size_t i = 0; i < rules->entries.count; i++) {
		const struct rule *rule = &rules->entries.items[i]->rule;

		for (size_t j = 0; j < rule->n_matchers; j++)
			pattern_index_add(&matcher->indexes[rule->matchers[j].subject],
					  &rule->matchers[j], (uint32_t)i);
	}
}

static void match_text(const struct frame_matcher *matcher, enum matcher_subject subject,
		       const char *text, uint64_t *bits)
{
	struct string_key whole = { text, strlen(text) };

	pattern_index_match(&matcher->indexes[subject], whole, bits);
	if (subject == SUBJECT_FUNCTION || subject == SUBJECT_KERNEL) {
		struct string_key plain = function_plain_name(text);

		if (!string_key_equal(plain, whole))
			pattern_index_match(&matcher->indexes[subject], plain, bits);
	}
}

/** Bits of a name or source file, made at first sight. */
static const uint64_t *bits_of_text(struct frame_matcher *matcher, enum matcher_subject subject,
				    string_id text)
{
	uint64_t **bits = &matcher->seen[subject][text];

	if (!*bits) {
		*bits = arena_allocate(&matcher->arena,
				       N_ROLES * matcher->n_words * sizeof(**bits));
		match_text(matcher, subject, profile_text(matcher->profile, text), *bits);
	}
	return *bits;
}

/** The same of an object, by its path and by its name. */
static const uint64_t *bits_of_object(struct frame_matcher *matcher, uint32_t object_id)
{
	const struct profile_object *object = &matcher->profile->objects.items[object_id];
	uint64_t **bits = &matcher->seen[SUBJECT_LIBRARY][object_id];

	if (!*bits) {
		*bits = arena_allocate(&matcher->arena,
				       N_ROLES * matcher->n_words * sizeof(**bits));
		match_text(matcher, SUBJECT_LIBRARY, profile_text(matcher->profile, object->path),
			   *bits);
		match_text(matcher, SUBJECT_LIBRARY, profile_text(matcher->profile, object->name),
			   *bits);
	}
	return *bits;
}

/** Bits of one frame from those of its name, object and source file. */
static void match_frame(struct frame_matcher *matcher, uint32_t frame_id, struct rule_bits *ret)
{
	const struct profile_frame *frame = &matcher->profile->frames.items[frame_id];
	enum matcher_subject subject =
		frame->flags & FRAME_IS_KERNEL ? SUBJECT_KERNEL : SUBJECT_FUNCTION;
	const uint64_t *name = bits_of_text(matcher, subject, frame->name);
	const uint64_t *object = bits_of_object(matcher, frame->object);
	const uint64_t *source = bits_of_text(matcher, SUBJECT_SOURCE, frame->file);
	size_t n_words = matcher->n_words;

	for (size_t i = 0; i < n_words; i++) {
		uint64_t by_role[N_ROLES];

		for (int role = 0; role < N_ROLES; role++) {
			size_t word = (size_t)role * n_words + i;

			by_role[role] = name[word] | object[word] | source[word];
		}
		ret->match[frame_id * n_words + i] = by_role[ROLE_MATCH] & ~by_role[ROLE_EXCLUDE];
		ret->through[frame_id * n_words + i] |= by_role[ROLE_THROUGH];
	}
}

/** The bits of all rules that count a sample wherever they match. */
static void anywhere_bits(const struct rule_set *rules, uint64_t *ret)
{
	for (size_t i = 0; i < rules->entries.count; i++)
		if (rules->entries.items[i]->scope == SCOPE_ANYWHERE)
			ret[i / WORD_BITS] |= UINT64_C(1) << i % WORD_BITS;
}

void rule_bits_init(struct rule_bits *bits, const struct rule_set *rules,
		    const struct profile *profile)
{
	size_t n_words = (rules->entries.count + WORD_BITS - 1) / WORD_BITS;
	size_t n_strings = profile->strings.texts.count;
	struct frame_matcher matcher = { .profile = profile, .n_words = n_words };
	_cleanup_free_ uint64_t *anywhere = memory_allocate(n_words, sizeof(*anywhere));

	*bits = (struct rule_bits){
		.n_words = n_words,
		.match = memory_allocate(profile->frames.count * n_words, sizeof(uint64_t)),
		.through = memory_allocate(profile->frames.count * n_words, sizeof(uint64_t)),
	};
	for (int subject = 0; subject < N_SUBJECTS; subject++)
		matcher.seen[subject] = memory_allocate(
			subject == SUBJECT_LIBRARY ? profile->objects.count : n_strings,
			sizeof(*matcher.seen[subject]));
	index_rules(&matcher, rules);
	anywhere_bits(rules, anywhere);
	for (uint32_t i = 0; i < profile->frames.count; i++) {
		if (n_words)
			memcpy(bits->through + i * n_words, anywhere, n_words * sizeof(*anywhere));
		match_frame(&matcher, i, bits);
	}
	for (int subject = 0; subject < N_SUBJECTS; subject++) {
		free(matcher.seen[subject]);
		pattern_index_deinit(&matcher.indexes[subject]);
	}
	arena_deinit(&matcher.arena);
}

void rule_bits_deinit(struct rule_bits *bits)
{
	free(bits->match);
	free(bits->through);
	*bits = (struct rule_bits){ 0 };
}

const uint32_t *location_frame_ids(const struct profile *profile, uint32_t location_id,
				   uint32_t *n_frames_ret)
{
	static const uint32_t unknown = PROFILE_FRAME_UNKNOWN;
	const struct profile_location *location = &profile->locations.items[location_id];

	*n_frames_ret = MAX(location->n_frames, 1U);
	return location->n_frames ? &profile->location_frames.items[location->first_frame]
				  : &unknown;
}

void rule_bits_apply_location(const struct rule_bits *bits, const struct profile *profile,
			      uint32_t location_id, uint64_t *state)
{
	uint32_t n_frames;
	const uint32_t *frames = location_frame_ids(profile, location_id, &n_frames);

	while (n_frames-- > 0) {
		const uint64_t *match = bits->match + frames[n_frames] * bits->n_words;
		const uint64_t *through = bits->through + frames[n_frames] * bits->n_words;

		for (size_t word = 0; word < bits->n_words; word++)
			state[word] = (state[word] & through[word]) | match[word];
	}
}
