/**
 * speedscope's JSON: frames shared by profiles, each "sampled" (stacks with weights) or
 * "evented" (frames opened and closed at times).
 *
 * Source: https://www.speedscope.app/file-format-schema.json. Members may come in any order,
 * so places in the text are noted first and read when what they need is known.
 *
 * A weight is time, bytes or a number. Samples taken at even intervals count as one each,
 * with the weight as their period; otherwise the weight itself is the count, in microseconds
 * where it is time.
 */

#include "input/text_profile.h"

#include "base/clock.h"
#include "base/json_reader.h"
#include "base/rounding.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/** Of all weights, in nanoseconds where they are time: more is no profile and does not fit. */
#define SUM_MAX 4e18

DEFINE_VECTOR(weight_vector, double)

/** A member of an object, to be read later; source NULL: there is none. */
struct noted_profile {
	struct json_reader samples, weights, events;
	bool has_samples, has_weights, has_events;
	struct byte_vector name, unit;
	double start;
};

struct speedscope_reader {
	struct profile *profile;
	struct index_vector locations; /**< By frame of the file. */
	struct weight_vector weights;
	struct index_vector open; /**< Stacks of an evented profile, outermost first. */
	struct byte_vector text, key;
	uint32_t thread, event;
	double factor;    /**< From the file's unit to ours. */
	double median;    /**< Of even weights; 0: they are uneven. */
	double per_count; /**< Weight of one count, when uneven. */
	uint32_t n_profiles;
	double sum;
};

/* Frames: {"name", "file", "line", "col"}. */

static struct error *read_frame(struct speedscope_reader *reader, struct json_reader *json)
{
	struct profile *profile = reader->profile;
	struct profile_frame frame = { .object = PROFILE_OBJECT_UNKNOWN };
	uint32_t location, frame_id;
	double line = 0;

	RETURN_IF_ERROR(json_reader_enter(json, '{'));
	for (;;) {
		bool is_there;

		RETURN_IF_ERROR(json_reader_member(json, &is_there, &reader->key));
		if (!is_there)
			break;
		const char *key = (const char *)reader->key.items;
		bool is_text = json_reader_peek(json) == '"';

		if (is_text && (strcmp(key, "name") == 0 || strcmp(key, "file") == 0)) {
			string_id *text = key[0] == 'n' ? &frame.name : &frame.file;

			RETURN_IF_ERROR(json_reader_string(json, &reader->text));
			*text = profile_intern_text(profile, (const char *)reader->text.items);
		} else if (strcmp(key, "line") == 0 && json_reader_peek(json) != 'n') {
			RETURN_IF_ERROR(json_reader_number(json, &line));
		} else {
			RETURN_IF_ERROR(json_reader_skip(json));
		}
	}
	if (line > 0 && line < UINT32_MAX)
		frame.line = (uint32_t)line;
	if (!frame.name) {
		frame.name = profile_intern_text(profile, "[unknown]");
		frame.flags |= FRAME_IS_UNKNOWN;
	}
	location = profile_add_location(profile, PROFILE_OBJECT_UNKNOWN, 0, LOCATION_USER, 0);
	frame_id = profile_intern_frame(profile, &frame);
	profile_set_location_frames(profile, location, &frame_id, 1, 0);
	index_vector_append(&reader->locations, location);
	return NULL;
}

/** {"frames": [...]} */
static struct error *read_shared(struct speedscope_reader *reader, struct json_reader *json)
{
	RETURN_IF_ERROR(json_reader_enter(json, '{'));
	for (;;) {
		bool is_there;

		RETURN_IF_ERROR(json_reader_member(json, &is_there, &reader->key));
		if (!is_there)
			return NULL;
		if (strcmp((const char *)reader->key.items, "frames") != 0) {
			RETURN_IF_ERROR(json_reader_skip(json));
			continue;
		}
		RETURN_IF_ERROR(json_reader_enter(json, '['));
		for (;;) {
			RETURN_IF_ERROR(json_reader_next(json, &is_there));
			if (!is_there)
				break;
			RETURN_IF_ERROR(read_frame(reader, json));
		}
	}
}

/* Units and weights. */

/** "NAME (PID/TID)", as we write it, or any name. */
static void find_thread(struct speedscope_reader *reader, const struct noted_profile *noted)
{
	_cleanup_free_ char *name = memory_duplicate_text(
		noted->name.count ? (const char *)noted->name.items : "[unknown]");
	char *open = strrchr(name, '(');
	unsigned int pid = 0, tid = ++reader->n_profiles;
	char rest = '\0';

	if (open > name && open[-1] == ' ' && sscanf(open, "(%u/%u)%c", &pid, &tid, &rest) == 2)
		open[-1] = '\0';
	reader->thread = profile_intern_thread(reader->profile, pid, tid, name, name);
}

static uint32_t find_event(struct profile *profile, const char *name, const char *unit)
{
	for (uint32_t i = 0; i < profile->events.count; i++) {
		if (strcmp(profile_text(profile, profile->events.items[i].name), name) == 0)
			return i;
	}
	return profile_add_event(profile, name, unit);
}

static void choose_unit(struct speedscope_reader *reader, const struct noted_profile *noted)
{
	static const struct {
		const char *unit;
		double ns;
	} times[] = { { "nanoseconds", 1 },
		      { "microseconds", 1e3 },
		      { "milliseconds", 1e6 },
		      { "seconds", NS_PER_S } };

	const char *unit = noted->unit.count ? (const char *)noted->unit.items : "none";

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		if (strcmp(times[i].unit, unit) != 0)
			continue;
		reader->event = find_event(reader->profile, "time", "ns");
		reader->factor = times[i].ns;
		reader->per_count = 1e3;
		return;
	}
	reader->factor = 1;
	reader->per_count = 1;
	if (strcmp(unit, "bytes") == 0)
		reader->event = find_event(reader->profile, "bytes", "bytes");
	else
		reader->event = find_event(reader->profile, "samples", "");
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/** Even: nine of ten positive weights are within half and double of the median. */
static void judge_weights(struct speedscope_reader *reader)
{
	struct weight_vector sorted = { 0 };
	size_t n_near = 0;
	double median;

	reader->median = 0;
	for (size_t i = 0; i < reader->weights.count; i++) {
		if (reader->weights.items[i] > 0)
			weight_vector_append(&sorted, reader->weights.items[i]);
	}
	if (sorted.count > 0) {
		qsort(sorted.items, sorted.count, sizeof(*sorted.items), compare_doubles);
		median = sorted.items[sorted.count / 2];
		for (size_t i = 0; i < sorted.count; i++)
			n_near += sorted.items[i] >= median / 2 && sorted.items[i] <= median * 2;
		if (n_near * 10 >= sorted.count * 9)
			reader->median = median;
	}
	weight_vector_deinit(&sorted);
}

static struct error *read_weights(struct speedscope_reader *reader, struct json_reader json)
{
	bool is_there;

	weight_vector_clear(&reader->weights);
	RETURN_IF_ERROR(json_reader_enter(&json, '['));
	for (;;) {
		double weight;

		RETURN_IF_ERROR(json_reader_next(&json, &is_there));
		if (!is_there)
			return NULL;
		RETURN_IF_ERROR(json_reader_number(&json, &weight));
		weight_vector_append(&reader->weights, weight);
	}
}

static struct error *add_sample(struct speedscope_reader *reader, const struct json_reader *json,
				uint32_t stack, double weight)
{
	struct profile *profile = reader->profile;
	bool is_number = *profile_text(profile, profile->events.items[reader->event].unit) == '\0';
	double period = weight * reader->factor, count;

	if (!(weight > 0))
		return NULL;
	if (reader->median > 0 && !is_number)
		count = MAX(round(weight / reader->median), 1.0);
	else
		count = round(period / reader->per_count);
	count = MAX(count, 1.0);
	reader->sum += MAX(count, period);
	if (!(reader->sum <= SUM_MAX))
		return json_reader_error(json, "weights too large to add up");
	profile_add_sample(profile, reader->thread, reader->event, stack, STACK_END_UNTRACED,
			   (uint64_t)count, is_number ? 0 : round_u64(period));
	return NULL;
}

static struct error *push_frame(struct speedscope_reader *reader, const struct json_reader *json,
				double frame, uint32_t *stack)
{
	if (!(frame >= 0 && frame < (double)reader->locations.count))
		return json_reader_error(json, "a frame that is not in the table");
	*stack = profile_intern_stack(reader->profile, *stack,
				      reader->locations.items[(size_t)frame]);
	return NULL;
}

/** [[outermost, ..., innermost], ...] */
static struct error *read_samples(struct speedscope_reader *reader, struct json_reader json)
{
	bool is_there;

	RETURN_IF_ERROR(json_reader_enter(&json, '['));
	for (size_t i = 0;; i++) {
		uint32_t stack = 0;

		RETURN_IF_ERROR(json_reader_next(&json, &is_there));
		if (!is_there)
			return NULL;
		RETURN_IF_ERROR(json_reader_enter(&json, '['));
		for (;;) {
			double frame;

			RETURN_IF_ERROR(json_reader_next(&json, &is_there));
			if (!is_there)
				break;
			RETURN_IF_ERROR(json_reader_number(&json, &frame));
			RETURN_IF_ERROR(push_frame(reader, &json, frame, &stack));
		}
		RETURN_IF_ERROR(
			add_sample(reader, &json, stack,
				   i < reader->weights.count ? reader->weights.items[i] : 1));
	}
}

/** {"type": "O" or "C", "frame", "at"} */
static struct error *read_event(struct speedscope_reader *reader, struct json_reader *json,
				bool *is_open_ret, double *frame_ret, double *at_ret)
{
	RETURN_IF_ERROR(json_reader_enter(json, '{'));
	*frame_ret = *at_ret = 0;
	*is_open_ret = false;
	for (;;) {
		bool is_there;

		RETURN_IF_ERROR(json_reader_member(json, &is_there, &reader->key));
		if (!is_there)
			return NULL;
		const char *key = (const char *)reader->key.items;

		if (strcmp(key, "type") == 0) {
			RETURN_IF_ERROR(json_reader_string(json, &reader->text));
			*is_open_ret = strcmp((const char *)reader->text.items, "O") == 0;
		} else if (strcmp(key, "frame") == 0) {
			RETURN_IF_ERROR(json_reader_number(json, frame_ret));
		} else if (strcmp(key, "at") == 0) {
			RETURN_IF_ERROR(json_reader_number(json, at_ret));
		} else {
			RETURN_IF_ERROR(json_reader_skip(json));
		}
	}
}

/** Time between two events belongs to the frames that are open in it. */
static struct error *read_events(struct speedscope_reader *reader, struct json_reader json,
				 double last)
{
	struct index_vector *open = &reader->open; /* Stacks of the profile. */

	index_vector_clear(open);
	reader->median = 0;
	RETURN_IF_ERROR(json_reader_enter(&json, '['));
	for (;;) {
		uint32_t stack = open->count ? open->items[open->count - 1] : 0;
		bool is_there, is_open;
		double frame, at;

		RETURN_IF_ERROR(json_reader_next(&json, &is_there));
		if (!is_there)
			return NULL;
		RETURN_IF_ERROR(read_event(reader, &json, &is_open, &frame, &at));
		if (stack)
			RETURN_IF_ERROR(add_sample(reader, &json, stack, at - last));
		last = at;
		if (is_open) {
			RETURN_IF_ERROR(push_frame(reader, &json, frame, &stack));
			index_vector_append(open, stack);
		} else if (open->count > 0) {
			open->count--;
		} else {
			return json_reader_error(&json, "a frame that ends and never began");
		}
	}
}

static struct error *read_noted(struct speedscope_reader *reader, const struct noted_profile *noted)
{
	find_thread(reader, noted);
	choose_unit(reader, noted);
	weight_vector_clear(&reader->weights);
	if (noted->has_weights)
		RETURN_IF_ERROR(read_weights(reader, noted->weights));
	judge_weights(reader);
	if (noted->has_samples)
		RETURN_IF_ERROR(read_samples(reader, noted->samples));
	if (noted->has_events)
		RETURN_IF_ERROR(read_events(reader, noted->events, noted->start));
	return NULL;
}

static struct error *note_member(struct speedscope_reader *reader, struct json_reader *json,
				 struct noted_profile *noted)
{
	const char *key = (const char *)reader->key.items;

	if (strcmp(key, "name") == 0 && json_reader_peek(json) == '"')
		return json_reader_string(json, &noted->name);
	if (strcmp(key, "unit") == 0 && json_reader_peek(json) == '"')
		return json_reader_string(json, &noted->unit);
	if (strcmp(key, "startValue") == 0)
		return json_reader_number(json, &noted->start);
	if (strcmp(key, "samples") == 0) {
		noted->samples = *json;
		noted->has_samples = true;
	} else if (strcmp(key, "weights") == 0) {
		noted->weights = *json;
		noted->has_weights = true;
	} else if (strcmp(key, "events") == 0) {
		noted->events = *json;
		noted->has_events = true;
	}
	return json_reader_skip(json);
}

static struct error *note_members(struct speedscope_reader *reader, struct json_reader *json,
				  struct noted_profile *noted)
{
	RETURN_IF_ERROR(json_reader_enter(json, '{'));
	for (;;) {
		bool is_there;

		RETURN_IF_ERROR(json_reader_member(json, &is_there, &reader->key));
		if (!is_there)
			return NULL;
		RETURN_IF_ERROR(note_member(reader, json, noted));
	}
}

static struct error *read_profiles(struct speedscope_reader *reader, struct json_reader json)
{
	RETURN_IF_ERROR(json_reader_enter(&json, '['));
	for (;;) {
		struct noted_profile noted = { 0 };
		struct error *error;
		bool is_there;

		RETURN_IF_ERROR(json_reader_next(&json, &is_there));
		if (!is_there)
			return NULL;
		error = note_members(reader, &json, &noted);
		if (!error)
			error = read_noted(reader, &noted);
		byte_vector_deinit(&noted.name);
		byte_vector_deinit(&noted.unit);
		RETURN_IF_ERROR(error);
	}
}

static struct error *read_file(struct speedscope_reader *reader, struct json_reader json)
{
	struct json_reader profiles = { 0 };
	bool is_there;

	RETURN_IF_ERROR(json_reader_enter(&json, '{'));
	for (;;) {
		RETURN_IF_ERROR(json_reader_member(&json, &is_there, &reader->key));
		if (!is_there)
			break;
		if (strcmp((const char *)reader->key.items, "shared") == 0) {
			RETURN_IF_ERROR(read_shared(reader, &json));
			continue;
		}
		if (strcmp((const char *)reader->key.items, "profiles") == 0)
			profiles = json;
		RETURN_IF_ERROR(json_reader_skip(&json));
	}
	if (!profiles.source)
		return json_reader_error(&json, "no profiles in it, looked for");
	return read_profiles(reader, profiles);
}

struct error *speedscope_profile_read(struct input_stream *stream, struct profile *profile)
{
	struct speedscope_reader reader = { .profile = profile };
	struct byte_vector whole = { 0 };
	struct error *error = input_stream_read_whole(stream, INPUT_WHOLE_MAX_BYTES, &whole);

	if (!error)
		error = read_file(&reader, json_reader_make((struct bytes){ .data = whole.items,
									    .size = whole.count },
							    input_stream_name(stream)));
	if (!error && profile->events.count == 0)
		profile_add_event(profile, "samples", "");
	index_vector_deinit(&reader.locations);
	weight_vector_deinit(&reader.weights);
	index_vector_deinit(&reader.open);
	byte_vector_deinit(&reader.text);
	byte_vector_deinit(&reader.key);
	byte_vector_deinit(&whole);
	return error;
}

bool speedscope_is_profile(struct bytes start)
{
	static const char *const signs[] = { "speedscope", "\"profiles\"", "\"shared\"" };

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (memmem(start.data, start.size, signs[i], strlen(signs[i])))
			return true;
	}
	return false;
}
