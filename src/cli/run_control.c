#include "cli/run_control.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/options.h"
#include "cli/run_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** A day. */
#define DELAY_MAX_MS UINT64_C(86400000)

static const struct {
	const char *word;
	enum run_request request;
} words[] = {
	{ "enable", RUN_REQUEST_ENABLE },     { "disable", RUN_REQUEST_DISABLE },
	{ "snapshot", RUN_REQUEST_SNAPSHOT }, { "stop", RUN_REQUEST_STOP },
	{ "ping", RUN_REQUEST_NONE },
};

struct error *run_control_read_delay(const char *value, struct run_control_options *ret)
{
	uint64_t milliseconds;

	ret->is_held_back = strcmp(value, "-1") == 0;
	if (ret->is_held_back)
		return NULL;
	RETURN_IF_ERROR(option_read_u64("--delay", value, 0, DELAY_MAX_MS, &milliseconds));
	ret->delay_ns = milliseconds * NS_PER_MS;
	return NULL;
}

bool run_control_is_used(const struct run_control_options *options)
{
	return options->channel || options->delay_ns || options->is_held_back;
}

static struct error *unreadable_channel(const char *channel)
{
	return error_with_hint(
		error_new(ERROR_USAGE, "--control: '%s' is no channel", channel),
		"fifo:CTL[,ACK] with the paths of fifos (mkfifo), fd:N[,N] with open "
		"descriptors, or signals (SIGUSR1 on and off, SIGUSR2 snapshot)");
}

/** Both ways, so that opening does not wait and end of file never comes. */
static struct error *open_fifo(const char *path, int *fd_ret)
{
	struct stat status;
	int fd;

	if (stat(path, &status) != 0)
		return error_with_hint(error_from_errno(errno, "--control: cannot open '%s'", path),
				       "make it first: mkfifo '%s'", path);
	if (!S_ISFIFO(status.st_mode))
		return error_with_hint(
			error_new(ERROR_UNSUPPORTED, "--control: '%s' is no fifo", path),
			"mkfifo makes one");
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_from_errno(errno, "--control: cannot open '%s'", path);
	*fd_ret = fd;
	return NULL;
}

static struct error *open_fifos(const char *paths, struct run_control *control)
{
	_cleanup_free_ char *copy = memory_duplicate_text(paths);
	char *comma = strchr(copy, ',');

	if (comma)
		*comma++ = '\0';
	control->owns_descriptors = true;
	RETURN_IF_ERROR(open_fifo(copy, &control->control_fd));
	return comma ? open_fifo(comma, &control->ack_fd) : NULL;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/** Descriptors that our starter has left open; they stay as they are but for not waiting. */
static struct error *take_descriptors(const char *numbers, struct run_control *control)
{
	const char *numbers_end = numbers;
	char *end;
	long control_fd = strtol(numbers, &end, 10), ack_fd = -1;

	if (control_fd < 0 || control_fd > INT32_MAX)
		return unreadable_channel(numbers);
	if (*end == ',') {
		numbers_end = end + 1;
		ack_fd = strtol(numbers_end, &end, 10);
	}
	if (end == numbers_end || *end || ack_fd > INT32_MAX)
		return unreadable_channel(numbers);
	if (!is_open((int)control_fd) || (ack_fd >= 0 && !is_open((int)ack_fd)))
		return error_new(ERROR_USAGE, "--control: fd:%s is not open", numbers);
	control->control_fd = (int)control_fd;
	control->ack_fd = (int)ack_fd;
	/* The command has no use for them. */
	fcntl(control->control_fd, F_SETFD, FD_CLOEXEC);
	fcntl(control->control_fd, F_SETFL, O_NONBLOCK);
	if (ack_fd >= 0)
		fcntl(control->ack_fd, F_SETFD, FD_CLOEXEC);
	return NULL;
}

struct error *run_control_open(const struct run_control_options *options, struct run_control *ret)
{
	const struct run_signals signals = run_signals_state();
	const char *channel = options->channel;
	struct error *error = NULL;

	*ret = (struct run_control){
		.control_fd = -1,
		.ack_fd = -1,
		.listens_to_signals = options->signalled,
		.signalled = options->signalled ? options->signalled : RUN_REQUEST_SNAPSHOT,
		/* Of earlier runs. */
		.n_toggles_seen = signals.n_toggles,
		.n_snapshots_seen = signals.n_snapshots,
	};
	if (!channel)
		return NULL;
	if (text_begins_with(channel, "fifo:"))
		error = open_fifos(channel + 5, ret);
	else if (text_begins_with(channel, "fd:"))
		error = take_descriptors(channel + 3, ret);
	else if (strcmp(channel, "signals") == 0)
		ret->listens_to_signals = ret->takes_toggles = true;
	else
		error = unreadable_channel(channel);
	if (error)
		run_control_close(ret);
	return error;
}

void run_control_start(struct run_control *control, const struct run_control_options *options,
		       uint64_t now_ns)
{
	control->is_enabled = !options->is_held_back && !options->delay_ns;
	control->enable_time_ns = options->delay_ns ? now_ns + options->delay_ns : 0;
}

/** More before anybody looks are not kept: they are somebody's mistake in a loop. */
#define PROBLEMS_MAX 16

/** Takes the text. */
static void note_problem(struct run_control *control, char *text)
{
	if (control->problems.count < PROBLEMS_MAX)
		string_vector_append(&control->problems, text);
	else
		free(text);
}

/** "enable\n", and "enable\0" as some write it. @return whether there is a line. */
static bool read_line(struct run_control *control)
{
	char letter;

	while (control->control_fd >= 0 && read(control->control_fd, &letter, 1) == 1) {
		if (letter == '\n' || letter == '\0') {
			control->line[control->line_length] = '\0';
			control->line_length = 0;
			if (control->line[0])
				return true;
		} else if (control->line_length + 1 < sizeof(control->line)) {
			control->line[control->line_length++] = letter;
		}
	}
	return false;
}

static enum run_request request_of_line(struct run_control *control)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(control->line, words[i].word) == 0)
			return words[i].request;
	}
	note_problem(control,
		     memory_format_text("--control: unknown command '%s' (enable, disable, "
					"snapshot, stop, ping)",
					control->line));
	return RUN_REQUEST_NONE;
}

static enum run_request request_of_signals(struct run_control *control)
{
	const struct run_signals signals = run_signals_state();

	if (signals.n_toggles != control->n_toggles_seen) {
		control->n_toggles_seen++;
		return control->is_enabled ? RUN_REQUEST_DISABLE : RUN_REQUEST_ENABLE;
	}
	if (signals.n_snapshots == control->n_snapshots_seen)
		return RUN_REQUEST_NONE;
	/* Several while one was written are one. */
	control->n_snapshots_seen = signals.n_snapshots;
	return control->signalled;
}

/** The next one that says something, known or not; what cannot be done is acknowledged too. */
static enum run_request request_of_channel(struct run_control *control)
{
	enum run_request request;

	while (read_line(control)) {
		control->must_acknowledge = true;
		request = request_of_line(control);
		if (request != RUN_REQUEST_NONE)
			return request;
		run_control_acknowledge(control);
	}
	return RUN_REQUEST_NONE;
}

enum run_request run_control_next(struct run_control *control, uint64_t now_ns)
{
	enum run_request request = RUN_REQUEST_NONE;

	if (control->enable_time_ns && now_ns >= control->enable_time_ns) {
		control->enable_time_ns = 0;
		request = RUN_REQUEST_ENABLE;
	}
	if (request == RUN_REQUEST_NONE && control->listens_to_signals)
		request = request_of_signals(control);
	if (request == RUN_REQUEST_NONE)
		request = request_of_channel(control);
	if ((request == RUN_REQUEST_ENABLE && control->is_enabled) ||
	    (request == RUN_REQUEST_DISABLE && !control->is_enabled)) {
		run_control_acknowledge(control);
		return RUN_REQUEST_NONE;
	}
	if (request == RUN_REQUEST_ENABLE || request == RUN_REQUEST_DISABLE) {
		control->is_enabled = request == RUN_REQUEST_ENABLE;
		control->enable_time_ns = 0;
	}
	return request;
}

/** Some bytes more; asked for, as descriptors of others may be such as wait. */
static bool is_full(int fd)
{
	struct pollfd asked = { .fd = fd, .events = POLLOUT };

	return poll(&asked, 1, 0) == 0;
}

void run_control_acknowledge(struct run_control *control)
{
	static const char answer[] = "ack\n";
	const char *problem = NULL;

	if (!control->must_acknowledge)
		return;
	control->must_acknowledge = false;
	if (control->ack_fd < 0)
		return;
	if (is_full(control->ack_fd))
		problem = "it is full, nobody reads it";
	else if (write(control->ack_fd, answer, strlen(answer)) != (ssize_t)strlen(answer))
		problem = strerror(errno);
	if (problem)
		note_problem(control,
			     memory_format_text("--control: an answer could not be written: %s",
						problem));
}

void run_control_close(struct run_control *control)
{
	if (control->owns_descriptors && control->control_fd >= 0)
		close(control->control_fd);
	if (control->owns_descriptors && control->ack_fd >= 0)
		close(control->ack_fd);
	string_vector_destroy_items(&control->problems);
	*control = (struct run_control){ .control_fd = -1, .ack_fd = -1 };
}
