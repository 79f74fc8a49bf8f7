#include "profile/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void check_closure(const char *name, const char *expected)
{
	_cleanup_free_ char *folded = profile_fold_closure(name);

	assert_string_equal(folded, expected);
}

static void test_closures(void **state)
{
	check_closure("app::serve::{{closure}}", "app::serve");
	check_closure("app::serve::{{closure}}::{{closure}}", "app::serve");
	check_closure("app::serve::{closure#0}", "app::serve");
	check_closure("<app::Pool as app::Get>::get::{{closure}}", "<app::Pool as app::Get>::get");
	check_closure("app::serve::{async_fn#0}", "app::serve");
	check_closure("main::{lambda(int)#1}::operator()(int) const", "main");
	check_closure("ns::run(int)::{lambda()#2}::operator()() const", "ns::run(int)");
	check_closure("main::$_0::operator()(int) const", "main");
	check_closure("main.main.func1", "main.main");
	check_closure("main.(*T).run.func2.1", "main.(*T).run");
	check_closure("main.start.gowrap1", "main.start");
}

static void test_what_is_no_closure(void **state)
{
	check_closure("app::serve", "app::serve");
	check_closure("core::iter::map<app::{{closure}}>::fold",
		      "core::iter::map<app::{{closure}}>::fold");
	check_closure("std::function<int (int)>::operator()(int) const",
		      "std::function<int (int)>::operator()(int) const");
	check_closure("main.function1", "main.function1");
	check_closure("{{closure}}", "{{closure}}");
	check_closure("operator->", "operator->");
	check_closure("", "");
}

static void test_plumbing(void **state)
{
	static const char *const plumbing[] = {
		"<core::pin::Pin<P> as core::future::future::Future>::poll",
		"core::ops::function::FnOnce::call_once",
		"core::ops::function::impls::<impl core::ops::function::FnMut<A> for &F>::call_mut",
		"<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once",
		"tokio::runtime::task::raw::poll",
		"std::panicking::try",
		"<futures_util::future::Map<F> as core::future::future::Future>::poll",
	};
	static const char *const others[] = {
		"<app::Query as core::future::future::Future>::poll",
		"alloc::boxed::Box<T>::new",
		"tokio::net::tcp::stream::TcpStream::read",
		"core::option::Option<T>::map",
		"main",
		"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(plumbing); i++)
		assert_true(profile_fold_is_plumbing(plumbing[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(profile_fold_is_plumbing(others[i]));
}

/** One sample; root first, '+' before a name inlines it into the one before. */
static struct profile *make_profile(const char *const *names)
{
	struct profile *profile = profile_create();
	uint32_t object = profile_intern_object(profile, "/bin/a", NULL);
	uint32_t event = profile_add_event(profile, "cycles", "cycles");
	uint32_t thread = profile_intern_thread(profile, 1, 1, "a", "a");
	uint32_t stack = 0, address = 0;

	while (*names) {
		uint32_t frames[8], n_frames = 0, location;

		do {
			const char *name = *names + (**names == '+');
			struct profile_frame frame = { .name = profile_intern_text(profile, name),
						       .object = object };

			frames[7 - n_frames++] = profile_intern_frame(profile, &frame);
			names++;
		} while (*names && **names == '+');
		location = profile_intern_location(profile, object, address, address, LOCATION_USER,
						   0);
		address++;
		profile_set_location_frames(profile, location, frames + 8 - n_frames, n_frames, 0);
		stack = profile_intern_stack(profile, stack, location);
	}
	profile_add_sample(profile, thread, event, stack, STACK_END_ROOT, 1, 1);
	return profile;
}

static void append_stack(const struct profile *profile, uint32_t stack, char *text)
{
	uint32_t location;

	if (!stack)
		return;
	append_stack(profile, profile->stacks.items[stack].parent, text);
	location = profile->stacks.items[stack].location;
	for (uint32_t i = profile->locations.items[location].n_frames; i-- > 0;) {
		strcat(text, ";");
		strcat(text,
		       profile_text(profile, profile_location_frame(profile, location, i)->name));
	}
}

static void check_fold(const struct profile_fold *fold, const char *const *names,
		       const char *expected)
{
	struct profile *profile = make_profile(names);
	char text[1024] = "";

	profile_fold_apply(fold, profile);
	append_stack(profile, profile->samples.items[0].stack, text);
	assert_string_equal(text, expected);
	profile_destroy(profile);
}

static void test_stacks(void **state)
{
	static const char *const inlined[] = { "main", "walk", "walk", "+step", NULL };
	static const char *const async[] = { "main",
					     "tokio::runtime::task::raw::poll",
					     "app::serve::{{closure}}",
					     "core::ops::function::FnOnce::call_once",
					     "+app::work",
					     NULL };
	static const char *const recursion[] = { "main",
						 "walk<int>(int)",
						 "walk<int>(int)",
						 "+walk<int>(int)",
						 "leaf",
						 "walk<int>(int)",
						 NULL };

	check_fold(&(struct profile_fold){ 0 }, async,
		   ";main;tokio::runtime::task::raw::poll;app::serve::{{closure}};"
		   "core::ops::function::FnOnce::call_once;app::work");
	check_fold(&(struct profile_fold){ .folds_async = true, .folds_closures = true }, async,
		   ";main;app::serve;app::work");
	check_fold(&(struct profile_fold){ .folds_recursion = true }, recursion,
		   ";main;walk<int>(int);leaf;walk<int>(int)");
	check_fold(&(struct profile_fold){ .folds_recursion = true }, inlined, ";main;walk;step");
	check_fold(&(struct profile_fold){ .is_short = true }, recursion,
		   ";main;walk<..>;walk<..>;walk<..>;leaf;walk<..>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closures),
		cmocka_unit_test(test_what_is_no_closure),
		cmocka_unit_test(test_plumbing),
		cmocka_unit_test(test_stacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
