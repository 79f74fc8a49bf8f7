#include "output/flamegraph_internal.h"

#include "output/output_formats_internal.h"
#include "output_text.h"
#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char *draw(const char *lines, const struct output_options *options)
{
	struct profile *profile = profile_build(lines);
	char *text = output_text(&flamegraph_format, profile, options);

	profile_destroy(profile);
	return text;
}

struct drawn_frame {
	double x_px, y_px, width_px;
};

/** The static rectangle of the frame whose tooltip starts with @p name. */
static struct drawn_frame find_frame(const char *text, const char *name)
{
	_cleanup_free_ char *title = memory_format_text("<g><title>%s", name);
	const char *group = strstr(text, title);
	struct drawn_frame frame = { 0 };
	const char *x;

	if (!group)
		fail_msg("no frame '%s'", name);
	x = strstr(group, " x=\"");
	assert_int_equal(sscanf(x, " x=\"%lf\" y=\"%lf\" width=\"%lf\"", &frame.x_px, &frame.y_px,
				&frame.width_px),
			 3);
	return frame;
}

#define LINES                                                                                      \
	"app;main;a 50\n"                                                                          \
	"app;main;b 25\n"                                                                          \
	"app;start 25\n"

static void test_rectangles_of_a_flame(void **state)
{
	char *text = draw(LINES, NULL);
	struct drawn_frame all = find_frame(text, "all"), app = find_frame(text, "app");
	struct drawn_frame main_frame = find_frame(text, "main"), a = find_frame(text, "a (");
	struct drawn_frame b = find_frame(text, "b ("), start = find_frame(text, "start");

	/* 1180 px for 100 samples from x = 10, less the gap between frames. */
	assert_float_equal(all.x_px, 10, 0.01);
	assert_float_equal(all.width_px, 1180, 1);
	assert_float_equal(main_frame.width_px, 0.75 * 1180, 1);
	assert_float_equal(a.x_px, 10, 0.01);
	assert_float_equal(b.x_px, 10 + 0.50 * 1180, 0.01);
	assert_float_equal(start.x_px, 10 + 0.75 * 1180, 0.01);
	assert_float_equal(start.width_px, 0.25 * 1180, 1);
	assert_true(all.y_px > app.y_px && app.y_px > main_frame.y_px && main_frame.y_px > a.y_px);
	assert_float_equal(a.y_px, b.y_px, 0.01);
	assert_float_equal(start.y_px, main_frame.y_px, 0.01);
	free(text);
}

static void test_rectangles_of_an_icicle_of_given_width(void **state)
{
	struct output_options options = output_options_default();
	char *text;

	options.is_inverted = true;
	options.width_px = 620;
	text = draw(LINES, &options);
	assert_true(find_frame(text, "all").y_px < find_frame(text, "app").y_px);
	assert_true(find_frame(text, "main").y_px < find_frame(text, "a (").y_px);
	assert_float_equal(find_frame(text, "all").width_px, 600, 1);
	assert_non_null(strstr(text, " width=\"620\" "));
	free(text);
}

static void test_reversed_picture(void **state)
{
	struct output_options options = output_options_default();
	char *text;

	options.is_reversed = true;
	text = draw("app;main;f 3\napp;other;f 1\n", &options);
	assert_float_equal(find_frame(text, "f (").width_px, 1180, 1);
	assert_float_equal(find_frame(text, "main").width_px, 0.75 * 1180, 1);
	assert_true(find_frame(text, "f (").y_px > find_frame(text, "main").y_px);
	free(text);
}

static void test_tooltip_tells_library_and_share(void **state)
{
	char *text = draw("app;main;read@/usr/lib/libc.so.6 1500\napp;main 4500\n", NULL);

	assert_non_null(strstr(text, "<title>read (libc.so.6): 1,500 samples, 25.00 %</title>"));
	free(text);
}

static void test_head(void **state)
{
	struct output_options options = output_options_default();
	struct profile *profile = profile_build("app;main 3000\napp;lost 1000 copy-ended\n");
	char *text;

	profile->info.command = memory_duplicate_text("./app --fast");
	profile->losses.lost_samples = 40;
	text = output_text(&flamegraph_format, profile, NULL);
	assert_non_null(strstr(text, ">./app --fast</text>"));
	assert_non_null(strstr(text, ">4,000 samples \xc2\xb7 4,000 ms of CPU time"));
	assert_non_null(strstr(text, ">75.0 % of stacks complete"));
	assert_non_null(strstr(text, "40 samples lost (0.99 %)"));
	assert_non_null(strstr(text, "class=\"subtitle poor\""));
	free(text);

	options.title = "My <title>";
	options.subtitle = "and subtitle";
	text = output_text(&flamegraph_format, profile, &options);
	assert_non_null(strstr(text, ">My &lt;title&gt;</text>"));
	assert_non_null(strstr(text, ">and subtitle</text>"));
	free(text);
	profile_destroy(profile);
}

static void test_frames_not_drawn_are_counted(void **state)
{
	char *text = draw("app;main 9999\napp;tiny 1\napp;tinier 1\n", NULL);

	assert_non_null(strstr(text, "2 frames under 0.1 % hidden"));
	assert_null(strstr(text, "<title>tiny ("));
	assert_non_null(strstr(text, "\"tiny\"")); /* but the viewer has them */
	free(text);
}

static void test_no_samples(void **state)
{
	char *text = draw("", NULL);

	assert_non_null(strstr(text, ">No samples were recorded.</text>"));
	free(text);
}

static void test_unknown_palette_is_an_error(void **state)
{
	struct output_options options = output_options_default();
	struct profile *profile = profile_build(LINES);
	struct error *error;
	FILE *file = tmpfile();

	options.palette = "pink";
	error = flamegraph_format.write(profile, &options, file);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_USAGE);
	error_destroy(error);
	fclose(file);
	profile_destroy(profile);
}

static void test_names_cannot_leave_their_place(void **state)
{
	char *text = draw("app;</title><script>alert(1)</script> 10\n"
			  "app;\"'><img\\ src=x> 10\n"
			  "app;]]>\\;&amp\\; 10\n"
			  "app;\x01\xff\xc0\x80 10\n",
			  NULL);

	assert_null(strstr(text, "<script>alert"));
	assert_null(strstr(text, "<img"));
	assert_null(strstr(text, "]]>;"));
	assert_null(strchr(text, '\x01'));
	assert_null(strchr(text, '\xff'));
	assert_non_null(strstr(text, "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
	assert_non_null(strstr(text, "\\u003cscript\\u003ealert(1)"));
	free(text);
}

static void assert_label(const char *name, double width_px, const char *expected)
{
	char *label = flamegraph_label_fit(name, width_px, 12);

	if (expected)
		assert_string_equal(label, expected);
	else
		assert_null(label);
	if (label)
		assert_true(flamegraph_label_width_px(label, 12) <= width_px);
	free(label);
}

static void test_labels_keep_the_last_part(void **state)
{
	static const char name[] = "alpha::beta<int, long>::gamma_delta(int, char const*)";

	assert_label(name, 1000, name);
	assert_label(name, 260, "alpha::beta<\xe2\x80\xa6>::gamma_delta");
	assert_label(name, 180,
		     "\xe2\x80\xa6"
		     "beta<\xe2\x80\xa6>::gamma_delta");
	assert_label(name, 110, "\xe2\x80\xa6gamma_delta");
	assert_label(name, 88, "gamma_delta");
	assert_label(name, 60, "gamma\xe2\x80\xa6");
	assert_label(name, 20, NULL);
	assert_label("core::fmt::write::h0123456789abcdef", 120, "core::fmt::write");
	assert_label("java/lang/String:::hash", 90, "\xe2\x80\xa6hash");
	assert_label("operator<<(A, B)", 90, "operator<<");
	assert_label("(anonymous namespace)::run()", 50, "\xe2\x80\xa6run");
	assert_label("", 100, "");
}

static void test_labels_are_cut_between_characters(void **state)
{
	/* 3-byte characters: never a part of one. */
	for (double width_px = 20; width_px < 90; width_px++) {
		char *label =
			flamegraph_label_fit("\xe4\xb8\xad\xe6\x96\x87\xe5\x87\xbd\xe6\x95\xb0"
					     "\xe5\x90\x8d\xe5\xad\x97",
					     width_px, 12);

		if (label)
			assert_int_equal(strlen(label) % 3, 0);
		free(label);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rectangles_of_a_flame),
		cmocka_unit_test(test_rectangles_of_an_icicle_of_given_width),
		cmocka_unit_test(test_reversed_picture),
		cmocka_unit_test(test_tooltip_tells_library_and_share),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_frames_not_drawn_are_counted),
		cmocka_unit_test(test_no_samples),
		cmocka_unit_test(test_unknown_palette_is_an_error),
		cmocka_unit_test(test_names_cannot_leave_their_place),
		cmocka_unit_test(test_labels_keep_the_last_part),
		cmocka_unit_test(test_labels_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
