#include "input/text_profile.h"

#include "base/text_hash.h"
#include "input/text_locations_internal.h"
#include "profile/label.h"

#include <inttypes.h>
#include <stdlib.h>

/** Behind a function's name: what kind it is. */
static const struct {
	const char *mark;
	uint32_t flags; /**< enum frame_flags */
} marks[] = {
	{ "_[k]", FRAME_IS_KERNEL },
	{ "_[j]", FRAME_IS_JIT },
	{ "_[i]", FRAME_IS_INLINED },
};

#define MARK_LENGTH 4

/**
 * The line before. The next one is only read from where it differs: in sorted stacks, the usual
 * ones, that is in the last function or two. A line has parts; the first one is the thread.
 */
struct folded_line {
	struct byte_vector text;     /**< Of the stack, with a ';' behind it. */
	struct index_vector ends;    /**< By part: where it ends in the text, behind its ';'. */
	struct index_vector members; /**< By part: a frame of reader.locations; or the thread. */

	struct index_vector firsts; /**< By location: its outermost part. */
	struct index_vector hashes; /**< By location: that of the stack down to it. */
};

/** What a line adds to the one before. */
struct folded_step {
	uint32_t n_kept; /**< Locations of the line before that it begins with. */
	uint32_t n_new;  /**< Locations that follow, in folded_steps.locations. */
	uint32_t thread;
	uint64_t count, before_count;
};

DEFINE_VECTOR(folded_step_vector, struct folded_step)

/** Lines are read some ahead: their stacks come from memory together, and not one by one. */
#define STEPS_AHEAD 32

/** Lines that were read and are not in the profile yet. */
struct folded_steps {
	struct folded_step_vector items;
	struct index_vector locations; /**< Step by step. */
	struct index_vector stacks;    /**< By location of the last line in the profile. */
};

struct folded_reader {
	struct profile *profile;
	struct text_profile_losses *losses;
	struct text_locations locations;
	struct folded_line line;
	struct folded_steps steps;
	uint32_t event;
	uint32_t before_event; /**< Of first counts, once there were any; else 0. */
	uint64_t n_ticks;
	uint64_t scale; /**< Of counts: 1, or FOLDED_FRACTION_SCALE. */
	uint64_t sum;   /**< Of all counts, scaled. */
	const struct text_profile_options *options;
};

static void folded_line_deinit(struct folded_line *line)
{
	byte_vector_deinit(&line->text);
	index_vector_deinit(&line->ends);
	index_vector_deinit(&line->members);
	index_vector_deinit(&line->firsts);
	index_vector_deinit(&line->hashes);
}

static void folded_steps_deinit(struct folded_steps *steps)
{
	folded_step_vector_deinit(&steps->items);
	index_vector_deinit(&steps->locations);
	index_vector_deinit(&steps->stacks);
}

static struct text_frame make_frame(struct profile *profile, struct text_span text)
{
	static const struct build_id no_build_id;
	_cleanup_free_ char *name = text_span_copy(text);
	size_t length = strlen(name);
	struct profile_frame values = { .object = PROFILE_OBJECT_UNKNOWN };
	struct text_frame made = { 0 };
	bool is_nameless = !*name;

	for (size_t i = 0; length > MARK_LENGTH && i < ARRAY_SIZE(marks); i++) {
		if (strcmp(name + length - MARK_LENGTH, marks[i].mark) != 0)
			continue;
		values.flags |= marks[i].flags;
		name[length - MARK_LENGTH] = '\0';
		length -= MARK_LENGTH;
		is_nameless = !length;
		break;
	}
	/* "[libc.so.6]" and "[libc.so.6+0x1f2e]" are code of that object without a name. */
	if (length > 2 && name[0] == '[' && name[length - 1] == ']') {
		_cleanup_free_ char *object =
			text_span_copy(text_span_make(name + 1, name + length - 1));
		size_t object_length = profile_label_object_length(object);

		is_nameless = object[object_length] == '\0';
		object[object_length] = '\0';
		values.flags |= FRAME_IS_UNKNOWN;
		if (strcmp(object, "unknown") != 0)
			values.object = profile_intern_object(profile, object, &no_build_id);
	}
	values.name = profile_intern_text(profile, is_nameless ? "[unknown]" : name);
	made.frame = profile_intern_frame(profile, &values);
	made.kind = values.flags & FRAME_IS_KERNEL ? LOCATION_KERNEL : LOCATION_USER;
	made.is_inlined = values.flags & FRAME_IS_INLINED;
	return made;
}

/** How many parts @p stack has in common with the line before. */
static size_t count_same_parts(const struct folded_line *line, struct text_span stack)
{
	size_t length = MIN(stack.length, line->text.count);
	size_t n_same = line->ends.count;
	size_t same_length = text_common_length(stack.start, (char *)line->text.items, length);

	/* The end of a stack ends its last part as well as a ';' would. */
	if (same_length == stack.length && same_length < line->text.count &&
	    line->text.items[same_length] == ';')
		same_length++;
	while (n_same > 0 && line->ends.items[n_same - 1] > same_length)
		n_same--;
	return n_same;
}

static uint32_t find_thread(struct folded_reader *reader, struct text_span name)
{
	_cleanup_free_ char *comm = text_span_copy(name);

	return profile_intern_thread(reader->profile, 0, 0, comm, comm);
}

/** Make @p stack the line at hand, with its parts. */
static void read_parts(struct folded_reader *reader, struct text_span stack, size_t n_same)
{
	/* With what text_find_byte() may look at behind it. */
	static const char closing[8] = ";";
	struct folded_line *line = &reader->line;
	size_t start = n_same > 0 ? line->ends.items[n_same - 1] : 0;

	line->text.count = start;
	line->ends.count = line->members.count = n_same;
	if (start > stack.length)
		return;
	byte_vector_append_bytes(&line->text, stack.start + start, stack.length - start);
	byte_vector_append_bytes(&line->text, closing, sizeof(closing));
	line->text.count -= sizeof(closing) - 1;
	while (start < line->text.count) {
		const char *part = (const char *)line->text.items + start;
		const char *end = text_find_byte(part, ';');
		struct text_span span = text_span_make(part, end);

		index_vector_append(
			&line->members,
			start == 0 ? find_thread(reader, span)
				   : text_locations_frame(&reader->locations, span, make_frame));
		start += span.length + 1;
		index_vector_append(&line->ends, (uint32_t)start);
	}
}

/** The location of parts from @p first on, one function and what is inlined there. */
static uint32_t take_location(struct folded_reader *reader, size_t first, size_t *end_ret)
{
	const struct index_vector *members = &reader->line.members;
	const struct text_frame *frames = reader->locations.frames.items;
	size_t end = first + 1;

	while (end < members->count && frames[members->items[end]].is_inlined)
		end++;
	*end_ret = end;
	if (end == first + 1)
		return text_locations_alone(&reader->locations, members->items[first], false);
	while (end-- > first)
		text_locations_add(&reader->locations, members->items[end]);
	return text_locations_take(&reader->locations, false);
}

/**
 * Frames that follow their caller with the mark of inlined ones are in its location. The first
 * @p n_same parts of the line, which had @p n_before, are as they were.
 */
static void add_step(struct folded_reader *reader, size_t n_same, size_t n_before,
		     struct folded_step step)
{
	struct folded_line *line = &reader->line;
	size_t n_kept = line->firsts.count, first = MAX(n_before, (size_t)1);

	/* What comes after a location decides whether it goes on. */
	while (n_kept > 0 && first >= n_same)
		first = line->firsts.items[--n_kept];
	line->firsts.count = line->hashes.count = n_kept;
	step.n_kept = (uint32_t)n_kept;
	while (first < line->members.count) {
		size_t end, depth = line->hashes.count;
		uint32_t location = take_location(reader, first, &end);
		uint32_t hash = profile_expect_stack(reader->profile,
						     depth > 0 ? line->hashes.items[depth - 1] : 0,
						     (uint32_t)depth, location);

		index_vector_append(&line->firsts, (uint32_t)first);
		index_vector_append(&line->hashes, hash);
		index_vector_append(&reader->steps.locations, location);
		first = end;
	}
	step.n_new = (uint32_t)(line->hashes.count - n_kept);
	step.thread = line->members.items[0];
	folded_step_vector_append(&reader->steps.items, step);
}

static bool is_number_character(char character)
{
	return (character >= '0' && character <= '9') || character == '.';
}

/**
 * Take a blank and a number off the end of @p text: digits, perhaps with a point.
 *
 * @return false: it does not end so; @p text is as it was.
 */
static bool take_number(struct text_span *text, struct text_span *ret)
{
	const char *end = text_span_end(*text), *start;
	unsigned int n_points = 0;

	while (end > text->start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	for (start = end; start > text->start && is_number_character(start[-1]); start--)
		n_points += start[-1] == '.';
	if (start == end || *start == '.' || n_points > 1 || start == text->start ||
	    (start[-1] != ' ' && start[-1] != '\t'))
		return false;
	*ret = text_span_make(start, end);
	*text = text_span_make(text->start, start - 1);
	return true;
}

static void add_samples(struct folded_reader *reader, const struct folded_step *step,
			uint32_t stack)
{
	uint32_t sample;

	if (step->before_count > 0)
		profile_add_sample(reader->profile, step->thread, reader->before_event, stack,
				   STACK_END_UNTRACED, step->before_count, 0);
	if (step->count == 0)
		return;
	sample = profile_add_sample(reader->profile, step->thread, reader->event, stack,
				    STACK_END_UNTRACED, step->count, 0);
	if (reader->options->has_line_ticks)
		profile_add_tick(reader->profile, sample, reader->n_ticks++, 0, step->count);
}

/** Put the lines read ahead into the profile. */
static void take_steps(struct folded_reader *reader)
{
	struct folded_steps *steps = &reader->steps;
	struct index_vector *stacks = &steps->stacks;
	const uint32_t *locations = steps->locations.items;

	for (size_t i = 0; i < steps->items.count; i++) {
		const struct folded_step *step = &steps->items.items[i];

		index_vector_reserve(stacks, 2 * ((size_t)step->n_kept + step->n_new));
		stacks->count = step->n_kept;
		if (step->n_new > 0) {
			profile_intern_stacks(reader->profile,
					      step->n_kept > 0 ? stacks->items[step->n_kept - 1]
							       : 0,
					      locations, step->n_new, stacks->items + step->n_kept);
			stacks->count += step->n_new;
			locations += step->n_new;
		}
		add_samples(reader, step, stacks->count > 0 ? stacks->items[stacks->count - 1] : 0);
	}
	folded_step_vector_clear(&steps->items);
	index_vector_clear(&steps->locations);
}

/** The first fraction: what was counted so far as if it had been a fraction too. */
static void begin_fractions(struct folded_reader *reader)
{
	struct profile *profile = reader->profile;

	reader->losses->has_fractions = true;
	if (!reader->options->keeps_fractions || reader->scale > 1)
		return;
	take_steps(reader);
	for (size_t i = 0; i < profile->samples.count; i++) {
		profile->samples.items[i].count *= FOLDED_FRACTION_SCALE;
		profile->samples.items[i].period *= FOLDED_FRACTION_SCALE;
	}
	for (size_t i = 0; i < profile->ticks.count; i++)
		profile->ticks.items[i].period *= FOLDED_FRACTION_SCALE;
	if (__builtin_mul_overflow(reader->sum, FOLDED_FRACTION_SCALE, &reader->sum))
		reader->sum = FOLDED_SUM_MAX + 1;
	reader->losses->count_scale = reader->scale = FOLDED_FRACTION_SCALE;
}

/** Scaled and rounded. @return false: too large. */
static bool parse_count(struct folded_reader *reader, struct text_span number, uint64_t *ret)
{
	const char *const end = text_span_end(number);
	const char *const point = memchr(number.start, '.', number.length);
	const char *at;
	uint64_t value = 0, scale;

	if (point && point + 1 < end)
		begin_fractions(reader);
	for (at = number.start; at < end && *at != '.'; at++) {
		value = 10 * value + (uint64_t)(*at - '0');
		if (value > FOLDED_COUNT_MAX / reader->scale)
			return false;
	}
	value *= reader->scale;
	scale = reader->scale;
	for (at++; at < end && scale > 1; at++) {
		scale /= 10;
		value += (uint64_t)(*at - '0') * scale;
	}
	if (at < end && *at >= '5')
		value++;
	*ret = value;
	return true;
}

/** The first of two counts, if it is wanted; else 0. @return false: too large. */
static bool read_before_count(struct folded_reader *reader, struct text_span number, uint64_t *ret)
{
	*ret = 0;
	if (!reader->options->has_both_counts) {
		reader->losses->has_two_counts = true;
		return true;
	}
	if (!reader->before_event)
		reader->before_event = profile_add_event(reader->profile, TEXT_PROFILE_BEFORE, "");
	return parse_count(reader, number, ret);
}

/** @return false: not a line of this format. */
static bool read_line(struct folded_reader *reader, struct text_span line)
{
	struct text_span number, second, stack = line;
	struct folded_step step = { 0 };
	size_t n_same, n_before;

	if (!take_number(&stack, &number))
		return false;
	if (!parse_count(reader, number, &step.count) ||
	    (take_number(&stack, &second) &&
	     !read_before_count(reader, second, &step.before_count)))
		return false;
	if (stack.length == 0)
		return false;

	n_before = reader->line.ends.count;
	n_same = count_same_parts(&reader->line, stack);
	read_parts(reader, stack, n_same);
	add_step(reader, n_same, n_before, step);
	reader->sum += step.count + step.before_count;
	if (reader->steps.items.count == STEPS_AHEAD)
		take_steps(reader);
	return true;
}

static struct error *read_all(struct folded_reader *reader, struct input_stream *stream)
{
	struct line_reader lines = line_reader_make(stream);
	struct text_profile_losses *losses = reader->losses;

	for (;;) {
		struct text_span line;
		bool is_end;

		RETURN_IF_ERROR(line_reader_next(&lines, &line, &is_end));
		if (is_end)
			break;
		if (line.length > 0 && line.start[0] != '#' && !read_line(reader, line))
			strange_lines_add(&losses->unrecognised, lines.line_number, line);
		if (reader->sum > FOLDED_SUM_MAX)
			return error_with_hint(error_new(ERROR_FORMAT,
							 "%s: line %" PRIu64
							 ": the counts add up to more than %.0e",
							 input_stream_name(stream),
							 lines.line_number,
							 (double)FOLDED_SUM_MAX / reader->scale),
					       "count in a larger unit");
	}
	take_steps(reader);
	if (strange_lines_are_most(losses->unrecognised.count, lines.line_number) ||
	    (losses->unrecognised.count > 0 && reader->profile->samples.count == 0))
		return strange_lines_error(&losses->unrecognised, input_stream_name(stream),
					   "folded stack", lines.line_number);
	return NULL;
}

struct error *folded_profile_read(struct input_stream *stream,
				  const struct text_profile_options *options,
				  struct profile *profile, struct text_profile_losses *losses_ret)
{
	struct folded_reader reader = { .profile = profile,
					.losses = losses_ret,
					.locations.profile = profile,
					.scale = 1,
					.options = options };
	struct error *error;

	*losses_ret = (struct text_profile_losses){ 0 };
	reader.event = profile_add_event(profile, "samples", "");
	error = read_all(&reader, stream);
	text_locations_deinit(&reader.locations);
	folded_line_deinit(&reader.line);
	folded_steps_deinit(&reader.steps);
	return error;
}
