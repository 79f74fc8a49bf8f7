#include "input/text_profile.h"

#include "input/text_locations_internal.h"

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
	struct index_vector locations;
	struct index_vector stacks; /**< By location: the stack down to it. */
};

struct folded_reader {
	struct profile *profile;
	struct text_profile_losses *losses;
	struct text_locations locations;
	struct folded_line line;
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
	index_vector_deinit(&line->locations);
	index_vector_deinit(&line->stacks);
}

static struct text_frame make_frame(struct profile *profile, struct text_span text)
{
	static const struct build_id no_build_id;
	_cleanup_free_ char *name = text_span_copy(text);
	size_t length = strlen(name);
	struct profile_frame values = { .object = PROFILE_OBJECT_UNKNOWN };
	struct text_frame made = { 0 };

	for (size_t i = 0; length > MARK_LENGTH && i < ARRAY_SIZE(marks); i++) {
		if (strcmp(name + length - MARK_LENGTH, marks[i].mark) != 0)
			continue;
		values.flags |= marks[i].flags;
		name[length - MARK_LENGTH] = '\0';
		length -= MARK_LENGTH;
		break;
	}
	/* "[libc.so.6]" is code of that object without a name. */
	if (length > 2 && name[0] == '[' && name[length - 1] == ']') {
		_cleanup_free_ char *object =
			text_span_copy(text_span_make(name + 1, name + length - 1));

		values.flags |= FRAME_IS_UNKNOWN;
		if (strcmp(object, "unknown") != 0)
			values.object = profile_intern_object(profile, object, &no_build_id);
	}
	values.name = profile_intern_text(
		profile, *name && !(values.flags & FRAME_IS_UNKNOWN) ? name : "[unknown]");
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
	struct folded_line *line = &reader->line;
	size_t start = n_same > 0 ? line->ends.items[n_same - 1] : 0;

	line->text.count = start;
	line->ends.count = line->members.count = n_same;
	if (start > stack.length)
		return;
	byte_vector_append_bytes(&line->text, stack.start + start, stack.length - start);
	byte_vector_append(&line->text, ';');
	while (start < line->text.count) {
		const char *part = (const char *)line->text.items + start;
		const char *end = memchr(part, ';', line->text.count - start);
		struct text_span span = text_span_make(part, end);

		index_vector_append(
			&line->members,
			start == 0 ? find_thread(reader, span)
				   : text_locations_frame(&reader->locations, span, make_frame));
		start += span.length + 1;
		index_vector_append(&line->ends, (uint32_t)start);
	}
}

/**
 * Frames that follow their caller with the mark of inlined ones are in its location. The first
 * @p n_same parts of the line, which had @p n_before, are as they were.
 */
static uint32_t intern_stack(struct folded_reader *reader, size_t n_same, size_t n_before)
{
	struct folded_line *line = &reader->line;
	const struct text_frame *frames;
	size_t n_kept = line->firsts.count, first = MAX(n_before, (size_t)1), n_new;

	/* What comes after a location decides whether it goes on. */
	while (n_kept > 0 && first >= n_same)
		first = line->firsts.items[--n_kept];
	line->firsts.count = line->locations.count = n_kept;
	while (first < line->members.count) {
		size_t end = first + 1;

		frames = reader->locations.frames.items;
		while (end < line->members.count && frames[line->members.items[end]].is_inlined)
			end++;
		for (size_t i = end; i-- > first;)
			text_locations_add(&reader->locations, line->members.items[i]);
		index_vector_append(&line->firsts, (uint32_t)first);
		index_vector_append(&line->locations,
				    text_locations_take(&reader->locations, false));
		first = end;
	}
	n_new = line->locations.count - n_kept;
	index_vector_reserve(&line->stacks, line->locations.capacity);
	line->stacks.count = line->locations.count;
	if (n_new > 0)
		profile_intern_stacks(
			reader->profile, n_kept > 0 ? line->stacks.items[n_kept - 1] : 0,
			line->locations.items + n_kept, n_new, line->stacks.items + n_kept);
	return line->stacks.count > 0 ? line->stacks.items[line->stacks.count - 1] : 0;
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

/** The first fraction: what was counted so far as if it had been a fraction too. */
static void begin_fractions(struct folded_reader *reader)
{
	struct profile *profile = reader->profile;

	reader->losses->has_fractions = true;
	if (!reader->options->keeps_fractions || reader->scale > 1)
		return;
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

static void add_samples(struct folded_reader *reader, uint32_t thread, uint32_t stack,
			uint64_t count, uint64_t before_count)
{
	uint32_t sample;

	if (before_count > 0)
		profile_add_sample(reader->profile, thread, reader->before_event, stack,
				   STACK_END_UNTRACED, before_count, 0);
	if (count == 0)
		return;
	sample = profile_add_sample(reader->profile, thread, reader->event, stack,
				    STACK_END_UNTRACED, count, 0);
	if (reader->options->has_line_ticks)
		profile_add_tick(reader->profile, sample, reader->n_ticks++, 0, count);
}

/** @return false: not a line of this format. */
static bool read_line(struct folded_reader *reader, struct text_span line)
{
	struct text_span number, second, stack = line;
	uint64_t before_count = 0, count;
	size_t n_same, n_before;
	uint32_t id;

	if (!take_number(&stack, &number))
		return false;
	if (!parse_count(reader, number, &count) ||
	    (take_number(&stack, &second) && !read_before_count(reader, second, &before_count)))
		return false;
	if (stack.length == 0)
		return false;

	n_before = reader->line.ends.count;
	n_same = count_same_parts(&reader->line, stack);
	read_parts(reader, stack, n_same);
	id = intern_stack(reader, n_same, n_before);
	if (count > 0 || before_count > 0)
		add_samples(reader, reader->line.members.items[0], id, count, before_count);
	reader->sum += count + before_count;
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
	if (reader->profile->samples.count == 0 && losses->unrecognised.count > 0)
		return error_new(ERROR_FORMAT, "%s: line %" PRIu64 " is not a folded stack: '%s'",
				 input_stream_name(stream), losses->unrecognised.shown[0].number,
				 losses->unrecognised.shown[0].text);
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
	return error;
}
