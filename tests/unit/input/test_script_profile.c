#include "input/text_profile.h"

#include "input_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct profile *read_script(const char *text, struct text_profile_losses *losses)
{
	static const struct text_profile_options options;
	struct input_stream *stream = input_of_text(text);
	struct profile *profile = profile_create();

	assert_null(script_profile_read(stream, &options, profile, losses));
	input_stream_close(stream);
	return profile;
}

static const struct profile_location *location_of(const struct profile *profile, uint32_t stack)
{
	return &profile->locations.items[profile->stacks.items[stack].location];
}

static const char *frame_name(const struct profile *profile, uint32_t stack, uint32_t index)
{
	uint32_t location = profile->stacks.items[stack].location;

	return profile_text(profile, profile_location_frame(profile, location, index)->name);
}

static void test_sample(void **state)
{
	struct text_profile_losses losses;
	struct profile *profile =
		read_script("my sh 12/13 [002] 5.000001:   77 cycles: \n"
			    "\tffffffff81000010 sys_read+0x10 ([kernel.kallsyms])\n"
			    "\t 1008 inner+0x8 (inlined)\n"
			    "\t 1008 work+0x8 (/bin/a)\n"
			    "\t 2010 main+0x10 (/bin/a)\n\n",
			    &losses);
	const struct profile_sample *sample = &profile->samples.items[0];
	uint32_t stack = sample->stack;

	assert_int_equal(profile->samples.count, 1);
	assert_int_equal(sample->period, 77);
	assert_int_equal(sample->count, 1);
	assert_int_equal(profile->threads.items[0].pid, 12);
	assert_int_equal(profile->threads.items[0].tid, 13);
	assert_string_equal(profile_text(profile, profile->threads.items[0].comm), "my sh");
	assert_string_equal(profile_text(profile, profile->events.items[0].name), "cycles");
	assert_int_equal(profile->ticks.count, 1);
	assert_int_equal(profile->ticks.items[0].cpu, 2);
	assert_int_equal(profile->ticks.items[0].time_ns, UINT64_C(5000001000));

	assert_string_equal(frame_name(profile, stack, 0), "sys_read");
	assert_int_equal(location_of(profile, stack)->kind, LOCATION_KERNEL);
	assert_true(location_of(profile, stack)->elf_address == UINT64_C(0xffffffff81000010));
	stack = profile->stacks.items[stack].parent;
	/* the first user frame is exact, and two functions are at one place */
	assert_int_equal(location_of(profile, stack)->elf_address, 0x1008);
	assert_int_equal(location_of(profile, stack)->n_frames, 2);
	assert_int_equal(location_of(profile, stack)->symbol_offset, 8);
	assert_string_equal(frame_name(profile, stack, 0), "inner");
	assert_string_equal(frame_name(profile, stack, 1), "work");
	stack = profile->stacks.items[stack].parent;
	/* a caller is at its call */
	assert_int_equal(location_of(profile, stack)->elf_address, 0x200f);
	assert_int_equal(location_of(profile, stack)->symbol_offset, 0xf);
	assert_int_equal(location_of(profile, stack)->flags, LOCATION_IS_CALL_SITE);
	assert_int_equal(profile->stacks.items[stack].parent, 0);
	profile_destroy(profile);
}

static void test_one_address_may_have_two_names(void **state)
{
	struct text_profile_losses losses;
	struct profile *profile = read_script("sh 1 1.0: 1 c:\n 10 f (/a)\n\n"
					      "sh 1 2.0: 1 c:\n 10 g (/a)\n\n"
					      "sh 1 3.0: 1 c:\n 10 f (/a)\n\n",
					      &losses);

	assert_int_equal(profile->samples.count, 2);
	assert_int_equal(profile->samples.items[0].count, 2);
	assert_string_equal(frame_name(profile, profile->samples.items[1].stack, 0), "g");
	profile_destroy(profile);
}

static void test_header_comments(void **state)
{
	struct text_profile_losses losses;
	struct profile *profile = read_script("# ========\n# hostname : box\n# arch : x86_64\n"
					      "# cmdline : /usr/bin/perf record -g sleep 1 \n#\n"
					      "sh 1 1.0: 1 c:\n\n",
					      &losses);

	assert_string_equal(profile->info.hostname, "box");
	assert_string_equal(profile->info.architecture, "x86_64");
	assert_string_equal(profile->info.command, "/usr/bin/perf record -g sleep 1");
	assert_int_equal(profile->samples.count, 1);
	profile_destroy(profile);
}

static void test_samples_of_one_line(void **state)
{
	struct text_profile_losses losses;
	struct profile *profile =
		read_script("sh 1 1.0:  250000 cycles:u:  7f12 main+0x2 (/bin/a)\n"
			    "sh 1 [001] 2.0:  250000 cycles:u:  7f12 main+0x2 (/bin/a)\n",
			    &losses);

	assert_int_equal(profile->samples.count, 1);
	assert_int_equal(profile->samples.items[0].count, 2);
	assert_int_equal(profile->samples.items[0].period, 500000);
	assert_string_equal(frame_name(profile, profile->samples.items[0].stack, 0), "main");
	assert_string_equal(profile_text(profile, profile->events.items[0].name), "cycles:u");
	profile_destroy(profile);
}

static void test_deleted_files(void **state)
{
	struct text_profile_losses losses;
	struct profile *profile =
		read_script("sh 1 1.0: 1 c:\n 10 f+0x1 (/lib/x.so (deleted))\n\n", &losses);
	uint32_t stack = profile->samples.items[0].stack;
	const struct profile_object *object =
		&profile->objects.items[location_of(profile, stack)->object];

	assert_string_equal(profile_text(profile, object->path), "/lib/x.so (deleted)");
	profile_destroy(profile);
}

static void test_times_are_put_in_order(void **state)
{
	struct text_profile_losses losses;
	struct profile *profile = read_script("sh 1 9.0: 1 c:\n 1 f (/a)\n\n"
					      "sh 1 3.0: 1 c:\n 1 f (/a)\n\n",
					      &losses);

	assert_int_equal(profile->ticks.items[0].time_ns, UINT64_C(3000000000));
	assert_int_equal(profile->info.wall_ns, UINT64_C(6000000000));
	profile_destroy(profile);
}

static void test_what_is_not_understood(void **state)
{
	static const struct text_profile_options options;
	struct text_profile_losses losses;
	struct profile *profile = read_script("sh 1 1.0: 1 c:\nnonsense\n 1 f (/a)\n\n"
					      "sh 1 2.0: 1 c:\n 1 g (/a)\n",
					      &losses);
	struct input_stream *stream = input_of_text("hello\n");
	struct error *error;

	assert_int_equal(profile->samples.count, 1);
	assert_int_equal(losses.unrecognised.count, 1);
	assert_int_equal(losses.unrecognised.shown[0].number, 2);
	assert_true(losses.is_cut);
	profile_destroy(profile);

	profile = profile_create();
	error = script_profile_read(stream, &options, profile, &losses);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "line 1"));
	error_destroy(error);
	input_stream_close(stream);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_one_address_may_have_two_names),
		cmocka_unit_test(test_header_comments),
		cmocka_unit_test(test_samples_of_one_line),
		cmocka_unit_test(test_deleted_files),
		cmocka_unit_test(test_times_are_put_in_order),
		cmocka_unit_test(test_what_is_not_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
