#include "input/text_profile.h"

#include "input_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct error *read_text(const char *text, struct profile *profile)
{
	struct input_stream *stream = input_of_text(text);
	struct error *error = speedscope_profile_read(stream, profile);

	input_stream_close(stream);
	return error;
}

static const char *leaf_of(const struct profile *profile, size_t sample)
{
	uint32_t stack = profile->samples.items[sample].stack;

	return profile_text(
		profile,
		profile_location_frame(profile, profile->stacks.items[stack].location, 0)->name);
}

/** Profiles before the frames they use; weights before samples; an unknown member. */
static const char sampled[] =
	"{\"profiles\":[{\"type\":\"sampled\",\"name\":\"worker (7/8)\",\"unit\":\"milliseconds\","
	"\"weights\":[10,11,9],\"x\":[{}],\"samples\":[[0],[0,1],[0,1]],\"startValue\":0}],"
	"\"shared\":{\"frames\":[{\"name\":\"main\"},"
	"{\"name\":\"f\",\"file\":\"a.c\",\"line\":3}]}}";

static void test_sampled(void **state)
{
	struct profile *profile = profile_create();
	const struct profile_thread *thread;

	assert_null(read_text(sampled, profile));
	assert_int_equal(profile->samples.count, 2);
	assert_string_equal(leaf_of(profile, 0), "main");
	assert_string_equal(leaf_of(profile, 1), "f");
	assert_int_equal(profile->samples.items[0].count, 1);
	assert_int_equal(profile->samples.items[0].period, 10000000);
	assert_int_equal(profile->samples.items[1].count, 2);
	assert_int_equal(profile->samples.items[1].period, 20000000);
	assert_string_equal(profile_text(profile, profile->events.items[0].unit), "ns");
	thread = &profile->threads.items[0];
	assert_string_equal(profile_text(profile, thread->comm), "worker");
	assert_int_equal(thread->pid, 7);
	assert_int_equal(thread->tid, 8);
	profile_destroy(profile);
}

static void test_uneven_weights_are_counts(void **state)
{
	struct profile *profile = profile_create();

	assert_null(read_text("{\"shared\":{\"frames\":[{\"name\":\"a\"},{\"name\":\"b\"}]},"
			      "\"profiles\":[{\"type\":\"sampled\",\"name\":\"t\",\"unit\":"
			      "\"none\",\"samples\":[[0],[0,1]],\"weights\":[5,90]}]}",
			      profile));
	assert_int_equal(profile->samples.items[0].count, 5);
	assert_int_equal(profile->samples.items[1].count, 90);
	assert_int_equal(profile->samples.items[1].period, 0);
	profile_destroy(profile);
}

static void test_evented(void **state)
{
	struct profile *profile = profile_create();

	assert_null(read_text("{\"shared\":{\"frames\":[{\"name\":\"a\"},{\"name\":\"b\"}]},"
			      "\"profiles\":[{\"type\":\"evented\",\"name\":\"t\",\"unit\":"
			      "\"seconds\",\"startValue\":1,\"endValue\":5,\"events\":["
			      "{\"type\":\"O\",\"frame\":0,\"at\":1},"
			      "{\"type\":\"O\",\"frame\":1,\"at\":2},"
			      "{\"type\":\"C\",\"frame\":1,\"at\":4.5},"
			      "{\"type\":\"C\",\"frame\":0,\"at\":5}]}]}",
			      profile));
	assert_int_equal(profile->samples.count, 2);
	assert_int_equal(profile->samples.items[0].period, 1500000000);
	assert_string_equal(leaf_of(profile, 0), "a");
	assert_int_equal(profile->samples.items[1].period, 2500000000);
	assert_string_equal(leaf_of(profile, 1), "b");
	profile_destroy(profile);
}

static void test_cut_anywhere_is_an_error(void **state)
{
	char text[sizeof(sampled)];

	for (size_t length = 0; length + 1 < sizeof(sampled) - 1; length++) {
		struct profile *profile = profile_create();
		struct error *error;

		memcpy(text, sampled, length);
		text[length] = '\0';
		error = read_text(text, profile);
		assert_non_null(error);
		error_destroy(error);
		profile_destroy(profile);
	}
}

static void test_a_frame_that_is_not_there(void **state)
{
	struct profile *profile = profile_create();
	struct error *error = read_text("{\"shared\":{\"frames\":[]},\"profiles\":[{\"type\":"
					"\"sampled\",\"samples\":[[-1]],\"weights\":[1]}]}",
					profile);

	assert_non_null(error);
	assert_non_null(strstr(error->message, "a frame that is not in the table"));
	error_destroy(error);
	profile_destroy(profile);
}

static void test_a_frame_that_never_began(void **state)
{
	struct profile *profile = profile_create();
	struct error *error = read_text("{\"shared\":{\"frames\":[{\"name\":\"a\"}]},\"profiles\":"
					"[{\"type\":\"evented\",\"events\":"
					"[{\"type\":\"C\",\"frame\":0,\"at\":1}]}]}",
					profile);

	assert_non_null(error);
	assert_non_null(strstr(error->message, "a frame that ends and never began"));
	error_destroy(error);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sampled),
		cmocka_unit_test(test_uneven_weights_are_counts),
		cmocka_unit_test(test_evented),
		cmocka_unit_test(test_cut_anywhere_is_an_error),
		cmocka_unit_test(test_a_frame_that_is_not_there),
		cmocka_unit_test(test_a_frame_that_never_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
