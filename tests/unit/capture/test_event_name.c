#include "capture/perf_events/event_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void test_known_names(void **state)
{
	struct event_selection event;

	assert_null(event_name_parse("cpu-clock", &event));
	assert_int_equal(event.type, PERF_TYPE_SOFTWARE);
	assert_int_equal(event.config, PERF_COUNT_SW_CPU_CLOCK);
	assert_string_equal(event.unit, "ns");
	assert_false(event.is_user_only);

	for (const char *const *name = event_names(); *name; name++) {
		assert_null(event_name_parse(*name, &event));
		assert_string_equal(event.name, *name);
	}
}

static void test_modifiers(void **state)
{
	struct event_selection event;

	assert_null(event_name_parse("cycles:u", &event));
	assert_true(event.is_user_only);
	assert_false(event.is_kernel_only);
	assert_string_equal(event.name, "cycles:u");
	assert_null(event_name_parse("page-faults:k", &event));
	assert_true(event.is_kernel_only);
}

static void test_raw_event(void **state)
{
	struct event_selection event;

	assert_null(event_name_parse("r01c2", &event));
	assert_int_equal(event.type, PERF_TYPE_RAW);
	assert_int_equal(event.config, 0x1c2);
}

static void assert_refused(const char *text, const char *hint)
{
	struct event_selection event;
	struct error *error = event_name_parse(text, &event);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_USAGE);
	assert_non_null(strstr(error->message, text));
	assert_non_null(strstr(error->hint, hint));
	error_destroy(error);
}

static void test_unknown_names(void **state)
{
	assert_refused("cycels", "did you mean 'cycles'");
	assert_refused("page-fault", "'page-faults'");
	assert_refused("chache-misses", "'cache-misses'");
	assert_refused("cycles:x", "':u'");
	assert_refused("rxyz", "which names there are");
	assert_refused("r", "which names there are");
	assert_refused("r00000000000000001", "which names there are");
	assert_refused("", "which names there are");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_names),
		cmocka_unit_test(test_modifiers),
		cmocka_unit_test(test_raw_event),
		cmocka_unit_test(test_unknown_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
