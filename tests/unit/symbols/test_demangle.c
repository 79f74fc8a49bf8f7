#include "symbols/demangle.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *linkage_name, const char *expected)
{
	_cleanup_free_ char *name = demangle(linkage_name);

	if (expected)
		assert_string_equal(name, expected);
	else
		assert_null(name);
}

static void test_cpp_has_template_arguments_and_no_parameters(void **state)
{
	expect("_Z3fooi", "foo");
	expect("_ZNSt6vectorIiSaIiEE9push_backEOi",
	       "std::vector<int, std::allocator<int> >::push_back");
	expect("_Z3fooIiEvT_", "foo<int>");
	expect("_ZN12_GLOBAL__N_14workEv", "(anonymous namespace)::work");
	expect("_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()");
}

static void test_clone_suffixes_are_shown(void **state)
{
	expect("_Z3fooi.cold", "foo [clone .cold]");
	expect("_Z3fooi.constprop.0.isra.0", "foo [clone .constprop.0] [clone .isra.0]");
	expect("_Z3fooi.part.0.cold", "foo [clone .part.0] [clone .cold]");
	expect("_Z3fooi.", "foo [clone .]");
}

static void test_rust_has_no_hash(void **state)
{
	expect("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad");
	expect("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE.llvm.123456",
	       "core::fmt::Formatter::pad");
	expect("_RNvCs123_7mycrate3foo", "mycrate::foo");
	expect("_ZN61_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..fmt..Debug$GT$3fmt"
	       "17h0123456789abcdefE",
	       "<alloc::vec::Vec<T> as core::fmt::Debug>::fmt");
}

static void test_d(void **state)
{
	expect("_D3std5stdio4File5closeMFZv", "std.stdio.File.close()");
}

static void test_plain_names_are_not_mangled(void **state)
{
	expect("main", NULL);
	expect("", NULL);
	expect("_Z", NULL);
	expect("_ZN", NULL);
	expect("_R", NULL);
	expect("_D", NULL);
	expect("foo.constprop.0", NULL);
	expect("_Dmain.cold", NULL);
}

/** Each template argument holds the one before it twice: 40 levels would be a terabyte. */
static void test_exponential_name_is_given_up(void **state)
{
	char name[2048] = "_Z1fI1aIiiE";
	size_t length = strlen(name);

	for (int level = 0; level < 40; level++) {
		/* f is S_, a S0_, a<...> S1_, b S2_, b<...> S3_, ... */
		static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
		int last = level * 2 + 1;
		char substitution[8];

		if (last < 36)
			snprintf(substitution, sizeof(substitution), "S%c_", digits[last]);
		else
			snprintf(substitution, sizeof(substitution), "S%c%c_", digits[last / 36],
				 digits[last % 36]);
		length += (size_t)snprintf(name + length, sizeof(name) - length, "1bI%s%sE",
					   substitution, substitution);
	}
	snprintf(name + length, sizeof(name) - length, "Evv");
	expect(name, NULL);
}

static void test_deep_and_long_names_end(void **state)
{
	_cleanup_free_ char *pointers = memory_allocate(DEMANGLE_NAME_SIZE_MAX_BYTES + 2, 1);

	memset(pointers, 'P', DEMANGLE_NAME_SIZE_MAX_BYTES + 1);
	memcpy(pointers, "_Z1f", 4);
	expect(pointers, NULL);
	pointers[DEMANGLE_NAME_SIZE_MAX_BYTES] = '\0';
	expect(pointers, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpp_has_template_arguments_and_no_parameters),
		cmocka_unit_test(test_clone_suffixes_are_shown),
		cmocka_unit_test(test_rust_has_no_hash),
		cmocka_unit_test(test_d),
		cmocka_unit_test(test_plain_names_are_not_mangled),
		cmocka_unit_test(test_exponential_name_is_given_up),
		cmocka_unit_test(test_deep_and_long_names_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
