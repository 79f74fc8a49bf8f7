/**
 * pprof's profile.proto, gzipped: what `go tool pprof`, Pyroscope and Parca read.
 *
 * Source: github.com/google/pprof, proto/profile.proto; field numbers below are its.
 * Rules kept beyond it, because readers insist: ids count from 1 without gaps,
 * string_table[0] is "", text is valid UTF-8, every sample has as many values as there
 * are sample types, leaf first.
 *
 * Addresses are those of the object's file, so a mapping is the object as a whole and
 * covers the address space from 0: pprof takes such a mapping as "already adjusted"
 * (internal/elfexec, GetBase) and can still disassemble. One process's mapping
 * addresses would be wrong for the next one's samples.
 *
 * Top-level messages are written one by one and may come in any order; only the string
 * table and the numbers given to locations and functions are kept, to the end.
 */

#include "base/clock.h"
#include "base/escape.h"
#include "output/event_measure_internal.h"
#include "output/gzip_writer_internal.h"
#include "output/named_functions_internal.h"
#include "output/output_formats_internal.h"
#include "output/palette.h"
#include "output/program_object_internal.h"
#include "output/protobuf_writer_internal.h"

#include <string.h>

enum profile_field {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING_TABLE = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};

enum value_type_field {
	VALUE_TYPE_TYPE = 1,
	VALUE_TYPE_UNIT = 2,
};

enum sample_field {
	SAMPLE_LOCATION_ID = 1,
	SAMPLE_VALUE = 2,
	SAMPLE_LABEL = 3,
};

enum label_field {
	LABEL_KEY = 1,
	LABEL_STR = 2,
	LABEL_NUM = 3,
};

enum mapping_field {
	MAPPING_ID = 1,
	MAPPING_MEMORY_LIMIT = 3,
	MAPPING_FILENAME = 5,
	MAPPING_BUILD_ID = 6,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILENAMES = 8,
	MAPPING_HAS_LINE_NUMBERS = 9,
	MAPPING_HAS_INLINE_FRAMES = 10,
};

enum location_field {
	LOCATION_ID = 1,
	LOCATION_MAPPING_ID = 2,
	LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4,
};

enum line_field {
	LINE_FUNCTION_ID = 1,
	LINE_LINE = 2,
};

enum function_field {
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILENAME = 4,
};

/** What the locations of an object know, for its mapping. */
struct object_knowledge {
	bool has_files, has_lines, has_inlines;
};

struct pprof_writer {
	const struct profile *profile;
	struct named_functions functions;
	struct event_measure measure;
	struct gzip_writer *gzip;
	struct string_table strings;   /**< Harmless text; ids are those of the file. */
	uint32_t *id_of_location;      /**< 0: not in the file (yet). */
	struct index_vector locations; /**< By id - 1. */
	uint32_t *id_of_function;      /**< The same for functions. */
	struct index_vector functions_written;
	uint32_t *id_of_object;
	struct index_vector objects;
	struct object_knowledge *knowledge;       /**< By object id. */
	struct byte_vector message, part, packed; /**< Being built; reused. */
};

static uint64_t pprof_string(struct pprof_writer *writer, const char *text)
{
	_cleanup_free_ char *harmless = escape_plain(text);

	return string_table_intern(&writer->strings, harmless);
}

/** The number of @p index, counted from 1 in order of first use. */
static uint32_t number_on_use(uint32_t *id_of_index, struct index_vector *used, uint32_t index)
{
	if (!id_of_index[index]) {
		index_vector_append(used, index);
		id_of_index[index] = (uint32_t)used->count;
	}
	return id_of_index[index];
}

/** Write the message as @p field of the profile, and start the next one. */
static void pprof_emit(struct pprof_writer *writer, enum profile_field field)
{
	struct byte_vector *head = &writer->part;

	byte_vector_clear(head);
	protobuf_varint(head, (uint64_t)field << 3 | 2);
	protobuf_varint(head, writer->message.count);
	gzip_writer_write(writer->gzip, head->items, head->count);
	gzip_writer_write(writer->gzip, writer->message.items, writer->message.count);
	byte_vector_clear(&writer->message);
}

static void pprof_write_value_type(struct pprof_writer *writer, enum profile_field field,
				   const char *type, const char *unit)
{
	protobuf_u64(&writer->message, VALUE_TYPE_TYPE, pprof_string(writer, type));
	protobuf_u64(&writer->message, VALUE_TYPE_UNIT, pprof_string(writer, unit));
	pprof_emit(writer, field);
}

/** pprof's and Pyroscope's words for CPU time are Go's: "cpu", "nanoseconds". */
static const char *pprof_type(const struct event_measure *measure)
{
	if (!measure->has_periods)
		return "samples";
	return measure->is_time ? "cpu" : measure->name;
}

static const char *pprof_unit(const struct event_measure *measure)
{
	if (measure->is_time)
		return "nanoseconds";
	return measure->has_periods && *measure->unit ? measure->unit : "count";
}

static void pprof_add_label(struct pprof_writer *writer, const char *key, const char *text,
			    uint64_t number)
{
	byte_vector_clear(&writer->part);
	protobuf_u64(&writer->part, LABEL_KEY, pprof_string(writer, key));
	if (text)
		protobuf_u64(&writer->part, LABEL_STR, pprof_string(writer, text));
	else
		protobuf_u64(&writer->part, LABEL_NUM, number);
	protobuf_bytes(&writer->message, SAMPLE_LABEL, writer->part.items, writer->part.count);
}

static void pprof_write_sample(struct pprof_writer *writer, const struct profile_sample *sample)
{
	const struct profile *profile = writer->profile;
	const struct profile_thread *thread = &profile->threads.items[sample->thread];
	const char *comm = profile_text(profile, thread->comm);

	byte_vector_clear(&writer->packed);
	for (uint32_t stack = sample->stack; stack != 0;
	     stack = profile->stacks.items[stack].parent)
		protobuf_varint(&writer->packed,
				number_on_use(writer->id_of_location, &writer->locations,
					      profile->stacks.items[stack].location));
	protobuf_bytes(&writer->message, SAMPLE_LOCATION_ID, writer->packed.items,
		       writer->packed.count);

	byte_vector_clear(&writer->packed);
	protobuf_varint(&writer->packed, sample->count);
	if (writer->measure.has_periods)
		protobuf_varint(&writer->packed, sample->period);
	protobuf_bytes(&writer->message, SAMPLE_VALUE, writer->packed.items, writer->packed.count);

	pprof_add_label(writer, "thread", *comm ? comm : "[unknown]", 0);
	pprof_add_label(writer, "comm", profile_text(profile, thread->process_comm), 0);
	pprof_add_label(writer, "pid", NULL, thread->pid);
	pprof_add_label(writer, "tid", NULL, thread->tid);
	pprof_emit(writer, PROFILE_SAMPLE);
}

static void pprof_add_line(struct pprof_writer *writer, uint32_t object, uint32_t frame_id)
{
	const struct profile_frame *frame = &writer->profile->frames.items[frame_id];
	struct object_knowledge *knowledge = &writer->knowledge[object];

	knowledge->has_files |= frame->file != 0;
	knowledge->has_lines |= frame->line != 0;
	knowledge->has_inlines |= (frame->flags & FRAME_IS_INLINED) != 0;

	byte_vector_clear(&writer->part);
	protobuf_u64(&writer->part, LINE_FUNCTION_ID,
		     number_on_use(writer->id_of_function, &writer->functions_written,
				   writer->functions.of_frame[frame_id]));
	protobuf_u64(&writer->part, LINE_LINE, frame->line);
	protobuf_bytes(&writer->message, LOCATION_LINE, writer->part.items, writer->part.count);
}

static void pprof_write_location(struct pprof_writer *writer, uint64_t id, uint32_t location_id)
{
	const struct profile *profile = writer->profile;
	const struct profile_location *location = &profile->locations.items[location_id];
	bool is_object_address =
		location->kind == LOCATION_USER && location->object != PROFILE_OBJECT_UNKNOWN;

	protobuf_u64(&writer->message, LOCATION_ID, id);
	if (location->object != PROFILE_OBJECT_UNKNOWN)
		protobuf_u64(
			&writer->message, LOCATION_MAPPING_ID,
			number_on_use(writer->id_of_object, &writer->objects, location->object));
	protobuf_u64(&writer->message, LOCATION_ADDRESS,
		     is_object_address ? location->elf_address : location->runtime_address);
	if (location->n_frames == 0)
		pprof_add_line(writer, location->object, PROFILE_FRAME_UNKNOWN);
	for (uint32_t i = 0; i < location->n_frames; i++)
		pprof_add_line(writer, location->object,
			       profile->location_frames.items[location->first_frame + i]);
	pprof_emit(writer, PROFILE_LOCATION);
}

/** profile.proto: "mapping[0] will be the main binary": pprof shows its name. */
static void pprof_number_program_first(struct pprof_writer *writer)
{
	const struct profile *profile = writer->profile;
	uint32_t program = 0;

	for (uint32_t i = (uint32_t)profile->objects.count; i-- > 1;) {
		if (palette_subject_of(profile, "", i, 0).is_own) {
			program = i;
			break;
		}
		if (is_program_object(profile, i))
			program = i;
	}
	if (program)
		number_on_use(writer->id_of_object, &writer->objects, program);
}

static void pprof_write_mapping(struct pprof_writer *writer, uint64_t id, uint32_t object_id)
{
	const struct profile_object *object = &writer->profile->objects.items[object_id];
	const struct object_knowledge *knowledge = &writer->knowledge[object_id];
	char build_id[BUILD_ID_TEXT_SIZE_BYTES];

	build_id_format(&object->build_id, build_id);
	protobuf_u64(&writer->message, MAPPING_ID, id);
	protobuf_u64(&writer->message, MAPPING_MEMORY_LIMIT, UINT64_MAX);
	protobuf_u64(&writer->message, MAPPING_FILENAME,
		     pprof_string(writer, profile_text(writer->profile, object->path)));
	protobuf_u64(&writer->message, MAPPING_BUILD_ID, pprof_string(writer, build_id));
	/* True also without symbols: pprof is not to look for them by itself. */
	protobuf_bool(&writer->message, MAPPING_HAS_FUNCTIONS, true);
	protobuf_bool(&writer->message, MAPPING_HAS_FILENAMES, knowledge->has_files);
	protobuf_bool(&writer->message, MAPPING_HAS_LINE_NUMBERS, knowledge->has_lines);
	protobuf_bool(&writer->message, MAPPING_HAS_INLINE_FRAMES, knowledge->has_inlines);
	pprof_emit(writer, PROFILE_MAPPING);
}

static void pprof_write_function(struct pprof_writer *writer, uint64_t id, uint32_t function)
{
	uint64_t name = pprof_string(writer, writer->functions.names[function]);
	const char *file = profile_text(writer->profile, writer->functions.files[function]);

	protobuf_u64(&writer->message, FUNCTION_ID, id);
	protobuf_u64(&writer->message, FUNCTION_NAME, name);
	protobuf_u64(&writer->message, FUNCTION_SYSTEM_NAME, name);
	protobuf_u64(&writer->message, FUNCTION_FILENAME, pprof_string(writer, file));
	pprof_emit(writer, PROFILE_FUNCTION);
}

/** The fields that are no messages, all in one piece: a message without its head. */
static void pprof_write_facts(struct pprof_writer *writer, const struct output_options *options)
{
	const struct profile_info *info = &writer->profile->info;
	const char *comment = options->title ? options->title : info->command;
	struct byte_vector *fields = &writer->part;
	uint64_t string;

	byte_vector_clear(fields);
	protobuf_u64(fields, PROFILE_TIME_NANOS,
		     info->start_realtime_ns ? info->start_realtime_ns : clock_realtime_ns());
	protobuf_u64(fields, PROFILE_DURATION_NANOS, info->wall_ns);
	protobuf_u64(fields, PROFILE_PERIOD, writer->measure.period);
	if (comment) {
		string = pprof_string(writer, comment);
		protobuf_u64(fields, PROFILE_COMMENT, string);
	}
	string = pprof_string(writer, pprof_type(&writer->measure));
	protobuf_u64(fields, PROFILE_DEFAULT_SAMPLE_TYPE, string);
	gzip_writer_write(writer->gzip, fields->items, fields->count);
}

static void pprof_write_strings(struct pprof_writer *writer)
{
	for (size_t i = 0; i < writer->strings.texts.count; i++) {
		const char *text = writer->strings.texts.items[i];

		byte_vector_append_bytes(&writer->message, text, strlen(text));
		pprof_emit(writer, PROFILE_STRING_TABLE);
	}
}

static void pprof_writer_init(struct pprof_writer *writer, const struct profile *profile,
			      uint32_t event, FILE *file)
{
	*writer = (struct pprof_writer){
		.profile = profile,
		.measure = event_measure_of(profile, event),
		.gzip = gzip_writer_create(file),
	};
	named_functions_init(&writer->functions, profile);
	string_table_init(&writer->strings);
	writer->id_of_location = memory_allocate(profile->locations.count, sizeof(uint32_t));
	writer->id_of_function =
		memory_allocate(writer->functions.functions.count, sizeof(uint32_t));
	writer->id_of_object = memory_allocate(profile->objects.count, sizeof(uint32_t));
	writer->knowledge = memory_allocate(profile->objects.count, sizeof(*writer->knowledge));
}

static void pprof_writer_deinit(struct pprof_writer *writer)
{
	byte_vector_deinit(&writer->packed);
	byte_vector_deinit(&writer->part);
	byte_vector_deinit(&writer->message);
	free(writer->knowledge);
	index_vector_deinit(&writer->objects);
	free(writer->id_of_object);
	index_vector_deinit(&writer->functions_written);
	free(writer->id_of_function);
	index_vector_deinit(&writer->locations);
	free(writer->id_of_location);
	string_table_deinit(&writer->strings);
	named_functions_deinit(&writer->functions);
	gzip_writer_destroy(writer->gzip);
}

static struct error *pprof_write(const struct profile *profile,
				 const struct output_options *options, FILE *file)
{
	struct pprof_writer writer;

	pprof_writer_init(&writer, profile, options->event, file);
	pprof_write_value_type(&writer, PROFILE_SAMPLE_TYPE, "samples", "count");
	if (writer.measure.has_periods)
		pprof_write_value_type(&writer, PROFILE_SAMPLE_TYPE, pprof_type(&writer.measure),
				       pprof_unit(&writer.measure));
	pprof_write_value_type(&writer, PROFILE_PERIOD_TYPE, pprof_type(&writer.measure),
			       pprof_unit(&writer.measure));
	for (size_t i = 0; i < profile->samples.count; i++) {
		if (profile->samples.items[i].event == options->event)
			pprof_write_sample(&writer, &profile->samples.items[i]);
	}
	pprof_number_program_first(&writer);
	for (uint32_t i = 0; i < writer.locations.count; i++)
		pprof_write_location(&writer, i + 1, writer.locations.items[i]);
	for (uint32_t i = 0; i < writer.objects.count; i++)
		pprof_write_mapping(&writer, i + 1, writer.objects.items[i]);
	for (uint32_t i = 0; i < writer.functions_written.count; i++)
		pprof_write_function(&writer, i + 1, writer.functions_written.items[i]);
	pprof_write_facts(&writer, options);
	pprof_write_strings(&writer);
	gzip_writer_finish(writer.gzip);
	pprof_writer_deinit(&writer);
	return NULL;
}

const struct output_format pprof_format = {
	.name = "pprof",
	.file_name = "profile.pb.gz",
	.description = "for go tool pprof, Pyroscope, Parca and speedscope",
	.is_binary = true,
	.write = pprof_write,
};
