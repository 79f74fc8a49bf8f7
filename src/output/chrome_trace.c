/**
 * Trace events for chrome://tracing, Perfetto and speedscope: a flame chart per thread.
 *
 * Source: "Trace Event Format" (the Catapult project's document), JSON object form:
 * duration events "B" and "E", metadata events "M", times in microseconds.
 *
 * A sample only says what ran at one moment. It is drawn until the thread's next sample
 * if that comes when it is due, else as long as the sample stands for: then the thread
 * was waiting. Frames that two adjoining samples share are one event. Only the stack
 * that is open is held.
 */

#include "base/json_writer.h"
#include "base/rounding.h"
#include "output/named_functions_internal.h"
#include "output/output_formats_internal.h"
#include "output/timeline_internal.h"

/** Samples at most this many times their due distance apart are joined. */
#define JOINED_DISTANCE_MAX 1.5

#define MICROSECOND_DECIMALS 3 /* of times in ns */

DEFINE_HASH_MAP(end_map, uint64_t, uint64_t, hash_u64, equal_u64)

struct chrome_trace_writer {
	const struct profile *profile;
	struct named_functions functions;
	struct timeline timeline;
	struct json_writer json;
	const struct profile_thread *thread; /**< Being written. */
	struct index_vector open;            /**< Functions begun and not ended, outermost first. */
	struct index_vector frames;          /**< Of the sample at hand. */
	struct end_map ends_ns;              /**< By pid << 32 | tid: end of its last event. */
	uint64_t offset_ns;                  /**< Added to all times. */
};

static void trace_begin_event(struct chrome_trace_writer *writer, const char *phase)
{
	json_begin_object(&writer->json, NULL);
	json_string(&writer->json, "ph", phase);
	json_u64(&writer->json, "pid", writer->thread->pid);
	json_u64(&writer->json, "tid", writer->thread->tid);
}

static void trace_write_time(struct chrome_trace_writer *writer, uint64_t time_ns)
{
	json_decimal(&writer->json, "ts", time_ns + writer->offset_ns, MICROSECOND_DECIMALS);
}

static void trace_write_begin(struct chrome_trace_writer *writer, uint32_t function,
			      uint64_t time_ns)
{
	uint32_t object = writer->functions.functions.items[function].object;

	trace_begin_event(writer, "B");
	trace_write_time(writer, time_ns);
	json_string(&writer->json, "name", writer->functions.names[function]);
	json_string(&writer->json, "cat",
		    profile_text(writer->profile, writer->profile->objects.items[object].name));
	json_end_object(&writer->json);
}

/** End the innermost open functions until @p n_open are left. */
static void trace_close(struct chrome_trace_writer *writer, size_t n_open, uint64_t time_ns)
{
	while (writer->open.count > n_open) {
		trace_begin_event(writer, "E");
		trace_write_time(writer, time_ns);
		json_end_object(&writer->json);
		writer->open.count--;
	}
}

/** Go from the open functions to those of the sample's stack. */
static void trace_switch(struct chrome_trace_writer *writer, uint32_t stack, uint64_t time_ns)
{
	size_t n_common = 0;

	profile_expand_stack(writer->profile, stack, &writer->frames);
	while (n_common < writer->open.count && n_common < writer->frames.count &&
	       writer->open.items[n_common] ==
		       writer->functions.of_frame[writer->frames.items[n_common]])
		n_common++;
	trace_close(writer, n_common, time_ns);
	for (size_t i = n_common; i < writer->frames.count; i++) {
		uint32_t function = writer->functions.of_frame[writer->frames.items[i]];

		trace_write_begin(writer, function, time_ns);
		index_vector_append(&writer->open, function);
	}
}

/**
 * A thread that takes another name goes on under it, perhaps before the last sample under
 * the old name was due to end; its events must not overlap.
 *
 * @return when the last function of the thread ended.
 */
static uint64_t trace_write_samples(struct chrome_trace_writer *writer, uint32_t thread_id)
{
	uint64_t key = (uint64_t)writer->thread->pid << 32 | writer->thread->tid;
	uint64_t *thread_end_ns = end_map_insert(&writer->ends_ns, key, NULL);
	struct timeline_cursor cursor = timeline_thread(&writer->timeline, thread_id);
	struct timeline_entry entry;
	uint64_t end_ns = 0, due_ns = 0;

	while (timeline_next(&cursor, &entry)) {
		uint64_t next_ns = entry.time_ns + entry.duration_ns;
		uint64_t time_ns = entry.time_ns;

		if (time_ns < *thread_end_ns && *thread_end_ns < next_ns)
			time_ns = *thread_end_ns;
		if (time_ns > due_ns)
			trace_close(writer, 0, MIN(end_ns, time_ns));
		trace_switch(writer, entry.stack, time_ns);
		end_ns = next_ns;
		due_ns = entry.time_ns + round_u64((double)entry.duration_ns * JOINED_DISTANCE_MAX);
	}
	trace_close(writer, 0, end_ns);
	*thread_end_ns = MAX(*thread_end_ns, writer->timeline.has_times ? end_ns : 0);
	return end_ns;
}

static void trace_write_name(struct chrome_trace_writer *writer, const char *kind, string_id name)
{
	trace_begin_event(writer, "M");
	json_string(&writer->json, "name", kind);
	json_begin_object(&writer->json, "args");
	json_string(&writer->json, "name", profile_text(writer->profile, name));
	json_end_object(&writer->json);
	json_end_object(&writer->json);
}

static void trace_write_threads(struct chrome_trace_writer *writer)
{
	const struct timeline *timeline = &writer->timeline;

	for (uint32_t i = 0; i < writer->profile->threads.count; i++) {
		uint64_t end_ns;

		if (timeline->first_of_thread[i] == timeline->first_of_thread[i + 1])
			continue;
		writer->thread = &writer->profile->threads.items[i];
		trace_write_name(writer, "process_name", writer->thread->process_comm);
		trace_write_name(writer, "thread_name", writer->thread->comm);
		end_ns = trace_write_samples(writer, i);
		/* Without times, a thread's second name must not overlap its first. */
		if (!timeline->has_times)
			writer->offset_ns += end_ns;
	}
}

static struct error *chrome_trace_write(const struct profile *profile,
					const struct output_options *options, FILE *file)
{
	struct chrome_trace_writer writer = { .profile = profile,
					      .json = json_writer_make_compact(file) };

	named_functions_init(&writer.functions, profile);
	timeline_init(&writer.timeline, profile, options->event);

	json_begin_object(&writer.json, NULL);
	json_string(&writer.json, "displayTimeUnit", "ms");
	json_begin_object(&writer.json, "otherData");
	json_string(&writer.json, "exporter", "perf-profile");
	json_string(&writer.json, "event", writer.timeline.measure.name);
	json_string(&writer.json, "command", profile->info.command);
	json_end_object(&writer.json);
	json_begin_array(&writer.json, "traceEvents");
	trace_write_threads(&writer);
	json_end_array(&writer.json);
	json_end_object(&writer.json);

	timeline_deinit(&writer.timeline);
	named_functions_deinit(&writer.functions);
	end_map_deinit(&writer.ends_ns);
	index_vector_deinit(&writer.frames);
	index_vector_deinit(&writer.open);
	return NULL;
}

const struct output_format chrome_trace_format = {
	.name = "chrome",
	.file_name = "profile.trace.json",
	.description = "trace events for Perfetto and chrome://tracing: a flame chart per thread",
	.write = chrome_trace_write,
};
