#include "profile/profile_file.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/** Two objects, an inlined frame, a kernel location, two threads, ticks, losses. */
static struct profile *make_profile(void)
{
	struct profile *profile = profile_create();
	const struct build_id id = { .size_bytes = 3, .bytes = { 1, 2, 3 } };
	uint32_t program = profile_intern_object(profile, "/home/me/it", &id);
	uint32_t kernel = profile_intern_object(profile, "[kernel.kallsyms]", NULL);
	struct profile_frame frame = { .object = program, .line = 7 };
	uint32_t frames[2], location, stack, thread, event, sample;

	frame.name = profile_intern_text(profile, "inner");
	frame.file = profile_intern_text(profile, "/home/me/it.c");
	frame.flags = FRAME_IS_INLINED;
	frames[0] = profile_intern_frame(profile, &frame);
	frame.name = profile_intern_text(profile, "outer<int>");
	frame.flags = 0;
	frames[1] = profile_intern_frame(profile, &frame);
	location = profile_intern_location(profile, program, 0x1234, 0x55551234, LOCATION_USER,
					   LOCATION_IS_CALL_SITE);
	profile_set_location_frames(profile, location, frames, 2, 0x34);
	stack = profile_intern_stack(profile, 0, location);
	frame = (struct profile_frame){ .object = kernel, .flags = FRAME_IS_KERNEL };
	frame.name = profile_intern_text(profile, "sys_read");
	frames[0] = profile_intern_frame(profile, &frame);
	location = profile_intern_location(profile, kernel, UINT64_MAX - 1, UINT64_MAX - 1,
					   LOCATION_KERNEL, 0);
	profile_set_location_frames(profile, location, frames, 1, 0);
	stack = profile_intern_stack(profile, stack, location);
	thread = profile_intern_thread(profile, 10, 11, "worker", "it");
	event = profile_add_event(profile, "cpu-clock", "ns");
	profile->events.items[event].frequency_hz = 997;
	sample = profile_add_sample(profile, thread, event, stack, STACK_END_COPY_ENDED, 3,
				    UINT64_C(1) << 40);
	profile_add_tick(profile, sample, 1000, 1, 5);
	profile_add_tick(profile, sample, 2000, 0, 6);
	profile->info.command = memory_duplicate_text("/home/me/it --key secret");
	profile->info.exit_status = -1;
	profile->losses.lost_samples = 4;
	string_vector_append(&profile->info.degradations, memory_duplicate_text("one thing"));
	return profile;
}

static struct profile *read_back(const struct byte_vector *bytes, bool is_without_ticks)
{
	struct profile *profile = NULL;

	assert_null(profile_file_read((struct bytes){ bytes->items, bytes->count }, "test",
				      is_without_ticks, &profile));
	return profile;
}

static void test_what_is_written_is_read(void **state)
{
	struct profile *before = make_profile(), *after;
	struct byte_vector bytes = { 0 };
	const struct profile_location *location;

	assert_null(profile_file_write(before, NULL, NULL, &bytes));
	after = read_back(&bytes, false);
	assert_string_equal(after->info.command, "/home/me/it --key secret");
	assert_null(after->info.hostname);
	assert_int_equal(after->info.exit_status, -1);
	assert_int_equal(after->losses.lost_samples, 4);
	assert_string_equal(after->info.degradations.items[0], "one thing");
	assert_int_equal(after->objects.count, before->objects.count);
	assert_int_equal(after->objects.items[1].build_id.size_bytes, 3);
	assert_int_equal(after->frames.count, before->frames.count);
	location = &after->locations.items[0];
	assert_int_equal(location->runtime_address, 0x55551234);
	assert_int_equal(location->symbol_offset, 0x34);
	assert_int_equal(location->n_frames, 2);
	assert_string_equal(profile_text(after, profile_location_frame(after, 0, 1)->name),
			    "outer<int>");
	assert_int_equal(profile_location_frame(after, 0, 0)->line, 7);
	assert_int_equal(after->locations.items[1].elf_address, UINT64_MAX - 1);
	assert_int_equal(after->stacks.items[2].depth, 2);
	assert_int_equal(after->threads.items[0].tid, 11);
	assert_int_equal(after->events.items[0].frequency_hz, 997);
	assert_int_equal(after->samples.items[0].end, STACK_END_COPY_ENDED);
	assert_int_equal(after->samples.items[0].period, UINT64_C(1) << 40);
	assert_int_equal(after->ticks.count, 2);
	assert_int_equal(after->ticks.items[1].time_ns, 2000);
	profile_destroy(after);
	after = read_back(&bytes, true);
	assert_int_equal(after->ticks.count, 0);
	profile_destroy(after);
	byte_vector_deinit(&bytes);
	profile_destroy(before);
}

static char *hide_paths(void *context, enum profile_text_kind kind, const char *text)
{
	++*(int *)context;
	return memory_duplicate_text(kind == PROFILE_TEXT_PATH ? "hidden" : text);
}

static void test_texts_can_be_changed(void **state)
{
	struct profile *before = make_profile(), *after;
	struct byte_vector bytes = { 0 };
	int n_texts = 0;

	assert_null(profile_file_write(before, hide_paths, &n_texts, &bytes));
	assert_true(n_texts > 10);
	assert_null(memmem(bytes.items, bytes.count, "it.c", 4));
	after = read_back(&bytes, false);
	assert_string_equal(profile_text(after, after->objects.items[1].path), "hidden");
	assert_string_equal(profile_text(after, profile_location_frame(after, 0, 0)->name),
			    "inner");
	profile_destroy(after);
	byte_vector_deinit(&bytes);
	profile_destroy(before);
}

/** Cut anywhere it is refused; with any byte changed it is refused or is some other profile. */
static void test_damage(void **state)
{
	struct profile *profile = make_profile(), *read;
	struct byte_vector bytes = { 0 };
	struct error *error;
	size_t n_refused = 0;

	assert_null(profile_file_write(profile, NULL, NULL, &bytes));
	for (size_t size = 0; size < bytes.count; size++) {
		uint8_t *copy = memory_allocate(size + 1, 1);

		memcpy(copy, bytes.items, size);
		error = profile_file_read((struct bytes){ copy, size }, "test", false, &read);
		assert_non_null(error);
		assert_int_equal(error->code, ERROR_FORMAT);
		error_destroy(error);
		free(copy);
	}
	for (size_t at = 0; at < 255 * bytes.count; at++) {
		uint8_t *byte = &bytes.items[at / 255], old = *byte;

		*byte = (uint8_t)(old + 1 + at % 255);
		error = profile_file_read((struct bytes){ bytes.items, bytes.count }, "test", false,
					  &read);
		n_refused += error != NULL;
		if (!error)
			profile_destroy(read);
		error_destroy(error);
		*byte = old;
	}
	assert_true(n_refused > 1000);
	byte_vector_deinit(&bytes);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_texts_can_be_changed),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
