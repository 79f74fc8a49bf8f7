#include "analyze/analyzer.h"

#include "record_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#define KERNEL_ADDRESS UINT64_C(0xffffffffff000000)

static const struct perf_event_attr attr = {
	.type = PERF_TYPE_SOFTWARE,
	.size = sizeof(attr),
	.config = PERF_COUNT_SW_CPU_CLOCK,
	.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
		       PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN,
	.sample_freq = 997,
	.freq = 1,
	.sample_id_all = 1,
};

/* One analyzer and the records it is fed. */
struct fixture {
	struct record_layout layout;
	struct record_layout_table layouts;
	const char *event_name;
	struct record_source source;
	struct record_builder builder;
	struct analyzer *analyzer;
	struct profile *profile; /* the analyzer's */
};

/** @param attributes  Kept. @param origin  NULL: of this machine, now. */
static struct fixture *fixture_create_of(const struct perf_event_attr *attributes,
					 const struct record_origin *origin)
{
	static const struct symbolizer_options symbols;
	const struct analyzer_options options = { .symbols = &symbols, .origin = origin };
	struct fixture *fixture = memory_allocate(1, sizeof(*fixture));

	fixture->layout = record_layout_of(attributes);
	fixture->layouts =
		(struct record_layout_table){ .layouts = &fixture->layout, .n_layouts = 1 };
	fixture->event_name = "cpu-clock";
	fixture->source = (struct record_source){ .layouts = &fixture->layouts,
						  .attrs = attributes,
						  .event_names = &fixture->event_name };
	fixture->analyzer = analyzer_create(&fixture->source, &options);
	fixture->profile = analyzer_profile(fixture->analyzer);
	return fixture;
}

static struct fixture *fixture_create(void)
{
	return fixture_create_of(&attr, NULL);
}

static void fixture_destroy(struct fixture *fixture)
{
	record_builder_deinit(&fixture->builder);
	analyzer_destroy(fixture->analyzer);
	free(fixture);
}

static void feed(struct fixture *fixture, struct bytes bytes)
{
	struct record record;

	assert_null(record_decode(&fixture->layouts, bytes, "test", 0, &record));
	assert_null(analyzer_apply(fixture->analyzer, &record));
}

static void feed_comm(struct fixture *fixture, uint32_t pid, uint32_t tid, const char *name)
{
	const struct record values = {
		.type = PERF_RECORD_COMM, .pid = pid, .tid = tid, .comm = { .name = name }
	};

	feed(fixture, record_builder_comm(&fixture->builder, &fixture->layout, &values));
}

static void feed_sample_of(struct fixture *fixture, uint16_t misc, uint32_t pid, uint32_t tid,
			   uint64_t time_ns, const uint64_t *callchain, uint64_t n_callchain)
{
	const struct record values = {
		.type = PERF_RECORD_SAMPLE,
		.misc = misc,
		.pid = pid,
		.tid = tid,
		.time_ns = time_ns,
		.cpu = 1,
		.sample = { .ip = n_callchain > 1 ? callchain[1] : 0,
			    .period = 1000,
			    .callchain = callchain,
			    .n_callchain = n_callchain },
	};

	feed(fixture, record_builder_sample(&fixture->builder, &fixture->layout, &values));
}

static void feed_sample(struct fixture *fixture, uint32_t pid, uint32_t tid, uint64_t time_ns,
			const uint64_t *callchain, uint64_t n_callchain)
{
	feed_sample_of(fixture, PERF_RECORD_MISC_USER, pid, tid, time_ns, callchain, n_callchain);
}

static const char *thread_comm(const struct fixture *fixture, size_t sample)
{
	const struct profile_thread *thread =
		&fixture->profile->threads.items[fixture->profile->samples.items[sample].thread];

	return profile_text(fixture->profile, thread->comm);
}

static void test_event_and_threads(void **state)
{
	static const uint64_t chain[] = { PERF_CONTEXT_USER, 0x1000 };
	struct fixture *fixture = fixture_create();
	const struct profile_event *event = &fixture->profile->events.items[0];

	assert_string_equal(profile_text(fixture->profile, event->name), "cpu-clock");
	assert_string_equal(profile_text(fixture->profile, event->unit), "ns");
	assert_int_equal(event->frequency_hz, 997);

	feed_comm(fixture, 10, 10, "server");
	feed_comm(fixture, 10, 11, "worker");
	feed_sample(fixture, 10, 10, 1, chain, 2);
	feed_sample(fixture, 10, 11, 2, chain, 2);
	feed_sample(fixture, 10, 11, 3, chain, 2);
	assert_int_equal(fixture->profile->samples.count, 2);
	assert_string_equal(thread_comm(fixture, 0), "server");
	assert_string_equal(thread_comm(fixture, 1), "worker");
	assert_int_equal(fixture->profile->samples.items[1].count, 2);
	assert_int_equal(fixture->profile->samples.items[1].period, 2000);
	assert_int_equal(fixture->profile->ticks.count, 3);
	assert_int_equal(fixture->profile->ticks.items[2].time_ns, 3);
	assert_int_equal(fixture->profile->ticks.items[2].cpu, 1);
	fixture_destroy(fixture);
}

static void test_kernel_above_user(void **state)
{
	static const uint64_t chain[] = { PERF_CONTEXT_KERNEL,
					  KERNEL_ADDRESS + 0x10,
					  KERNEL_ADDRESS + 0x20,
					  PERF_CONTEXT_USER,
					  0x1000,
					  0x2000 };
	struct fixture *fixture = fixture_create();
	const struct profile *profile = fixture->profile;
	const struct address_vector *written;
	uint32_t stack;

	feed_sample(fixture, 10, 10, 1, chain, 6);
	stack = profile->samples.items[0].stack;
	assert_int_equal(profile->stacks.items[stack].depth, 4);

	/* Innermost first: the kernel's leaf is exact, its caller one byte back. */
	const struct profile_location *leaf =
		&profile->locations.items[profile->stacks.items[stack].location];

	assert_int_equal(leaf->kind, LOCATION_KERNEL);
	assert_int_equal(leaf->elf_address, KERNEL_ADDRESS + 0x10);
	assert_int_equal(leaf->flags, 0);
	stack = profile->stacks.items[stack].parent;
	const struct profile_location *caller =
		&profile->locations.items[profile->stacks.items[stack].location];

	assert_int_equal(caller->elf_address, KERNEL_ADDRESS + 0x1f);
	assert_int_equal(caller->flags, LOCATION_IS_CALL_SITE);
	stack = profile->stacks.items[stack].parent;
	assert_int_equal(profile->locations.items[profile->stacks.items[stack].location].kind,
			 LOCATION_USER);

	/* What goes to perf.data is what the kernel had. */
	written = analyzer_callchain(fixture->analyzer);
	assert_int_equal(written->count, 6);
	assert_memory_equal(written->items, chain, sizeof(chain));
	assert_int_equal(profile->samples.items[0].end, STACK_END_UNTRACED);
	fixture_destroy(fixture);
}

/** The same chain, cut in one sample and whole in the next; others' bits mean nothing. */
static void test_stack_ends_that_a_recording_tells(void **state)
{
	static const uint64_t chain[] = { PERF_CONTEXT_USER, 0x1000, 0x2000 };

	static const enum stack_end ends[] = { STACK_END_COPY_ENDED, STACK_END_ROOT,
					       STACK_END_COPY_ENDED, STACK_END_NONE };

	static const uint64_t ours[] = { 2, 1, 0, 1 }, foreign[] = { 0, 0, 0, 4 };

	for (int is_ours = 0; is_ours < 2; is_ours++) {
		const struct record_origin origin = { .tells_stack_ends = is_ours };
		struct fixture *fixture = fixture_create_of(&attr, &origin);
		const struct profile_sample_vector *samples = &fixture->profile->samples;
		uint64_t counts[N_STACK_ENDS] = { 0 };

		for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
			feed_sample_of(fixture,
				       (uint16_t)(PERF_RECORD_MISC_USER |
						  ends[i] << RECORD_MISC_STACK_END_SHIFT),
				       10, 10, i + 1, chain, ARRAY_SIZE(chain));
		for (size_t i = 0; i < samples->count; i++)
			counts[samples->items[i].end] += samples->items[i].count;
		const uint64_t found[] = { counts[STACK_END_COPY_ENDED], counts[STACK_END_ROOT],
					   counts[STACK_END_NONE], counts[STACK_END_UNTRACED] };

		assert_memory_equal(found, is_ours ? ours : foreign, sizeof(found));
		fixture_destroy(fixture);
	}
}

static void test_kernel_thread_has_no_user_stack(void **state)
{
	static const uint64_t chain[] = { PERF_CONTEXT_KERNEL, KERNEL_ADDRESS + 0x10 };
	struct fixture *fixture = fixture_create();

	feed_sample(fixture, 2, 2, 1, chain, 2);
	assert_int_equal(fixture->profile->samples.items[0].end, STACK_END_NONE);
	fixture_destroy(fixture);
}

static void test_losses_are_counted(void **state)
{
	struct fixture *fixture = fixture_create();
	const struct record throttle = { .type = PERF_RECORD_THROTTLE };

	assert_null(analyzer_apply(fixture->analyzer, &(struct record){ .type = PERF_RECORD_LOST,
									.lost = { .count = 3 } }));
	assert_null(analyzer_apply(
		fixture->analyzer,
		&(struct record){ .type = PERF_RECORD_LOST_SAMPLES, .lost = { .count = 4 } }));
	assert_null(analyzer_apply(fixture->analyzer, &throttle));
	assert_int_equal(fixture->profile->losses.lost_records, 3);
	assert_int_equal(fixture->profile->losses.lost_samples, 4);
	assert_int_equal(fixture->profile->losses.throttles, 1);
	fixture_destroy(fixture);
}

/* A function of this very program, which the analyzer is to find by its address. */
__attribute__((noinline, used)) static int known_function(int value)
{
	return value * 3 + 1;
}

/** Feed the executable mapping of this program, as MMAP2 would have it. */
static void feed_own_mapping(struct fixture *fixture, uint32_t pid)
{
	char path[4096], line[4400], permissions[8];
	unsigned long start, end, offset;
	FILE *maps = fopen("/proc/self/maps", "re");
	bool is_fed = false;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		struct record values = { .type = PERF_RECORD_MMAP2, .pid = pid, .tid = pid };

		if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %4095s", &start, &end, permissions,
			   &offset, path) != 5)
			continue;
		if (start > (uintptr_t)known_function || end <= (uintptr_t)known_function)
			continue;
		values.mapping = (struct mapping_record){ .start = start,
							  .size_bytes = end - start,
							  .file_offset = offset,
							  .protection = PROT_READ | PROT_EXEC,
							  .path = path };
		feed(fixture, record_builder_mmap2(&fixture->builder, &fixture->layout, &values));
		is_fed = true;
	}
	fclose(maps);
	assert_true(is_fed);
}

static void test_names_after_finish(void **state)
{
	const uint64_t chain[] = { PERF_CONTEXT_USER, (uintptr_t)known_function + 1, 0x30 };
	const uint32_t pid = (uint32_t)getpid(); /* another may have another root folder */
	struct fixture *fixture = fixture_create();
	const struct profile *profile = fixture->profile;
	uint32_t stack;

	feed_own_mapping(fixture, pid);
	feed_sample(fixture, pid, pid, 1, chain, 3);
	assert_null(analyzer_finish(fixture->analyzer));

	stack = profile->samples.items[0].stack;
	const struct profile_frame *leaf =
		profile_location_frame(profile, profile->stacks.items[stack].location, 0);

	assert_string_equal(profile_text(profile, leaf->name), "known_function");
	assert_non_null(strstr(profile_text(profile, profile->objects.items[leaf->object].name),
			       "test_analyze_analyzer"));
	assert_int_equal(
		profile->locations.items[profile->stacks.items[stack].location].symbol_offset, 1);

	/* The caller is in no mapping: unknown, and not silently dropped. */
	stack = profile->stacks.items[stack].parent;
	const struct profile_frame *caller =
		profile_location_frame(profile, profile->stacks.items[stack].location, 0);

	assert_string_equal(profile_text(profile, caller->name), "[unknown]");
	assert_true(caller->flags & FRAME_IS_UNKNOWN);
	fixture_destroy(fixture);
}

static void test_forked_child_has_its_parents_mappings(void **state)
{
	const uint64_t chain[] = { PERF_CONTEXT_USER, (uintptr_t)known_function };
	struct fixture *fixture = fixture_create();
	const struct record fork = {
		.type = PERF_RECORD_FORK,
		.pid = 78,
		.tid = 78,
		.task = { .pid = 78, .parent_pid = 77, .tid = 78, .parent_tid = 77 }
	};

	feed_own_mapping(fixture, 77);
	assert_null(analyzer_apply(fixture->analyzer, &fork));
	feed_sample(fixture, 78, 78, 1, chain, 2);
	assert_null(analyzer_finish(fixture->analyzer));

	const struct profile *profile = fixture->profile;
	uint32_t stack = profile->samples.items[0].stack;
	const struct profile_frame *leaf =
		profile_location_frame(profile, profile->stacks.items[stack].location, 0);

	assert_string_equal(profile_text(profile, leaf->name), "known_function");
	fixture_destroy(fixture);
}

static uint32_t depth_of_last_sample(const struct profile *profile)
{
	const struct profile_sample *last = &profile->samples.items[profile->samples.count - 1];

	return profile->stacks.items[last->stack].depth;
}

/** A chain that was met before is not looked at again, unless branches may go on from it. */
static void test_branches_below_a_known_chain(void **state)
{
	const uint64_t chain[] = { PERF_CONTEXT_USER, 0x1000 };
	const struct perf_branch_entry branches[] = { { .from = 0x2000 }, { .from = 0x3000 } };
	const struct record_origin origin = { .architecture = "x86_64" };
	struct perf_event_attr with_branches = attr;
	struct record record = { .type = PERF_RECORD_SAMPLE,
				 .misc = PERF_RECORD_MISC_USER,
				 .pid = 7,
				 .tid = 7,
				 .sample = { .callchain = chain, .n_callchain = 2 } };
	struct fixture *fixture;

	with_branches.branch_sample_type = PERF_SAMPLE_BRANCH_CALL_STACK;
	fixture = fixture_create_of(&with_branches, &origin);
	assert_null(analyzer_apply(fixture->analyzer, &record));
	assert_null(analyzer_apply(fixture->analyzer, &record));
	assert_int_equal(fixture->profile->samples.count, 1);
	assert_int_equal(fixture->profile->samples.items[0].count, 2);
	assert_int_equal(depth_of_last_sample(fixture->profile), 1);
	record.sample.branches = branches;
	record.sample.n_branches = 2;
	assert_null(analyzer_apply(fixture->analyzer, &record));
	assert_int_equal(fixture->profile->samples.count, 2);
	assert_int_equal(depth_of_last_sample(fixture->profile), 3);
	record.sample.n_branches = 0;
	assert_null(analyzer_apply(fixture->analyzer, &record));
	assert_int_equal(fixture->profile->samples.items[0].count, 3);
	fixture_destroy(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event_and_threads),
		cmocka_unit_test(test_kernel_above_user),
		cmocka_unit_test(test_stack_ends_that_a_recording_tells),
		cmocka_unit_test(test_kernel_thread_has_no_user_stack),
		cmocka_unit_test(test_losses_are_counted),
		cmocka_unit_test(test_names_after_finish),
		cmocka_unit_test(test_forked_child_has_its_parents_mappings),
		cmocka_unit_test(test_branches_below_a_known_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
