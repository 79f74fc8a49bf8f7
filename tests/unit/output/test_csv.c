#include "output/output_formats_internal.h"

#include "output_text.h"
#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/** What is written for @p profile, which is destroyed, must hold @p part. */
static void assert_part(struct profile *profile, const char *part)
{
	assert_output_has(&csv_format, profile, part);
}

static void test_columns(void **state)
{
	assert_part(profile_build("app;main;work 3\napp;main;sys_read_[k] 1\n"),
		    "function,object,kind,self_samples,self_ns,self_percent,"
		    "children_samples,children_ns,children_percent\n"
		    "\"work\",\"/bin/app\",user,3,3000000,75.0000,3,3000000,75.0000\n"
		    "\"sys_read\",\"[kernel.kallsyms]\",kernel,"
		    "1,1000000,25.0000,1,1000000,25.0000\n"
		    "\"main\",\"/bin/app\",user,0,0,0.0000,4,4000000,100.0000\n");
}

static void test_formulas_are_disarmed(void **state)
{
	static const char *const starts[] = { "=", "+", "-", "@", " =" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		struct profile_builder builder;
		_cleanup_free_ char *name = memory_format_text("%scmd|'/c calc'!A1", starts[i]);
		_cleanup_free_ char *cell = memory_format_text("\n\"'%s\",", name);
		const struct profile_builder_frame frame = { .name = name };
		uint32_t thread;

		profile_builder_init(&builder);
		thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
		profile_builder_add_sample(&builder, thread,
					   profile_builder_stack(&builder, &frame, 1),
					   STACK_END_ROOT, 1);
		assert_part(builder.profile, cell);
	}
}

static void test_hostile_names(void **state)
{
	assert_part(profile_build("app;a\",\\\nb\xff@/lib/\"x 1\n"),
		    "\n\"a\"\",\xef\xbf\xbd"
		    "b\xef\xbf\xbd\",\"/lib/\"\"x\",user,");
}

/** Folded stacks: shares are of the counts then. */
static void test_without_periods(void **state)
{
	struct profile *profile = profile_build("app;a 1\napp;b 3\n");

	profile->samples.items[0].period = profile->samples.items[1].period = 0;
	assert_part(profile, "\n\"b\",\"/bin/app\",user,3,0,75.0000,3,0,75.0000\n\"a\",");
}

static void test_empty_profile(void **state)
{
	assert_part(profile_create(), "self_samples,self_period,self_percent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),       cmocka_unit_test(test_formulas_are_disarmed),
		cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_without_periods),
		cmocka_unit_test(test_empty_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
