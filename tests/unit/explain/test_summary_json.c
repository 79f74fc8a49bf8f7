#include "explain_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define CACHE_RULE                                                                                 \
	"[cache]\ntitle = Our cache\nmeaning = Time in the cache.\nadvice = Make it larger.\n"     \
	"function = cache_*\n"

/** Blanks and line breaks outside strings removed. */
static void squeeze(char *json)
{
	bool is_in_string = false;
	char *out = json;

	for (char *in = json; *in; in++) {
		if (*in == '"' && (in == json || in[-1] != '\\'))
			is_in_string = !is_in_string;
		if (is_in_string || !strchr(" \n\t", *in))
			*out++ = *in;
	}
	*out = '\0';
}

static char *squeezed_json(struct explain_fixture *fixture)
{
	char *json;

	explain_fixture_run(fixture);
	json = explain_fixture_json(fixture);
	squeeze(json);
	return json;
}

static void test_whole_object(void **state)
{
	_cleanup_free_ char *json = NULL;
	struct explain_fixture fixture;
	struct profile_info *info;

	explain_fixture_init(&fixture,
			     "app;main;cache_get 250\napp;main 749\n"
			     "app;main;[unknown]@/lib/libx.so 1 copy-ended\n",
			     CACHE_RULE);
	info = &fixture.profile->info;
	info->command = memory_duplicate_text("./app 'x'");
	info->program = memory_duplicate_text("app");
	info->tool_version = memory_duplicate_text("1.2.3");
	info->wall_ns = 2000000000;
	info->has_exit_status = true;
	info->exit_status = 256;
	string_vector_append(&info->degradations, memory_duplicate_text("user side only"));
	fixture.profile->losses.lost_records = 4;
	json = squeezed_json(&fixture);

	assert_text_has(json, "{\"schema\":1,\"tool\":\"perf-profile\",\"version\":\"1.2.3\","
			      "\"machine\":{\"hostname\":null,");
	assert_text_has(json, "\"command\":{\"line\":\"./app 'x'\",\"program\":\"app\",");
	assert_text_has(json, "\"wall_ns\":2000000000,");
	assert_text_has(json, "\"wait_status\":256}");
	assert_text_has(json,
			"\"event\":\"cpu-clock\",\"period_unit\":\"ns\",\"frequency_hz\":997,");
	assert_text_has(json, "\"samples\":1000,\"period_total\":1000000000,");
	assert_text_has(json, "\"degradations\":[\"user side only\"]}");
	assert_text_has(json,
			"\"user_stacks\":1000,\"complete_stacks\":999,\"complete_share\":0.999,");
	assert_text_has(json, "\"stack_ends\":{\"root\":999,\"copy-ended\":1}");
	assert_text_has(json, "\"losses\":{\"records\":4,\"samples\":0,");
	assert_text_has(json, "\"unresolved_libraries\":[{\"path\":\"/lib/libx.so\",\"samples\":1,"
			      "\"share\":0.001,\"problem\":null,\"mend\":null}]");
	assert_text_has(json, "\"kind\":{\"name\":\"unknown\",");
	assert_text_has(json, "\"functions_total\":3,\"functions\":[{\"name\":\"main\","
			      "\"library\":\"/bin/app\",\"self_share\":0.749,");
	assert_text_has(json,
			"\"children_share\":1,\"self_samples\":749,\"children_samples\":1000}");
	assert_text_has(json,
			"\"findings\":[{\"id\":\"cache\",\"title\":\"Our cache\",\"share\":0.25,");
	assert_text_has(json,
			"\"hottest_path_share\":0.25,\"hottest_path\":[\"main\",\"cache_get\"]");
	assert_text_has(json, "\"criteria\":[{\"name\":\"enough samples\",\"verdict\":\"met\","
			      "\"detail\":\"1,000 (wanted: 1,000)\",\"hint\":null}");
	assert_text_has(json, "\"verdict\":\"warning\",\"detail\":\"4 records lost (0.4 %)\"");
	explain_fixture_deinit(&fixture);
}

static void test_empty_profile(void **state)
{
	_cleanup_free_ char *json = NULL;
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "", CACHE_RULE);
	json = squeezed_json(&fixture);
	assert_text_has(json, "\"samples\":0,");
	assert_text_has(json, "\"functions\":[],\"findings\":[],");
	assert_text_has(json, "\"wait_status\":null");
	explain_fixture_deinit(&fixture);
}

static void test_hostile_names(void **state)
{
	_cleanup_free_ char *json = NULL;
	struct explain_fixture fixture;
	struct profile_builder builder;
	struct profile_builder_frame frame = { .name = "cache_\"</script>\n\x1b\xff" };
	uint32_t thread;

	explain_fixture_init(&fixture, "", CACHE_RULE);
	profile_destroy(fixture.profile);
	profile_builder_init(&builder);
	fixture.profile = builder.profile;
	thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
	profile_builder_add_sample(&builder, thread, profile_builder_stack(&builder, &frame, 1),
				   STACK_END_ROOT, 10);
	explain_fixture_run(&fixture);
	json = explain_fixture_json(&fixture);
	assert_text_has(json, "cache_\\\"");
	assert_text_lacks(json, "</script>");
	assert_text_lacks(json, "\x1b");
	assert_text_lacks(json, "\xff");
	explain_fixture_deinit(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_object),
		cmocka_unit_test(test_empty_profile),
		cmocka_unit_test(test_hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
