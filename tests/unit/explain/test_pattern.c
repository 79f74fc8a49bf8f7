#include "explain/pattern_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static bool matches(const char *pattern_text, const char *text)
{
	struct arena arena = { 0 };
	struct pattern pattern;
	bool is_match;

	assert_null(pattern_compile(&arena, pattern_text, &pattern));
	is_match = pattern_matches(&pattern, (struct string_key){ text, strlen(text) });
	arena_deinit(&arena);
	return is_match;
}

static void test_literal(void **state)
{
	assert_true(matches("malloc", "malloc"));
	assert_false(matches("malloc", "mallocx"));
	assert_false(matches("malloc", "xmalloc"));
	assert_false(matches("malloc", "Malloc"));
	assert_false(matches("malloc", ""));
}

static void test_stars(void **state)
{
	assert_true(matches("_int_*", "_int_malloc"));
	assert_true(matches("_int_*", "_int_"));
	assert_false(matches("_int_*", "x_int_malloc"));
	assert_true(matches("*alloc", "malloc"));
	assert_false(matches("*alloc", "allocate"));
	assert_true(matches("*alloc*", "reallocate"));
	assert_true(
		matches("std::*::push_back", "std::vector<int, std::allocator<int> >::push_back"));
	assert_true(matches("a*b*c", "abc"));
	assert_true(matches("a*b*c", "axxbbxc"));
	assert_false(matches("a*b*c", "axxbbx"));
	assert_true(matches("**x**", "axb"));
}

/** The front and the back must not share characters. */
static void test_stars_do_not_overlap(void **state)
{
	assert_false(matches("ab*ba", "aba"));
	assert_true(matches("ab*ba", "abba"));
	assert_false(matches("*aa*aa*", "aaa"));
	assert_true(matches("*aa*aa*", "aaaa"));
}

/** A name that makes backtracking matchers try for ever. */
static void test_many_stars_are_fast(void **state)
{
	char text[4096];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void test_brackets_and_escapes_stand_for_themselves(void **state)
{
	assert_true(matches("operator new[]", "operator new[]"));
	assert_false(matches("operator new[]", "operator new["));
	assert_true(matches("[vdso]", "[vdso]"));
	assert_true(matches("sync.(\\*Mutex).Lock", "sync.(*Mutex).Lock"));
	assert_false(matches("sync.(\\*Mutex).Lock", "sync.(RWMutex).Lock"));
	assert_true(matches("a\\\\b", "a\\b"));
	assert_true(matches("a?c", "a?c"));
	assert_false(matches("a?c", "abc"));
}

static void assert_refused(const char *text, const char *message)
{
	struct arena arena = { 0 };
	struct pattern pattern;
	struct error *error = pattern_compile(&arena, text, &pattern);

	assert_non_null(error);
	assert_non_null(strstr(error->message, message));
	error_destroy(error);
	arena_deinit(&arena);
}

static void test_bad_patterns(void **state)
{
	assert_refused("", "empty");
	assert_refused("*", "everything");
	assert_refused("***", "everything");
	assert_refused("a\\", "backslash");
	assert_refused("a\\b", "backslash");
}

static void assert_plain(const char *name, const char *expected)
{
	struct string_key plain = function_plain_name(name);
	_cleanup_free_ char *copy = memory_format_text("%.*s", (int)plain.length, plain.text);

	assert_string_equal(copy, expected);
}

static void test_plain_names(void **state)
{
	assert_plain("main", "main");
	assert_plain("", "");
	assert_plain("operator new(unsigned long)", "operator new");
	assert_plain("operator new[](unsigned long)", "operator new[]");
	assert_plain("std::vector<int, std::allocator<int> >::push_back(int const&)",
		     "std::vector<int, std::allocator<int> >::push_back");
	assert_plain("void std::sort<int*>(int*, int*)", "std::sort<int*>");
	assert_plain("Foo::size() const", "Foo::size");
	assert_plain("Foo::take() &&", "Foo::take");
	assert_plain("(anonymous namespace)::work(int)", "(anonymous namespace)::work");
	assert_plain("Functor::operator()(int) const", "Functor::operator()");
	assert_plain("Functor::operator()", "Functor::operator()");
	assert_plain("std::ostream& std::operator<< <std::char_traits<char> >(std::ostream&, char)",
		     "std::ostream& std::operator<< <std::char_traits<char> >");
	assert_plain("std::basic_ostream<char>& std::__ostream_insert<char>(char)",
		     "std::__ostream_insert<char>");
	assert_plain("void apply<void (*)(int)>(void (*)(int))", "apply<void (*)(int)>");
	assert_plain("<alloc::string::String as core::fmt::Write>::write_str",
		     "<alloc::string::String as core::fmt::Write>::write_str");
	assert_plain("main.(*Tree).Insert", "main.(*Tree).Insert");
}

static void test_suffixes_of_compilers(void **state)
{
	assert_plain("_int_free.constprop.0", "_int_free");
	assert_plain("parse.part.3.cold", "parse");
	assert_plain("parse.isra.0", "parse");
	assert_plain("free@plt", "free");
	assert_plain("cfree@GLIBC_2.2.5", "cfree");
	assert_plain("pthread_mutex_lock@@GLIBC_2.2.5", "pthread_mutex_lock");
	assert_plain("example.org/x@v1.2/y.Do", "example.org/x@v1.2/y.Do");
	assert_plain("work(int) [clone .cold]", "work");
	assert_plain(".cold", "");
	assert_plain("@plt", "@plt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_stars),
		cmocka_unit_test(test_stars_do_not_overlap),
		cmocka_unit_test(test_many_stars_are_fast),
		cmocka_unit_test(test_brackets_and_escapes_stand_for_themselves),
		cmocka_unit_test(test_bad_patterns),
		cmocka_unit_test(test_plain_names),
		cmocka_unit_test(test_suffixes_of_compilers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
