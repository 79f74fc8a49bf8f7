#include "cmocka_headers.h"

#include "base/function_name.h"

#include "base/memory.h"

#include <string.h>

static void assert_short(const char *name, const char *expected)
{
	_cleanup_free_ char *text = function_name_shorten(name, "...");

	assert_string_equal(text, expected);
	assert_true(strlen(text) <= strlen(name));
}

static void test_arguments_are_left_out(void **state)
{
	assert_short("main", "main");
	assert_short("std::map<int, std::less<int> >::insert(int const&) const",
		     "std::map<...>::insert");
	assert_short("f<int>(g<1>)", "f<int>");
	assert_short("f(int) [clone .part.0]", "f");
	assert_short("core::ptr::drop_in_place<alloc::vec::Vec<u8>>::h0123456789abcdef",
		     "core::ptr::drop_in_place<...>");
}

static void test_brackets_of_the_name_itself_stay(void **state)
{
	assert_short("operator<< <char>(int)", "operator<< <...>");
	assert_short("a::operator()(int) const", "a::operator()");
	assert_short("(anonymous namespace)::f(int)", "(anonymous namespace)::f");
	assert_short("n::(anonymous namespace)::f(int)", "n::(anonymous namespace)::f");
	assert_short("<alloc::vec::Vec<T> as core::ops::Drop>::drop",
		     "<alloc::vec::Vec<T> as core::ops::Drop>::drop");
	assert_short("f<&fn(int) -> bool, 3>::g", "f<...>::g");
	assert_short("<fn() as core::ops::FnOnce<()>>::call_once(int)",
		     "<fn() as core::ops::FnOnce<()>>::call_once");
	assert_short("<(A, B) as m::Trait<C, D>>::f", "<(A, B) as m::Trait<...>>::f");
}

/** As .NET's maps have them. */
static void test_names_of_dotnet(void **state)
{
	assert_short("void [System.Private.CoreLib] A.Foo::Bar(class System.String)[Optimized]",
		     "void [System.Private.CoreLib] A.Foo::Bar");
	assert_short("instance void [app] App.Program::.ctor(int32,int32)[PreJIT]",
		     "instance void [app] App.Program::.ctor");
	assert_short("instance !0 [lib] List`1[System.__Canon]::get_Item(int32)[OptimizedTier1]",
		     "instance !0 [lib] List`1[System.__Canon]::get_Item");
	assert_short("memory stub", "memory stub");
}

static void test_broken_names_come_out_whole(void **state)
{
	assert_short("", "");
	assert_short("a<b", "a<b");
	assert_short("a>b)", "a>b)");
	assert_short("a(b", "a(b");
	assert_short("::h0123456789abcdef", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments_are_left_out),
		cmocka_unit_test(test_brackets_of_the_name_itself_stay),
		cmocka_unit_test(test_names_of_dotnet),
		cmocka_unit_test(test_broken_names_come_out_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
