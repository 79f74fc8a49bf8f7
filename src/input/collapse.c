#include "input/collapse.h"

#include "input/folded_stacks.h"
#include "input/frame_lines.h"
#include "input/frame_name.h"

/** Lines are read some ahead: what is known of them comes from memory together. */
#define LINES_AHEAD 32

/** Lines that were read and not looked at yet. */
struct line_queue {
	struct line_reader reader;
	struct text_span lines[LINES_AHEAD];
	uint64_t hashes[LINES_AHEAD];
	size_t count, at;
};

/** What the last header says, for headers that say the same. */
struct known_header {
	struct byte_vector ids; /**< Its beginning: comm and ids. */
	string_id name;         /**< Made of them. */
	bool is_java;
	struct byte_vector measure; /**< Its end: period and event. Empty: none. */
	uint64_t period;
	bool is_wanted; /**< Of an event that is counted. */
};

struct collapse {
	const struct collapse_options *options;
	struct string_table names;
	struct frame_lines lines;
	struct folded_stacks stacks;

	char *event; /**< Of the samples counted; NULL: not known yet. */
	size_t event_length;
	struct collapse_losses losses;
	uint64_t n_samples;

	/* The sample being read. */
	struct index_vector sample; /**< As folded_stacks has it; empty: none, or one left out. */
	uint64_t period;
	bool is_java;
	bool is_complete; /**< The rest of its callers is not wanted. */

	struct known_header header;
	struct index_vector line_names;          /**< Of the frame line being read. */
	struct byte_vector name_text, line_text; /**< Scratch. */
};

struct collapse *collapse_create(const struct collapse_options *options)
{
	struct collapse *collapse = memory_allocate(1, sizeof(*collapse));

	collapse->options = options;
	string_table_init(&collapse->names);
	frame_lines_init(&collapse->lines);
	folded_stacks_init(&collapse->stacks);
	collapse->event = memory_duplicate_text(options->event);
	collapse->event_length = options->event ? strlen(options->event) : 0;
	return collapse;
}

void collapse_destroy(struct collapse *collapse)
{
	if (!collapse)
		return;
	string_table_deinit(&collapse->names);
	frame_lines_deinit(&collapse->lines);
	folded_stacks_deinit(&collapse->stacks);
	free(collapse->event);
	free(collapse->losses.filtered_event);
	index_vector_deinit(&collapse->sample);
	byte_vector_deinit(&collapse->header.ids);
	byte_vector_deinit(&collapse->header.measure);
	index_vector_deinit(&collapse->line_names);
	byte_vector_deinit(&collapse->name_text);
	byte_vector_deinit(&collapse->line_text);
	free(collapse);
}

/* Lines. */

static struct error *fill_queue(struct collapse *collapse, struct line_queue *queue)
{
	queue->at = 0;
	RETURN_IF_ERROR(
		line_reader_next_few(&queue->reader, LINES_AHEAD, queue->lines, &queue->count));
	for (size_t i = 0; i < queue->count; i++) {
		queue->hashes[i] = text_hash(queue->lines[i].start, queue->lines[i].length);
		frame_lines_expect(&collapse->lines, queue->hashes[i]);
	}
	for (size_t i = 0; i < queue->count; i++)
		frame_lines_expect_text(&collapse->lines, queue->hashes[i]);
	return NULL;
}

/**
 * @param ret  Place of the next line in the queue. Valid until the next call.
 * @param is_end_ret  There was none.
 */
static struct error *next_line(struct collapse *collapse, struct line_queue *queue, size_t *ret,
			       bool *is_end_ret)
{
	if (queue->at == queue->count)
		RETURN_IF_ERROR(fill_queue(collapse, queue));
	*is_end_ret = queue->count == 0;
	*ret = queue->at;
	queue->at += !*is_end_ret;
	return NULL;
}

static void note_strange_line(struct collapse *collapse, const struct line_queue *queue,
			      struct text_span line)
{
	uint64_t number = queue->reader.line_number - (queue->count - queue->at);

	strange_lines_add(&collapse->losses.unrecognised, number, line);
}

/* Frame lines. */

/** Names of a piece of text that is one frame, or several joined by ';'. */
static void add_names(struct collapse *collapse, const char *text, size_t length)
{
	const char *const end = text + length;

	for (;;) {
		const char *separator = memchr(text, ';', (size_t)(end - text));
		const char *name_end = separator ? separator : end;

		index_vector_append(
			&collapse->line_names,
			frame_name_intern(&collapse->names, text, (size_t)(name_end - text)));
		if (!separator)
			return;
		text = separator + 1;
	}
}

/** Objects that no debug information is looked for in: JIT maps, the kernel, "[vdso]". */
static bool is_expandable(struct text_span object)
{
	const char *const end = text_span_end(object);
	const char *map = memmem(object.start, object.length, "perf-", 5), *open;

	if (memmem(object.start, object.length, "kernel.", 7))
		return false;
	if (map && memmem(map, (size_t)(end - map), ".map", 4))
		return false;
	open = memchr(object.start, '[', object.length);
	return !open || !memchr(open, ']', (size_t)(end - open));
}

static bool expand_inlined(struct collapse *collapse, const struct script_frame *frame)
{
	const struct collapse_options *options = collapse->options;
	struct byte_vector *text = &collapse->name_text;

	if (!options->expand_inlined || !is_expandable(frame->object))
		return false;
	byte_vector_clear(text);
	if (!options->expand_inlined(options->expand_context, frame, text))
		return false;
	add_names(collapse, (const char *)text->items, text->count);
	return true;
}

/** perf script -F +srcline: the line after a frame, without "[address]" and blanks around. */
static struct error *append_source_line(struct collapse *collapse, struct line_queue *queue,
					struct byte_vector *text)
{
	size_t start = text->count, next;
	struct text_span line;
	bool is_end;

	RETURN_IF_ERROR(next_line(collapse, queue, &next, &is_end));
	if (is_end)
		return NULL;
	line = queue->lines[next];
	byte_vector_append(text, ':');
	for (size_t i = 0; i < line.length; i++) {
		const char *close =
			line.start[i] == '[' ? memchr(line.start + i, ']', line.length - i) : NULL;

		if (close)
			i = (size_t)(close - line.start);
		else if (text->count > start + 1 || !script_is_space(line.start[i]))
			byte_vector_append(text, (uint8_t)line.start[i]);
	}
	while (text->count > start + 1 && script_is_space((char)text->items[text->count - 1]))
		text->count--;
	if (text->count == start + 1)
		text->count = start;
	return NULL;
}

static bool is_skip_after(const struct collapse *collapse, struct text_span function)
{
	const struct string_vector *names = &collapse->options->skip_after;

	for (size_t i = 0; i < names->count; i++) {
		if (strlen(names->items[i]) == function.length &&
		    memcmp(names->items[i], function.start, function.length) == 0)
			return true;
	}
	return false;
}

/** Append the names of @p frame to line_names; none when the collapser has none for it. */
static struct error *name_frame(struct collapse *collapse, const struct script_frame *frame,
				struct line_queue *queue)
{
	const struct collapse_options *options = collapse->options;
	const struct frame_name_style style = {
		.is_java = collapse->is_java,
		.has_addresses = options->has_addresses,
		.marks_kernel = options->marks_kernel,
		.marks_jit = options->marks_jit,
	};
	struct frame_part part = { .object = frame->object, .address = frame->address };
	const struct text_span function =
		text_span_make(frame->function.start, script_symbol_end(frame->function));
	struct byte_vector *text = &collapse->name_text;
	size_t at = 0;

	if (expand_inlined(collapse, frame))
		return NULL;
	if (function.length > 0 && function.start[0] == '(')
		return NULL;
	while (frame_next_part(function, &at, &part.name)) {
		byte_vector_clear(text);
		frame_part_append_name(&part, &style, text);
		if (options->has_source_lines && !frame_part_is_unknown(&part))
			RETURN_IF_ERROR(append_source_line(collapse, queue, text));
		index_vector_append(&collapse->line_names,
				    frame_name_intern(&collapse->names, (const char *)text->items,
						      text->count));
		part.is_inlined = true;
	}
	return NULL;
}

/** What @p line stands for; its names are left in line_names. */
static struct error *read_meaning(struct collapse *collapse, struct text_span line,
				  struct line_queue *queue, struct frame_line *ret)
{
	struct frame_line meaning = { .is_java = collapse->is_java };
	struct script_frame frame;

	index_vector_clear(&collapse->line_names);
	if (script_parse_frame(line, &frame)) {
		meaning.is_frame = true;
		meaning.ends_stack =
			is_skip_after(collapse, text_span_make(frame.function.start,
							       script_symbol_end(frame.function)));
		RETURN_IF_ERROR(name_frame(collapse, &frame, queue));
	}
	meaning.n_names = (uint32_t)collapse->line_names.count;
	*ret = meaning;
	return NULL;
}

static void append_frame(struct collapse *collapse, const struct frame_line *line,
			 const string_id *names)
{
	for (uint32_t i = line->n_names; i-- > 0;)
		index_vector_append(&collapse->sample, names[i]);
	collapse->is_complete = line->ends_stack;
}

/** The names follow from two lines, so that one cannot be looked up. */
static struct error *read_frame_with_source(struct collapse *collapse, struct text_span line,
					    struct line_queue *queue)
{
	struct byte_vector *text = &collapse->line_text;
	struct frame_line meaning;

	if (collapse->sample.count == 0)
		return NULL;
	/* The next line may take the place of this one. */
	byte_vector_clear(text);
	byte_vector_append_bytes(text, line.start, line.length);
	line.start = (const char *)text->items;
	RETURN_IF_ERROR(read_meaning(collapse, line, queue, &meaning));
	if (!meaning.is_frame)
		note_strange_line(collapse, queue, line);
	else if (!collapse->is_complete)
		append_frame(collapse, &meaning, collapse->line_names.items);
	return NULL;
}

static struct error *read_frame(struct collapse *collapse, struct text_span text, uint64_t hash,
				struct line_queue *queue)
{
	const struct frame_line *line;

	if (collapse->options->has_source_lines)
		return read_frame_with_source(collapse, text, queue);
	line = frame_lines_find(&collapse->lines, text, hash, collapse->is_java);
	if (!line) {
		struct frame_line meaning;

		RETURN_IF_ERROR(read_meaning(collapse, text, queue, &meaning));
		line = frame_lines_add(&collapse->lines, text, hash, &meaning,
				       collapse->line_names.items);
	}
	if (!line->is_frame)
		note_strange_line(collapse, queue, text);
	else if (collapse->sample.count > 0 && !collapse->is_complete)
		append_frame(collapse, line, line->names);
	return NULL;
}

/* Samples. */

static bool is_wanted_event(struct collapse *collapse, struct text_span event)
{
	struct collapse_losses *losses = &collapse->losses;

	if (event.length == 0)
		return true;
	if (!collapse->event) {
		collapse->event = memory_allocate(event.length + 1, 1);
		memcpy(collapse->event, event.start, event.length);
		collapse->event_length = event.length;
		return true;
	}
	if (collapse->event_length == event.length &&
	    memcmp(collapse->event, event.start, event.length) == 0)
		return true;
	if (!losses->filtered_event)
		losses->filtered_event = text_span_show(event);
	return false;
}

/** Whether the header is of the thread of the last one: it begins with the same text. */
static bool is_known_thread(const struct known_header *known, struct text_span line)
{
	const struct byte_vector *ids = &known->ids;

	return ids->count > 0 && line.length > ids->count &&
	       memcmp(line.start, ids->items, ids->count) == 0 &&
	       script_is_space(line.start[ids->count]);
}

/** Whether the header ends as the last one did, from the ':' before the period on. */
static bool is_known_measure(const struct known_header *known, struct text_span line)
{
	const struct byte_vector *measure = &known->measure;

	return measure->count > 0 && line.length > measure->count &&
	       memcmp(text_span_end(line) - measure->count, measure->items, measure->count) == 0;
}

static void note_thread(struct collapse *collapse, const struct script_header *header)
{
	const struct collapse_options *options = collapse->options;
	struct known_header *known = &collapse->header;
	struct byte_vector *name = &collapse->name_text;

	byte_vector_clear(name);
	script_append_thread(header, options->has_pids, options->has_tids, name);
	byte_vector_clear(&known->ids);
	byte_vector_append_bytes(&known->ids, header->comm.start,
				 (size_t)(header->rest.start - header->comm.start));
	known->name = frame_name_intern(&collapse->names, (const char *)name->items, name->count);
	known->is_java = header->comm.length >= 4 && memcmp(header->comm.start, "java", 4) == 0;
}

static void note_measure(struct collapse *collapse, const struct script_header *header)
{
	struct known_header *known = &collapse->header;

	byte_vector_clear(&known->measure);
	byte_vector_append_bytes(&known->measure, header->measure.start, header->measure.length);
	known->period = script_period(header);
	known->is_wanted = is_wanted_event(collapse, header->event);
}

static void begin_sample(struct collapse *collapse)
{
	const struct known_header *header = &collapse->header;

	if (!header->is_wanted) {
		collapse->losses.n_filtered++;
		return;
	}
	/* A header may come without an end of the sample before: its frames stay. */
	if (collapse->sample.count == 0)
		index_vector_append(&collapse->sample, header->name);
	else
		collapse->sample.items[0] = header->name;
	collapse->is_java = header->is_java;
	collapse->is_complete = false;
	collapse->period = header->period;
	collapse->n_samples++;
}

static void end_sample(struct collapse *collapse)
{
	struct index_vector *sample = &collapse->sample;

	if (sample->count > 0)
		folded_stacks_add(&collapse->stacks, sample->items, sample->count,
				  collapse->period);
	index_vector_clear(sample);
}

/** @return false: it is none. */
static bool read_header(struct collapse *collapse, struct text_span line)
{
	bool is_known = is_known_thread(&collapse->header, line);

	if (!is_known || !is_known_measure(&collapse->header, line)) {
		struct script_header header = { 0 };

		if (is_known)
			script_parse_measure(line, &header);
		else if (script_parse_header(line, &header))
			note_thread(collapse, &header);
		else
			return false;
		note_measure(collapse, &header);
	}
	begin_sample(collapse);
	return true;
}

static struct error *read_line(struct collapse *collapse, struct text_span line, uint64_t hash,
			       struct line_queue *queue)
{
	if (line.length == 0) {
		end_sample(collapse);
		return NULL;
	}
	if (line.start[0] == '#')
		return NULL;
	if (!script_is_space(line.start[0]) && read_header(collapse, line))
		return NULL;
	return read_frame(collapse, line, hash, queue);
}

static struct error *read_lines(struct collapse *collapse, struct line_queue *queue)
{
	for (;;) {
		size_t next;
		bool is_end;

		RETURN_IF_ERROR(next_line(collapse, queue, &next, &is_end));
		if (is_end)
			return NULL;
		RETURN_IF_ERROR(
			read_line(collapse, queue->lines[next], queue->hashes[next], queue));
	}
}

struct error *collapse_read(struct collapse *collapse, struct input_stream *stream)
{
	struct line_queue queue = { .reader = line_reader_make(stream) };
	uint64_t n_samples_before = collapse->n_samples + collapse->losses.n_filtered;
	struct collapse_losses *losses = &collapse->losses;
	uint64_t n_strange_before = losses->unrecognised.count;
	struct error *error = read_lines(collapse, &queue);

	folded_stacks_settle(&collapse->stacks);
	RETURN_IF_ERROR(error);
	losses->is_cut = collapse->sample.count > 0;
	if (strange_lines_are_most(losses->unrecognised.count - n_strange_before,
				   queue.reader.line_number) ||
	    (losses->unrecognised.count > 0 &&
	     n_samples_before == collapse->n_samples + losses->n_filtered))
		return strange_lines_error(&losses->unrecognised, input_stream_name(stream),
					   "perf script text", queue.reader.line_number);
	return NULL;
}

void collapse_write(const struct collapse *collapse, FILE *file)
{
	folded_stacks_write(&collapse->stacks, &collapse->names, file);
}

uint64_t collapse_n_stacks(const struct collapse *collapse)
{
	return collapse->stacks.count;
}

const struct collapse_losses *collapse_losses(const struct collapse *collapse)
{
	return &collapse->losses;
}

const char *collapse_event(const struct collapse *collapse)
{
	return collapse->event;
}
