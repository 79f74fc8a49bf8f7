#include "profile/annotation.h"

#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/** A location of "work" (from 0x100 on), or of what is inlined there. */
static uint32_t add_location(struct profile *profile, uint64_t offset, const char *inlined,
			     uint32_t line)
{
	uint32_t object = profile_intern_object(profile, "/bin/a", NULL);
	uint32_t location =
		profile_intern_location(profile, object, 0x100 + offset, 0, LOCATION_USER, 0);
	struct profile_frame frame = { .name = profile_intern_text(profile, "work"),
				       .object = object,
				       .file = profile_intern_text(profile, "a.c"),
				       .line = line };
	uint32_t frames[2];
	uint32_t n_frames = 0;

	if (inlined) {
		struct profile_frame inner = frame;

		inner.name = profile_intern_text(profile, inlined);
		inner.flags = FRAME_IS_INLINED;
		inner.file = profile_intern_text(profile, "b.h");
		frames[n_frames++] = profile_intern_frame(profile, &inner);
	}
	frames[n_frames++] = profile_intern_frame(profile, &frame);
	profile_set_location_frames(profile, location, frames, n_frames, offset);
	return location;
}

static void test_addresses_and_lines(void **state)
{
	struct profile *profile = profile_create();
	uint32_t event = profile_add_event(profile, "cycles", "cycles");
	uint32_t thread = profile_intern_thread(profile, 1, 1, "a", "a");
	const struct annotated_function *function;
	struct annotated_line_vector lines = { 0 };
	struct annotation annotation;

	static const struct {
		uint64_t offset;
		const char *inlined;
		uint32_t line;
		uint64_t period;
	} samples[] = { { 8, NULL, 3, 10 }, { 4, "f", 7, 20 }, { 8, NULL, 3, 30 } };

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		uint32_t location = add_location(profile, samples[i].offset, samples[i].inlined,
						 samples[i].line);

		profile_add_sample(
			profile, thread, event, profile_intern_stack(profile, 0, location),
			(enum stack_end)(STACK_END_ROOT + (i == 2)), 1, samples[i].period);
	}
	annotation_init(&annotation, profile, event);
	assert_int_equal(annotation.weight, 60);
	assert_int_equal(annotation.functions.count, 1);
	function = &annotation.functions.items[0];
	assert_string_equal(profile_text(profile, function->name), "work");
	assert_int_equal(function->start_elf_address, 0x100);
	assert_int_equal(function->count, 3);
	assert_int_equal(function->addresses.count, 2);
	assert_int_equal(function->addresses.items[0].elf_address, 0x104);
	assert_int_equal(function->addresses.items[0].weight, 20);
	assert_int_equal(function->addresses.items[1].weight, 40);
	annotation_lines(function, &lines);
	assert_int_equal(lines.count, 2);
	assert_int_equal(lines.items[0].weight + lines.items[1].weight, 60);
	annotated_line_vector_deinit(&lines);
	annotation_deinit(&annotation);
	profile_destroy(profile);
}

static void test_nothing(void **state)
{
	struct profile *profile = profile_build("");
	struct annotation annotation;

	annotation_init(&annotation, profile, 0);
	assert_int_equal(annotation.functions.count, 0);
	annotation_deinit(&annotation);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_and_lines),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
