#include "cli/bundle_redaction.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_changed(enum profile_text_kind kind, const char *text, const char *expected)
{
	struct redaction redaction = { .user = (char *)"alice",
				       .home = (char *)"/home/alice",
				       .host = (char *)"box17" };
	char *changed = redaction_change(&redaction, kind, text);

	assert_string_equal(changed, expected);
	free(changed);
}

static void test_paths(void **state)
{
	assert_changed(PROFILE_TEXT_PATH, "/usr/lib/libc.so.6", "/usr/lib/libc.so.6");
	assert_changed(PROFILE_TEXT_PATH, "[kernel.kallsyms]", "[kernel.kallsyms]");
	assert_changed(PROFILE_TEXT_PATH, "//anon", "//anon");
	assert_changed(PROFILE_TEXT_PATH, "/home/alice/secret/main.c", ".../main.c");
	assert_changed(PROFILE_TEXT_PATH, "src/secret/main.c", ".../main.c");
	assert_changed(PROFILE_TEXT_PATH, "/usr/local/customer/it", ".../it");
	assert_changed(PROFILE_TEXT_PATH, "/rustc/abc/library/core/src/num.rs",
		       "/rustc/abc/library/core/src/num.rs");
}

static void test_commands_hosts_and_sentences(void **state)
{
	assert_changed(PROFILE_TEXT_COMMAND, "/home/alice/it --password x", "(left out)");
	assert_changed(PROFILE_TEXT_HOST, "box17.example.org", "host");
	assert_changed(PROFILE_TEXT_COMM, "alice-worker", "user-worker");
	assert_changed(PROFILE_TEXT_NAME, "std::vector<int>::push_back",
		       "std::vector<int>::push_back");
	assert_changed(PROFILE_TEXT_OTHER, "look into '/srv/data/x.so' (on box17)",
		       "look into '.../x.so' (on host)");
	assert_changed(PROFILE_TEXT_OTHER, "read /usr/lib/debug/x, then go on",
		       "read /usr/lib/debug/x, then go on");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_commands_hosts_and_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
