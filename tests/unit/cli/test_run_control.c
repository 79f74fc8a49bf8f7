#include "../base/cmocka_headers.h"

#include "cli/run_control.h"

#include "../base/error_assertions.h"
#include "base/memory.h"
#include "cli/run_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Two fifos, their other ends, and the control over them. */
struct fifos {
	char folder[64];
	char *control_path, *ack_path, *channel;
	int control_fd, ack_fd;
	struct run_control control;
};

static void fifos_init(struct fifos *fifos, const struct run_control_options *options)
{
	struct run_control_options with_channel = *options;

	strcpy(fifos->folder, "/tmp/perf-profile-control-XXXXXX");
	assert_non_null(mkdtemp(fifos->folder));
	fifos->control_path = memory_format_text("%s/control", fifos->folder);
	fifos->ack_path = memory_format_text("%s/ack", fifos->folder);
	fifos->channel = memory_format_text("fifo:%s,%s", fifos->control_path, fifos->ack_path);
	assert_int_equal(mkfifo(fifos->control_path, 0600), 0);
	assert_int_equal(mkfifo(fifos->ack_path, 0600), 0);
	with_channel.channel = fifos->channel;
	assert_success(run_control_open(&with_channel, &fifos->control));
	fifos->control_fd = open(fifos->control_path, O_WRONLY | O_NONBLOCK);
	fifos->ack_fd = open(fifos->ack_path, O_RDONLY | O_NONBLOCK);
	assert_true(fifos->control_fd >= 0 && fifos->ack_fd >= 0);
	run_control_start(&fifos->control, options, 1000);
}

static void fifos_deinit(struct fifos *fifos)
{
	run_control_close(&fifos->control);
	close(fifos->control_fd);
	close(fifos->ack_fd);
	unlink(fifos->control_path);
	unlink(fifos->ack_path);
	rmdir(fifos->folder);
	free(fifos->control_path);
	free(fifos->ack_path);
	free(fifos->channel);
}

static void say(struct fifos *fifos, const char *text, size_t size_bytes)
{
	assert_int_equal(write(fifos->control_fd, text, size_bytes), size_bytes);
}

static void assert_request(struct fifos *fifos, enum run_request request)
{
	assert_int_equal(run_control_next(&fifos->control, 2000), request);
	run_control_acknowledge(&fifos->control);
}

static void assert_acks(struct fifos *fifos, size_t n_acks)
{
	char text[256];
	ssize_t size_bytes = read(fifos->ack_fd, text, sizeof(text));

	assert_int_equal(size_bytes < 0 ? 0 : size_bytes, 4 * n_acks);
	for (size_t i = 0; i < n_acks; i++)
		assert_memory_equal(text + 4 * i, "ack\n", 4);
}

#define SAY(fifos, text) say(fifos, text, strlen(text))

static void lines_become_requests_and_are_answered(void **state)
{
	static const struct run_control_options options = { .is_held_back = true };
	struct fifos fifos;

	fifos_init(&fifos, &options);
	assert_false(fifos.control.is_enabled);
	assert_request(&fifos, RUN_REQUEST_NONE);
	assert_acks(&fifos, 0);
	SAY(&fifos, "ena");
	assert_request(&fifos, RUN_REQUEST_NONE);
	SAY(&fifos, "ble\nsnapshot\ndisable\n");
	assert_request(&fifos, RUN_REQUEST_ENABLE);
	assert_true(fifos.control.is_enabled);
	assert_request(&fifos, RUN_REQUEST_SNAPSHOT);
	assert_request(&fifos, RUN_REQUEST_DISABLE);
	assert_request(&fifos, RUN_REQUEST_NONE);
	assert_acks(&fifos, 3);
	/* What is so already is answered and that is all; so is a ping. */
	SAY(&fifos, "disable\nping\nstop\n");
	assert_request(&fifos, RUN_REQUEST_NONE);
	assert_request(&fifos, RUN_REQUEST_STOP);
	assert_acks(&fifos, 3);
	assert_int_equal(fifos.control.problems.count, 0);
	/* As perf's own clients end their words. */
	say(&fifos, "enable", sizeof("enable"));
	assert_request(&fifos, RUN_REQUEST_ENABLE);
	fifos_deinit(&fifos);
}

static void what_is_no_command_is_said(void **state)
{
	static const struct run_control_options options = { 0 };
	char long_line[1000];
	struct fifos fifos;

	fifos_init(&fifos, &options);
	assert_true(fifos.control.is_enabled);
	SAY(&fifos, "enabel\n\n");
	assert_request(&fifos, RUN_REQUEST_NONE);
	assert_int_equal(fifos.control.problems.count, 1);
	assert_non_null(strstr(fifos.control.problems.items[0], "'enabel'"));
	memset(long_line, 'x', sizeof(long_line));
	long_line[sizeof(long_line) - 1] = '\n';
	say(&fifos, long_line, sizeof(long_line));
	SAY(&fifos, "stop\n");
	assert_request(&fifos, RUN_REQUEST_STOP);
	fifos_deinit(&fifos);
}

static void a_full_fifo_is_said_and_waits_for_nobody(void **state)
{
	static const struct run_control_options options = { 0 };
	struct fifos fifos;

	fifos_init(&fifos, &options);
	while (write(fifos.control.ack_fd, "ack\n", 4) == 4)
		;
	SAY(&fifos, "ping\nenabel\n");
	assert_request(&fifos, RUN_REQUEST_NONE);
	/* The one is no reason to keep quiet of the other. */
	assert_int_equal(fifos.control.problems.count, 3);
	assert_non_null(strstr(fifos.control.problems.items[0], "it is full"));
	assert_non_null(strstr(fifos.control.problems.items[1], "'enabel'"));
	fifos_deinit(&fifos);
}

static void many_mistakes_take_little_memory(void **state)
{
	static const struct run_control_options options = { 0 };
	struct fifos fifos;

	fifos_init(&fifos, &options);
	for (int i = 0; i < 1000; i++)
		SAY(&fifos, "x\n");
	assert_request(&fifos, RUN_REQUEST_NONE);
	assert_in_range(fifos.control.problems.count, 1, 100);
	fifos_deinit(&fifos);
}

/** Descriptors of others wait when they are full, and are to stay as they are. */
static void a_full_descriptor_waits_for_nobody(void **state)
{
	struct run_control_options options = { 0 };
	struct run_control control;
	int commands[2], answers[2];
	char *channel;

	assert_int_equal(pipe(commands), 0);
	assert_int_equal(pipe(answers), 0);
	assert_int_equal(fcntl(answers[1], F_SETFL, O_NONBLOCK), 0);
	while (write(answers[1], "ack\n", 4) == 4)
		;
	assert_int_equal(fcntl(answers[1], F_SETFL, 0), 0);
	channel = memory_format_text("fd:%d,%d", commands[0], answers[1]);
	options.channel = channel;
	assert_success(run_control_open(&options, &control));
	run_control_start(&control, &options, 1000);
	assert_int_equal(write(commands[1], "ping\n", 5), 5);
	assert_int_equal(run_control_next(&control, 2000), RUN_REQUEST_NONE);
	assert_int_equal(control.problems.count, 1);
	assert_non_null(strstr(control.problems.items[0], "it is full"));
	run_control_close(&control);
	for (int i = 0; i < 2; i++) {
		close(commands[i]);
		close(answers[i]);
	}
	free(channel);
}

static void a_delay_ends_by_itself(void **state)
{
	struct run_control_options options = { 0 };
	struct run_control control;

	assert_success(run_control_read_delay("5", &options));
	assert_true(run_control_is_used(&options));
	assert_success(run_control_open(&options, &control));
	run_control_start(&control, &options, 1000);
	assert_false(control.is_enabled);
	assert_int_equal(run_control_next(&control, 5000999), RUN_REQUEST_NONE);
	assert_int_equal(run_control_next(&control, 5001000), RUN_REQUEST_ENABLE);
	assert_int_equal(run_control_next(&control, 5001000), RUN_REQUEST_NONE);
	run_control_close(&control);
	assert_success(run_control_read_delay("-1", &options));
	assert_true(options.is_held_back);
}

static void signals_toggle_and_ask_for_snapshots(void **state)
{
	const struct run_control_options options = { .channel = "signals" };
	struct run_control control;

	assert_success(run_control_open(&options, &control));
	run_control_start(&control, &options, 1000);
	assert_true(control.listens_to_signals);
	run_signals_listen(true);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(run_control_next(&control, 2000), RUN_REQUEST_DISABLE);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(run_control_next(&control, 2000), RUN_REQUEST_ENABLE);
	assert_int_equal(kill(getpid(), SIGUSR2), 0);
	assert_int_equal(run_control_next(&control, 2000), RUN_REQUEST_SNAPSHOT);
	assert_int_equal(run_control_next(&control, 2000), RUN_REQUEST_NONE);
	run_signals_release();
	run_control_close(&control);
}

static void assert_refused(const char *channel, const char *words)
{
	const struct run_control_options options = { .channel = channel };
	struct run_control control;
	struct error *error = run_control_open(&options, &control);

	assert_non_null(error);
	assert_non_null(strstr(error->message, words));
	error_destroy(error);
}

static void channels_that_are_none_are_refused(void **state)
{
	struct run_control_options options = { 0 };
	struct error *error;

	assert_refused("pipe:x", "is no channel");
	assert_refused("fifo:/nowhere/at/all", "cannot open '/nowhere/at/all'");
	assert_refused("fifo:/dev/null", "is no fifo");
	assert_refused("fd:x", "is no channel");
	assert_refused("fd:1,", "is no channel");
	assert_refused("fd:987", "is not open");
	error = run_control_read_delay("-2", &options);
	assert_non_null(error);
	error_destroy(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_requests_and_are_answered),
		cmocka_unit_test(what_is_no_command_is_said),
		cmocka_unit_test(a_full_fifo_is_said_and_waits_for_nobody),
		cmocka_unit_test(many_mistakes_take_little_memory),
		cmocka_unit_test(a_full_descriptor_waits_for_nobody),
		cmocka_unit_test(a_delay_ends_by_itself),
		cmocka_unit_test(signals_toggle_and_ask_for_snapshots),
		cmocka_unit_test(channels_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
