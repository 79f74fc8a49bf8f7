/**
 * pprof's profile.proto, as Go, Pyroscope, Parca, gperftools and we write it.
 *
 * Source: github.com/google/pprof, proto/profile.proto. Tables may come in any order and refer
 * to each other, so the whole message is kept: one walk for the tables, one for the samples.
 *
 * Each sample type becomes an event, except that "samples/count" together with one other
 * type are one event: the other type, with the samples as its counts.
 */

#include "input/text_profile.h"

#include "base/hash_map.h"
#include "input/object_kind.h"
#include "input/protobuf_reader.h"

/** More entries than this in one table are no profile. */
#define ENTRIES_MAX ((size_t)1 << 27)

/** Of all values of one type; less than half of what fits, so that sums of sums do, too. */
#define SUM_MAX ((uint64_t)1 << 62)

/** Sample types of one profile; heap profiles have four. */
#define VALUE_TYPES_MAX 64

DEFINE_HASH_MAP(id_map, uint64_t, uint32_t, hash_u64, equal_u64)
DEFINE_VECTOR(message_vector, struct byte_reader)

struct value_type {
	uint64_t type, unit; /**< Strings. */
};

struct pprof_reader {
	struct profile *profile;
	struct byte_reader message;
	struct message_vector strings;
	struct message_vector samples;
	struct message_vector functions, locations, mappings;
	struct id_map function_of_id, location_of_id, mapping_of_id; /**< Index + 1. */
	struct index_vector objects;                                 /**< By mapping: object id. */
	struct address_vector biases;          /**< By mapping: what to add to addresses. */
	struct index_vector profile_locations; /**< By location: id + 1, once used. */
	struct value_type types[VALUE_TYPES_MAX];
	uint32_t n_types;
	uint32_t first_event;
	bool has_counts; /**< The first of two types counts the other's samples. */
	uint64_t default_type;
	uint64_t sums[VALUE_TYPES_MAX];
	struct byte_vector text; /**< Scratch. */

	/* Of the sample being read. */
	struct address_vector values;
	struct index_vector stack; /**< Locations of the profile, leaf first. */
	uint32_t pid, tid;
	uint64_t thread_name, process_name; /**< Strings; 0: none. */
};

/** The text of string @p index as NUL-terminated text; "" when there is none. Scratch. */
static const char *text_of(struct pprof_reader *reader, uint64_t index)
{
	struct byte_vector *text = &reader->text;

	byte_vector_clear(text);
	if (index < reader->strings.count) {
		struct bytes bytes = reader->strings.items[index].bytes;

		byte_vector_append_bytes(text, bytes.data, bytes.size);
		for (size_t i = 0; i < text->count; i++) {
			if (!text->items[i])
				text->items[i] = ' ';
		}
	}
	byte_vector_append(text, '\0');
	return (const char *)text->items;
}

/** All fields of a message that are plain numbers, by field number; others stay 0. */
static struct error *read_numbers(struct byte_reader message, uint64_t *ret, uint32_t n_fields)
{
	memset(ret, 0, n_fields * sizeof(*ret));
	while (byte_reader_left(&message) > 0) {
		struct protobuf_field field;

		RETURN_IF_ERROR(protobuf_next(&message, &field));
		if (field.number < n_fields && field.wire != PROTOBUF_BYTES)
			ret[field.number] = field.value;
	}
	return NULL;
}

/* First walk: what is where. */

static struct error *keep(struct pprof_reader *reader, struct message_vector *messages,
			  const struct protobuf_field *field)
{
	if (field->wire != PROTOBUF_BYTES)
		return byte_reader_error(&reader->message, "a number in place of a message");
	if (messages->count == ENTRIES_MAX)
		return byte_reader_error(&reader->message, "too many entries");
	message_vector_append(messages, field->content);
	return NULL;
}

/** Field 1 of functions, locations and mappings is their id. */
static struct error *keep_with_id(struct pprof_reader *reader, struct message_vector *messages,
				  struct id_map *ids, const struct protobuf_field *field)
{
	uint64_t numbers[2];

	RETURN_IF_ERROR(keep(reader, messages, field));
	RETURN_IF_ERROR(read_numbers(field->content, numbers, ARRAY_SIZE(numbers)));
	*id_map_insert(ids, numbers[1], NULL) = (uint32_t)messages->count;
	return NULL;
}

static struct error *add_value_type(struct pprof_reader *reader, const struct protobuf_field *field)
{
	uint64_t numbers[3];

	if (reader->n_types == VALUE_TYPES_MAX)
		return byte_reader_error(&reader->message, "more than 64 sample types");
	RETURN_IF_ERROR(read_numbers(field->content, numbers, ARRAY_SIZE(numbers)));
	reader->types[reader->n_types++] =
		(struct value_type){ .type = numbers[1], .unit = numbers[2] };
	return NULL;
}

static struct error *take_field(struct pprof_reader *reader, const struct protobuf_field *field)
{
	switch (field->number) {
	case 1:
		return add_value_type(reader, field);
	case 2:
		return keep(reader, &reader->samples, field);
	case 3:
		return keep_with_id(reader, &reader->mappings, &reader->mapping_of_id, field);
	case 4:
		return keep_with_id(reader, &reader->locations, &reader->location_of_id, field);
	case 5:
		return keep_with_id(reader, &reader->functions, &reader->function_of_id, field);
	case 6:
		return keep(reader, &reader->strings, field);
	case 9:
		reader->profile->info.start_realtime_ns = field->value;
		return NULL;
	case 10:
		reader->profile->info.wall_ns = field->value;
		return NULL;
	case 14:
		reader->default_type = field->value;
		return NULL;
	default:
		return NULL;
	}
}

/* Tables of the profile. */

static void parse_build_id(const char *digits, struct build_id *ret)
{
	size_t length = strlen(digits);

	*ret = (struct build_id){ 0 };
	if (length % 2 || length / 2 > BUILD_ID_SIZE_MAX_BYTES ||
	    strspn(digits, "0123456789abcdef") != length)
		return;
	for (size_t i = 0; i < length; i++) {
		int digit = digits[i] <= '9' ? digits[i] - '0' : digits[i] - 'a' + 10;

		ret->bytes[i / 2] = (uint8_t)(ret->bytes[i / 2] << 4 | digit);
	}
	ret->size_bytes = (uint8_t)(length / 2);
}

static struct error *add_mappings(struct pprof_reader *reader)
{
	for (size_t i = 0; i < reader->mappings.count; i++) {
		uint64_t numbers[7]; /* 2: start, 4: file offset, 5: file, 6: build id */
		struct build_id build_id;
		uint32_t object = PROFILE_OBJECT_UNKNOWN;
		const char *path;

		RETURN_IF_ERROR(
			read_numbers(reader->mappings.items[i], numbers, ARRAY_SIZE(numbers)));
		parse_build_id(text_of(reader, numbers[6]), &build_id);
		path = text_of(reader, numbers[5]);
		if (*path)
			object = profile_intern_object(reader->profile, path, &build_id);
		index_vector_append(&reader->objects, object);
		address_vector_append(&reader->biases, numbers[4] - numbers[2]);
	}
	return NULL;
}

static void add_events(struct pprof_reader *reader)
{
	struct profile *profile = reader->profile;

	reader->has_counts = reader->n_types == 2 &&
			     strcmp(text_of(reader, reader->types[0].unit), "count") == 0 &&
			     strcmp(text_of(reader, reader->types[1].unit), "count") != 0 &&
			     strcmp(text_of(reader, reader->types[0].type), "samples") == 0;
	for (uint32_t i = reader->has_counts; i < reader->n_types; i++) {
		_cleanup_free_ char *unit =
			memory_duplicate_text(text_of(reader, reader->types[i].unit));
		const char *name = text_of(reader, reader->types[i].type);
		uint32_t event;

		if (strcmp(unit, "nanoseconds") == 0)
			event = profile_add_event(profile, name, "ns");
		else
			event = profile_add_event(profile, name,
						  strcmp(unit, "count") == 0 ? "" : unit);
		if (i == reader->has_counts)
			reader->first_event = event;
		/* pprof's default is the last one. */
		if (i + 1 == reader->n_types && !profile->event_shown_first)
			profile->event_shown_first = event + 1;
		if (reader->default_type && reader->default_type == reader->types[i].type)
			profile->event_shown_first = event + 1;
	}
}

/** Line: {1: function, 2: line}; Function: {1: id, 2: name, 3: system name, 4: file}. */
static struct error *make_frame(struct pprof_reader *reader, struct byte_reader line,
				uint32_t object, uint32_t flags, uint32_t *ret)
{
	struct profile *profile = reader->profile;
	struct profile_frame frame = { .object = object, .flags = flags };
	uint64_t place[3], function[5] = { 0 };
	const uint32_t *index;
	const char *name;

	RETURN_IF_ERROR(read_numbers(line, place, ARRAY_SIZE(place)));
	index = id_map_find(&reader->function_of_id, place[1]);
	if (index)
		RETURN_IF_ERROR(read_numbers(reader->functions.items[*index - 1], function,
					     ARRAY_SIZE(function)));
	name = text_of(reader, function[2]);
	if (!*name)
		name = text_of(reader, function[3]);
	if (!*name || name[0] == '[')
		frame.flags |= FRAME_IS_UNKNOWN;
	frame.name = profile_intern_text(profile, *name ? name : "[unknown]");
	frame.file = profile_intern_text(profile, text_of(reader, function[4]));
	frame.line = place[2] <= UINT32_MAX ? (uint32_t)place[2] : 0;
	*ret = profile_intern_frame(profile, &frame);
	return NULL;
}

/** Location.line: innermost first, the last one not inlined. */
static struct error *make_frames(struct pprof_reader *reader, struct byte_reader message,
				 uint32_t object, uint32_t flags, struct index_vector *ret)
{
	struct byte_reader next = message;
	size_t n_lines = 0;

	while (byte_reader_left(&next) > 0) {
		struct protobuf_field field;

		RETURN_IF_ERROR(protobuf_next(&next, &field));
		n_lines += field.number == 4 && field.wire == PROTOBUF_BYTES;
	}
	while (byte_reader_left(&message) > 0) {
		struct protobuf_field field;
		uint32_t frame;

		RETURN_IF_ERROR(protobuf_next(&message, &field));
		if (field.number != 4 || field.wire != PROTOBUF_BYTES)
			continue;
		n_lines--;
		RETURN_IF_ERROR(make_frame(reader, field.content, object,
					   flags | (n_lines ? FRAME_IS_INLINED : 0), &frame));
		index_vector_append(ret, frame);
	}
	return NULL;
}

/** Location: {1: id, 2: mapping, 3: address, 4: lines}. */
static struct error *add_location(struct pprof_reader *reader, uint32_t index)
{
	struct profile *profile = reader->profile;
	struct byte_reader message = reader->locations.items[index];
	struct index_vector frames = { 0 };
	uint32_t object = PROFILE_OBJECT_UNKNOWN, location, flags = 0;
	uint64_t numbers[4], address;
	const uint32_t *mapping;
	struct error *error;
	const char *path;

	RETURN_IF_ERROR(read_numbers(message, numbers, ARRAY_SIZE(numbers)));
	address = numbers[3];
	mapping = id_map_find(&reader->mapping_of_id, numbers[2]);
	if (mapping) {
		object = reader->objects.items[*mapping - 1];
		address += reader->biases.items[*mapping - 1];
	}
	path = profile_text(profile, profile->objects.items[object].path);
	if (object_path_is_kernel(path))
		flags = FRAME_IS_KERNEL;
	else if (object_path_is_jit(path))
		flags = FRAME_IS_JIT;
	location = profile_add_location(
		profile, object, flags & FRAME_IS_KERNEL ? numbers[3] : address,
		flags & FRAME_IS_KERNEL ? LOCATION_KERNEL : LOCATION_USER, 0);
	error = make_frames(reader, message, object, flags, &frames);
	if (!error && frames.count == 0) {
		struct profile_frame unknown = { .name = profile_intern_text(profile, "[unknown]"),
						 .object = object,
						 .flags = flags | FRAME_IS_UNKNOWN };

		index_vector_append(&frames, profile_intern_frame(profile, &unknown));
	}
	if (!error)
		profile_set_location_frames(profile, location, frames.items, (uint32_t)frames.count,
					    0);
	index_vector_deinit(&frames);
	reader->profile_locations.items[index] = location + 1;
	return error;
}

/* Samples. */

static struct error *read_stack(struct pprof_reader *reader, struct protobuf_field *field)
{
	for (;;) {
		const uint32_t *index;
		uint64_t id;
		bool is_there;

		RETURN_IF_ERROR(protobuf_number(field, &id, &is_there));
		if (!is_there)
			return NULL;
		index = id_map_find(&reader->location_of_id, id);
		if (!index)
			return byte_reader_error(&reader->message, "a sample of no known location");
		if (!reader->profile_locations.items[*index - 1])
			RETURN_IF_ERROR(add_location(reader, *index - 1));
		index_vector_append(&reader->stack,
				    reader->profile_locations.items[*index - 1] - 1);
	}
}

static struct error *read_values(struct pprof_reader *reader, struct protobuf_field *field)
{
	for (;;) {
		bool is_there;
		uint64_t value;

		RETURN_IF_ERROR(protobuf_number(field, &value, &is_there));
		if (!is_there)
			return NULL;
		/* Differences have negative values; they are no samples. */
		value = (int64_t)value < 0 ? 0 : value;
		if (reader->values.count < reader->n_types &&
		    (value > SUM_MAX || (reader->sums[reader->values.count] += value) > SUM_MAX))
			return byte_reader_error(&reader->message, "values too large to add up");
		address_vector_append(&reader->values, value);
	}
}

/** Label: {1: key, 2: text, 3: number}. */
static struct error *read_label(struct pprof_reader *reader, struct byte_reader message)
{
	uint64_t numbers[4];
	const char *key;

	RETURN_IF_ERROR(read_numbers(message, numbers, ARRAY_SIZE(numbers)));
	key = text_of(reader, numbers[1]);
	if (strcmp(key, "thread") == 0 || strcmp(key, "thread_name") == 0)
		reader->thread_name = numbers[2];
	else if (strcmp(key, "comm") == 0)
		reader->process_name = numbers[2];
	else if (strcmp(key, "pid") == 0 || strcmp(key, "process_id") == 0)
		reader->pid = (uint32_t)numbers[3];
	else if (strcmp(key, "tid") == 0 || strcmp(key, "thread_id") == 0)
		reader->tid = (uint32_t)numbers[3];
	return NULL;
}

/** Sample: {1: locations, leaf first, 2: values, 3: labels}. */
static struct error *read_sample(struct pprof_reader *reader, struct byte_reader message)
{
	address_vector_clear(&reader->values);
	index_vector_clear(&reader->stack);
	reader->pid = reader->tid = 0;
	reader->thread_name = reader->process_name = 0;
	while (byte_reader_left(&message) > 0) {
		struct protobuf_field field;

		RETURN_IF_ERROR(protobuf_next(&message, &field));
		if (field.number == 1)
			RETURN_IF_ERROR(read_stack(reader, &field));
		else if (field.number == 2)
			RETURN_IF_ERROR(read_values(reader, &field));
		else if (field.number == 3 && field.wire == PROTOBUF_BYTES)
			RETURN_IF_ERROR(read_label(reader, field.content));
	}
	return NULL;
}

/** pprof's main binary is the first mapping. */
static const char *program_name(const struct pprof_reader *reader)
{
	const struct profile *profile = reader->profile;

	if (reader->objects.count == 0)
		return "[unknown]";
	return profile_text(profile, profile->objects.items[reader->objects.items[0]].name);
}

static void add_sample(struct pprof_reader *reader)
{
	struct profile *profile = reader->profile;
	_cleanup_free_ char *process = NULL;
	uint32_t stack = 0, thread, event = reader->first_event;
	const char *name;

	process = memory_duplicate_text(reader->process_name ? text_of(reader, reader->process_name)
							     : program_name(reader));
	name = reader->thread_name ? text_of(reader, reader->thread_name) : process;
	thread = profile_intern_thread(profile, reader->pid,
				       reader->tid ? reader->tid : reader->pid, name, process);
	for (size_t i = reader->stack.count; i-- > 0;)
		stack = profile_intern_stack(profile, stack, reader->stack.items[i]);
	for (size_t i = reader->has_counts; i < reader->values.count && i < reader->n_types;
	     i++, event++) {
		uint64_t period = reader->values.items[i];
		uint64_t count = reader->has_counts ? reader->values.items[0] : period;

		if (count > 0 || period > 0)
			profile_add_sample(profile, thread, event, stack, STACK_END_UNTRACED, count,
					   period);
	}
}

static struct error *read_message(struct pprof_reader *reader)
{
	while (byte_reader_left(&reader->message) > 0) {
		struct protobuf_field field;

		RETURN_IF_ERROR(protobuf_next(&reader->message, &field));
		RETURN_IF_ERROR(take_field(reader, &field));
	}
	if (reader->n_types == 0)
		return byte_reader_error(&reader->message, "a profile without sample types");
	RETURN_IF_ERROR(add_mappings(reader));
	add_events(reader);
	for (size_t i = 0; i < reader->locations.count; i++)
		index_vector_append(&reader->profile_locations, 0);
	for (size_t i = 0; i < reader->samples.count; i++) {
		RETURN_IF_ERROR(read_sample(reader, reader->samples.items[i]));
		add_sample(reader);
	}
	return NULL;
}

static void pprof_reader_deinit(struct pprof_reader *reader)
{
	message_vector_deinit(&reader->strings);
	message_vector_deinit(&reader->samples);
	message_vector_deinit(&reader->functions);
	message_vector_deinit(&reader->locations);
	message_vector_deinit(&reader->mappings);
	id_map_deinit(&reader->function_of_id);
	id_map_deinit(&reader->location_of_id);
	id_map_deinit(&reader->mapping_of_id);
	index_vector_deinit(&reader->objects);
	address_vector_deinit(&reader->biases);
	index_vector_deinit(&reader->profile_locations);
	byte_vector_deinit(&reader->text);
	address_vector_deinit(&reader->values);
	index_vector_deinit(&reader->stack);
}

struct error *pprof_profile_read(struct input_stream *stream, struct profile *profile)
{
	struct pprof_reader reader = { .profile = profile };
	struct byte_vector whole = { 0 };
	struct error *error = input_stream_read_whole(stream, INPUT_WHOLE_MAX_BYTES, &whole);

	reader.message =
		byte_reader_make((struct bytes){ .data = whole.items, .size = whole.count },
				 input_stream_name(stream));
	if (!error)
		error = read_message(&reader);
	pprof_reader_deinit(&reader);
	byte_vector_deinit(&whole);
	return error;
}

/** Sizes and numbers of small messages are bytes that no text has; "\n\n" begins a message, too. */
static bool is_text(struct bytes start)
{
	for (size_t i = 0; i < start.size; i++) {
		if (start.data[i] < ' ' && !memchr("\t\n\r\f", start.data[i], 4))
			return false;
	}
	return true;
}

bool pprof_is_profile(struct bytes start)
{
	/** By field number: whether it is a message or text, and not a number. */
	static const bool is_bytes[] = { [1] = true, [2] = true, [3] = true,  [4] = true,
					 [5] = true, [6] = true, [11] = true, [14] = false };
	struct byte_reader reader = byte_reader_make(start, "");
	uint64_t n_fields = 0;

	if (is_text(start))
		return false;
	/* The last field may go on past what is looked at. */
	while (byte_reader_left(&reader) > 0) {
		struct protobuf_field field;
		struct error *error = protobuf_next(&reader, &field);

		if (error) {
			error_destroy(error);
			break;
		}
		if (field.number >= ARRAY_SIZE(is_bytes) ||
		    (is_bytes[field.number] && field.wire != PROTOBUF_BYTES) ||
		    (!is_bytes[field.number] && field.wire != PROTOBUF_VARINT &&
		     field.number != 13))
			return false;
		n_fields++;
	}
	return n_fields >= 2;
}
