#include "input/text_profile.h"

#include "base/text.h"
#include "input/object_kind.h"
#include "input/script_line.h"
#include "input/text_locations_internal.h"

#include <inttypes.h>

/** What perf script writes for the object of a function inlined into the next line's. */
#define INLINED_OBJECT "inlined"

/** How the end of "(OBJECT (deleted))" looks to who expects one pair of parentheses. */
#define DELETED_REST "deleted)"

struct script_reader {
	struct profile *profile;
	const struct text_profile_options *options;
	struct text_profile_losses *losses;
	struct text_locations locations;

	/* The sample being read. */
	bool is_open;
	uint32_t thread, event, cpu;
	uint64_t time_ns, period;
	bool has_time;
	struct index_vector frames; /**< Into locations.frames, innermost first. */

	bool is_disordered; /**< Times went back. */
};

static bool span_is(struct text_span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.start, text, span.length) == 0;
}

/** 0 when it is no hexadecimal number of 64 bits. */
static uint64_t parse_hex(struct text_span digits)
{
	uint64_t value = 0;

	if (digits.length > 16)
		return 0;
	for (size_t i = 0; i < digits.length; i++) {
		char character = digits.start[i];

		if (character >= '0' && character <= '9')
			value = value << 4 | (uint64_t)(character - '0');
		else if (character >= 'a' && character <= 'f')
			value = value << 4 | (uint64_t)(character - 'a' + 10);
		else
			return 0;
	}
	return value;
}

/** "sym (/lib/gone.so" and "deleted)" are "sym" and "/lib/gone.so (deleted)". */
static void mend_deleted(struct script_frame *frame)
{
	const char *open;

	if (!span_is(frame->object, DELETED_REST))
		return;
	open = memrchr(frame->function.start, '(', frame->function.length);
	if (!open || open - frame->function.start < 2 || open[-1] != ' ')
		return;
	frame->object = text_span_make(open + 1, text_span_end(frame->object));
	frame->function = text_span_make(frame->function.start, open - 1);
}

static struct text_frame make_frame(struct profile *profile, struct text_span line)
{
	static const struct build_id no_build_id;
	_cleanup_free_ char *name = NULL, *path = NULL;
	struct text_frame made = { 0 };
	struct profile_frame values = { 0 };
	struct script_frame frame;
	const char *symbol_end;

	/* Only lines that are frames are looked up. */
	if (!script_parse_frame(line, &frame))
		return made;
	mend_deleted(&frame);
	symbol_end = script_symbol_end(frame.function);
	made.address = parse_hex(frame.address);
	if (symbol_end + 3 < text_span_end(frame.function))
		made.symbol_offset =
			parse_hex(text_span_make(symbol_end + 3, text_span_end(frame.function)));
	name = text_span_copy(text_span_make(frame.function.start, symbol_end));
	path = text_span_copy(frame.object);
	made.is_inlined = strcmp(path, INLINED_OBJECT) == 0;
	values.object = made.is_inlined || !*path || strcmp(path, "[unknown]") == 0
				? PROFILE_OBJECT_UNKNOWN
				: profile_intern_object(profile, path, &no_build_id);
	if (object_path_is_kernel(path))
		values.flags |= FRAME_IS_KERNEL;
	if (object_path_is_jit(path))
		values.flags |= FRAME_IS_JIT;
	if (made.is_inlined)
		values.flags |= FRAME_IS_INLINED;
	if (!*name || strcmp(name, "[unknown]") == 0)
		values.flags |= FRAME_IS_UNKNOWN;
	values.name = profile_intern_text(profile, *name ? name : "[unknown]");
	made.kind = values.flags & FRAME_IS_KERNEL ? LOCATION_KERNEL : LOCATION_USER;
	made.frame = profile_intern_frame(profile, &values);
	return made;
}

static uint32_t find_event(struct profile *profile, struct text_span name)
{
	_cleanup_free_ char *text = NULL;
	const char *unit = "events";

	for (uint32_t i = 0; i < profile->events.count; i++) {
		if (span_is(name, profile_text(profile, profile->events.items[i].name)))
			return i;
	}
	text = text_span_copy(name);
	if (text_begins_with(text, "cpu-clock") || text_begins_with(text, "task-clock"))
		unit = "ns";
	else if (text_begins_with(text, "cycles"))
		unit = "cycles";
	return profile_add_event(profile, text, unit);
}

static uint64_t parse_number(struct text_span digits, uint64_t otherwise)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits.length; i++) {
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(digits.start[i] - '0'), &value))
			return otherwise;
	}
	return digits.length ? value : otherwise;
}

static uint32_t parse_id(struct text_span digits)
{
	uint64_t value = parse_number(digits, 0);

	return value <= UINT32_MAX ? (uint32_t)value : 0;
}

static uint32_t find_thread(struct profile *profile, const struct script_header *header)
{
	_cleanup_free_ char *comm = text_span_copy(header->comm);
	uint32_t pid = parse_id(header->first);
	uint32_t tid = header->second.length ? parse_id(header->second) : pid;

	return profile_intern_thread(profile, pid, tid, comm, pid == tid ? comm : "");
}

static const struct text_span unnamed_event = { .start = "samples", .length = 7 };

static void begin_sample(struct script_reader *reader, const struct script_header *header)
{
	reader->is_open = true;
	index_vector_clear(&reader->frames);
	reader->thread = find_thread(reader->profile, header);
	reader->event =
		find_event(reader->profile, header->event.length ? header->event : unnamed_event);
	reader->period = parse_number(header->period, 1);
	reader->cpu = 0;
	reader->time_ns = 0;
	script_parse_place(header, &reader->cpu, &reader->time_ns);
}

/** Frames with one address, the inner ones "(inlined)", are one location. */
static uint32_t intern_stack(struct script_reader *reader)
{
	const struct text_frame *frames = reader->locations.frames.items;
	const struct index_vector *sample = &reader->frames;
	struct index_vector locations = { 0 };
	bool is_leaf = true;
	uint32_t stack = 0;

	for (size_t i = 0; i < sample->count; i++) {
		const struct text_frame *frame = &frames[sample->items[i]];
		bool is_last = i + 1 == sample->count;
		const struct text_frame *outer = is_last ? NULL : &frames[sample->items[i + 1]];

		text_locations_add(&reader->locations, sample->items[i]);
		if (outer && frame->is_inlined && outer->address == frame->address)
			continue;
		index_vector_append(&locations, text_locations_take(&reader->locations, !is_leaf));
		/* The first user frame is exact again. */
		is_leaf = outer && frame->kind == LOCATION_KERNEL && outer->kind == LOCATION_USER;
	}
	for (size_t i = locations.count; i-- > 0;)
		stack = profile_intern_stack(reader->profile, stack, locations.items[i]);
	index_vector_deinit(&locations);
	return stack;
}

static void end_sample(struct script_reader *reader)
{
	struct profile *profile = reader->profile;
	uint32_t stack, sample;

	if (!reader->is_open)
		return;
	stack = intern_stack(reader);
	sample = profile_add_sample(profile, reader->thread, reader->event, stack,
				    stack ? STACK_END_UNTRACED : STACK_END_NONE, 1, reader->period);
	if (!reader->options->is_without_ticks) {
		if (profile->ticks.count > 0 &&
		    profile->ticks.items[profile->ticks.count - 1].time_ns > reader->time_ns)
			reader->is_disordered = true;
		profile_add_tick(profile, sample, reader->time_ns, reader->cpu, reader->period);
	}
	reader->is_open = false;
}

static void add_frame(struct script_reader *reader, struct text_span line)
{
	uint32_t index = text_locations_frame(&reader->locations, line, make_frame);

	index_vector_append(&reader->frames, index);
}

static const struct {
	const char *key; /**< In perf script's header. */
	size_t offset;   /**< Of the string in struct profile_info. */
} info_fields[] = {
	{ "hostname", offsetof(struct profile_info, hostname) },
	{ "os release", offsetof(struct profile_info, kernel_release) },
	{ "arch", offsetof(struct profile_info, architecture) },
	{ "cpudesc", offsetof(struct profile_info, cpu_model) },
	{ "cmdline", offsetof(struct profile_info, command) },
};

/** "# KEY : VALUE" */
static void read_comment(struct profile_info *info, struct text_span line)
{
	_cleanup_free_ char *text = text_span_copy(line);
	char *separator = strstr(text, " : "), *key = text + strspn(text, "# "), *key_end;

	if (!separator || key >= separator)
		return;
	for (key_end = separator; key_end > key && key_end[-1] == ' ';)
		key_end--;
	*key_end = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(info_fields); i++) {
		char **field = (char **)((char *)info + info_fields[i].offset);

		if (strcmp(key, info_fields[i].key) != 0 || *field)
			continue;
		*field = memory_duplicate_text(separator + 3);
		(*field)[strcspn(*field, "\r")] = '\0';
		while (**field && (*field)[strlen(*field) - 1] == ' ')
			(*field)[strlen(*field) - 1] = '\0';
	}
}

/**
 * Without stacks perf script puts all on one line: "...: PERIOD EVENT: ADDRESS SYMBOL (OBJECT)".
 *
 * @return false: not such a line.
 */
static bool read_single_line(struct script_reader *reader, const struct script_header *header)
{
	struct script_header own = *header;
	const char *const end = text_span_end(header->rest);
	const char *time_end = memchr(header->rest.start, ':', header->rest.length), *at;
	struct script_frame frame;
	struct text_span line;

	if (header->event.length || !time_end)
		return false;
	for (at = time_end + 1; at < end && script_is_space(*at);)
		at++;
	own.period.start = at;
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	own.period.length = (size_t)(at - own.period.start);
	while (at < end && script_is_space(*at))
		at++;
	own.event.start = at;
	while (at < end && !script_is_space(*at))
		at++;
	if (at == own.event.start || at[-1] != ':')
		return false;
	own.event.length = (size_t)(at - own.event.start) - 1;
	line = text_span_make(at, end);
	if (!script_parse_frame(line, &frame))
		return false;
	begin_sample(reader, &own);
	add_frame(reader, line);
	end_sample(reader);
	return true;
}

static void read_line(struct script_reader *reader, struct text_span line, uint64_t line_number)
{
	struct script_header header;
	struct script_frame frame;

	if (line.length == 0) {
		end_sample(reader);
	} else if (line.start[0] == '#') {
		read_comment(&reader->profile->info, line);
	} else if (script_parse_header(line, &header)) {
		if (!read_single_line(reader, &header))
			begin_sample(reader, &header);
	} else if (!script_parse_frame(line, &frame)) {
		strange_lines_add(&reader->losses->unrecognised, line_number, line);
	} else if (reader->is_open) {
		add_frame(reader, line);
	}
}

static int compare_ticks(const void *left, const void *right)
{
	const struct profile_tick *a = left, *b = right;

	return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}

/** Times that go back are those of text put together from several recordings. */
static void finish_ticks(struct script_reader *reader)
{
	struct profile_tick_vector *ticks = &reader->profile->ticks;

	if (reader->is_disordered)
		qsort(ticks->items, ticks->count, sizeof(*ticks->items), compare_ticks);
	if (ticks->count > 0 && !reader->profile->info.wall_ns)
		reader->profile->info.wall_ns =
			ticks->items[ticks->count - 1].time_ns - ticks->items[0].time_ns;
}

static struct error *read_all(struct script_reader *reader, struct input_stream *stream)
{
	struct line_reader lines = line_reader_make(stream);

	for (;;) {
		struct text_span line;
		bool is_end;

		RETURN_IF_ERROR(line_reader_next(&lines, &line, &is_end));
		if (is_end)
			break;
		read_line(reader, line, lines.line_number);
	}
	reader->losses->is_cut = reader->is_open && reader->frames.count > 0;
	if (strange_lines_are_most(reader->losses->unrecognised.count, lines.line_number) ||
	    (reader->losses->unrecognised.count > 0 && reader->profile->samples.count == 0))
		return strange_lines_error(&reader->losses->unrecognised, input_stream_name(stream),
					   "perf script text", lines.line_number);
	finish_ticks(reader);
	return NULL;
}

struct error *script_profile_read(struct input_stream *stream,
				  const struct text_profile_options *options,
				  struct profile *profile, struct text_profile_losses *losses_ret)
{
	struct script_reader reader = { .profile = profile,
					.options = options,
					.losses = losses_ret,
					.locations.profile = profile };
	struct error *error;

	*losses_ret = (struct text_profile_losses){ 0 };
	error = read_all(&reader, stream);
	text_locations_deinit(&reader.locations);
	index_vector_deinit(&reader.frames);
	return error;
}
