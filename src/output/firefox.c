/**
 * Firefox Profiler's "processed profile": tables in columns, shared by all threads.
 *
 * Source: github.com/firefox-devtools/profiler, src/types/profile.ts and
 * docs-developer/CHANGELOG-formats.md as of version 61 (shared tables came with 60; the
 * profiler upgrades older files when it opens them). Everything is symbolicated here,
 * so no symbol server is asked.
 *
 * Numbering: a frame is a function at a location, outermost (inline depth 0) first; a
 * stack entry is one frame below another, so one of our stacks is as many entries as its
 * innermost location has frames. Library i and resource i are object i + 1: object 0 is
 * the unknown one.
 */

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/text_stream.h"
#include "output/named_functions_internal.h"
#include "output/output_formats_internal.h"
#include "output/program_object_internal.h"
#include "output/timeline_internal.h"

#include <inttypes.h>

#define PROCESSED_VERSION 61
#define GECKO_VERSION     31 /* of the unprocessed format there never was */

#define MILLISECOND_DECIMALS 6 /* of times in ns */

/** ResourceType.Library in profile.ts. */
#define RESOURCE_LIBRARY 1

/** No index: null in most columns. */
#define NONE INT64_C(-1)

enum category {
	CATEGORY_OTHER,
	CATEGORY_PROGRAM,
	CATEGORY_LIBRARY,
	CATEGORY_KERNEL,
	CATEGORY_JIT,
	N_CATEGORIES,
};

/** "grey" marks the default; colours are from CategoryColor in profile.ts. */
static const struct {
	const char *name, *color;
} categories[N_CATEGORIES] = {
	[CATEGORY_OTHER] = { "Other", "grey" },     [CATEGORY_PROGRAM] = { "Program", "yellow" },
	[CATEGORY_LIBRARY] = { "Library", "blue" }, [CATEGORY_KERNEL] = { "Kernel", "orange" },
	[CATEGORY_JIT] = { "JIT", "green" },
};

DEFINE_HASH_MAP(thread_count_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct firefox_writer {
	const struct profile *profile;
	const struct output_options *options;
	struct named_functions functions;
	struct timeline timeline;
	struct string_table strings;
	uint32_t *first_frame; /**< By location, and one more: its frames in the frame table. */
	uint32_t *first_entry; /**< By stack, and one more: its entries in the stack table. */
	struct thread_count_map tids_seen, pids_seen; /**< By pid << 32 | tid and by pid. */
	struct json_writer json;
};

static uint32_t location_n_frames(const struct profile *profile, uint32_t location)
{
	return MAX(profile->locations.items[location].n_frames, 1u);
}

/** The frame of the location at an inline depth: 0 is the outermost. */
static uint32_t location_frame_id(const struct profile *profile, uint32_t location, uint32_t depth)
{
	const struct profile_location *found = &profile->locations.items[location];

	if (found->n_frames == 0)
		return PROFILE_FRAME_UNKNOWN;
	return profile->location_frames.items[found->first_frame + found->n_frames - 1 - depth];
}

static enum category frame_category(const struct firefox_writer *writer, uint32_t frame_id)
{
	const struct profile *profile = writer->profile;
	const struct profile_frame *frame = &profile->frames.items[frame_id];

	if (frame->flags & FRAME_IS_KERNEL)
		return CATEGORY_KERNEL;
	if (frame->flags & FRAME_IS_JIT)
		return CATEGORY_JIT;
	if (frame->object == PROFILE_OBJECT_UNKNOWN)
		return CATEGORY_OTHER;
	return is_program_object(profile, frame->object) ? CATEGORY_PROGRAM : CATEGORY_LIBRARY;
}

static void write_index_or_null(struct json_writer *json, int64_t index)
{
	if (index == NONE)
		json_null(json, NULL);
	else
		json_i64(json, NULL, index);
}

/** A column of @p length times the same. */
static void write_constant_column(struct json_writer *json, const char *name, size_t length,
				  int64_t value)
{
	json_begin_array(json, name);
	for (size_t i = 0; i < length; i++)
		write_index_or_null(json, value);
	json_end_array(json);
}

/** One column of a table over all frames: (location, depth) -> value. NONE is null. */
typedef int64_t frame_column(const struct firefox_writer *writer, uint32_t location,
			     uint32_t depth);

static void write_frame_column(struct firefox_writer *writer, const char *name,
			       frame_column *column)
{
	json_begin_array(&writer->json, name);
	for (uint32_t i = 0; i < writer->profile->locations.count; i++) {
		uint32_t n_frames = location_n_frames(writer->profile, i);

		for (uint32_t depth = 0; depth < n_frames; depth++)
			write_index_or_null(&writer->json, column(writer, i, depth));
	}
	json_end_array(&writer->json);
}

static int64_t column_inline_depth(const struct firefox_writer *writer, uint32_t location,
				   uint32_t depth)
{
	return depth;
}

static int64_t column_category(const struct firefox_writer *writer, uint32_t location,
			       uint32_t depth)
{
	return frame_category(writer, location_frame_id(writer->profile, location, depth));
}

static int64_t column_function(const struct firefox_writer *writer, uint32_t location,
			       uint32_t depth)
{
	return writer->functions.of_frame[location_frame_id(writer->profile, location, depth)];
}

static int64_t column_line(const struct firefox_writer *writer, uint32_t location, uint32_t depth)
{
	uint32_t frame = location_frame_id(writer->profile, location, depth);
	uint32_t line = writer->profile->frames.items[frame].line;

	return line ? line : NONE;
}

/** Addresses are relative to the library; -1 (not null) where there is none. */
static void write_address_column(struct firefox_writer *writer)
{
	const struct profile *profile = writer->profile;

	json_begin_array(&writer->json, "address");
	for (uint32_t i = 0; i < profile->locations.count; i++) {
		const struct profile_location *location = &profile->locations.items[i];
		bool is_relative = location->kind == LOCATION_USER &&
				   location->object != PROFILE_OBJECT_UNKNOWN &&
				   location->elf_address <= INT64_MAX;

		for (uint32_t n = location_n_frames(profile, i); n > 0; n--)
			json_i64(&writer->json, NULL,
				 is_relative ? (int64_t)location->elf_address : NONE);
	}
	json_end_array(&writer->json);
}

static void firefox_write_frame_table(struct firefox_writer *writer)
{
	uint32_t length = writer->first_frame[writer->profile->locations.count];

	json_begin_object(&writer->json, "frameTable");
	write_address_column(writer);
	write_frame_column(writer, "inlineDepth", column_inline_depth);
	write_frame_column(writer, "category", column_category);
	write_constant_column(&writer->json, "subcategory", length, 0);
	write_frame_column(writer, "func", column_function);
	write_constant_column(&writer->json, "nativeSymbol", length, NONE);
	write_constant_column(&writer->json, "innerWindowID", length, 0);
	write_frame_column(writer, "line", column_line);
	write_constant_column(&writer->json, "column", length, NONE);
	json_u64(&writer->json, "length", length);
	json_end_object(&writer->json);
}

static void firefox_write_stack_table(struct firefox_writer *writer)
{
	const struct profile_stack_vector *stacks = &writer->profile->stacks;
	uint32_t length = writer->first_entry[stacks->count];

	json_begin_object(&writer->json, "stackTable");
	json_begin_array(&writer->json, "frame");
	for (uint32_t i = 1; i < stacks->count; i++) {
		uint32_t first = writer->first_frame[stacks->items[i].location];
		uint32_t n_entries = writer->first_entry[i + 1] - writer->first_entry[i];

		for (uint32_t depth = 0; depth < n_entries; depth++)
			json_u64(&writer->json, NULL, first + depth);
	}
	json_end_array(&writer->json);

	json_begin_array(&writer->json, "prefix");
	for (uint32_t i = 1; i < stacks->count; i++) {
		uint32_t parent = stacks->items[i].parent;

		write_index_or_null(&writer->json,
				    parent ? (int64_t)writer->first_entry[parent + 1] - 1 : NONE);
		for (uint32_t j = writer->first_entry[i]; j + 1 < writer->first_entry[i + 1]; j++)
			json_u64(&writer->json, NULL, j);
	}
	json_end_array(&writer->json);
	json_u64(&writer->json, "length", length);
	json_end_object(&writer->json);
}

static uint32_t firefox_string(struct firefox_writer *writer, const char *text)
{
	return string_table_intern(&writer->strings, text);
}

static void write_false_column(struct json_writer *json, const char *name, size_t length)
{
	json_begin_array(json, name);
	for (size_t i = 0; i < length; i++)
		json_bool(json, NULL, false);
	json_end_array(json);
}

static void firefox_write_function_table(struct firefox_writer *writer)
{
	const struct named_functions *functions = &writer->functions;
	size_t length = functions->functions.count, n_sources = 0;

	json_begin_object(&writer->json, "funcTable");
	json_begin_array(&writer->json, "name");
	for (size_t i = 0; i < length; i++)
		json_u64(&writer->json, NULL, firefox_string(writer, functions->names[i]));
	json_end_array(&writer->json);
	write_false_column(&writer->json, "isJS", length);
	write_false_column(&writer->json, "relevantForJS", length);
	json_begin_array(&writer->json, "resource");
	for (size_t i = 0; i < length; i++)
		json_i64(&writer->json, NULL, (int64_t)functions->functions.items[i].object - 1);
	json_end_array(&writer->json);
	json_begin_array(&writer->json, "source");
	for (size_t i = 0; i < length; i++)
		write_index_or_null(&writer->json,
				    functions->files[i] ? (int64_t)n_sources++ : NONE);
	json_end_array(&writer->json);
	write_constant_column(&writer->json, "lineNumber", length, NONE);
	write_constant_column(&writer->json, "columnNumber", length, NONE);
	json_u64(&writer->json, "length", length);
	json_end_object(&writer->json);

	/* One source per function that knows its file, in the order of the functions. */
	json_begin_object(&writer->json, "sources");
	json_begin_array(&writer->json, "filename");
	for (size_t i = 0; i < length; i++) {
		if (functions->files[i])
			json_u64(&writer->json, NULL,
				 firefox_string(writer, profile_text(writer->profile,
								     functions->files[i])));
	}
	json_end_array(&writer->json);
	write_constant_column(&writer->json, "id", n_sources, NONE);
	write_constant_column(&writer->json, "startLine", n_sources, 1);
	write_constant_column(&writer->json, "startColumn", n_sources, 1);
	write_constant_column(&writer->json, "sourceMapURL", n_sources, NONE);
	json_u64(&writer->json, "length", n_sources);
	json_end_object(&writer->json);
}

static void firefox_write_resource_table(struct firefox_writer *writer)
{
	const struct profile *profile = writer->profile;
	size_t length = profile->objects.count - 1;

	json_begin_object(&writer->json, "resourceTable");
	json_begin_array(&writer->json, "name");
	for (size_t i = 0; i < length; i++)
		json_u64(&writer->json, NULL,
			 firefox_string(writer,
					profile_text(profile, profile->objects.items[i + 1].name)));
	json_end_array(&writer->json);
	json_begin_array(&writer->json, "lib");
	for (size_t i = 0; i < length; i++)
		json_u64(&writer->json, NULL, i);
	json_end_array(&writer->json);
	write_constant_column(&writer->json, "host", length, NONE);
	write_constant_column(&writer->json, "type", length, RESOURCE_LIBRARY);
	json_u64(&writer->json, "length", length);
	json_end_object(&writer->json);
}

static void firefox_write_shared(struct firefox_writer *writer)
{
	static const char *const symbol_columns[] = { "libIndex", "address", "name",
						      "functionSize" };

	json_begin_object(&writer->json, "shared");
	firefox_write_stack_table(writer);
	firefox_write_frame_table(writer);
	firefox_write_function_table(writer);
	firefox_write_resource_table(writer);
	json_begin_object(&writer->json, "nativeSymbols");
	for (size_t i = 0; i < ARRAY_SIZE(symbol_columns); i++)
		write_constant_column(&writer->json, symbol_columns[i], 0, NONE);
	json_u64(&writer->json, "length", 0);
	json_end_object(&writer->json);

	json_begin_array(&writer->json, "stringArray"); /* after everything that adds to it */
	for (size_t i = 0; i < writer->strings.texts.count; i++)
		json_string(&writer->json, NULL, writer->strings.texts.items[i]);
	json_end_array(&writer->json);
	json_end_object(&writer->json);
}

/**
 * Breakpad's debug id: the first 16 bytes of the build id as a GUID, whose first three
 * fields are little-endian, and the age, 0.
 */
static void breakpad_id_format(const struct build_id *build_id, char text[34])
{
	static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		snprintf(text + 2 * i, 3, "%02X",
			 order[i] < build_id->size_bytes ? build_id->bytes[order[i]] : 0);
	snprintf(text + 32, 2, "0");
}

static void firefox_write_libs(struct firefox_writer *writer)
{
	const struct profile *profile = writer->profile;
	const char *architecture = profile->info.architecture;

	json_begin_array(&writer->json, "libs");
	for (size_t i = 1; i < profile->objects.count; i++) {
		const struct profile_object *object = &profile->objects.items[i];
		const char *name = profile_text(profile, object->name);
		const char *path = profile_text(profile, object->path);
		char code_id[BUILD_ID_TEXT_SIZE_BYTES], breakpad_id[34];

		build_id_format(&object->build_id, code_id);
		breakpad_id_format(&object->build_id, breakpad_id);
		json_begin_object(&writer->json, NULL);
		json_string(&writer->json, "arch", architecture ? architecture : "");
		json_string(&writer->json, "name", name);
		json_string(&writer->json, "path", path);
		json_string(&writer->json, "debugName", name);
		json_string(&writer->json, "debugPath", path);
		json_string(&writer->json, "breakpadId", breakpad_id);
		json_string(&writer->json, "codeId", *code_id ? code_id : NULL);
		json_end_object(&writer->json);
	}
	json_end_array(&writer->json);
}

static void firefox_write_categories(struct firefox_writer *writer)
{
	json_begin_array(&writer->json, "categories");
	for (size_t i = 0; i < N_CATEGORIES; i++) {
		json_begin_object(&writer->json, NULL);
		json_string(&writer->json, "name", categories[i].name);
		json_string(&writer->json, "color", categories[i].color);
		json_begin_array(&writer->json, "subcategories");
		json_string(&writer->json, NULL, "Other");
		json_end_array(&writer->json);
		json_end_object(&writer->json);
	}
	json_end_array(&writer->json);
}

/** A line in the profiler's "More info": how far this profile can be trusted. */
static void firefox_write_quality(struct firefox_writer *writer)
{
	struct profile_quality quality;
	char *text = NULL;
	size_t size_bytes = 0;
	FILE *file = text_stream_open(&text, &size_bytes);

	profile_quality_of(writer->profile, writer->options->event, &quality);
	profile_quality_write(&quality, file);
	text_stream_close(file, &text);
	json_begin_array(&writer->json, "extra");
	json_begin_object(&writer->json, NULL);
	json_string(&writer->json, "label", "Recording");
	json_begin_array(&writer->json, "entries");
	json_begin_object(&writer->json, NULL);
	json_string(&writer->json, "label", "Quality");
	json_string(&writer->json, "format", "string");
	json_string(&writer->json, "value", text);
	json_end_object(&writer->json);
	json_end_array(&writer->json);
	json_end_object(&writer->json);
	json_end_array(&writer->json);
	free(text);
}

static void firefox_write_meta(struct firefox_writer *writer)
{
	const struct profile_info *info = &writer->profile->info;
	const char *product = writer->options->title ? writer->options->title : info->program;
	_cleanup_free_ char *system =
		memory_format_text("Linux %s", info->kernel_release ? info->kernel_release : "");
	struct json_writer *json = &writer->json;

	json_begin_object(json, "meta");
	json_u64(json, "version", GECKO_VERSION);
	json_u64(json, "preprocessedProfileVersion", PROCESSED_VERSION);
	json_string(json, "product", product ? product : "profile");
	json_string(json, "importedFrom", "perf-profile");
	json_string(json, "arguments", info->command ? info->command : "");
	json_decimal(json, "interval", writer->timeline.measure.interval_ns, MILLISECOND_DECIMALS);
	json_decimal(json, "startTime", info->start_realtime_ns, MILLISECOND_DECIMALS);
	json_u64(json, "processType", 0);
	json_u64(json, "stackwalk", 1);
	json_bool(json, "debug", false);
	json_bool(json, "symbolicated", true);
	json_bool(json, "symbolicationNotSupported", true);
	json_bool(json, "usesOnlyOneStackType", true);
	json_bool(json, "sourceCodeIsNotOnSearchfox", true);
	json_string(json, "platform", "Linux");
	json_string(json, "oscpu", system);
	json_string(json, "CPUName", info->cpu_model ? info->cpu_model : "");
	if (info->n_cpus)
		json_u64(json, "logicalCPUs", info->n_cpus);
	json_begin_object(json, "sampleUnits");
	json_string(json, "time", "ms");
	json_string(json, "eventDelay", "ms");
	json_string(json, "threadCPUDelta", "ns");
	json_end_object(json);
	firefox_write_categories(writer);
	json_begin_array(json, "markerSchema");
	json_end_array(json);
	firefox_write_quality(writer);
	json_end_object(json);
}

/** The column of one value per entry of a thread. */
typedef void entry_value(struct firefox_writer *writer, const struct timeline_entry *entry,
			 uint64_t previous_time_ns);

static void write_entry_stack(struct firefox_writer *writer, const struct timeline_entry *entry,
			      uint64_t previous_time_ns)
{
	write_index_or_null(&writer->json,
			    entry->stack ? (int64_t)writer->first_entry[entry->stack + 1] - 1
					 : NONE);
}

static void write_entry_delta(struct firefox_writer *writer, const struct timeline_entry *entry,
			      uint64_t previous_time_ns)
{
	json_decimal(&writer->json, NULL, entry->time_ns - previous_time_ns, MILLISECOND_DECIMALS);
}

static void write_entry_count(struct firefox_writer *writer, const struct timeline_entry *entry,
			      uint64_t previous_time_ns)
{
	json_u64(&writer->json, NULL, entry->count);
}

static void write_entry_period(struct firefox_writer *writer, const struct timeline_entry *entry,
			       uint64_t previous_time_ns)
{
	json_u64(&writer->json, NULL, entry->period);
}

static void write_entry_column(struct firefox_writer *writer, const char *name, uint32_t thread,
			       entry_value *write_value)
{
	struct timeline_cursor cursor = timeline_thread(&writer->timeline, thread);
	struct timeline_entry entry;
	uint64_t previous_time_ns = 0;

	json_begin_array(&writer->json, name);
	while (timeline_next(&cursor, &entry)) {
		write_value(writer, &entry, previous_time_ns);
		previous_time_ns = entry.time_ns;
	}
	json_end_array(&writer->json);
}

static void firefox_write_samples(struct firefox_writer *writer, uint32_t thread)
{
	const struct timeline *timeline = &writer->timeline;

	json_begin_object(&writer->json, "samples");
	write_entry_column(writer, "stack", thread, write_entry_stack);
	write_entry_column(writer, "timeDeltas", thread, write_entry_delta);
	if (timeline->has_times)
		json_null(&writer->json, "weight"); /* 1 each */
	else
		write_entry_column(writer, "weight", thread, write_entry_count);
	json_string(&writer->json, "weightType", "samples");
	if (timeline->measure.is_time && timeline->has_times)
		write_entry_column(writer, "threadCPUDelta", thread, write_entry_period);
	json_u64(&writer->json, "length",
		 timeline->first_of_thread[thread + 1] - timeline->first_of_thread[thread]);
	json_end_object(&writer->json);
}

static void firefox_write_markers(struct firefox_writer *writer)
{
	static const char *const columns[] = { "data",    "name",  "startTime",
					       "endTime", "phase", "category" };

	json_begin_object(&writer->json, "markers");
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		write_constant_column(&writer->json, columns[i], 0, NONE);
	json_u64(&writer->json, "length", 0);
	json_end_object(&writer->json);
}

/**
 * Thread and process ids. The profiler wants them once each, but a thread has an entry
 * under each of its names: the second is "8.1". The first main thread of a process
 * carries its track.
 */
static void firefox_write_ids(struct firefox_writer *writer, const struct profile_thread *thread)
{
	uint64_t key = (uint64_t)thread->pid << 32 | thread->tid;
	uint32_t n_before = (*thread_count_map_insert(&writer->tids_seen, key, NULL))++;
	_cleanup_free_ char *pid = memory_format_text("%" PRIu32, thread->pid);
	_cleanup_free_ char *tid =
		memory_format_text("%" PRIu32 ".%" PRIu32, thread->tid, n_before);
	bool is_main = thread->tid == thread->pid;

	json_string(&writer->json, "pid", pid);
	if (n_before)
		json_string(&writer->json, "tid", tid);
	else
		json_u64(&writer->json, "tid", thread->tid);
	if (is_main)
		is_main = (*thread_count_map_insert(&writer->pids_seen, thread->pid, NULL))++ == 0;
	json_bool(&writer->json, "isMainThread", is_main);
}

static void firefox_write_thread(struct firefox_writer *writer, uint32_t thread_id)
{
	const struct profile_thread *thread = &writer->profile->threads.items[thread_id];
	struct timeline_cursor cursor = timeline_thread(&writer->timeline, thread_id);
	struct timeline_entry first;

	if (!timeline_next(&cursor, &first))
		return;
	json_begin_object(&writer->json, NULL);
	json_string(&writer->json, "name", profile_text(writer->profile, thread->comm));
	json_string(&writer->json, "processName",
		    profile_text(writer->profile, thread->process_comm));
	json_string(&writer->json, "processType", "default");
	firefox_write_ids(writer, thread);
	json_u64(&writer->json, "processStartupTime", 0);
	json_null(&writer->json, "processShutdownTime");
	json_decimal(&writer->json, "registerTime", first.time_ns, MILLISECOND_DECIMALS);
	json_null(&writer->json, "unregisterTime");
	json_begin_array(&writer->json, "pausedRanges");
	json_end_array(&writer->json);
	firefox_write_samples(writer, thread_id);
	firefox_write_markers(writer);
	json_end_object(&writer->json);
}

static void firefox_writer_init(struct firefox_writer *writer, const struct profile *profile,
				const struct output_options *options, FILE *file)
{
	uint32_t n_frames = 0, n_entries = 0;

	*writer = (struct firefox_writer){ .profile = profile,
					   .options = options,
					   .json = json_writer_make_compact(file) };
	named_functions_init(&writer->functions, profile);
	timeline_init(&writer->timeline, profile, options->event);
	string_table_init(&writer->strings);

	writer->first_frame = memory_allocate(profile->locations.count + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < profile->locations.count; i++) {
		writer->first_frame[i] = n_frames;
		n_frames += location_n_frames(profile, i);
	}
	writer->first_frame[profile->locations.count] = n_frames;

	writer->first_entry = memory_allocate(profile->stacks.count + 1, sizeof(uint32_t));
	for (uint32_t i = 1; i < profile->stacks.count; i++) {
		writer->first_entry[i] = n_entries;
		n_entries += location_n_frames(profile, profile->stacks.items[i].location);
	}
	writer->first_entry[profile->stacks.count] = n_entries;
}

static void firefox_writer_deinit(struct firefox_writer *writer)
{
	thread_count_map_deinit(&writer->pids_seen);
	thread_count_map_deinit(&writer->tids_seen);
	free(writer->first_entry);
	free(writer->first_frame);
	string_table_deinit(&writer->strings);
	timeline_deinit(&writer->timeline);
	named_functions_deinit(&writer->functions);
}

static struct error *firefox_write(const struct profile *profile,
				   const struct output_options *options, FILE *file)
{
	struct firefox_writer writer;

	firefox_writer_init(&writer, profile, options, file);
	json_begin_object(&writer.json, NULL);
	firefox_write_meta(&writer);
	firefox_write_libs(&writer);
	firefox_write_shared(&writer);
	json_begin_array(&writer.json, "threads");
	for (uint32_t i = 0; i < profile->threads.count; i++)
		firefox_write_thread(&writer, i);
	json_end_array(&writer.json);
	json_begin_array(&writer.json, "pages");
	json_end_array(&writer.json);
	json_begin_array(&writer.json, "counters");
	json_end_array(&writer.json);
	json_end_object(&writer.json);
	firefox_writer_deinit(&writer);
	return NULL;
}

const struct output_format firefox_format = {
	.name = "firefox",
	.file_name = "profile.firefox.json",
	.description = "for profiler.firefox.com: threads, categories, source lines",
	.write = firefox_write,
};
