#include "perfdata/perf_data_writer_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <linux/perf_event.h>
#include <string.h>
#include <time.h>

/** HEADER_CLOCK_DATA layout version that perf reads. */
#define CLOCK_DATA_VERSION 1

struct feature_body {
	enum perf_data_feature feature;
	size_t begin, end; /**< In the bodies. */
};

struct feature_output {
	struct byte_vector bodies;
	struct feature_body list[PERF_DATA_N_FEATURES];
	size_t n_list;
};

static void begin_feature(struct feature_output *output, enum perf_data_feature feature)
{
	output->list[output->n_list] = (struct feature_body){
		.feature = feature,
		.begin = output->bodies.count,
	};
}

static void end_feature(struct feature_output *output)
{
	output->list[output->n_list++].end = output->bodies.count;
}

static void append_u32(struct byte_vector *vector, uint32_t value)
{
	byte_vector_append_bytes(vector, &value, sizeof(value));
}

static void append_u64(struct byte_vector *vector, uint64_t value)
{
	byte_vector_append_bytes(vector, &value, sizeof(value));
}

static size_t padded_text_size_bytes(const char *text)
{
	const size_t alignment = PERF_DATA_STRING_ALIGNMENT_BYTES;

	return (strlen(text) + 1 + alignment - 1) / alignment * alignment;
}

/** The text, its NUL and zeros up to the padded size. */
static void append_padded_text(struct byte_vector *vector, const char *text)
{
	static const uint8_t zeros[PERF_DATA_STRING_ALIGNMENT_BYTES];

	byte_vector_append_bytes(vector, text, strlen(text));
	byte_vector_append_bytes(vector, zeros, padded_text_size_bytes(text) - strlen(text));
}

static void append_string(struct byte_vector *vector, const char *text)
{
	append_u32(vector, (uint32_t)padded_text_size_bytes(text));
	append_padded_text(vector, text);
}

static void add_string(struct feature_output *output, enum perf_data_feature feature,
		       const char *text)
{
	if (!text)
		return;
	begin_feature(output, feature);
	append_string(&output->bodies, text);
	end_feature(output);
}

static bool is_kernel_path(const char *path)
{
	if (path[0] == '[')
		return strcmp(path, "[vdso]") != 0 && strcmp(path, "[vsyscall]") != 0;
	return strstr(path, ".ko") && text_begins_with(path, "/lib/modules/");
}

static void add_build_ids(struct feature_output *output, const struct perf_data_features *features)
{
	if (features->n_build_ids == 0)
		return;
	begin_feature(output, PERF_DATA_FEATURE_BUILD_ID);
	for (size_t i = 0; i < features->n_build_ids; i++) {
		const struct build_id_record *build_id = &features->build_ids[i];
		uint16_t mode = is_kernel_path(build_id->path) ? PERF_RECORD_MISC_KERNEL
							       : PERF_RECORD_MISC_USER;

		struct {
			struct perf_event_header header;
			int32_t pid;
			uint8_t bytes[BUILD_ID_SIZE_MAX_BYTES];
			uint8_t size_bytes;
			uint8_t reserved[3];
		} entry = {
			.header.misc = mode | PERF_DATA_MISC_BUILD_ID_SIZE,
			.pid = build_id->pid,
			.size_bytes = build_id->build_id.size_bytes,
		};

		entry.header.size =
			(uint16_t)(sizeof(entry) + padded_text_size_bytes(build_id->path));
		memcpy(entry.bytes, build_id->build_id.bytes, sizeof(entry.bytes));
		byte_vector_append_bytes(&output->bodies, &entry, sizeof(entry));
		append_padded_text(&output->bodies, build_id->path);
	}
	end_feature(output);
}

static void add_cpu_counts(struct feature_output *output, const struct perf_data_features *features)
{
	if (features->n_cpus_available == 0)
		return;
	begin_feature(output, PERF_DATA_FEATURE_N_CPUS);
	append_u32(&output->bodies, features->n_cpus_available);
	append_u32(&output->bodies, features->n_cpus_online);
	end_feature(output);
}

static void add_total_memory(struct feature_output *output,
			     const struct perf_data_features *features)
{
	if (features->total_memory_kib == 0)
		return;
	begin_feature(output, PERF_DATA_FEATURE_TOTAL_MEMORY);
	append_u64(&output->bodies, features->total_memory_kib);
	end_feature(output);
}

static void add_command_line(struct feature_output *output,
			     const struct perf_data_features *features)
{
	uint32_t n_words = 0;

	if (!features->command)
		return;
	while (features->command[n_words])
		n_words++;
	begin_feature(output, PERF_DATA_FEATURE_COMMAND_LINE);
	append_u32(&output->bodies, n_words);
	for (uint32_t i = 0; i < n_words; i++)
		append_string(&output->bodies, features->command[i]);
	end_feature(output);
}

static void add_event_descriptions(struct feature_output *output,
				   const struct perf_data_writer *writer)
{
	const uint32_t attr_size_bytes = writer->attrs[0].size;

	begin_feature(output, PERF_DATA_FEATURE_EVENT_DESCRIPTIONS);
	append_u32(&output->bodies, writer->n_events);
	append_u32(&output->bodies, attr_size_bytes);
	for (uint32_t i = 0; i < writer->n_events; i++) {
		byte_vector_append_bytes(&output->bodies, &writer->attrs[i], attr_size_bytes);
		append_u32(&output->bodies, (uint32_t)writer->ids[i].count);
		append_string(&output->bodies, writer->event_names[i]);
		byte_vector_append_bytes(&output->bodies, writer->ids[i].items,
					 writer->ids[i].count * sizeof(uint64_t));
	}
	end_feature(output);
}

static void add_sample_time(struct feature_output *output,
			    const struct perf_data_features *features)
{
	if (features->last_sample_time_ns == 0)
		return;
	begin_feature(output, PERF_DATA_FEATURE_SAMPLE_TIME);
	append_u64(&output->bodies, features->first_sample_time_ns);
	append_u64(&output->bodies, features->last_sample_time_ns);
	end_feature(output);
}

static uint64_t timespec_ns(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec;
}

static void add_clock_resolution(struct feature_output *output,
				 const struct perf_data_features *features)
{
	struct timespec resolution;

	if (features->clock_id == 0 ||
	    clock_getres((clockid_t)features->clock_id, &resolution) != 0)
		return;
	begin_feature(output, PERF_DATA_FEATURE_CLOCK_ID);
	append_u64(&output->bodies, timespec_ns(&resolution));
	end_feature(output);
}

static void add_compression(struct feature_output *output, const struct perf_data_writer *writer)
{
	if (!writer->compressor)
		return;
	begin_feature(output, PERF_DATA_FEATURE_COMPRESSED);
	perf_data_compressor_describe(writer->compressor, &output->bodies);
	end_feature(output);
}

/** One moment on the clock and on the wall clock. */
static void add_clock_moment(struct feature_output *output,
			     const struct perf_data_features *features)
{
	struct timespec now;

	if (features->clock_id == 0 || clock_gettime((clockid_t)features->clock_id, &now) != 0)
		return;
	begin_feature(output, PERF_DATA_FEATURE_CLOCK_DATA);
	append_u32(&output->bodies, CLOCK_DATA_VERSION);
	append_u32(&output->bodies, features->clock_id);
	append_u64(&output->bodies, clock_realtime_ns());
	append_u64(&output->bodies, timespec_ns(&now));
	end_feature(output);
}

/** Ascending by feature number: the table has no numbers, only this order. */
static void add_features(struct feature_output *output, const struct perf_data_writer *writer,
			 const struct perf_data_features *features)
{
	add_build_ids(output, features);
	add_string(output, PERF_DATA_FEATURE_HOSTNAME, features->hostname);
	add_string(output, PERF_DATA_FEATURE_OS_RELEASE, features->os_release);
	add_string(output, PERF_DATA_FEATURE_VERSION, features->version);
	add_string(output, PERF_DATA_FEATURE_ARCH, features->arch);
	add_cpu_counts(output, features);
	add_string(output, PERF_DATA_FEATURE_CPU_DESCRIPTION, features->cpu_description);
	add_string(output, PERF_DATA_FEATURE_CPU_ID, features->cpu_id);
	add_total_memory(output, features);
	add_command_line(output, features);
	add_event_descriptions(output, writer);
	add_sample_time(output, features);
	add_clock_resolution(output, features);
	add_compression(output, writer);
	add_clock_moment(output, features);
}

void perf_data_features_format(const struct perf_data_writer *writer,
			       const struct perf_data_features *features, uint64_t offset,
			       struct byte_vector *ret, uint64_t *feature_bits_ret)
{
	struct feature_output output = { 0 };
	size_t table_size_bytes;

	add_features(&output, writer, features);
	table_size_bytes = output.n_list * sizeof(struct perf_data_section);
	for (size_t i = 0; i < output.n_list; i++) {
		const struct feature_body *body = &output.list[i];
		struct perf_data_section section = {
			.offset = offset + table_size_bytes + body->begin,
			.size_bytes = body->end - body->begin,
		};

		byte_vector_append_bytes(ret, &section, sizeof(section));
		feature_bits_ret[body->feature / 64] |= UINT64_C(1) << (body->feature % 64);
	}
	byte_vector_append_bytes(ret, output.bodies.items, output.bodies.count);
	byte_vector_deinit(&output.bodies);
}
