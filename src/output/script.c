/**
 * One paragraph per sample in time, in the shape of `perf script`:
 *
 *     COMM PID/TID [CPU] SECONDS.MICROSECONDS:     PERIOD EVENT:
 *     <tab>         ADDRESS SYMBOL+0xOFFSET (OBJECT PATH)      innermost first
 *
 * that is perf-script(1)'s default with the process id added (its fields
 * comm,pid,tid,cpu,time,period,event,ip,sym,symoff,dso). Details seen in its output:
 * user addresses are those of the object, kernel ones those of the machine; an
 * inlined function has "(inlined)" for its object and the offset of the function it
 * is in; a frame without a symbol has no offset.
 *
 * This is the largest file by far, so what repeats is made once: the lines of each
 * location, the start of each thread's header.
 */

#include "base/clock.h"
#include "base/escape.h"
#include "base/text_stream.h"
#include "output/output_formats_internal.h"

#include <inttypes.h>
#include <string.h>

#define TIME_SECONDS_WIDTH 5
#define PERIOD_WIDTH       10
#define CPU_DIGITS         3

/** Text made once and kept in script_writer.texts. */
struct script_text {
	size_t offset;
	size_t size_bytes; /**< 0: not made yet. */
};

struct script_writer {
	const struct profile *profile;
	uint32_t fields;
	FILE *file;
	struct byte_vector texts;
	struct script_text *of_location; /**< Its lines. */
	struct script_text *of_thread;   /**< "COMM PID/TID ". */
	struct script_text *of_event;    /**< " EVENT: \n". */

	FILE *scratch; /**< Where texts are made; rewound each time. */
	char *scratch_text;
	size_t scratch_size_bytes;
};

static void script_writer_keep(struct script_writer *writer, struct script_text *ret)
{
	fflush(writer->scratch);
	*ret = (struct script_text){ .offset = writer->texts.count,
				     .size_bytes = (size_t)ftell(writer->scratch) };
	byte_vector_append_bytes(&writer->texts, writer->scratch_text, ret->size_bytes);
	rewind(writer->scratch);
}

static void write_symbol(struct script_writer *writer, const struct profile_frame *frame,
			 uint64_t offset)
{
	if (frame->flags & FRAME_IS_UNKNOWN) {
		fputs(" [unknown]", writer->scratch);
		return;
	}
	fputc(' ', writer->scratch);
	escape_write_plain(writer->scratch, profile_text(writer->profile, frame->name));
	if (writer->fields & SCRIPT_SYMOFF)
		fprintf(writer->scratch, "+0x%" PRIx64, offset);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/** "  file.c:12", or as perf "  object[address]" where there is none. */
static void write_source(struct script_writer *writer, const struct profile_object *object,
			 const struct profile_frame *frame, uint64_t address)
{
	const struct profile *profile = writer->profile;

	fputs("  ", writer->scratch);
	if (frame->file) {
		escape_write_plain(writer->scratch, last_part(profile_text(profile, frame->file)));
		fprintf(writer->scratch, ":%" PRIu32 "\n", frame->line);
		return;
	}
	escape_write_plain(writer->scratch, profile_text(profile, object->name));
	fprintf(writer->scratch, "[%" PRIx64 "]\n", address);
}

static void write_frame_line(struct script_writer *writer, const struct profile_location *location,
			     const struct profile_frame *frame)
{
	const struct profile *profile = writer->profile;
	const struct profile_object *object = &profile->objects.items[location->object];
	const uint32_t call_flags = LOCATION_IS_CALL_SITE | LOCATION_IS_SHOWN_AS_CALL;
	uint64_t after_call = (location->flags & call_flags) == LOCATION_IS_CALL_SITE ? 1 : 0;
	uint64_t address = profile_location_shown_address(location);

	fputc('\t', writer->scratch);
	if (writer->fields & SCRIPT_IP)
		fprintf(writer->scratch, "%16" PRIx64, address);
	if (writer->fields & SCRIPT_SYM)
		write_symbol(writer, frame, location->symbol_offset + after_call);
	if (writer->fields & SCRIPT_DSO && frame->flags & FRAME_IS_INLINED) {
		fputs(" (inlined)", writer->scratch);
	} else if (writer->fields & SCRIPT_DSO) {
		fputs(" (", writer->scratch);
		escape_write_plain(writer->scratch, profile_text(profile, object->path));
		fputc(')', writer->scratch);
	}
	fputc('\n', writer->scratch);
	if (writer->fields & SCRIPT_SRCLINE)
		write_source(writer, object, frame, address);
}

static void script_writer_make_location(struct script_writer *writer, uint32_t id)
{
	const struct profile_location *location = &writer->profile->locations.items[id];
	uint32_t n_frames = MAX(location->n_frames, 1u);

	for (uint32_t i = 0; i < n_frames; i++)
		write_frame_line(writer, location, profile_location_frame(writer->profile, id, i));
	script_writer_keep(writer, &writer->of_location[id]);
}

static void script_writer_make_threads(struct script_writer *writer)
{
	const struct profile_thread_vector *threads = &writer->profile->threads;

	for (size_t i = 0; i < threads->count; i++) {
		const struct profile_thread *thread = &threads->items[i];
		const char *comm = profile_text(writer->profile, thread->comm);

		if (writer->fields & SCRIPT_COMM) {
			escape_write_plain(writer->scratch, *comm ? comm : "[unknown]");
			if (strlen(comm) == 1)
				fputc(' ', writer->scratch); /* stackcollapse-perf.pl wants two */
			fputc(' ', writer->scratch);
		}
		if (writer->fields & SCRIPT_PID && writer->fields & SCRIPT_TID)
			fprintf(writer->scratch, "%5" PRIu32 "/%-5" PRIu32 " ", thread->pid,
				thread->tid);
		else if (writer->fields & (SCRIPT_PID | SCRIPT_TID))
			fprintf(writer->scratch, "%5" PRIu32 " ",
				writer->fields & SCRIPT_PID ? thread->pid : thread->tid);
		script_writer_keep(writer, &writer->of_thread[i]);
	}
}

static void script_writer_make_events(struct script_writer *writer)
{
	const struct profile_event_vector *events = &writer->profile->events;
	size_t width = 0;

	for (size_t i = 0; i < events->count; i++)
		width = MAX(width, strlen(profile_text(writer->profile, events->items[i].name)));
	for (size_t i = 0; i < events->count; i++) {
		const char *name = profile_text(writer->profile, events->items[i].name);

		if (!(writer->fields & SCRIPT_EVENT)) {
			fputc('\n', writer->scratch);
			script_writer_keep(writer, &writer->of_event[i]);
			continue;
		}
		fprintf(writer->scratch, "%*s", (int)(width - strlen(name)) + 1, "");
		escape_write_plain(writer->scratch, name);
		fputs(": \n", writer->scratch);
		script_writer_keep(writer, &writer->of_event[i]);
	}
}

static void script_writer_init(struct script_writer *writer, const struct profile *profile,
			       uint32_t fields, FILE *file)
{
	*writer = (struct script_writer){ .profile = profile, .fields = fields, .file = file };
	writer->of_location = memory_allocate(profile->locations.count, sizeof(struct script_text));
	writer->of_thread = memory_allocate(profile->threads.count, sizeof(struct script_text));
	writer->of_event = memory_allocate(profile->events.count, sizeof(struct script_text));
	writer->scratch = text_stream_open(&writer->scratch_text, &writer->scratch_size_bytes);
	script_writer_make_threads(writer);
	script_writer_make_events(writer);
}

static void script_writer_deinit(struct script_writer *writer)
{
	text_stream_close(writer->scratch, &writer->scratch_text);
	free(writer->scratch_text);
	free(writer->of_event);
	free(writer->of_thread);
	free(writer->of_location);
	byte_vector_deinit(&writer->texts);
}

static void script_writer_write_text(struct script_writer *writer, struct script_text text)
{
	fwrite_unlocked(writer->texts.items + text.offset, 1, text.size_bytes, writer->file);
}

/**
 * @p value in decimal so that it ends at @p end, padded to @p width with @p padding.
 * printf takes ten times as long, once per sample and number.
 */
static char *put_decimal(char *end, uint64_t value, int width, char padding)
{
	char *start = end;

	do {
		*--start = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (end - start < width)
		*--start = padding;
	return start;
}

/** "[CPU] SECONDS.MICROSECONDS:     PERIOD", what is asked for of it. */
static void script_writer_write_figures(struct script_writer *writer,
					const struct profile_tick *tick)
{
	char text[96];
	char *const end = text + sizeof(text);
	char *start;

	start = end;
	if (writer->fields & SCRIPT_PERIOD)
		start = put_decimal(start, tick->period, PERIOD_WIDTH, ' ');
	if (writer->fields & SCRIPT_TIME) {
		if (writer->fields & SCRIPT_PERIOD)
			*--start = ' ';
		*--start = ':';
		start = put_decimal(start, tick->time_ns % NS_PER_S / 1000, 6, '0');
		*--start = '.';
		start = put_decimal(start, tick->time_ns / NS_PER_S, TIME_SECONDS_WIDTH, ' ');
	}
	if (writer->fields & SCRIPT_CPU) {
		if (writer->fields & (SCRIPT_TIME | SCRIPT_PERIOD))
			*--start = ' ';
		*--start = ']';
		start = put_decimal(start, tick->cpu, CPU_DIGITS, '0');
		*--start = '[';
	}
	fwrite_unlocked(start, 1, (size_t)(end - start), writer->file);
}

static void script_writer_write_tick(struct script_writer *writer, const struct profile_tick *tick)
{
	const struct profile *profile = writer->profile;
	const struct profile_sample *sample = &profile->samples.items[tick->sample];

	script_writer_write_text(writer, writer->of_thread[sample->thread]);
	script_writer_write_figures(writer, tick);
	script_writer_write_text(writer, writer->of_event[sample->event]);

	if (!(writer->fields & (SCRIPT_IP | SCRIPT_SYM | SCRIPT_DSO)))
		return;
	for (uint32_t stack = sample->stack; stack != 0;
	     stack = profile->stacks.items[stack].parent) {
		uint32_t location = profile->stacks.items[stack].location;

		if (!writer->of_location[location].size_bytes)
			script_writer_make_location(writer, location);
		script_writer_write_text(writer, writer->of_location[location]);
	}
	putc_unlocked('\n', writer->file);
}

static struct error *script_write(const struct profile *profile,
				  const struct output_options *options, FILE *file)
{
	struct script_writer writer;

	if (profile->ticks.count == 0 && profile->samples.count > 0)
		return error_with_hint(
			error_new(ERROR_UNSUPPORTED, "the times of the samples were not kept"),
			"the \"%s\" format has the same stacks, summed", folded_format.name);

	script_writer_init(&writer, profile, options->script_fields, file);
	for (size_t i = 0; i < profile->ticks.count; i++) {
		const struct profile_tick *tick = &profile->ticks.items[i];
		uint32_t event = profile->samples.items[tick->sample].event;

		/* Sums of other events would say everything twice. */
		if (event >= profile->events.count ||
		    profile->events.items[event].measure != PROFILE_WALL)
			script_writer_write_tick(&writer, tick);
		if ((i + 1) % PROFILE_TICKS_PER_RELEASE == 0)
			profile_release_ticks(profile);
	}
	script_writer_deinit(&writer);
	return NULL;
}

/** What a sample's header and a frame's line take in recordings of large C++ and Rust programs. */
#define HEADER_SIZE_BYTES 64
#define LINE_SIZE_BYTES   96

static uint64_t script_size_estimate_bytes(const struct profile *profile)
{
	uint64_t n_headers = 0, n_lines = 0;

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];

		n_headers += sample->count;
		n_lines += sample->count * profile->stacks.items[sample->stack].depth;
	}
	return n_headers * HEADER_SIZE_BYTES + n_lines * LINE_SIZE_BYTES;
}

const struct output_format script_format = {
	.name = "script",
	.file_name = "perf-script.txt",
	.description = "every sample with its stack, in the shape of perf script",
	.size_estimate_bytes = script_size_estimate_bytes,
	.write = script_write,
};
