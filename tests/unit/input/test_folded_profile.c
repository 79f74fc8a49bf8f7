#include "input/text_profile.h"

#include "input_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static struct profile *read_folded(const char *text, struct text_profile_losses *losses)
{
	static const struct text_profile_options options;
	struct input_stream *stream = input_of_text(text);
	struct profile *profile = profile_create();

	assert_null(folded_profile_read(stream, &options, profile, losses));
	input_stream_close(stream);
	return profile;
}

/** Names of a sample's frames, outermost first, as "a b c"; free it. */
static char *names_of(const struct profile *profile, uint32_t sample)
{
	struct index_vector frames = { 0 };
	char *text = memory_duplicate_text("");

	profile_expand_stack(profile, profile->samples.items[sample].stack, &frames);
	for (size_t i = 0; i < frames.count; i++) {
		const struct profile_frame *frame = &profile->frames.items[frames.items[i]];
		char *longer = memory_format_text("%s%s%s", text, i ? " " : "",
						  profile_text(profile, frame->name));

		free(text);
		text = longer;
	}
	index_vector_deinit(&frames);
	return text;
}

static void assert_names(const struct profile *profile, uint32_t sample, const char *expected)
{
	char *names = names_of(profile, sample);

	assert_string_equal(names, expected);
	free(names);
}

static void test_stacks(void **state)
{
	struct text_profile_losses losses;
	struct profile *profile =
		read_folded("sh;main;work 3\nsh 2\nsh;main;work 4\n\n# x\nsh;main 0\n", &losses);

	assert_int_equal(profile->samples.count, 2);
	assert_int_equal(profile->samples.items[0].count, 7);
	assert_names(profile, 0, "main work");
	assert_int_equal(profile->samples.items[1].count, 2);
	assert_int_equal(profile->samples.items[1].stack, 0);
	assert_string_equal(profile_text(profile, profile->threads.items[0].comm), "sh");
	assert_int_equal(losses.unrecognised.count, 0);
	profile_destroy(profile);
}

static void test_marks(void **state)
{
	struct text_profile_losses losses;
	struct profile *profile =
		read_folded("sh;main;inner_[i];[libc.so];sys_read_[k];jit_[j] 1\n", &losses);
	const struct profile_frame *frame;

	assert_names(profile, 0, "main inner [unknown] sys_read jit");
	/* main and what is inlined into it are one location */
	assert_int_equal(profile->stacks.items[profile->samples.items[0].stack].depth, 4);
	for (size_t i = 1; i < profile->frames.count; i++) {
		frame = &profile->frames.items[i];
		if (strcmp(profile_text(profile, frame->name), "inner") == 0)
			assert_int_equal(frame->flags, FRAME_IS_INLINED);
		if (strcmp(profile_text(profile, frame->name), "sys_read") == 0)
			assert_int_equal(frame->flags, FRAME_IS_KERNEL);
		if (strcmp(profile_text(profile, frame->name), "jit") == 0)
			assert_int_equal(frame->flags, FRAME_IS_JIT);
		if (strcmp(profile_text(profile, frame->name), "[unknown]") == 0)
			assert_string_equal(
				profile_text(profile, profile->objects.items[frame->object].name),
				"libc.so");
	}
	profile_destroy(profile);
}

static void test_counts(void **state)
{
	struct text_profile_losses losses;
	struct profile *profile = read_folded("a;b 1.6\na;c 10 20\na;d 1 x\n5\na;e 1.2.3\n"
					      "a;f 1000000000000000000\na;g 1000000000000000001\n"
					      "a;h -4\na;i 99999999999999999999999\n"
					      "a;j 0\na;j 0\na;j 0\n",
					      &losses);

	/* Fractions are rounded; two counts: the second; too large and negative: left out. */
	assert_int_equal(profile->samples.count, 3);
	assert_int_equal(profile->samples.items[0].count, 2);
	assert_int_equal(profile->samples.items[1].count, 20);
	assert_true(profile->samples.items[2].count == FOLDED_COUNT_MAX);
	assert_true(losses.has_fractions);
	assert_true(losses.has_two_counts);
	assert_int_equal(losses.count_scale, 0);
	assert_int_equal(losses.unrecognised.count, 6);
	assert_int_equal(losses.unrecognised.shown[0].number, 3);
	assert_string_equal(losses.unrecognised.shown[0].text, "a;d 1 x");
	assert_int_equal(losses.unrecognised.shown[2].number, 5);
	assert_string_equal(losses.unrecognised.shown[2].text, "a;e 1.2.3");
	profile_destroy(profile);
}

static void test_fractions_are_kept_in_thousandths(void **state)
{
	static const struct text_profile_options options = { .keeps_fractions = true,
							     .has_line_ticks = true };
	static const uint64_t expected[] = { 3000, 250, 1, 12346, 7000 };
	struct text_profile_losses losses;
	struct input_stream *stream = input_of_text("a;b 3\na;c 0.25\na;d 0.001\n"
						    "a;e 12.34567\na;f 7.\n");
	struct profile *profile = profile_create();

	assert_null(folded_profile_read(stream, &options, profile, &losses));
	assert_int_equal(losses.count_scale, FOLDED_FRACTION_SCALE);
	assert_int_equal(losses.unrecognised.count, 0);
	assert_int_equal(profile->samples.count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(profile->samples.items[i].count, expected[i]);
		assert_int_equal(profile->ticks.items[i].period, expected[i]);
	}
	profile_destroy(profile);
	input_stream_close(stream);
}

static void check_sum_is_refused(const char *text, const char *part)
{
	static const struct text_profile_options options = { .keeps_fractions = true };
	struct text_profile_losses losses;
	struct input_stream *stream = input_of_text(text);
	struct profile *profile = profile_create();
	struct error *error = folded_profile_read(stream, &options, profile, &losses);

	assert_non_null(error);
	assert_non_null(strstr(error->message, part));
	error_destroy(error);
	profile_destroy(profile);
	input_stream_close(stream);
}

#define HUGE_LINE "a;b 1000000000000000000\n"

static void test_sums_that_would_overflow_are_refused(void **state)
{
	check_sum_is_refused(HUGE_LINE HUGE_LINE HUGE_LINE HUGE_LINE HUGE_LINE HUGE_LINE HUGE_LINE
				     HUGE_LINE HUGE_LINE,
			     "line 9: the counts add up to more than 8e+18");
	check_sum_is_refused(HUGE_LINE "a;c 0.5\n", "line 2: the counts add up to more than 8e+15");
}

static void test_odd_frames(void **state)
{
	struct text_profile_losses losses;
	struct profile *profile = read_folded("a;;b c d; 4\n_[k];_[k] 1\n", &losses);

	assert_names(profile, 0, "[unknown] b c d [unknown]");
	assert_names(profile, 1, "_[k]");
	profile_destroy(profile);
}

/** Lines are read from where they differ from the one before; that must not be seen. */
static void test_lines_that_begin_like_the_one_before(void **state)
{
	static const char *const stacks[] = {
		"sh;a;b;c",
		"sh;a;b",
		"sh;a;bb",
		"sh;a;b",
		"sh;a;b;",
		"sh;a;b;c;d",
		"sh;a;b_[i]",
		"sh;a;b_[i];c",
		"sh;a",
		"sh;a;b_[i];c_[i]",
		"sh;a;b_[i];c",
		"shell;a;b_[i]",
		"sh",
		"sh;a;b_[i];cc",
		"sh;;b",
		"sh;;",
		"sh;a;b;c",
		"s",
		"sh;a;b;c;d;e;f;g;h",
	};
	struct text_profile_losses losses;
	char *together = memory_duplicate_text("");
	struct profile *profile;

	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++) {
		char *longer = memory_format_text("%s%s %zu\n", together, stacks[i], i + 1);

		free(together);
		together = longer;
	}
	profile = read_folded(together, &losses);
	free(together);
	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++) {
		char *line = memory_format_text("%s %zu\n", stacks[i], i + 1);
		struct profile *alone = read_folded(line, &losses);
		char *names = names_of(alone, 0);
		uint32_t depth = alone->stacks.items[alone->samples.items[0].stack].depth;
		const char *comm = profile_text(alone, alone->threads.items[0].comm);
		bool is_found = false;

		for (uint32_t k = 0; k < profile->samples.count && !is_found; k++) {
			const struct profile_sample *sample = &profile->samples.items[k];
			uint32_t thread_comm = profile->threads.items[sample->thread].comm;
			char *other = names_of(profile, k);

			is_found = strcmp(names, other) == 0 &&
				   strcmp(profile_text(profile, thread_comm), comm) == 0 &&
				   profile->stacks.items[sample->stack].depth == depth &&
				   sample->count >= i + 1;
			free(other);
		}
		assert_true(is_found);
		free(names);
		free(line);
		profile_destroy(alone);
	}
	/* Three stacks are there twice. */
	assert_int_equal(profile->samples.count, ARRAY_SIZE(stacks) - 3);
	profile_destroy(profile);
}

/** More lines than are read ahead, each twice, some of which begin like the one before. */
static void test_many_lines(void **state)
{
	enum {
		N_LINES = 43 * 7
	};
	struct text_profile_losses losses;
	_cleanup_free_ char *text = memory_allocate(2 * N_LINES, 64);
	char *at = text, expected[40];
	struct profile *profile;

	for (unsigned int i = 0; i < 2 * N_LINES; i++)
		at += sprintf(at, "sh;main;f%u;g%u;in_[i];a_rather_long_name %u\n", i % 7,
			      i % N_LINES, i + 1);
	profile = read_folded(text, &losses);
	assert_int_equal(profile->samples.count, N_LINES);
	for (uint32_t i = 0; i < N_LINES; i++) {
		snprintf(expected, sizeof(expected), "main f%u g%u in a_rather_long_name", i % 7,
			 i % N_LINES);
		assert_names(profile, i, expected);
		assert_int_equal(profile->samples.items[i].count, 2 * i + N_LINES + 2);
	}
	profile_destroy(profile);
}

static void assert_refused(const char *text, const char *part)
{
	static const struct text_profile_options options;
	struct text_profile_losses losses;
	struct input_stream *stream = input_of_text(text);
	struct profile *profile = profile_create();
	struct error *error = folded_profile_read(stream, &options, profile, &losses);

	assert_non_null(error);
	assert_non_null(strstr(error->message, part));
	error_destroy(error);
	profile_destroy(profile);
	input_stream_close(stream);
}

static void test_refuses_other_text(void **state)
{
	assert_refused("hello\n", "line 1 is no folded stack: 'hello', nor are 0 more of 1 lines");
	assert_refused("int x;\nint y = 1;\na; b 1\nint z;\n}\n",
		       "line 1 is no folded stack: 'int x;', nor are 3 more of 5 lines");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_fractions_are_kept_in_thousandths),
		cmocka_unit_test(test_sums_that_would_overflow_are_refused),
		cmocka_unit_test(test_odd_frames),
		cmocka_unit_test(test_lines_that_begin_like_the_one_before),
		cmocka_unit_test(test_many_lines),
		cmocka_unit_test(test_refuses_other_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
