/** The files that people give to a flame graph: palette.map and --nameattr. */

#include "output/name_attributes.h"
#include "output/palette_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static FILE *open_text(const char *text)
{
	return fmemopen((void *)text, strlen(text), "r");
}

static void test_palette_map_is_read_and_written_sorted(void **state)
{
	FILE *file = open_text("main->rgb(1,2,255)\n"
			       "a->b->rgb(1,1,1)\n"
			       "x->rgb(1,2,256)\n"
			       "nothing\n"
			       "y->rgb(1,2,3)z\n"
			       "Foo::bar(int)->rgb(10,20,30)\r\n");
	struct palette_map *map = palette_map_create();
	uint64_t n_bad_lines;
	char *text = NULL;
	size_t size_bytes;

	palette_map_read(map, file, &n_bad_lines);
	fclose(file);
	assert_int_equal(n_bad_lines, 4);
	assert_int_equal(*palette_map_find(map, "main"), 0x0102ff);
	assert_null(palette_map_find(map, "x"));
	palette_map_add(map, "main", 0);
	palette_map_add(map, "new\nname", 0xffffff);
	file = open_memstream(&text, &size_bytes);
	palette_map_write(map, file);
	fclose(file);
	assert_string_equal(text, "Foo::bar(int)->rgb(10,20,30)\n"
				  "main->rgb(1,2,255)\n"
				  "new name->rgb(255,255,255)\n");
	free(text);
	palette_map_destroy(map);
}

static struct name_attributes *read_attributes(const char *text,
					       struct name_attributes_losses *losses_ret)
{
	FILE *file = open_text(text);
	struct name_attributes *attributes = name_attributes_read(file, losses_ret);

	fclose(file);
	return attributes;
}

static void test_attributes_of_a_function(void **state)
{
	struct name_attributes_losses losses;
	struct name_attributes *attributes = read_attributes(
		"main\ttitle=The start\thref=https://example.org/a?b=c\ttarget=_blank\t"
		"g_extra=class=\"hot\" data-line=\"3\"\n"
		"no attributes\n"
		"other\tdata-\tclass=x\n",
		&losses);
	const struct name_attribute_set *set = name_attributes_find(attributes, "main");

	assert_non_null(set);
	assert_string_equal(set->title, "The start");
	assert_string_equal(set->href, "https://example.org/a?b=c");
	assert_string_equal(set->target, "_blank");
	assert_int_equal(set->n_extras, 2);
	assert_string_equal(set->extras[1].key, "data-line");
	assert_string_equal(set->extras[1].value, "3");
	assert_int_equal(losses.n_bad_lines, 2);
	assert_int_equal(losses.n_unsafe, 0);
	assert_null(name_attributes_find(attributes, "nothing"));
	name_attributes_destroy(attributes);
}

static void test_attributes_that_could_run_script_are_left_out(void **state)
{
	static const char *const unsafe[] = {
		"href=javascript:alert(1)",
		"href=JaVaScRiPt:alert(1)",
		"href= javascript:alert(1)",
		"href=java\x01script:alert(1)",
		"href=data:text/html,x",
		"href=vbscript:x",
		"target=a\"b",
		"onclick=alert(1)",
		"style=background:url(x)",
		"id=flame",
		"g_extra=onclick=\"x\"",
		"a_extra=xlink:href=\"javascript:x\"",
		"g_extra=class=unquoted",
		"g_extra=class=\"never closed",
		"data-x y=1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(unsafe); i++) {
		struct name_attributes_losses losses;
		struct name_attributes *attributes;
		const struct name_attribute_set *set;
		char line[128];

		snprintf(line, sizeof(line), "f\t%s\n", unsafe[i]);
		attributes = read_attributes(line, &losses);
		set = name_attributes_find(attributes, "f");
		assert_int_equal(losses.n_unsafe, 1);
		assert_null(set->href);
		assert_null(set->target);
		assert_int_equal(set->n_extras, 0);
		name_attributes_destroy(attributes);
	}
}

static void test_an_attribute_is_there_once(void **state)
{
	struct name_attributes_losses losses;
	struct name_attributes *attributes =
		read_attributes("f\tg_extra=class=\"a\"\ta_extra=class='b'\n", &losses);
	const struct name_attribute_set *set = name_attributes_find(attributes, "f");

	assert_int_equal(set->n_extras, 1);
	assert_string_equal(set->extras[0].value, "a");
	name_attributes_destroy(attributes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_palette_map_is_read_and_written_sorted),
		cmocka_unit_test(test_attributes_of_a_function),
		cmocka_unit_test(test_attributes_that_could_run_script_are_left_out),
		cmocka_unit_test(test_an_attribute_is_there_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
