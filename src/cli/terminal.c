#include "cli/terminal.h"

#include "base/escape.h"
#include "base/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT_COLUMNS 80

/* The one terminal this process has. */
static struct {
	bool is_quiet;
	bool is_interactive;
	bool has_status; /**< A status line is on the screen. */
} terminal;

/** https://no-color.org: present and not empty, whatever its value. */
static bool is_color_refused(void)
{
	const char *no_color = secure_getenv("NO_COLOR");

	return no_color && *no_color;
}

static bool is_capable_terminal(FILE *file)
{
	const char *type = secure_getenv("TERM");

	return isatty(fileno(file)) && type && strcmp(type, "dumb") != 0;
}

void terminal_init(bool is_quiet)
{
	terminal.is_quiet = is_quiet;
	terminal.is_interactive = !is_quiet && is_capable_terminal(stderr);
	terminal.has_status = false;
}

bool terminal_is_interactive(void)
{
	return terminal.is_interactive;
}

bool terminal_has_color(FILE *file)
{
	return !is_color_refused() && is_capable_terminal(file);
}

unsigned int terminal_width_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WIDTH_DEFAULT_COLUMNS;
	return size.ws_col;
}

const char *terminal_begin(FILE *file, enum terminal_style style)
{
	/* ECMA-48 section 8.3.117, SGR. */
	static const char *const sequences[] = {
		[STYLE_PLAIN] = "",        [STYLE_BOLD] = "\033[1m",     [STYLE_DIM] = "\033[2m",
		[STYLE_GOOD] = "\033[32m", [STYLE_WARNING] = "\033[33m", [STYLE_BAD] = "\033[31m",
	};

	return terminal_has_color(file) ? sequences[style] : "";
}

const char *terminal_end(FILE *file)
{
	return terminal_has_color(file) ? "\033[0m" : "";
}

static void clear_status(void)
{
	if (!terminal.has_status)
		return;
	fputs("\r\033[K", stderr);
	terminal.has_status = false;
}

/** One line, in one write so that lines of several writers do not mix. */
static void print_line(enum terminal_style style, const char *label, const char *text)
{
	_cleanup_free_ char *safe = escape_plain(text);
	_cleanup_free_ char *line = memory_format_text("%s%s%s%s\n", terminal_begin(stderr, style),
						       label, terminal_end(stderr), safe);

	clear_status();
	fputs(line, stderr);
}

void terminal_print_error(struct error *error)
{
	if (!error)
		return;
	print_line(STYLE_BAD, "perf-profile: ", error->message);
	if (error->hint)
		print_line(STYLE_BOLD, "  hint: ", error->hint);
	error_destroy(error);
}

static char *PRINTF_LIKE(1, 0) format_arguments(const char *format, va_list arguments)
{
	char *text;

	return vasprintf(&text, format, arguments) < 0 ? memory_duplicate_text(format) : text;
}

void terminal_print_warning(const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = format_arguments(format, arguments);
	va_end(arguments);
	print_line(STYLE_WARNING, "perf-profile: warning: ", text);
}

void terminal_print_note(const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list arguments;

	if (terminal.is_quiet)
		return;
	va_start(arguments, format);
	text = format_arguments(format, arguments);
	va_end(arguments);
	print_line(STYLE_PLAIN, "", text);
}

/** Cut valid UTF-8 @p text so that it does not wrap: a wrapped line cannot be replaced. */
static void cut_to_columns(char *text, unsigned int n_columns)
{
	size_t left = strlen(text);

	while (left > 0 && n_columns > 0) {
		unsigned int character;
		size_t length = escape_decode_utf8(text, left, &character);

		text += MAX(length, 1u);
		left -= MAX(length, 1u);
		n_columns--;
	}
	*text = '\0';
}

void terminal_set_status(const char *text)
{
	_cleanup_free_ char *safe = NULL;

	if (!terminal.is_interactive)
		return;
	if (!text) {
		clear_status();
		return;
	}
	safe = escape_plain(text);
	cut_to_columns(safe, terminal_width_columns() - 1);
	/*
	 * Dim, and the cursor back at its begin: the command shares the terminal, and what it
	 * writes next should look like its own line, not like the end of ours.
	 */
	fprintf(stderr, "\r\033[K%s%s%s\r", terminal_begin(stderr, STYLE_DIM), safe,
		terminal_end(stderr));
	terminal.has_status = true;
}

int terminal_finish_output(void)
{
	int had_error = ferror(stdout);

	errno = 0;
	if ((fflush(stdout) == 0 && !had_error) || errno == EPIPE)
		return EXIT_SUCCESS;
	terminal_print_error(error_from_errno(errno ? errno : EIO, "cannot write the output"));
	return EXIT_OURS;
}

int terminal_finish(struct error *error)
{
	if (!error)
		return terminal_finish_output();
	terminal_print_error(error);
	return EXIT_OURS;
}
