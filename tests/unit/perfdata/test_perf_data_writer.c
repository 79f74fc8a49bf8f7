#include "file_builder.h"
#include "perfdata/perf_data_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define OUTPUT_PATH "/tmp/perf-profile-test-writer.data"

static const uint64_t ids[] = { 11, 12, 21 };
static const uint32_t event_of_id[] = { 0, 0, 1 };
static const char *const event_names[] = { "first", "second" };

/** Two events that differ in their names only, as a recorder opens them. */
struct fixture {
	struct perf_event_attr attrs[2];
	struct record_layout layouts[2];
	struct record_layout_table table;
	struct output_file output;
	struct perf_data_writer *writer;
};

static void fixture_init_compressed(struct fixture *fixture, unsigned int compression_level)
{
	*fixture = (struct fixture){ 0 };
	for (size_t i = 0; i < 2; i++) {
		fixture->attrs[i] = (struct perf_event_attr){
			.size = sizeof(fixture->attrs[i]),
			.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				       PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN |
				       PERF_SAMPLE_STACK_USER,
			.sample_stack_user = 64,
			.sample_id_all = 1,
		};
		fixture->layouts[i] = record_layout_of(&fixture->attrs[i]);
	}
	fixture->table =
		(struct record_layout_table){ fixture->layouts, 2, ids, event_of_id, 3, false };
	assert_null(output_file_create(&fixture->output, OUTPUT_PATH, true));
	assert_null(perf_data_writer_create(&fixture->output,
					    &(struct perf_data_writer_options){
						    .attrs = fixture->attrs,
						    .event_names = event_names,
						    .layouts = &fixture->table,
						    .compression_level = compression_level,
					    },
					    &fixture->writer));
}

static void fixture_init(struct fixture *fixture)
{
	fixture_init_compressed(fixture, 0);
}

static void append_sample(struct fixture *fixture, uint64_t id, uint64_t time_ns)
{
	const uint64_t chain[] = { PERF_CONTEXT_USER, 0x1000, 0x2000 };
	struct record_builder builder = { 0 };
	_Alignas(8) uint8_t out[RECORD_SIZE_MAX_BYTES];
	struct record values = { .id = id, .pid = 1, .tid = 2, .time_ns = time_ns }, record;
	size_t size_bytes;

	assert_null(record_decode(&fixture->table,
				  record_builder_sample(&builder, &fixture->layouts[0], &values),
				  "test", 0, &record));
	size_bytes = record_encode_sample(&fixture->layouts[0], &record,
					  &(struct stored_chain){ chain, 3, STACK_END_NONE }, out);
	assert_null(perf_data_writer_append(fixture->writer, (struct bytes){ out, size_bytes }));
	record_builder_deinit(&builder);
}

static void fixture_finish(struct fixture *fixture, const struct perf_data_features *features)
{
	assert_null(perf_data_writer_finish(fixture->writer, features));
	perf_data_writer_destroy(fixture->writer);
	assert_null(output_file_commit(&fixture->output));
}

static struct record_source *reopen(void)
{
	struct record_source *source;

	assert_null(perf_data_reader_open(OUTPUT_PATH, &source));
	unlink(OUTPUT_PATH);
	return source;
}

static struct record next_record(struct record_source *source)
{
	enum record_source_state state;
	struct record record;

	assert_null(source->next(source, 0, &record, &state));
	assert_int_equal(state, RECORD_SOURCE_RECORD);
	return record;
}

static void test_samples_come_back(void **state)
{
	struct record_source *source;
	struct fixture fixture;
	struct record record;
	enum record_source_state source_state;

	fixture_init(&fixture);
	append_sample(&fixture, 12, 100);
	append_sample(&fixture, 21, 200);
	assert_null(perf_data_writer_finish_round(fixture.writer));
	fixture_finish(&fixture, &(struct perf_data_features){ 0 });

	source = reopen();
	assert_int_equal(source->layouts->n_layouts, 2);
	assert_int_equal(source->layouts->n_ids, 3);
	assert_string_equal(source->event_names[0], "first");
	assert_string_equal(source->event_names[1], "second");
	assert_false(source->attrs[0].sample_type & PERF_SAMPLE_STACK_USER);
	record = next_record(source);
	assert_int_equal(record.event_index, 0);
	assert_int_equal(record.time_ns, 100);
	assert_int_equal(record.sample.n_callchain, 3);
	assert_int_equal(record.sample.callchain[2], 0x2000);
	record = next_record(source);
	assert_int_equal(record.event_index, 1);
	assert_null(source->next(source, 0, &record, &source_state));
	assert_int_equal(source_state, RECORD_SOURCE_END);
	source->destroy(source);
}

static void test_features_come_back(void **state)
{
	char *command[] = { "record", "-o", "", "two words", NULL };
	struct build_id_record build_ids[] = {
		{ .pid = -1, .build_id = { { 1, 2, 3 }, 20 }, .path = "[kernel.kallsyms]" },
		{ .pid = -1, .build_id = { { 4, 5, 6 }, 8 }, .path = "/usr/bin/true" },
	};
	const struct perf_data_features features = {
		.hostname = "host",
		.os_release = "6.1",
		.version = "0.1",
		.arch = "x86_64",
		.cpu_description = "a CPU",
		.cpu_id = "vendor,1,2",
		.n_cpus_available = 8,
		.n_cpus_online = 6,
		.total_memory_kib = 123456,
		.command = command,
		.first_sample_time_ns = 1,
		.last_sample_time_ns = 2,
		.clock_id = 1,
		.build_ids = build_ids,
		.n_build_ids = ARRAY_SIZE(build_ids),
	};
	const struct perf_data_header *header;
	struct record_source *source;
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_finish(&fixture, &features);
	source = reopen();
	header = perf_data_reader_header(source);
	assert_string_equal(header->hostname, "host");
	assert_string_equal(header->os_release, "6.1");
	assert_string_equal(header->version, "0.1");
	assert_string_equal(header->arch, "x86_64");
	assert_string_equal(header->cpu_description, "a CPU");
	assert_string_equal(header->cpu_id, "vendor,1,2");
	assert_int_equal(header->n_cpus_available, 8);
	assert_int_equal(header->n_cpus_online, 6);
	assert_int_equal(header->total_memory_kib, 123456);
	assert_string_equal(header->command, "record -o  two words");
	assert_false(header->is_pipe_mode);
	assert_false(header->is_unfinished);
	assert_int_equal(header->n_build_ids, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(header->build_ids[i].path, build_ids[i].path);
		assert_int_equal(header->build_ids[i].pid, -1);
		assert_true(build_id_equal(&header->build_ids[i].build_id, &build_ids[i].build_id));
	}
	source->destroy(source);
}

/** As if the writer were killed: the partial file itself is read. */
static void test_unfinished_file_is_readable(void **state)
{
	struct record_source *source;
	struct fixture fixture;

	fixture_init(&fixture);
	append_sample(&fixture, 11, 100);
	assert_null(perf_data_writer_finish_round(fixture.writer));
	append_sample(&fixture, 11, 200);
	fflush(fixture.output.file);
	assert_null(perf_data_reader_open(fixture.output.partial_path, &source));
	assert_int_equal(next_record(source).time_ns, 100);
	assert_int_equal(next_record(source).time_ns, 200);
	assert_true(perf_data_reader_header(source)->is_unfinished);
	source->destroy(source);
	perf_data_writer_destroy(fixture.writer);
	output_file_abandon(&fixture.output);
}

static long file_size_bytes(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

/** More than one chunk, and samples that do not compress: records of the largest size. */
static void test_compressed_samples_come_back(void **state)
{
	const uint64_t n_samples = 30000;
	const unsigned int levels[] = { 1, 12 };

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		enum record_source_state source_state;
		struct record_source *source;
		struct fixture fixture;
		struct record record;

		fixture_init_compressed(&fixture, levels[i]);
		for (uint64_t time_ns = 1; time_ns <= n_samples; time_ns++) {
			append_sample(&fixture, time_ns % 3 ? 12 : 21, time_ns);
			if (time_ns % 7000 == 0)
				assert_null(perf_data_writer_finish_round(fixture.writer));
		}
		fixture_finish(&fixture, &(struct perf_data_features){ .hostname = "host" });
		/* 64 bytes a sample. */
		assert_true(file_size_bytes(OUTPUT_PATH) < (long)(n_samples * 64 / 4));
		source = reopen();
		assert_string_equal(perf_data_reader_header(source)->hostname, "host");
		for (uint64_t time_ns = 1; time_ns <= n_samples; time_ns++) {
			record = next_record(source);
			assert_int_equal(record.time_ns, time_ns);
			assert_int_equal(record.event_index, time_ns % 3 ? 0 : 1);
			assert_int_equal(record.sample.callchain[2], 0x2000);
		}
		assert_null(source->next(source, 0, &record, &source_state));
		assert_int_equal(source_state, RECORD_SOURCE_END);
		source->destroy(source);
	}
}

/** What no compressor makes smaller fills several records a chunk. */
static void test_incompressible_records_come_back(void **state)
{
	static uint64_t words[RECORD_SIZE_MAX_BYTES / sizeof(uint64_t)];
	const struct perf_event_header header = { .type = RECORD_TYPE_HEADER_BUILD_ID + 100,
						  .size = RECORD_SIZE_MAX_BYTES };
	uint64_t random = 1;
	struct record_source *source;
	struct fixture fixture;

	fixture_init_compressed(&fixture, 1);
	for (uint64_t time_ns = 1; time_ns <= 20; time_ns++) {
		for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			words[i] = random ^ random >> 29;
		}
		memcpy(words, &header, sizeof(header));
		assert_null(perf_data_writer_append(
			fixture.writer, (struct bytes){ (uint8_t *)words, sizeof(words) }));
		append_sample(&fixture, 11, time_ns);
	}
	fixture_finish(&fixture, &(struct perf_data_features){ 0 });
	assert_true(file_size_bytes(OUTPUT_PATH) > 20L * RECORD_SIZE_MAX_BYTES);
	source = reopen();
	for (uint64_t time_ns = 1; time_ns <= 20; time_ns++)
		assert_int_equal(next_record(source).time_ns, time_ns);
	source->destroy(source);
}

/** As if the writer were killed: all up to the last round is there. */
static void test_unfinished_compressed_file_is_readable(void **state)
{
	enum record_source_state source_state;
	struct record_source *source;
	struct fixture fixture;
	struct record record;

	fixture_init_compressed(&fixture, 1);
	append_sample(&fixture, 11, 100);
	append_sample(&fixture, 11, 200);
	assert_null(perf_data_writer_finish_round(fixture.writer));
	append_sample(&fixture, 11, 300);
	fflush(fixture.output.file);
	assert_null(perf_data_reader_open(fixture.output.partial_path, &source));
	assert_int_equal(next_record(source).time_ns, 100);
	assert_int_equal(next_record(source).time_ns, 200);
	assert_null(source->next(source, 0, &record, &source_state));
	assert_int_equal(source_state, RECORD_SOURCE_END);
	source->destroy(source);
	perf_data_writer_destroy(fixture.writer);
	output_file_abandon(&fixture.output);
}

/** Every perf since 3.19 knows an attr of 112 bytes; none takes one larger than its own. */
static void test_attr_is_no_larger_than_needed(void **state)
{
	struct fixture fixture;
	uint64_t words[13];
	FILE *file;

	fixture_init(&fixture);
	fixture_finish(&fixture, &(struct perf_data_features){ 0 });
	file = fopen(OUTPUT_PATH, "r");
	assert_int_equal(fread(words, 1, sizeof(words), file), sizeof(words));
	fclose(file);
	unlink(OUTPUT_PATH);
	assert_int_equal(words[1], 104);
	assert_int_equal(words[2], 112 + 16);
	assert_int_equal(words[4], 2 * (112 + 16));
}

static void append_kernel_maps(struct fixture *fixture, const char *kallsyms, const char *modules)
{
	struct temporary_file kallsyms_file =
		temporary_file_make((struct bytes){ (const uint8_t *)kallsyms, strlen(kallsyms) });
	struct temporary_file modules_file =
		temporary_file_make((struct bytes){ (const uint8_t *)modules, strlen(modules) });

	assert_null(perf_data_writer_append_kernel_maps(fixture->writer, kallsyms_file.path,
							modules_file.path));
	temporary_file_deinit(&kallsyms_file);
	temporary_file_deinit(&modules_file);
}

static void test_kernel_maps(void **state)
{
	struct record_source *source;
	struct fixture fixture;
	struct record record;

	fixture_init(&fixture);
	append_kernel_maps(&fixture,
			   "0000000000000000 A fixed_percpu_data\n"
			   "ffffffff81000000 T _text\n"
			   "ffffffff82000000 T _etext\n",
			   "nf_tables 274432 1 nft_ct,nft_nat, Live 0xffffffffc0a00000\n"
			   "ext4 983040 1 - Live 0xffffffffc0500000\n"
			   "hidden 4096 0 - Live 0x0000000000000000\n");
	fixture_finish(&fixture, &(struct perf_data_features){ 0 });
	source = reopen();
	record = next_record(source);
	assert_int_equal(record.type, PERF_RECORD_MMAP);
	assert_int_equal(record.misc, PERF_RECORD_MISC_KERNEL);
	assert_int_equal(record.pid, UINT32_MAX);
	assert_string_equal(record.mapping.path, "[kernel.kallsyms]_text");
	assert_int_equal(record.mapping.start, 0xffffffff81000000);
	assert_int_equal(record.mapping.size_bytes, 0xffffffffc0500000 - 0xffffffff81000000);
	assert_int_equal(record.mapping.file_offset, 0xffffffff81000000);
	record = next_record(source);
	assert_string_equal(record.mapping.path, "[nf_tables]");
	assert_int_equal(record.mapping.start, 0xffffffffc0a00000);
	assert_int_equal(record.mapping.size_bytes, 274432);
	record = next_record(source);
	assert_string_equal(record.mapping.path, "[ext4]");
	source->destroy(source);
}

static void test_hidden_kernel_addresses_give_no_maps(void **state)
{
	enum record_source_state source_state;
	struct record_source *source;
	struct fixture fixture;
	struct record record;

	fixture_init(&fixture);
	append_kernel_maps(&fixture, "0000000000000000 T _text\n", "ext4 1 1 - Live 0x0\n");
	/* Nor do files that are not there: a recording does not fail for them. */
	assert_null(perf_data_writer_append_kernel_maps(fixture.writer, "/nonexistent/kallsyms",
							"/nonexistent/modules"));
	fixture_finish(&fixture, &(struct perf_data_features){ 0 });
	source = reopen();
	assert_null(source->next(source, 0, &record, &source_state));
	assert_int_equal(source_state, RECORD_SOURCE_END);
	source->destroy(source);
}

/** The file with each byte of its header part changed in turn: read, refused, never worse. */
static void test_header_mutations(void **state)
{
	static uint8_t file_bytes[65536];
	struct fixture fixture;
	size_t size_bytes;
	FILE *file;

	fixture_init(&fixture);
	append_sample(&fixture, 11, 100);
	fixture_finish(&fixture, &(struct perf_data_features){ .hostname = "host" });
	file = fopen(OUTPUT_PATH, "r");
	size_bytes = fread(file_bytes, 1, sizeof(file_bytes), file);
	fclose(file);
	unlink(OUTPUT_PATH);
	for (size_t i = 0; i < size_bytes; i++) {
		const uint8_t values[] = { 0, 1, 0x7f, 0xff };
		const uint8_t kept = file_bytes[i];

		for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
			struct read_back read_back;

			file_bytes[i] = values[j];
			read_back = read_back_bytes((struct bytes){ file_bytes, size_bytes });
			assert_true(read_back.types.count <= size_bytes / 8);
			read_back_deinit(&read_back);
		}
		file_bytes[i] = kept;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples_come_back),
		cmocka_unit_test(test_features_come_back),
		cmocka_unit_test(test_unfinished_file_is_readable),
		cmocka_unit_test(test_compressed_samples_come_back),
		cmocka_unit_test(test_incompressible_records_come_back),
		cmocka_unit_test(test_unfinished_compressed_file_is_readable),
		cmocka_unit_test(test_attr_is_no_larger_than_needed),
		cmocka_unit_test(test_kernel_maps),
		cmocka_unit_test(test_hidden_kernel_addresses_give_no_maps),
		cmocka_unit_test(test_header_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
