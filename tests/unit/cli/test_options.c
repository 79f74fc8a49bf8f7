#include "../base/cmocka_headers.h"

#include "cli/options.h"

#include "../base/error_assertions.h"
#include "sample_commands.h"

#include <stdlib.h>

#define WORDS_MAX 16

/** A parser over words that it may reorder. */
struct call {
	char *words[WORDS_MAX];
	struct option_parser parser;
};

static void call_make(struct call *call, const struct command *command, const char *const *words)
{
	int argc = 0;

	for (; words[argc]; argc++)
		call->words[argc] = (char *)words[argc];
	call->words[argc] = NULL;
	call->parser = option_parser_make(command, argc, call->words);
}

#define CALL(call, command, ...)                                                                   \
	call_make(call, command, (const char *const[]){ (command)->name, __VA_ARGS__, NULL })

static void assert_next(struct call *call, int id, const char *value)
{
	const char *got_value = "untouched";
	int got_id = -99;

	assert_success(option_parser_next(&call->parser, &got_id, &got_value));
	assert_int_equal(got_id, id);
	if (value)
		assert_string_equal(got_value, value);
	else
		assert_null(got_value);
}

/** The options have ended and these are the operands. */
static void assert_operands(struct call *call, const char *const *operands)
{
	int index;

	assert_next(call, OPTION_ID_END, NULL);
	index = call->parser.index;
	for (; *operands; operands++, index++) {
		assert_true(index < call->parser.argc);
		assert_string_equal(call->words[index], *operands);
	}
	assert_int_equal(index, call->parser.argc);
	/* It stays at its end. */
	assert_next(call, OPTION_ID_END, NULL);
}

#define OPERANDS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static void assert_wrong(struct call *call, const char *message, const char *hint)
{
	const char *value = "untouched";
	int id = -99;
	struct error *error = option_parser_next(&call->parser, &id, &value);

	assert_int_equal(id, -99);
	assert_string_equal(value, "untouched");
	assert_non_null(error);
	if (hint)
		assert_string_equal(error->hint, hint);
	assert_failure(error, ERROR_USAGE, message);
}

static void values_in_all_four_spellings(void **state)
{
	struct call call;

	CALL(&call, &sample_run, "-F", "99", "-F98", "--freq", "97", "--freq=96", "--freq=", "ls");
	assert_next(&call, SAMPLE_FREQUENCY, "99");
	assert_next(&call, SAMPLE_FREQUENCY, "98");
	assert_next(&call, SAMPLE_FREQUENCY, "97");
	assert_next(&call, SAMPLE_FREQUENCY, "96");
	assert_next(&call, SAMPLE_FREQUENCY, "");
	assert_operands(&call, OPERANDS("ls"));
}

static void a_value_that_may_be_left_out_is_never_the_next_word(void **state)
{
	struct call call;

	CALL(&call, &sample_run, "-z", "-z3", "--zip", "--zip=4", "-qz", "5");
	assert_next(&call, SAMPLE_ZIP, NULL);
	assert_next(&call, SAMPLE_ZIP, "3");
	assert_next(&call, SAMPLE_ZIP, NULL);
	assert_next(&call, SAMPLE_ZIP, "4");
	assert_next(&call, SAMPLE_QUIET, NULL);
	assert_next(&call, SAMPLE_ZIP, NULL);
	assert_operands(&call, OPERANDS("5"));
}

static void a_word_may_be_left_out_before_an_option_and_at_the_end(void **state)
{
	struct call call;

	CALL(&call, &sample_report, "-t", "flat", "-t", "-q", "--trees", "--trees", "none", "-tx",
	     "file", "--trees=", "-t");
	assert_next(&call, SAMPLE_TREES, "flat");
	assert_next(&call, SAMPLE_TREES, NULL);
	assert_next(&call, SAMPLE_QUIET, NULL);
	assert_next(&call, SAMPLE_TREES, NULL);
	assert_next(&call, SAMPLE_TREES, "none");
	assert_next(&call, SAMPLE_TREES, "x");
	assert_next(&call, SAMPLE_TREES, "");
	assert_next(&call, SAMPLE_TREES, NULL);
	assert_operands(&call, OPERANDS("file"));
}

static void flags_can_be_bundled(void **state)
{
	struct call call;

	CALL(&call, &sample_run, "-qvg", "-qF9", "-vo", "-dir", "ls", "-q");
	assert_next(&call, SAMPLE_QUIET, NULL);
	assert_next(&call, SAMPLE_VERBOSE, NULL);
	assert_next(&call, SAMPLE_LETTER_ONLY, NULL);
	assert_next(&call, SAMPLE_QUIET, NULL);
	assert_next(&call, SAMPLE_FREQUENCY, "9");
	assert_next(&call, SAMPLE_VERBOSE, NULL);
	assert_next(&call, SAMPLE_OUTPUT, "-dir");
	assert_operands(&call, OPERANDS("ls", "-q"));
}

static void options_of_the_profiled_command_are_its_own(void **state)
{
	struct call call;

	CALL(&call, &sample_run, "-q", "ls", "-F", "--colors=x", "--", "-v");
	assert_next(&call, SAMPLE_QUIET, NULL);
	assert_operands(&call, OPERANDS("ls", "-F", "--colors=x", "--", "-v"));
}

static void two_dashes_end_the_options(void **state)
{
	struct call call;

	CALL(&call, &sample_run, "-q", "--", "-F", "x");
	assert_next(&call, SAMPLE_QUIET, NULL);
	assert_operands(&call, OPERANDS("-F", "x"));
	CALL(&call, &sample_run, "--");
	assert_operands(&call, OPERANDS());
}

static void operands_may_stand_between_options(void **state)
{
	struct call call;

	CALL(&call, &sample_report, "a", "-q", "b", "-F", "9", "c", "--", "-v", "d");
	assert_next(&call, SAMPLE_QUIET, NULL);
	assert_next(&call, SAMPLE_FREQUENCY, "9");
	assert_operands(&call, OPERANDS("a", "b", "c", "-v", "d"));
	CALL(&call, &sample_report, "a", "b", "-v");
	assert_next(&call, SAMPLE_VERBOSE, NULL);
	assert_operands(&call, OPERANDS("a", "b"));
	/* A value cannot be an operand that was before it. */
	CALL(&call, &sample_report, "a", "-F");
	assert_wrong(&call, "option '-F' needs a value: HZ|max", NULL);
	CALL(&call, &sample_report, "a", "--freq");
	assert_wrong(&call, "option '--freq' needs a value: HZ|max", NULL);
}

static void a_single_dash_is_an_operand(void **state)
{
	struct call call;

	CALL(&call, &sample_report, "-", "-q", "");
	assert_next(&call, SAMPLE_QUIET, NULL);
	assert_operands(&call, OPERANDS("-", ""));
}

static void names_may_be_shortened(void **state)
{
	struct call call;

	CALL(&call, &sample_run, "--fr", "9", "--col=rust", "--hel", "-h", "x");
	assert_next(&call, SAMPLE_FREQUENCY, "9");
	assert_next(&call, SAMPLE_COLORS, "rust");
	assert_next(&call, OPTION_ID_HELP, NULL);
	assert_next(&call, OPTION_ID_HELP, NULL);
	assert_operands(&call, OPERANDS("x"));
	CALL(&call, &sample_run, "--co", "x");
	assert_wrong(&call, "option '--co' is ambiguous", "it may be '--colors', '--count'");
}

static void mistakes_are_named_with_the_way_out(void **state)
{
	struct call call;

	CALL(&call, &sample_run, "--colrs", "x");
	assert_wrong(&call, "unknown option '--colrs'", "did you mean '--colors'?");
	CALL(&call, &sample_run, "--xyzzy=3", "x");
	assert_wrong(&call, "unknown option '--xyzzy'",
		     "'perf-profile run --help' lists the options");
	CALL(&call, &sample_run, "--=3", "x");
	assert_wrong(&call, "unknown option '--'", NULL);
	CALL(&call, &sample_run, "-Z");
	assert_wrong(&call, "unknown option '-Z'", "'perf-profile run --help' lists the options");
	CALL(&call, &sample_run, "-\xc3\xa9");
	assert_wrong(&call, "unknown option '-\xc3\xa9'", NULL);
	CALL(&call, &sample_run, "--quiet=yes");
	assert_wrong(&call, "option '--quiet' takes no value", NULL);
	CALL(&call, &sample_bare, "-F");
	assert_wrong(&call, "unknown option '-F'", NULL);
}

static void operands_can_be_refused(void **state)
{
	struct call call;

	CALL(&call, &sample_report, "-q", "file");
	assert_next(&call, SAMPLE_QUIET, NULL);
	assert_next(&call, OPTION_ID_END, NULL);
	assert_failure(option_parser_refuse_operands(&call.parser), ERROR_USAGE, "'file'");
	CALL(&call, &sample_report, "-q");
	assert_next(&call, SAMPLE_QUIET, NULL);
	assert_next(&call, OPTION_ID_END, NULL);
	assert_success(option_parser_refuse_operands(&call.parser));
}

static void commands_are_found_and_suggested(void **state)
{
	char *suggestion;

	assert_ptr_equal(command_find("report"), &sample_report);
	assert_null(command_find("repor"));
	assert_null(command_find(""));
	suggestion = command_suggest("reprot");
	assert_string_equal(suggestion, "'report'");
	free(suggestion);
	assert_null(command_suggest("sqlite3"));
}

/** Counts what it takes. */
static struct error *take_sample_option(void *context, int id, const char *value,
					bool *is_known_ret)
{
	int *n_taken = context;

	(void)value;
	*is_known_ret = id == SAMPLE_FREQUENCY || id == SAMPLE_QUIET;
	*n_taken += *is_known_ret;
	return NULL;
}

static void topics_come_first_and_take_their_own_options(void **state)
{
	static const struct option_spec empty_options[] = { OPTION_END };
	static const struct option_topic empty = { "Nothing", empty_options, take_sample_option };
	static const struct option_topic topic = { "Sampling", sample_options, take_sample_option };
	static const struct option_topic *const topics[] = { &topic, &empty, NULL };
	static const struct option_spec own_options[] = {
		{ SAMPLE_LETTER_ONLY + 1, 'z', "own", NULL, "Its own.", NULL },
		OPTION_END,
	};
	const struct command command = { .name = "with", .options = own_options, .topics = topics };
	size_t n_topic_options = ARRAY_SIZE(sample_options) - 1;
	bool is_known;
	struct call call;
	int n_taken = 0;

	assert_ptr_equal(command_option(&command, 0), sample_options);
	assert_ptr_equal(command_option(&command, n_topic_options), own_options);
	assert_int_equal(command_option(&command, n_topic_options + 1)->id, OPTION_ID_HELP);
	assert_null(command_option(&command, n_topic_options + 2));
	assert_ptr_equal(command_topic_at(&command, 0), &topic);
	assert_null(command_topic_at(&command, 1));
	CALL(&call, &command, "-F9", "-z");
	assert_next(&call, SAMPLE_FREQUENCY, "9");
	assert_next(&call, SAMPLE_LETTER_ONLY + 1, NULL);
	assert_success(command_topics_apply(&command, &n_taken, SAMPLE_FREQUENCY, "9", &is_known));
	assert_true(is_known);
	assert_success(command_topics_apply(&command, &n_taken, SAMPLE_OUTPUT, "x", &is_known));
	assert_false(is_known);
	assert_int_equal(n_taken, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_in_all_four_spellings),
		cmocka_unit_test(a_word_may_be_left_out_before_an_option_and_at_the_end),
		cmocka_unit_test(a_value_that_may_be_left_out_is_never_the_next_word),
		cmocka_unit_test(flags_can_be_bundled),
		cmocka_unit_test(options_of_the_profiled_command_are_its_own),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(operands_may_stand_between_options),
		cmocka_unit_test(a_single_dash_is_an_operand),
		cmocka_unit_test(names_may_be_shortened),
		cmocka_unit_test(mistakes_are_named_with_the_way_out),
		cmocka_unit_test(operands_can_be_refused),
		cmocka_unit_test(commands_are_found_and_suggested),
		cmocka_unit_test(topics_come_first_and_take_their_own_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
