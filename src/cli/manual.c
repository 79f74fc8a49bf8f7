#include "cli/manual.h"

#include "base/escape.h"
#include "base/memory.h"
#include "cli/program_text.h"

#include <ctype.h>
#include <string.h>

/** groff_char(7): what is not ASCII has an escape, so that no preprocessor has to know UTF-8. */
static size_t write_character(FILE *file, const char *text)
{
	unsigned int character = 0;
	size_t length = escape_decode_utf8(text, strlen(text), &character);

	fprintf(file, "\\[u%04X]", character);
	return length ? length : 1;
}

/** groff_char(7): a plain "-" may become a hyphen, "\" starts an escape, a leading "." a request.
 */
static void write_text(FILE *file, const char *text)
{
	bool is_line_start = true;

	for (; *text; text++) {
		if (is_line_start && (*text == '.' || *text == '\''))
			fputs("\\&", file);
		is_line_start = *text == '\n';
		if (*text == '\n' && text[1] == '\n') {
			fputs("\n.PP", file);
			continue;
		}
		if (*text == '\\')
			fputs("\\e", file);
		else if (*text == '-')
			fputs("\\-", file);
		else if ((unsigned char)*text >= 0x80)
			text += write_character(file, text) - 1;
		else
			fputc(*text, file);
	}
}

static void write_line(FILE *file, const char *text)
{
	write_text(file, text);
	fputc('\n', file);
}

static void write_title(FILE *file, const char *name)
{
	fputs(".TH \"", file);
	for (const char *letter = name; *letter; letter++)
		fputc(toupper((unsigned char)*letter), file);
	fputs("\" 1 \"\" \"" PROGRAM_VERSION "\" \"User Commands\"\n", file);
}

static void write_name(FILE *file, const char *name, const char *summary)
{
	fputs(".SH NAME\n", file);
	write_text(file, name);
	fputs(" \\- ", file);
	/* By custom in lower case, for apropos(1). */
	fputc(tolower((unsigned char)summary[0]), file);
	write_line(file, summary + 1);
}

static void write_synopsis_line(FILE *file, const char *name, const char *usage)
{
	fputs(".B ", file);
	write_line(file, name);
	write_line(file, usage);
}

static void write_option(FILE *file, const struct option_spec *spec)
{
	_cleanup_free_ char *value = option_value_label(spec);

	fputs(".TP\n", file);
	if (spec->letter)
		fprintf(file, "\\fB\\-%c\\fR%s", spec->letter, spec->name ? ", " : "");
	if (spec->name) {
		fputs("\\fB\\-\\-", file);
		write_text(file, spec->name);
		fputs("\\fR", file);
	}
	if (spec->argument) {
		fputs(*value == ' ' ? " \\fI" : "\\fI", file);
		write_text(file, value + (*value == ' '));
		fputs("\\fR", file);
	}
	fputc('\n', file);
	write_line(file, spec->help);
}

static void write_options(FILE *file, const struct command *command)
{
	const struct option_spec *spec;

	fputs(".SH OPTIONS\n", file);
	for (size_t i = 0; (spec = command_option(command, i)); i++) {
		const struct option_topic *topic = command_topic_at(command, i);

		if (topic) {
			fputs(".SS ", file);
			write_line(file, topic->heading);
		}
		write_option(file, spec);
	}
}

static void write_examples(FILE *file, const struct command *command)
{
	if (!command->examples)
		return;
	fputs(".SH EXAMPLES\n", file);
	for (const struct command_example *example = command->examples; example->line; example++) {
		fputs(".TP\n.B ", file);
		write_line(file, example->line);
		write_line(file, example->meaning);
	}
}

static void write_exit_status(FILE *file)
{
	fputs(".SH \"EXIT STATUS\"\n"
	      "The status of the profiled program, 128+\\fIN\\fR if signal \\fIN\\fR ended it, or\n"
	      ".TP\n.B 125\nperf\\-profile itself failed or was called wrongly,\n"
	      ".TP\n.B 126\nthe program was found but cannot be executed,\n"
	      ".TP\n.B 127\nthe program was not found.\n",
	      file);
}

static void write_environment(FILE *file)
{
	fputs(".SH ENVIRONMENT\n"
	      ".TP\n.B NO_COLOR\nIf set to anything, output has no colours.\n",
	      file);
}

static void write_command_list(FILE *file)
{
	fputs(".SH COMMANDS\n", file);
	write_line(file, PROGRAM_FIRST_WORD);
	for (const struct command *const *command = commands; *command; command++) {
		fprintf(file, ".TP\n.BR perf\\-profile\\-%s (1)\n", (*command)->name);
		write_text(file, (*command)->summary);
		fputs(".\n", file);
	}
}

static void write_see_also(FILE *file, const char *own_name)
{
	const char *separator = "";

	fputs(".SH \"SEE ALSO\"\n", file);
	if (strcmp(own_name, "perf-profile") != 0) {
		fputs(".BR perf\\-profile (1)", file);
		separator = ",\n";
	}
	for (const struct command *const *command = commands; *command; command++) {
		_cleanup_free_ char *name = memory_format_text("perf-profile-%s", (*command)->name);

		if (strcmp(name, own_name) == 0)
			continue;
		fprintf(file, "%s.BR perf\\-profile\\-%s (1)", separator, (*command)->name);
		separator = ",\n";
	}
	fprintf(file, "%s.BR perf_event_open (2)\n", separator);
}

static void write_program_page(FILE *file)
{
	const struct command *main_command = command_find(MAIN_COMMAND_NAME);

	write_title(file, "perf-profile");
	write_name(file, "perf-profile", PROGRAM_SUMMARY);
	fputs(".SH SYNOPSIS\n", file);
	if (main_command)
		write_synopsis_line(file, "perf-profile", main_command->usage);
	fputs(".br\n", file);
	write_synopsis_line(file, "perf-profile", "SUBCOMMAND [OPTIONS]");
	fputs(".SH DESCRIPTION\n", file);
	write_line(file, PROGRAM_DESCRIPTION);
	write_command_list(file);
	if (main_command) {
		write_options(file, main_command);
		write_examples(file, main_command);
	}
	write_exit_status(file);
	write_environment(file);
	write_see_also(file, "perf-profile");
}

static void write_command_page(FILE *file, const struct command *command)
{
	_cleanup_free_ char *name = memory_format_text("perf-profile-%s", command->name);
	_cleanup_free_ char *call = memory_format_text("perf-profile %s", command->name);

	write_title(file, name);
	write_name(file, name, command->summary);
	fputs(".SH SYNOPSIS\n", file);
	write_synopsis_line(file, call, command->usage);
	fputs(".SH DESCRIPTION\n", file);
	write_text(file, command->summary);
	fputs(".\n", file);
	if (command->description) {
		fputs(".PP\n", file);
		write_line(file, command->description);
	}
	write_options(file, command);
	write_examples(file, command);
	if (command->takes_command)
		write_exit_status(file);
	write_environment(file);
	write_see_also(file, name);
}

void manual_write(FILE *file, const struct command *command)
{
	if (command)
		write_command_page(file, command);
	else
		write_program_page(file);
}
