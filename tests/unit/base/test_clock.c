#include "cmocka_headers.h"

#include "base/clock.h"

#include <time.h>

static void monotonic_time_does_not_go_back(void **state)
{
	uint64_t before_ns = clock_monotonic_ns();

	for (int i = 0; i < 1000; i++) {
		uint64_t now_ns = clock_monotonic_ns();

		assert_true(now_ns >= before_ns);
		before_ns = now_ns;
	}
}

static void real_time_is_the_systems(void **state)
{
	uint64_t before_ns = (uint64_t)time(NULL) * NS_PER_S;

	/* time(2) may lag behind by a tick. */
	assert_true(clock_realtime_ns() + NS_PER_S >= before_ns);
	assert_true(clock_realtime_ns() / NS_PER_S > UINT64_C(1600000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(monotonic_time_does_not_go_back),
		cmocka_unit_test(real_time_is_the_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
