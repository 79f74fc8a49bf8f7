#include "input/script_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static struct text_span span(const char *text)
{
	return (struct text_span){ .start = text, .length = strlen(text) };
}

#define assert_span(actual, expected)                                                              \
	do {                                                                                       \
		assert_int_equal((actual).length, strlen(expected));                               \
		assert_memory_equal((actual).start, expected, strlen(expected));                   \
	} while (0)

/* Examples of headers as perf versions write them. */
static const struct {
	const char *line, *comm, *first, *second, *period, *event;
} headers[] = {
	{ "java 25607 4794564.109216: 1 cycles:", "java", "25607", "", "1", "cycles" },
	{ "java 12688 [002] 6544038.708352: 235 cpu-clock:", "java", "12688", "", "235",
	  "cpu-clock" },
	{ "V8 WorkerThread 24636/25607 [000] 94564.109216: 100 cycles:u: ", "V8 WorkerThread",
	  "24636", "25607", "100", "cycles:u" },
	{ "node 31912 cpu-clock: ", "node", "31912", "", "", "" },
	{ "swapper     0/0     [000] 1.2:  cycles:", "swapper", "0", "0", "", "cycles" },
	{ "x  7 1.2: 9 e:", "x ", "7", "", "9", "e" },
};

static void test_headers(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		struct script_header header;

		assert_true(script_parse_header(span(headers[i].line), &header));
		assert_span(header.comm, headers[i].comm);
		assert_span(header.first, headers[i].first);
		assert_span(header.second, headers[i].second);
		assert_span(header.period, headers[i].period);
		assert_span(header.event, headers[i].event);
	}
}

static void test_no_headers(void **state)
{
	static const char *const lines[] = { "",        "a",
					     "a 12",    " java 12 1.2: 1 cycles:",
					     "java",    "java x12 ",
					     "java 12", "java;main 12" };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct script_header header;

		assert_false(script_parse_header(span(lines[i]), &header));
	}
}

static void test_place(void **state)
{
	struct script_header header;
	uint64_t time_ns = 5;
	uint32_t cpu = 7;

	assert_true(script_parse_header(span("sh 12/13 [002] 65.000001: 1 cycles:"), &header));
	script_parse_place(&header, &cpu, &time_ns);
	assert_int_equal(cpu, 2);
	assert_int_equal(time_ns, UINT64_C(65000001000));

	assert_true(script_parse_header(span("sh 12 1.000000002: 1 cycles:"), &header));
	script_parse_place(&header, &cpu, &time_ns);
	assert_int_equal(cpu, 2); /* as it was */
	assert_int_equal(time_ns, UINT64_C(1000000002));

	assert_true(script_parse_header(span("sh 12 [x] nonsense"), &header));
	script_parse_place(&header, &cpu, &time_ns);
	assert_int_equal(time_ns, UINT64_C(1000000002));
}

static const struct {
	const char *line, *address, *function, *object;
} frames[] = {
	{ "\t    7f12 main+0x1a (/bin/a)", "7f12", "main+0x1a", "/bin/a" },
	{ " 0 [unknown] ([unknown])", "0", "[unknown]", "[unknown]" },
	{ " 1 operator()(int) const (/a b/c)", "1", "operator()(int) const", "/a b/c" },
	{ " 12 f (/x (deleted))", "12", "f (/x", "deleted)" },
	{ " 12  (x)", "12", " ", "x" },
	{ " 12 (x)", "1", "2", "x" },
	{ " 9 f ()", "9", "f", "" },
};

static void test_frames(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		struct script_frame frame;

		assert_true(script_parse_frame(span(frames[i].line), &frame));
		assert_span(frame.address, frames[i].address);
		assert_span(frame.function, frames[i].function);
		assert_span(frame.object, frames[i].object);
	}
}

static void test_no_frames(void **state)
{
	static const char *const lines[] = { "",         "   ",      " (x)", " 1 (x)",   " 12 f",
					     " 12 f(x)", " 12 f (x", ")(",   " 12 f) (x" };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct script_frame frame;

		assert_false(script_parse_frame(span(lines[i]), &frame));
	}
}

static void test_symbol_end(void **state)
{
	static const struct {
		const char *function;
		size_t length;
	} cases[] = { { "main+0x1a", 4 }, { "main+0x", 7 }, { "main", 4 },   { "+0x1", 0 },
		      { "a+0x1+0x2", 5 }, { "f+0xZZ", 6 },  { "f+0x1A", 6 }, { "x1", 2 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(script_symbol_end(span(cases[i].function)) - cases[i].function,
				 cases[i].length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),   cmocka_unit_test(test_no_headers),
		cmocka_unit_test(test_place),     cmocka_unit_test(test_frames),
		cmocka_unit_test(test_no_frames), cmocka_unit_test(test_symbol_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
