/**
 * speedscope's own format: one "sampled" profile per thread.
 *
 * Source: https://www.speedscope.app/file-format-schema.json (speedscope 1.25, file
 * dist/release/file-format-schema.json of its npm package). Weights are nanoseconds of
 * CPU time where the event measures time, else samples ("none"). speedscope puts the
 * samples end to end: its time axis is CPU time, without the waiting between.
 */

#include "base/json_writer.h"
#include "output/named_functions_internal.h"
#include "output/output_formats_internal.h"
#include "output/timeline_internal.h"

#include <inttypes.h>

struct speedscope_writer {
	const struct profile *profile;
	struct named_functions functions;
	struct timeline timeline;
	struct index_vector frames; /**< Of the stack at hand. */
	struct json_writer json;
};

static uint64_t entry_weight(const struct speedscope_writer *writer,
			     const struct timeline_entry *entry)
{
	return writer->timeline.measure.is_time ? entry->period : entry->count;
}

static void speedscope_write_frames(struct speedscope_writer *writer)
{
	const struct named_functions *functions = &writer->functions;

	json_begin_object(&writer->json, "shared");
	json_begin_array(&writer->json, "frames");
	for (size_t i = 0; i < functions->functions.count; i++) {
		uint32_t object = functions->functions.items[i].object;
		string_id file = functions->files[i];

		/* speedscope colours by file and shows it: the object where there is none. */
		if (!file && object != PROFILE_OBJECT_UNKNOWN)
			file = writer->profile->objects.items[object].name;
		json_begin_object(&writer->json, NULL);
		json_string(&writer->json, "name", functions->names[i]);
		if (file)
			json_string(&writer->json, "file", profile_text(writer->profile, file));
		json_end_object(&writer->json);
	}
	json_end_array(&writer->json);
	json_end_object(&writer->json);
}

static void speedscope_write_samples(struct speedscope_writer *writer, uint32_t thread)
{
	struct timeline_cursor cursor = timeline_thread(&writer->timeline, thread);
	struct timeline_entry entry;

	json_begin_array(&writer->json, "samples");
	while (timeline_next(&cursor, &entry)) {
		profile_expand_stack(writer->profile, entry.stack, &writer->frames);
		json_begin_array(&writer->json, NULL);
		for (size_t i = 0; i < writer->frames.count; i++)
			json_u64(&writer->json, NULL,
				 writer->functions.of_frame[writer->frames.items[i]]);
		json_end_array(&writer->json);
	}
	json_end_array(&writer->json);
}

/** @return their sum. */
static uint64_t speedscope_write_weights(struct speedscope_writer *writer, uint32_t thread)
{
	struct timeline_cursor cursor = timeline_thread(&writer->timeline, thread);
	struct timeline_entry entry;
	uint64_t sum = 0;

	json_begin_array(&writer->json, "weights");
	while (timeline_next(&cursor, &entry)) {
		sum += entry_weight(writer, &entry);
		json_u64(&writer->json, NULL, entry_weight(writer, &entry));
	}
	json_end_array(&writer->json);
	return sum;
}

static void speedscope_write_thread(struct speedscope_writer *writer, uint32_t thread_id)
{
	const struct profile_thread *thread = &writer->profile->threads.items[thread_id];
	_cleanup_free_ char *name = memory_format_text("%s (%" PRIu32 "/%" PRIu32 ")",
						       profile_text(writer->profile, thread->comm),
						       thread->pid, thread->tid);

	json_begin_object(&writer->json, NULL);
	json_string(&writer->json, "type", "sampled");
	json_string(&writer->json, "name", name);
	json_string(&writer->json, "unit",
		    writer->timeline.measure.is_time ? "nanoseconds" : "none");
	json_u64(&writer->json, "startValue", 0);
	speedscope_write_samples(writer, thread_id);
	json_u64(&writer->json, "endValue", speedscope_write_weights(writer, thread_id));
	json_end_object(&writer->json);
}

/** What is looked at first: the thread with the most samples. */
static size_t busiest_profile(const struct timeline *timeline)
{
	uint64_t count_max = 0;
	size_t busiest = 0, n_profiles = 0;

	for (uint32_t i = 0; i < timeline->profile->threads.count; i++) {
		struct timeline_cursor cursor = timeline_thread(timeline, i);
		struct timeline_entry entry;
		uint64_t count = 0;

		while (timeline_next(&cursor, &entry))
			count += entry.count;
		if (count > count_max) {
			count_max = count;
			busiest = n_profiles;
		}
		n_profiles += count > 0;
	}
	return busiest;
}

static void speedscope_write_file(struct speedscope_writer *writer,
				  const struct output_options *options)
{
	const struct profile_info *info = &writer->profile->info;
	const char *name = options->title ? options->title : info->command;
	const struct timeline *timeline = &writer->timeline;

	json_begin_object(&writer->json, NULL);
	json_string(&writer->json, "$schema", "https://www.speedscope.app/file-format-schema.json");
	json_string(&writer->json, "name", name ? name : "profile");
	json_string(&writer->json, "exporter", "perf-profile");
	json_u64(&writer->json, "activeProfileIndex", busiest_profile(timeline));
	speedscope_write_frames(writer);
	json_begin_array(&writer->json, "profiles");
	for (uint32_t i = 0; i < writer->profile->threads.count; i++) {
		if (timeline->first_of_thread[i] < timeline->first_of_thread[i + 1])
			speedscope_write_thread(writer, i);
	}
	json_end_array(&writer->json);
	json_end_object(&writer->json);
}

static struct error *speedscope_write(const struct profile *profile,
				      const struct output_options *options, FILE *file)
{
	struct speedscope_writer writer = { .profile = profile,
					    .json = json_writer_make_compact(file) };

	named_functions_init(&writer.functions, profile);
	timeline_init(&writer.timeline, profile, options->event);
	speedscope_write_file(&writer, options);
	timeline_deinit(&writer.timeline);
	named_functions_deinit(&writer.functions);
	index_vector_deinit(&writer.frames);
	return NULL;
}

const struct output_format speedscope_format = {
	.name = "speedscope",
	.file_name = "profile.speedscope.json",
	.description = "for speedscope.app: every thread in time",
	.write = speedscope_write,
};
