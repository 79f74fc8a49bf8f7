#include "input/text_profile.h"

#include "input_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/*
 * strings: "" samples count cpu nanoseconds main /bin/x f a.c thread worker pid; a string
 * table after all that refer to it.
 */
#define TYPES    "\x0a\4\x08\1\x10\2\x0a\4\x08\3\x10\4"
#define MAPPING  "\x1a\x09\x08\1\x10\x80\x20\x20\0\x28\6" /* start 0x1000, file 6 */
#define LOCATION "\x22\x13\x08\x09\x10\1\x18\x84\x20\x22\4\x08\2\x10\7\x22\4\x08\1\x10\3"
#define FUNCTIONS "\x2a\4\x08\1\x10\5\x2a\6\x08\2\x10\7\x20\x08"
#define SAMPLE   "\x12\x11\x0a\1\x09\x12\2\3\x1e\x1a\4\x08\x09\x10\x0a\x1a\2\x08\x0b"
#define STRINGS                                                                                    \
	"\x32\0\x32\7samples\x32\5count\x32\3cpu\x32\x0bnanoseconds\x32\4main\x32\6/bin/x"         \
	"\x32\1f\x32\3a.c\x32\6thread\x32\6worker\x32\3pid"

static const char whole[] = TYPES SAMPLE MAPPING LOCATION FUNCTIONS STRINGS;

static struct error *read_bytes(const void *bytes, size_t size_bytes, struct profile *profile)
{
	struct input_stream *stream = input_of_bytes(bytes, size_bytes);
	struct error *error = pprof_profile_read(stream, profile);

	input_stream_close(stream);
	return error;
}

static void test_whole(void **state)
{
	struct profile *profile = profile_create();
	const struct profile_location *location;
	const struct profile_frame *inner, *outer;

	assert_true(pprof_is_profile((struct bytes){ (const uint8_t *)whole, sizeof(whole) - 1 }));
	assert_null(read_bytes(whole, sizeof(whole) - 1, profile));
	assert_int_equal(profile->events.count, 1);
	assert_string_equal(profile_text(profile, profile->events.items[0].name), "cpu");
	assert_string_equal(profile_text(profile, profile->events.items[0].unit), "ns");
	assert_int_equal(profile->samples.count, 1);
	assert_int_equal(profile->samples.items[0].count, 3);
	assert_int_equal(profile->samples.items[0].period, 30);
	assert_string_equal(profile_text(profile, profile->threads.items[0].comm), "worker");
	assert_string_equal(profile_text(profile, profile->threads.items[0].process_comm), "x");
	location = &profile->locations.items[0];
	assert_int_equal(location->elf_address, 4);
	assert_int_equal(location->n_frames, 2);
	inner = profile_location_frame(profile, 0, 0);
	outer = profile_location_frame(profile, 0, 1);
	assert_string_equal(profile_text(profile, inner->name), "f");
	assert_string_equal(profile_text(profile, inner->file), "a.c");
	assert_int_equal(inner->line, 7);
	assert_true(inner->flags & FRAME_IS_INLINED);
	assert_string_equal(profile_text(profile, outer->name), "main");
	assert_int_equal(outer->line, 3);
	assert_false(outer->flags & FRAME_IS_INLINED);
	profile_destroy(profile);
}

/** A cut between two fields is a message of its own; elsewhere it is an error. */
static void test_cut_anywhere(void **state)
{
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		struct profile *profile = profile_create();

		error_destroy(read_bytes(whole, length, profile));
		profile_destroy(profile);
	}
}

static void test_every_byte_wrong(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	char bytes[sizeof(whole) - 1];

	for (size_t i = 0; i < sizeof(bytes); i++) {
		for (size_t k = 0; k < sizeof(values); k++) {
			struct profile *profile = profile_create();

			memcpy(bytes, whole, sizeof(bytes));
			bytes[i] = (char)values[k];
			error_destroy(read_bytes(bytes, sizeof(bytes), profile));
			profile_destroy(profile);
		}
	}
}

static void test_a_location_that_is_not_there(void **state)
{
	static const char bytes[] = TYPES SAMPLE;
	struct profile *profile = profile_create();
	struct error *error = read_bytes(bytes, sizeof(bytes) - 1, profile);

	assert_non_null(error);
	assert_non_null(strstr(error->message, "a sample of no known location"));
	error_destroy(error);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_every_byte_wrong),
		cmocka_unit_test(test_a_location_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
