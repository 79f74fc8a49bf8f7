#include "input/collapse.h"

#include "base/escape.h"
#include "input/frame_name.h"
#include "base/text_hash.h"

#include <inttypes.h>
#include <stdio.h>

/** No line: the first entry of the store. */
#define LINE_NONE 0

/** What entries are aligned to, and the unit of their ids. */
#define LINE_ALIGNMENT_BYTES 8

/** Of different frame lines remembered at a time. */
#define LINE_STORE_MAX_BYTES ((size_t)128 * 1024 * 1024)

/**
 * What a line of text stands for: a run of names, outermost first. Text and
 * meaning lie together in collapse.line_store: a look-up waits for memory, not
 * for the processor. A line's id is its place there in units of LINE_ALIGNMENT_BYTES.
 */
struct line_entry {
	uint32_t length;
	uint32_t first_name; /**< Into collapse.line_names. */
	uint32_t n_names;
	uint32_t successor; /**< The line that came after it last time. */
	bool is_java;       /**< Read as a line of a Java process. */
	bool is_frame;      /**< False: not recognised. */
	bool ends_stack;    /**< Its callers are left out. */
	char text[];
};

struct line_slot {
	uint32_t hash;
	uint32_t line; /**< LINE_NONE: free. */
};

/** A distinct stack: the thread's name, then the functions from the innermost on. */
struct stack_entry {
	uint64_t hash;     /**< 0: the slot is free. */
	size_t first_name; /**< Into collapse.stack_names. */
	uint32_t n_names;
	uint64_t weight;
};

struct collapse {
	const struct collapse_options *options;
	struct string_table names;

	struct byte_vector line_store;
	struct line_slot *line_slots; /**< Open addressing; capacities are powers of two. */
	size_t n_lines, line_capacity;
	struct index_vector line_names;

	struct stack_entry *stacks;
	size_t n_stacks, stack_capacity;
	struct index_vector stack_names;

	char *event; /**< Of the samples counted; NULL: not known yet. */
	size_t event_length;
	struct collapse_losses losses;

	/* The sample being read. */
	struct index_vector sample; /**< As stack_entry has it; empty: none, or one left out. */
	uint64_t period;
	bool is_java;
	bool is_complete;   /**< The rest of its callers is not wanted. */
	uint32_t last_line; /**< The frame before, or the first one after a header. */
	uint64_t n_samples;

	struct byte_vector last_ids; /**< Comm and ids of the last header, and... */
	string_id last_name;         /**< ...the name made of them. */
	bool last_is_java;
	struct byte_vector name_text; /**< Scratch. */
};

/** Valid until a line is added. */
static struct line_entry *line_of(const struct collapse *collapse, uint32_t id)
{
	return (struct line_entry *)(collapse->line_store.items +
				     (size_t)id * LINE_ALIGNMENT_BYTES);
}

/** Append an entry for @p text. @return its id. */
static uint32_t store_line(struct collapse *collapse, const struct line_entry *entry,
			   const char *text)
{
	struct byte_vector *store = &collapse->line_store;
	size_t start = store->count;
	size_t end = start + sizeof(*entry) + entry->length;

	end = (end + LINE_ALIGNMENT_BYTES - 1) & ~(size_t)(LINE_ALIGNMENT_BYTES - 1);
	if (end > store->capacity)
		byte_vector_reserve(store, end * 2);
	memcpy(store->items + start, entry, sizeof(*entry));
	memcpy(((struct line_entry *)(store->items + start))->text, text, entry->length);
	store->count = end;
	return (uint32_t)(start / LINE_ALIGNMENT_BYTES);
}

/** Forget what lines stand for: there may be no end of different addresses. */
static void clear_lines(struct collapse *collapse)
{
	static const struct line_entry none;

	byte_vector_clear(&collapse->line_store);
	store_line(collapse, &none, "");
	index_vector_clear(&collapse->line_names);
	memset(collapse->line_slots, 0, collapse->line_capacity * sizeof(*collapse->line_slots));
	collapse->n_lines = 0;
	collapse->last_line = LINE_NONE;
}

struct collapse *collapse_create(const struct collapse_options *options)
{
	struct collapse *collapse = memory_allocate(1, sizeof(*collapse));

	collapse->options = options;
	string_table_init(&collapse->names);
	collapse->line_capacity = 1024;
	collapse->line_slots =
		memory_allocate(collapse->line_capacity, sizeof(*collapse->line_slots));
	collapse->stack_capacity = 1024;
	collapse->stacks = memory_allocate(collapse->stack_capacity, sizeof(*collapse->stacks));
	collapse->event = memory_duplicate_text(options->event);
	collapse->event_length = options->event ? strlen(options->event) : 0;
	clear_lines(collapse);
	return collapse;
}

void collapse_destroy(struct collapse *collapse)
{
	if (!collapse)
		return;
	string_table_deinit(&collapse->names);
	byte_vector_deinit(&collapse->line_store);
	free(collapse->line_slots);
	index_vector_deinit(&collapse->line_names);
	free(collapse->stacks);
	index_vector_deinit(&collapse->stack_names);
	free(collapse->event);
	free(collapse->losses.filtered_event);
	index_vector_deinit(&collapse->sample);
	byte_vector_deinit(&collapse->last_ids);
	byte_vector_deinit(&collapse->name_text);
	free(collapse);
}

/* Frame lines. */

static void place_line(struct line_slot *slots, size_t capacity, struct line_slot slot)
{
	size_t index = slot.hash & (capacity - 1);

	while (slots[index].line != LINE_NONE)
		index = (index + 1) & (capacity - 1);
	slots[index] = slot;
}

static void grow_lines(struct collapse *collapse)
{
	size_t capacity = collapse->line_capacity * 2;
	struct line_slot *slots = memory_allocate(capacity, sizeof(*slots));

	for (size_t i = 0; i < collapse->line_capacity; i++) {
		if (collapse->line_slots[i].line != LINE_NONE)
			place_line(slots, capacity, collapse->line_slots[i]);
	}
	free(collapse->line_slots);
	collapse->line_slots = slots;
	collapse->line_capacity = capacity;
}

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
static struct error *append_source_line(struct line_reader *reader, struct byte_vector *text)
{
	size_t start = text->count;
	struct text_span line;
	bool is_end;

	RETURN_IF_ERROR(line_reader_next(reader, &line, &is_end));
	if (is_end)
		return NULL;
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
				bool is_java, struct line_reader *reader)
{
	const struct collapse_options *options = collapse->options;
	const struct frame_name_style style = {
		.is_java = is_java,
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
			RETURN_IF_ERROR(append_source_line(reader, text));
		index_vector_append(&collapse->line_names,
				    frame_name_intern(&collapse->names, (const char *)text->items,
						      text->count));
		part.is_inlined = true;
	}
	return NULL;
}

static struct error *make_line(struct collapse *collapse, struct text_span line, bool is_java,
			       struct line_reader *reader, struct line_entry *ret)
{
	struct line_entry entry = { .length = (uint32_t)line.length,
				    .first_name = (uint32_t)collapse->line_names.count,
				    .is_java = is_java };
	struct script_frame frame;

	if (script_parse_frame(line, &frame)) {
		entry.is_frame = true;
		entry.ends_stack =
			is_skip_after(collapse, text_span_make(frame.function.start,
							       script_symbol_end(frame.function)));
		RETURN_IF_ERROR(name_frame(collapse, &frame, is_java, reader));
	}
	entry.n_names = (uint32_t)collapse->line_names.count - entry.first_name;
	*ret = entry;
	return NULL;
}

static struct error *add_line(struct collapse *collapse, struct text_span line, uint32_t hash,
			      struct line_reader *reader, uint32_t *ret)
{
	struct line_entry entry;
	uint32_t id;

	if (collapse->line_store.count + line.length > LINE_STORE_MAX_BYTES)
		clear_lines(collapse);
	RETURN_IF_ERROR(make_line(collapse, line, collapse->is_java, reader, &entry));
	id = store_line(collapse, &entry, line.start);
	if (++collapse->n_lines * 2 > collapse->line_capacity)
		grow_lines(collapse);
	place_line(collapse->line_slots, collapse->line_capacity,
		   (struct line_slot){ .hash = hash, .line = id });
	*ret = id;
	return NULL;
}

static struct error *find_line(struct collapse *collapse, struct text_span line,
			       struct line_reader *reader, uint32_t *ret)
{
	uint32_t hash = (uint32_t)text_hash(line.start, line.length) ^ collapse->is_java;

	for (size_t index = hash;; index++) {
		const struct line_slot *slot =
			&collapse->line_slots[index & (collapse->line_capacity - 1)];
		const struct line_entry *entry = line_of(collapse, slot->line);

		if (slot->line == LINE_NONE)
			return add_line(collapse, line, hash, reader, ret);
		if (slot->hash == hash && entry->length == line.length &&
		    entry->is_java == collapse->is_java &&
		    memcmp(entry->text, line.start, line.length) == 0) {
			*ret = slot->line;
			return NULL;
		}
	}
}

static void append_frame(struct collapse *collapse, const struct line_entry *entry)
{
	const uint32_t *names = collapse->line_names.items;

	for (uint32_t i = entry->n_names; i-- > 0;)
		index_vector_append(&collapse->sample, names[entry->first_name + i]);
	collapse->is_complete = entry->ends_stack;
}

/** The names follow from two lines, so that one cannot be looked up. */
static struct error *read_frame_with_source(struct collapse *collapse, struct text_span line,
					    struct line_reader *reader)
{
	struct line_entry made;

	index_vector_clear(&collapse->line_names);
	if (collapse->sample.count == 0)
		return NULL;
	RETURN_IF_ERROR(make_line(collapse, line, collapse->is_java, reader, &made));
	if (!made.is_frame)
		strange_lines_add(&collapse->losses.unrecognised, reader->line_number, line);
	else if (!collapse->is_complete)
		append_frame(collapse, &made);
	return NULL;
}

static struct error *read_frame(struct collapse *collapse, struct text_span line,
				struct line_reader *reader)
{
	const struct line_entry *entry;
	uint32_t id;

	if (collapse->options->has_source_lines)
		return read_frame_with_source(collapse, line, reader);
	RETURN_IF_ERROR(find_line(collapse, line, reader, &id));
	entry = line_of(collapse, id);
	if (!entry->is_frame) {
		strange_lines_add(&collapse->losses.unrecognised, reader->line_number, line);
		return NULL;
	}
	line_of(collapse, collapse->last_line)->successor = id;
	collapse->last_line = id;
	if (collapse->sample.count > 0 && !collapse->is_complete)
		append_frame(collapse, entry);
	return NULL;
}

/**
 * Take the lines that come as they came last time: a caller mostly follows the
 * same callee. That is a comparison a line, where anything else has to look for
 * the line's end and look it up.
 */
static void read_expected_frames(struct collapse *collapse, struct line_reader *reader)
{
	if (collapse->options->has_source_lines)
		return;
	while (collapse->sample.count > 0 && !collapse->is_complete) {
		uint32_t id = line_of(collapse, collapse->last_line)->successor;
		const struct line_entry *entry = line_of(collapse, id);

		if (id == LINE_NONE || entry->is_java != collapse->is_java ||
		    !line_reader_accept(reader, entry->text, entry->length))
			return;
		collapse->last_line = id;
		append_frame(collapse, entry);
	}
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
	losses->n_filtered++;
	if (!losses->filtered_event)
		losses->filtered_event = text_span_show(event);
	return false;
}

/** "COMM", "COMM-PID" or "COMM-PID/TID", with '_' for blanks. */
static string_id name_thread(struct collapse *collapse, const struct script_header *header)
{
	const struct collapse_options *options = collapse->options;
	struct byte_vector *text = &collapse->name_text;
	struct text_span unknown = { .start = "?", .length = 1 };
	bool has_both = header->second.length > 0 &&
			!(header->second.length == 1 && header->second.start[0] == '0');
	struct text_span pid = has_both ? header->first : unknown;
	struct text_span tid = has_both ? header->second : header->first;

	byte_vector_clear(text);
	byte_vector_append_bytes(text, header->comm.start, header->comm.length);
	if (options->has_pids || options->has_tids) {
		byte_vector_append(text, '-');
		byte_vector_append_bytes(text, pid.start, pid.length);
	}
	if (options->has_tids) {
		byte_vector_append(text, '/');
		byte_vector_append_bytes(text, tid.start, tid.length);
	}
	for (size_t i = 0; i < text->count; i++) {
		if (text->items[i] <= ' ')
			text->items[i] = '_';
	}
	return frame_name_intern(&collapse->names, (const char *)text->items, text->count);
}

/**
 * Whether the header is of the same thread as the last one: it begins with the
 * same text up to the blank behind the ids, so those are the same, too.
 */
static bool is_last_thread(const struct collapse *collapse, struct text_span line)
{
	const struct byte_vector *last = &collapse->last_ids;

	return last->count > 0 && line.length > last->count &&
	       memcmp(line.start, last->items, last->count) == 0 &&
	       script_is_space(line.start[last->count]);
}

static void note_thread(struct collapse *collapse, const struct script_header *header)
{
	struct byte_vector *last = &collapse->last_ids;

	byte_vector_clear(last);
	byte_vector_append_bytes(last, header->comm.start,
				 (size_t)(header->rest.start - header->comm.start));
	collapse->last_name = name_thread(collapse, header);
	collapse->last_is_java =
		header->comm.length >= 4 && memcmp(header->comm.start, "java", 4) == 0;
}

/** A period of nothing counts as one sample. */
static uint64_t parse_period(struct text_span digits)
{
	uint64_t period = 0;

	if (digits.length == 0 || (digits.length == 1 && digits.start[0] == '0'))
		return 1;
	for (size_t i = 0; i < digits.length; i++) {
		if (__builtin_mul_overflow(period, 10u, &period) ||
		    __builtin_add_overflow(period, (uint64_t)(digits.start[i] - '0'), &period))
			return UINT64_MAX;
	}
	return period;
}

static void begin_sample(struct collapse *collapse, struct text_span event, struct text_span period)
{
	string_id name = collapse->last_name;

	if (!is_wanted_event(collapse, event))
		return;
	/* A header may come without an end of the sample before: its frames stay. */
	if (collapse->sample.count == 0)
		index_vector_append(&collapse->sample, name);
	else
		collapse->sample.items[0] = name;
	collapse->is_java = collapse->last_is_java;
	collapse->is_complete = false;
	collapse->last_line = LINE_NONE;
	collapse->period = parse_period(period);
	collapse->n_samples++;
}

static void grow_stacks(struct collapse *collapse)
{
	size_t capacity = collapse->stack_capacity * 2;
	struct stack_entry *stacks = memory_allocate(capacity, sizeof(*stacks));

	for (size_t i = 0; i < collapse->stack_capacity; i++) {
		size_t index = collapse->stacks[i].hash & (capacity - 1);

		if (!collapse->stacks[i].hash)
			continue;
		while (stacks[index].hash)
			index = (index + 1) & (capacity - 1);
		stacks[index] = collapse->stacks[i];
	}
	free(collapse->stacks);
	collapse->stacks = stacks;
	collapse->stack_capacity = capacity;
}

static void end_sample(struct collapse *collapse)
{
	const struct index_vector *sample = &collapse->sample;
	const size_t size_bytes = sample->count * sizeof(*sample->items);
	struct stack_entry *entry;
	uint64_t hash;
	size_t index;

	if (sample->count == 0)
		return;
	hash = text_hash((const char *)sample->items, size_bytes) | 1ull << 63;
	index = hash & (collapse->stack_capacity - 1);
	for (; (entry = &collapse->stacks[index])->hash;
	     index = (index + 1) & (collapse->stack_capacity - 1)) {
		if (entry->hash == hash && entry->n_names == sample->count &&
		    memcmp(collapse->stack_names.items + entry->first_name, sample->items,
			   size_bytes) == 0)
			break;
	}
	if (!entry->hash) {
		entry->hash = hash;
		entry->first_name = collapse->stack_names.count;
		entry->n_names = (uint32_t)sample->count;
		for (size_t i = 0; i < sample->count; i++)
			index_vector_append(&collapse->stack_names, sample->items[i]);
		collapse->n_stacks++;
	}
	if (__builtin_add_overflow(entry->weight, collapse->period, &entry->weight))
		entry->weight = UINT64_MAX;
	index_vector_clear(&collapse->sample);
	if (collapse->n_stacks * 4 > collapse->stack_capacity * 3)
		grow_stacks(collapse);
}

/** @return false: it is none. */
static bool read_header(struct collapse *collapse, struct text_span line)
{
	struct script_header header = { 0 };

	if (is_last_thread(collapse, line)) {
		script_parse_event(line, &header);
	} else {
		if (!script_parse_header(line, &header))
			return false;
		note_thread(collapse, &header);
	}
	begin_sample(collapse, header.event, header.period);
	return true;
}

static struct error *read_line(struct collapse *collapse, struct text_span line,
			       struct line_reader *reader)
{

	if (line.length == 0) {
		end_sample(collapse);
		return NULL;
	}
	if (line.start[0] == '#')
		return NULL;
	if (!script_is_space(line.start[0]) && read_header(collapse, line))
		return NULL;
	return read_frame(collapse, line, reader);
}

struct error *collapse_read(struct collapse *collapse, struct input_stream *stream)
{
	struct line_reader reader = line_reader_make(stream);
	uint64_t n_samples_before = collapse->n_samples + collapse->losses.n_filtered;
	struct collapse_losses *losses = &collapse->losses;
	uint64_t n_strange_before = losses->unrecognised.count;

	for (;;) {
		struct text_span line;
		bool is_end;

		read_expected_frames(collapse, &reader);
		RETURN_IF_ERROR(line_reader_next(&reader, &line, &is_end));
		if (is_end)
			break;
		RETURN_IF_ERROR(read_line(collapse, line, &reader));
	}
	losses->is_cut = collapse->sample.count > 0;
	if (strange_lines_are_most(losses->unrecognised.count - n_strange_before,
				   reader.line_number) ||
	    (losses->unrecognised.count > 0 &&
	     n_samples_before == collapse->n_samples + losses->n_filtered))
		return strange_lines_error(&losses->unrecognised, input_stream_name(stream),
					   "perf script text", reader.line_number);
	return NULL;
}

/* Writing. */

/** Position @p i of a stack from the outside: its thread, then its outermost function. */
static const char *name_at(const struct collapse *collapse, const struct stack_entry *stack,
			   uint32_t i)
{
	const uint32_t *names = collapse->stack_names.items + stack->first_name;

	return string_table_text(&collapse->names, names[i == 0 ? 0 : stack->n_names - i]);
}

/** As the lines would compare byte by byte, without the weights. */
static int compare_stacks(const void *left, const void *right, void *argument)
{
	const struct stack_entry *a = *(const struct stack_entry *const *)left;
	const struct stack_entry *b = *(const struct stack_entry *const *)right;
	const struct collapse *collapse = argument;

	for (uint32_t i = 0; i < a->n_names && i < b->n_names; i++) {
		const unsigned char *a_text = (const unsigned char *)name_at(collapse, a, i);
		const unsigned char *b_text = (const unsigned char *)name_at(collapse, b, i);
		int a_byte, b_byte;

		if (a_text == b_text)
			continue;
		while (*a_text && *a_text == *b_text) {
			a_text++;
			b_text++;
		}
		a_byte = *a_text ? *a_text : i + 1 < a->n_names ? ';' : 0;
		b_byte = *b_text ? *b_text : i + 1 < b->n_names ? ';' : 0;
		return a_byte - b_byte;
	}
	return (a->n_names > b->n_names) - (a->n_names < b->n_names);
}

static void write_stack(const struct collapse *collapse, const struct stack_entry *stack,
			FILE *file)
{
	for (uint32_t i = 0; i < stack->n_names; i++) {
		if (i > 0)
			putc_unlocked(';', file);
		fputs_unlocked(name_at(collapse, stack, i), file);
	}
	fprintf(file, " %" PRIu64 "\n", stack->weight);
}

void collapse_write(const struct collapse *collapse, FILE *file)
{
	const struct stack_entry **sorted =
		memory_allocate(collapse->n_stacks + 1, sizeof(const struct stack_entry *));
	size_t n = 0;

	for (size_t i = 0; i < collapse->stack_capacity; i++) {
		if (collapse->stacks[i].hash)
			sorted[n++] = &collapse->stacks[i];
	}
	qsort_r(sorted, n, sizeof(*sorted), compare_stacks, (void *)collapse);
	for (size_t i = 0; i < n; i++)
		write_stack(collapse, sorted[i], file);
	free(sorted);
}

uint64_t collapse_n_stacks(const struct collapse *collapse)
{
	return collapse->n_stacks;
}

const struct collapse_losses *collapse_losses(const struct collapse *collapse)
{
	return &collapse->losses;
}

const char *collapse_event(const struct collapse *collapse)
{
	return collapse->event;
}
