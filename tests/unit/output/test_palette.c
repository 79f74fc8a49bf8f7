#include "output/palette.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define CONTRAST_MIN 4.5

static const char *const names[] = {
	"main",
	"a::b::c",
	"java/lang/String:::hash_[j]",
	"[unknown]",
	"do_syscall_64_[k]",
	"[waiting: disk]",
	"inlined_[i]",
	"waker_[w]",
	"std::vec::Vec<T>::push",
	"core::fmt::write",
	"x.py",
	"Perl_pp",
	"f.js:12",
	"",
	"\xff\xfe",
	"writev",
	"a",
	"b",
	"c",
	"d",
	"e",
	"f",
	"g",
	"h",
	"i",
	"j",
	"k",
	"l",
	"m",
	"n",
};

static const char *const objects[] = { "",
				       "app",
				       "libc.so.6",
				       "libcrypto.so.3",
				       "[kernel.kallsyms]",
				       "libz.so.1",
				       "ld-linux-x86-64.so.2" };

static const uint32_t flag_sets[] = { 0, FRAME_IS_KERNEL, FRAME_IS_JIT, FRAME_IS_INLINED,
				      FRAME_IS_UNKNOWN };

static void check_contrast(const struct palette *palette, const struct palette_subject *subject)
{
	for (int theme = 0; theme < N_PALETTE_THEMES; theme++) {
		uint32_t color = palette_color(palette, subject, (enum palette_theme)theme);
		double contrast =
			palette_contrast(color, palette_text_color((enum palette_theme)theme));

		if (contrast < CONTRAST_MIN)
			fail_msg("%s: '%s' of '%s' is #%06x: contrast %.2f", palette->name,
				 subject->name, subject->object, color, contrast);
	}
}

static void test_text_is_readable_on_every_color(void **state)
{
	for (size_t p = 0; p < n_palettes; p++) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			for (size_t j = 0; j < ARRAY_SIZE(objects); j++) {
				for (size_t k = 0; k < ARRAY_SIZE(flag_sets); k++)
					check_contrast(&palettes[p],
						       &(struct palette_subject){
							       names[i], objects[j], flag_sets[k],
							       j == 1, false, 0 });
			}
		}
	}
}

static void test_contrast_is_that_of_wcag(void **state)
{
	/* The extremes, and #777 on white: the usual example of one just below 4.5. */
	assert_float_equal(palette_contrast(0x000000, 0xffffff), 21, 0.001);
	assert_float_equal(palette_contrast(0x777777, 0xffffff), 4.478, 0.001);
	assert_float_equal(palette_contrast(0x123456, 0x123456), 1, 0.001);
}

static void test_colors_depend_on_the_name_alone(void **state)
{
	char copy[] = "main";
	const struct palette_subject first = { "main", "app", 0, true, false, 0 };
	const struct palette_subject second = { copy, "app", 0, true, false, 0 };

	for (size_t p = 0; p < n_palettes; p++)
		assert_int_equal(palette_color(&palettes[p], &first, PALETTE_LIGHT),
				 palette_color(&palettes[p], &second, PALETTE_LIGHT));
}

static void test_known_and_unknown_names(void **state)
{
	static const char *const known[] = {
		"library", "kind", "safe", "hot",    "mem",    "io",     "wakeup",
		"chain",   "java", "js",   "perl",   "python", "rust",   "red",
		"green",   "blue", "aqua", "yellow", "purple", "orange",
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const struct palette *palette = palette_find(known[i]);

		assert_non_null(palette);
		assert_string_equal(palette->name, known[i]);
	}
	assert_int_equal(n_palettes, ARRAY_SIZE(known));
	assert_string_equal(palettes[0].name, "library");
	assert_null(palette_find("pink"));
	assert_null(palette_find(""));
}

/** Red above green above blue. */
static bool is_orange(uint32_t color)
{
	int red = color >> 16 & 0xff, green = color >> 8 & 0xff, blue = color & 0xff;

	return red > green + 15 && green > blue + 15;
}

static void test_library_palette_sets_the_program_apart(void **state)
{
	const struct palette *palette = palette_find("library");
	char library[16];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct palette_subject own = { names[i], "app", 0, true, false, 0 };

		if (!strstr(names[i], "_[j]") && !strstr(names[i], "_[k]") &&
		    !strstr(names[i], "[waiting"))
			assert_true(is_orange(palette_color(palette, &own, PALETTE_LIGHT)));
	}
	for (int i = 0; i < 200; i++) {
		const struct palette_subject other = { "f", library, 0, false, false, 0 };
		const struct palette_subject kernel = { "f",   library, FRAME_IS_KERNEL,
							false, false,   0 };

		snprintf(library, sizeof(library), "lib%d.so", i);
		assert_false(is_orange(palette_color(palette, &other, PALETTE_LIGHT)));
		assert_false(is_orange(palette_color(palette, &kernel, PALETTE_LIGHT)));
	}
}

static void test_library_palette_keeps_a_library_together(void **state)
{
	const struct palette *palette = palette_find("library");
	const struct palette_subject read = { "read", "libc.so.6", 0, false, false, 0 };
	const struct palette_subject encrypt = { "encrypt", "libcrypto.so.3", 0, false, false, 0 };

	assert_string_equal(palette->group_name(&read), "libc.so.6");
	assert_int_not_equal(palette_color(palette, &read, PALETTE_LIGHT),
			     palette_color(palette, &encrypt, PALETTE_LIGHT));
}

/** Off-CPU time: neither like the program nor like a library, and in the legend by reason. */
static void test_waiting_stands_apart(void **state)
{
	static const char *const kinds[] = { "library", "kind" };
	const struct palette_subject waiting = {
		"[waiting: disk]", "", FRAME_IS_UNKNOWN, false, false, 0
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint32_t color = palette_color(palette_find(kinds[i]), &waiting, PALETTE_LIGHT);
		int red = color >> 16 & 0xff, green = color >> 8 & 0xff, blue = color & 0xff;

		assert_true(red > green + 40 && red > blue + 30);
		assert_false(is_orange(color));
	}
	/* By its flag whatever its name. */
	assert_string_equal(palette_find("kind")->group_name(&(struct palette_subject){
				    "[reason]", "", FRAME_IS_WAIT, false, false, 0 }),
			    "waiting");
	assert_string_equal(palette_find("library")->group_name(&waiting), "[waiting: disk]");
	assert_string_equal(palette_find("kind")->group_name(&waiting), "waiting");
}

static void test_hues_of_the_single_hue_palettes(void **state)
{
	static const struct {
		const char *name;
		int strongest; /**< Shift of the strongest channel. */
	} cases[] = { { "red", 16 }, { "green", 8 }, { "blue", 0 }, { "orange", 16 } };
	const struct palette_subject subject = { "main", "app", 0, true, false, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t color =
			palette_color(palette_find(cases[i].name), &subject, PALETTE_LIGHT);

		for (int shift = 0; shift <= 16; shift += 8)
			assert_true((color >> shift & 0xff) <=
				    (color >> cases[i].strongest & 0xff));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_readable_on_every_color),
		cmocka_unit_test(test_contrast_is_that_of_wcag),
		cmocka_unit_test(test_colors_depend_on_the_name_alone),
		cmocka_unit_test(test_known_and_unknown_names),
		cmocka_unit_test(test_library_palette_sets_the_program_apart),
		cmocka_unit_test(test_library_palette_keeps_a_library_together),
		cmocka_unit_test(test_waiting_stands_apart),
		cmocka_unit_test(test_hues_of_the_single_hue_palettes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
