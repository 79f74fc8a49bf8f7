#include "explain_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

/**
 * One stack for each shipped rule, all of it real names. A backslash takes the
 * next character as it is (profile_builder.h).
 */
static const struct {
	const char *id;
	const char *stack;
} matches[] = {
	{ "allocation", "main;operator\\ new(unsigned\\ long);malloc@/lib/libc.so.6" },
	{ "allocation", "main;_int_free.constprop.0@/lib/libc.so.6" },
	{ "allocation", "main;alloc::raw_vec::RawVec<T,A>::reserve::do_reserve_and_handle" },
	{ "allocation", "main.main;runtime.mallocgc" },
	{ "allocation", "main;x@/usr/lib/x86_64-linux-gnu/libjemalloc.so.2" },
	{ "copying", "main;__memmove_avx_unaligned_erms@/lib/libc.so.6" },
	{ "copying", "main;__memset_avx2_unaligned_erms@/lib/libc.so.6" },
	{ "strings", "main;__strlen_avx2@/lib/libc.so.6" },
	{ "locks", "main;pthread_mutex_lock@/lib/libc.so.6" },
	{ "locks", "main;std::sys::sync::mutex::futex::Mutex::lock_contended" },
	{ "locks", "main;syscall;__x64_sys_futex_[k];futex_wait_[k]" },
	{ "locks", "main.main;sync.(*Mutex).lockSlow" },
	{ "scheduling", "main;do_syscall_64_[k];schedule_[k];__schedule_[k]" },
	{ "async-runtime", "main;tokio::runtime::scheduler::multi_thread::worker::Context::run" },
	{ "async-runtime",
	  "main;<tokio::net::tcp::stream::TcpStream\\ as\\ tokio::io::AsyncRead>::poll_read;"
	  "std::sys::net::recv;recv@/lib/x86_64-linux-gnu/libc.so.6;do_syscall_64_[k]" },
	{ "async-runtime", "main;uv_run@/usr/lib/libuv.so.1;epoll_wait@/lib/libc.so.6" },
	{ "async-runtime", "runtime.mcall;runtime.park_m;runtime.schedule;runtime.findRunnable" },
	{ "dns", "main;getaddrinfo@/lib/libc.so.6" },
	{ "dns", "main;hickory_resolver::lookup::lookup" },
	{ "sqlite", "main;sqlite3_step@/usr/lib/libsqlite3.so.0" },
	{ "sqlite", "main;sqlite3VdbeExec" },
	{ "storage-sync", "main;fdatasync@/lib/libc.so.6;__x64_sys_fdatasync_[k]" },
	{ "hashing", "main;<core::hash::sip::Hasher<S>\\ as\\ core::hash::Hasher>::write" },
	{ "hashing", "main;hashbrown::map::HashMap<K,V,S,A>::insert" },
	{ "hashing", "main.main;runtime.mapaccess1_faststr" },
	{ "sorting", "main;void\\ std::__introsort_loop<int*,\\ long>(int*,\\ int*,\\ long)" },
	{ "sorting", "main;core::slice::sort::unstable::quicksort::quicksort" },
	{ "sorting", "main;qsort_r@/lib/libc.so.6;msort_with_tmp.part.0@/lib/libc.so.6" },
	{ "regex", "main;regex_automata::meta::regex::Regex::search" },
	{ "regex", "main;pcre2_match_8@/usr/lib/libpcre2-8.so.0" },
	{ "formatting", "main;__vfprintf_internal@/lib/libc.so.6" },
	{ "formatting", "main;core::fmt::write" },
	{ "formatting", "main;<u64\\ as\\ core::fmt::Display>::fmt" },
	{ "serialisation", "main;serde_json::de::from_str" },
	{ "serialisation", "main.main;encoding/json.(*decodeState).object" },
	{ "compression", "main;x@/lib/x86_64-linux-gnu/liblzma.so.5" },
	{ "compression", "main;ZSTD_compressBlock_doubleFast" },
	{ "cryptography", "main;sha256_block_data_order_avx2@/usr/lib/libcrypto.so.3" },
	{ "cryptography", "main;<sha2::core_api::Sha256VarCore\\ as\\ digest::X>::update" },
	{ "logging", "main;tracing_subscriber::fmt::format::Format::format_event" },
	{ "exceptions", "main;__cxa_throw@/usr/lib/libstdc++.so.6;_Unwind_RaiseException" },
	{ "exceptions", "main;std::panicking::begin_panic_handler" },
	{ "garbage-collection", "runtime.gcBgMarkWorker;runtime.gcDrain;runtime.scanobject" },
	{ "garbage-collection", "main;gc_collect_main@/usr/bin/python3.11" },
	{ "interpreter", "main;_PyEval_EvalFrameDefault@/usr/bin/python3.11" },
	{ "interpreter", "main;Perl_pp_add@/usr/bin/perl" },
	{ "jit-compilation", "main;v8::internal::compiler::PipelineImpl::Run" },
	{ "dynamic-loading",
	  "_start@/lib64/ld-linux-x86-64.so.2;_dl_start;dl_main;_dl_relocate_object" },
	{ "file-io", "main;read@/lib/libc.so.6;do_syscall_64_[k];__x64_sys_read_[k];vfs_read_[k]" },
	{ "network-io", "main;send@/lib/libc.so.6;__x64_sys_sendto_[k];tcp_sendmsg_[k]" },
	{ "event-waiting", "main;epoll_wait@/lib/libc.so.6;__x64_sys_epoll_wait_[k]" },
	{ "memory-mapping", "main;munmap@/lib/libc.so.6;__x64_sys_munmap_[k]" },
	{ "page-faults", "main;asm_exc_page_fault_[k];exc_page_fault_[k]" },
	{ "page-zeroing", "main;asm_exc_page_fault_[k];clear_page_erms_[k]" },
	{ "kernel-copying", "main;__x64_sys_read_[k];rep_movs_alternative_[k]" },
	{ "syscalls", "main;getppid@/lib/libc.so.6;do_syscall_64_[k];__x64_sys_getppid_[k]" },
	{ "syscall-entry", "main;getppid@/lib/libc.so.6;entry_SYSCALL_64_after_hwframe_[k]" },
	{ "process-creation", "main;posix_spawn@/lib/libc.so.6" },
	{ "process-creation", "main;do_syscall_64_[k];__x64_sys_clone_[k];copy_process_[k]" },
	{ "clocks", "main;clock_gettime@[vdso]" },
	{ "random", "main;rand_chacha::guts::refill_wide" },
	{ "mathematics", "main;__sin_fma@/lib/x86_64-linux-gnu/libm.so.6" },
};

static void test_every_rule_matches_real_names(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(matches); i++) {
		_cleanup_free_ char *profile = memory_format_text("app;%s 10\n", matches[i].stack);
		struct explain_fixture fixture;
		const struct finding *finding;

		explain_fixture_init(&fixture, profile, NULL);
		explain_fixture_run(&fixture);
		finding = explain_fixture_finding(&fixture, matches[i].id);
		if (!finding)
			fail_msg("[%s] does not match %s", matches[i].id, matches[i].stack);
		assert_true(finding->share == 1);
		assert_true(finding->n_functions > 0);
		explain_fixture_deinit(&fixture);
	}
}

/** Every shipped rule is in the table above. */
static void test_every_rule_is_tested(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "", NULL);
	for (size_t i = 0; i < fixture.rules->entries.count; i++) {
		const char *id = fixture.rules->entries.items[i]->rule.id;
		bool is_tested = false;

		for (size_t j = 0; j < ARRAY_SIZE(matches) && !is_tested; j++)
			is_tested = strcmp(matches[j].id, id) == 0;
		if (!is_tested)
			fail_msg("no stack for rule [%s]", id);
	}
	explain_fixture_deinit(&fixture);
}

/** Stacks that only look like something. */
static const struct {
	const char *id;
	const char *stack;
} non_matches[] = {
	/* The root of every Rust thread runs inside these. */
	{ "exceptions",
	  "main;std::rt::lang_start;std::panicking::try;std::panic::catch_unwind;work" },
	{ "exceptions", "clone3;std::sys::backtrace::__rust_begin_short_backtrace;core::ops::"
			"FnOnce::call_once;f" },
	{ "process-creation", "clone3@/lib/libc.so.6;start_thread@/lib/libc.so.6;"
			      "std::thread::Builder::spawn_unchecked_::{{closure}};work" },
	{ "locks", "main;std::sys::sync::once::futex::Once::call;work" },
	/* A program's whole life is not loading or the runtime. */
	{ "dynamic-loading", "_dl_start_user@/lib64/ld-linux-x86-64.so.2;_dl_init;constructor" },
	{ "async-runtime", "main;tokio::runtime::task::raw::poll;app::handler;work" },
	{ "async-runtime", "runtime.main;main.main;work" },
	{ "interpreter",
	  "main;_PyEval_EvalFrameDefault@/usr/bin/python3.11;dgemm@/usr/lib/libblas.so.3" },
	{ "interpreter",
	  "main;_PyEval_EvalFrameDefault@/usr/bin/python3.11;asm_exc_page_fault_[k]" },
	{ "syscall-entry", "main;do_syscall_64_[k];__x64_sys_getppid_[k]" },
	{ "allocation", "main;memory_pool_free_list_walk" },
	{ "sorting", "main;resort_window" },
	{ "page-faults", "main;page_fault_statistics" },
	{ "hashing", "main;dict_print" },
};

static void test_look_alikes_do_not_match(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(non_matches); i++) {
		_cleanup_free_ char *profile =
			memory_format_text("app;%s 10\n", non_matches[i].stack);
		struct explain_fixture fixture;

		explain_fixture_init(&fixture, profile, NULL);
		explain_fixture_run(&fixture);
		if (explain_fixture_finding(&fixture, non_matches[i].id))
			fail_msg("[%s] matches %s", non_matches[i].id, non_matches[i].stack);
		explain_fixture_deinit(&fixture);
	}
}

/** Texts fit the report: no tabs, a full stop at the end, not a page long. */
static void test_texts_are_sentences(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "", NULL);
	for (size_t i = 0; i < fixture.rules->entries.count; i++) {
		const struct rule *rule = &fixture.rules->entries.items[i]->rule;
		const char *const texts[] = { rule->meaning, rule->advice };

		for (size_t j = 0; j < ARRAY_SIZE(texts); j++) {
			if (texts[j][strlen(texts[j]) - 1] != '.' || strchr(texts[j], '\t') ||
			    strlen(texts[j]) > 400)
				fail_msg("[%s]: %s", rule->id, texts[j]);
		}
		assert_true(rule->share_least > 0 && rule->share_least <= 0.1);
	}
	explain_fixture_deinit(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_rule_matches_real_names),
		cmocka_unit_test(test_every_rule_is_tested),
		cmocka_unit_test(test_look_alikes_do_not_match),
		cmocka_unit_test(test_texts_are_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
