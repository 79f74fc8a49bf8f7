#include "explain/rule_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXTS "title = T\nmeaning = M\nadvice = A\n"

static const struct rule_entry *only_entry(const struct rule_set *rules)
{
	assert_int_equal(rule_set_count(rules), 1);
	return rules->entries.items[0];
}

static void test_whole_rule(void **state)
{
	struct rule_set *rules = rule_set_create();
	const struct rule_entry *entry;

	assert_null(rule_set_parse(rules, "r",
				   "# comment\n"
				   "\n"
				   "[our-cache]\r\n"
				   "title =  Our cache \n"
				   "meaning = Time in\n"
				   "\tthe cache.\n"
				   "advice = Make it larger.\n"
				   "least = 4 %\n"
				   "scope = leaf\n"
				   "function =\n"
				   "\tcache_get\n"
				   "  # between values\n"
				   "\toperator new(unsigned long)\n"
				   "not-library = libx.so*\n"
				   "through-kernel = do_syscall_64"));
	entry = only_entry(rules);
	assert_string_equal(entry->rule.id, "our-cache");
	assert_string_equal(entry->rule.title, "Our cache");
	assert_string_equal(entry->rule.meaning, "Time in the cache.");
	assert_string_equal(entry->rule.advice, "Make it larger.");
	assert_true(entry->rule.share_least == 0.04);
	assert_int_equal(entry->scope, SCOPE_LEAF);
	assert_int_equal(entry->rule.n_matchers, 4);
	assert_int_equal(entry->rule.matchers[0].subject, SUBJECT_FUNCTION);
	assert_int_equal(entry->rule.matchers[0].role, ROLE_MATCH);
	assert_string_equal(entry->rule.matchers[1].pattern.pieces[0].text,
			    "operator new(unsigned long)");
	assert_int_equal(entry->rule.matchers[2].subject, SUBJECT_LIBRARY);
	assert_int_equal(entry->rule.matchers[2].role, ROLE_EXCLUDE);
	assert_int_equal(entry->rule.matchers[3].subject, SUBJECT_KERNEL);
	assert_int_equal(entry->rule.matchers[3].role, ROLE_THROUGH);
	rule_set_destroy(rules);
}

static void test_defaults(void **state)
{
	struct rule_set *rules = rule_set_create();

	assert_null(rule_set_parse(rules, "r", "[a]\n" TEXTS "source = *.c\n"));
	assert_int_equal(only_entry(rules)->scope, SCOPE_ANYWHERE);
	assert_true(only_entry(rules)->rule.share_least == RULE_SHARE_LEAST_DEFAULT);
	rule_set_destroy(rules);
}

static void test_syscall_stands_for_entry_functions(void **state)
{
	struct rule_set *rules = rule_set_create();
	const struct rule *rule;

	assert_null(rule_set_parse(rules, "r", "[a]\n" TEXTS "syscall = futex\n"));
	rule = &only_entry(rules)->rule;
	assert_int_equal(rule->matchers[0].subject, SUBJECT_KERNEL);
	assert_string_equal(rule->matchers[0].pattern.pieces[0].text, "__x64_sys_futex");
	assert_string_equal(rule->matchers[rule->n_matchers - 1].pattern.pieces[0].text,
			    "ksys_futex");
	rule_set_destroy(rules);
}

static void test_least(void **state)
{
	static const struct {
		const char *text;
		double share;
	} cases[] = { { "0", 0 }, { "0.25", 0.25 }, { "25%", 0.25 }, { "100 %", 1 }, { "1", 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rule_set *rules = rule_set_create();
		_cleanup_free_ char *text = memory_format_text(
			"[a]\n" TEXTS "function = f\nleast = %s\n", cases[i].text);

		assert_null(rule_set_parse(rules, "r", text));
		assert_true(only_entry(rules)->rule.share_least == cases[i].share);
		rule_set_destroy(rules);
	}
}

/** A rule of a later file takes the place of the one with its id. */
static void test_replaces_by_id(void **state)
{
	struct rule_set *rules = rule_set_create();

	assert_null(rule_set_parse(rules, "one",
				   "[a]\n" TEXTS "function = f\n[b]\n" TEXTS "function = g\n"));
	assert_null(rule_set_parse(rules, "two",
				   "[a]\ntitle = New\nmeaning = M\nadvice = A\nfunction = h\n"));
	assert_int_equal(rule_set_count(rules), 2);
	assert_string_equal(rules->entries.items[0]->rule.title, "New");
	assert_string_equal(rules->entries.items[1]->rule.id, "b");
	rule_set_destroy(rules);
}

static const struct {
	const char *text;
	const char *message; /**< All of it. */
	const char *hint;    /**< A part; NULL: none. */
} bad_files[] = {
	{ "title = T\n", "r:1: \"title\" before any rule", "[name]" },
	{ "\n  indented\n", "r:2: an indented line continues no value", "margin" },
	{ "[a\n", "r:1: a rule's name is not closed", "[name]" },
	{ "[a] b\n", "r:1: a rule's name is not closed", "[name]" },
	{ "[]\n", "r:1: \"\" is no name for a rule", "lower-case" },
	{ "[A b]\n", "r:1: \"A b\" is no name for a rule", "lower-case" },
	{ "[a]\nfunction\n", "r:2: \"function\" is no \"key = value\"", "blank" },
	{ "[a]\nfnction = f\n", "r:2: unknown key \"fnction\"", "function" },
	{ "[a]\nleast = much\n", "r:2: \"much\" is no share", "2 %" },
	{ "[a]\nleast = 101 %\n", "r:2: \"101 %\" is no share", "2 %" },
	{ "[a]\nleast = -1\n", "r:2: \"-1\" is no share", "2 %" },
	{ "[a]\nleast = nan\n", "r:2: \"nan\" is no share", "2 %" },
	{ "[a]\nscope = stack\n", "r:2: unknown scope \"stack\"", "anywhere" },
	{ "[a]\nfunction =\n\tf\n\t*\n", "r:4: pattern \"*\" matches everything", "part" },
	{ "[a]\nlibrary = x\\y\n", "r:2: a backslash may only stand before * or \\", "\\\\" },
	{ "[a]\nmeaning = M\nadvice = A\nfunction = f\n", "r:1: rule [a] has no title", "title" },
	{ "[a]\ntitle = T\nadvice = A\nfunction = f\n", "r:1: rule [a] has no meaning", "meaning" },
	{ "[a]\ntitle = T\nmeaning = M\nfunction = f\n[b]\n", "r:1: rule [a] has no advice",
	  "advice" },
	{ "\n[a]\n" TEXTS, "r:2: rule [a] matches nothing", "function" },
	{ "[a]\n" TEXTS "not-function = f\n", "r:1: rule [a] matches nothing", "function" },
	{ "[a]\n" TEXTS "function = f\n[a]\n", "r:6: rule [a] is in this file already",
	  "another file" },
};

static void test_bad_files(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_files); i++) {
		struct rule_set *rules = rule_set_create();
		struct error *error = rule_set_parse(rules, "r", bad_files[i].text);

		assert_non_null(error);
		assert_int_equal(error->code, ERROR_FORMAT);
		assert_string_equal(error->message, bad_files[i].message);
		assert_non_null(error->hint);
		if (!strstr(error->hint, bad_files[i].hint))
			fail_msg("hint of %s: %s", error->message, error->hint);
		error_destroy(error);
		rule_set_destroy(rules);
	}
}

/** One mistake, and nothing of the file is used. */
static void test_all_or_nothing(void **state)
{
	struct rule_set *rules = rule_set_create();
	struct error *error;

	assert_null(rule_set_parse(rules, "one", "[a]\n" TEXTS "function = f\n"));
	error = rule_set_parse(rules, "two", "[a]\n" TEXTS "function = g\n[b]\nx = y\n");
	assert_non_null(error);
	error_destroy(error);
	assert_string_equal(only_entry(rules)->rule.matchers[0].pattern.pieces[0].text, "f");
	rule_set_destroy(rules);
}

/** A file in the present folder; removed by the caller. */
static void write_file(char *path, const void *bytes, size_t size_bytes)
{
	int file = mkstemp(path);

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, size_bytes), size_bytes);
	close(file);
}

static void test_read_file(void **state)
{
	static const char content[] = "[a]\n" TEXTS "function = f\nbad\n";
	char path[] = "/tmp/test_rule_parser.XXXXXX";
	struct rule_set *rules = rule_set_create();
	_cleanup_free_ char *expected = NULL;
	struct error *error;

	write_file(path, content, strlen(content));
	error = rule_set_read(rules, path);
	expected = memory_format_text("%s:6: \"bad\" is no \"key = value\"", path);
	assert_string_equal(error->message, expected);
	error_destroy(error);
	unlink(path);

	error = rule_set_read(rules, path);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);
	rule_set_destroy(rules);
}

static void test_read_refuses_binary_and_huge_files(void **state)
{
	char path[] = "/tmp/test_rule_parser.XXXXXX", other[] = "/tmp/test_rule_parser.XXXXXX";
	_cleanup_free_ char *huge = memory_allocate(1, RULE_FILE_SIZE_MAX_BYTES + 1);
	struct rule_set *rules = rule_set_create();
	struct error *error;

	write_file(path, "[a]\n\0x", 6);
	error = rule_set_read(rules, path);
	assert_non_null(strstr(error->message, "NUL byte"));
	error_destroy(error);
	unlink(path);

	memset(huge, '\n', RULE_FILE_SIZE_MAX_BYTES + 1);
	write_file(other, huge, RULE_FILE_SIZE_MAX_BYTES + 1);
	error = rule_set_read(rules, other);
	assert_non_null(strstr(error->message, "larger than"));
	error_destroy(error);
	unlink(other);
	rule_set_destroy(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_rule),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_syscall_stands_for_entry_functions),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_replaces_by_id),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_read_file),
		cmocka_unit_test(test_read_refuses_binary_and_huge_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
