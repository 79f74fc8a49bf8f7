#include "cli/options.h"

#include "base/memory.h"
#include "cli/program_text.h"
#include "cli/terminal.h"
#include "cli/text_wrap.h"

#include <string.h>

#define NAME_COLUMN 2
#define TEXT_COLUMN 28

static void write_heading(FILE *file, const char *text)
{
	fprintf(file, "\n%s%s%s\n", terminal_begin(file, STYLE_BOLD), text, terminal_end(file));
}

/** "  NAME      TEXT", the text wrapped in its own column. */
static void write_entry(FILE *file, const char *name, const char *text)
{
	size_t column = NAME_COLUMN + strlen(name);

	fprintf(file, "%*s%s", NAME_COLUMN, "", name);
	/* Two blanks between the columns, or a line of its own. */
	if (column + 2 > TEXT_COLUMN)
		column = TEXT_COLUMN + 1;
	text_wrap_write(file, text, column, TEXT_COLUMN);
}

/** "-F, --frequency HZ|max"; options without a letter line up with the names. */
static char *option_label(const struct option_spec *spec)
{
	char letter[] = { ' ', ' ', ' ', ' ', '\0' };
	_cleanup_free_ char *value = option_value_label(spec);

	if (spec->letter) {
		letter[0] = '-';
		letter[1] = spec->letter;
		letter[2] = spec->name ? ',' : '\0';
	}
	return memory_format_text("%s%s%s%s", letter, spec->name ? "--" : "",
				  spec->name ? spec->name : "", value);
}

static void write_options(FILE *file, const struct command *command)
{
	const struct option_spec *spec;

	for (size_t i = 0; (spec = command_option(command, i)); i++) {
		const struct option_topic *topic = command_topic_at(command, i);
		_cleanup_free_ char *label = option_label(spec);

		if (topic)
			fprintf(file, "%s%s:\n", i ? "\n" : "", topic->heading);
		write_entry(file, label, spec->help);
	}
}

static void write_examples(FILE *file, const struct command *command)
{
	if (!command->examples)
		return;
	write_heading(file, "Examples:");
	for (const struct command_example *example = command->examples; example->line; example++) {
		fprintf(file, "  %s\n", example->line);
		text_wrap_write(file, example->meaning, 0, 6);
	}
}

static void write_command_usage(FILE *file, const struct command *command)
{
	/* The main job needs no name. */
	bool is_main = command == command_find(MAIN_COMMAND_NAME);

	fprintf(file, "%sUsage:%s perf-profile %s%s%s\n", terminal_begin(file, STYLE_BOLD),
		terminal_end(file), is_main ? "" : command->name, is_main ? "" : " ",
		command->usage);
}

static void write_command_help(FILE *file, const struct command *command)
{
	write_command_usage(file, command);
	fprintf(file, "%s.\n", command->summary);
	if (command->description) {
		fputc('\n', file);
		text_wrap_write(file, command->description, 0, 0);
	}
	write_heading(file, "Options:");
	write_options(file, command);
	write_examples(file, command);
}

static void write_command_list(FILE *file)
{
	write_heading(file, "Commands:");
	for (const struct command *const *command = commands; *command; command++)
		write_entry(file, (*command)->name, (*command)->summary);
}

static void write_program_usage(FILE *file)
{
	const struct command *main_command = command_find(MAIN_COMMAND_NAME);

	if (main_command)
		write_command_usage(file, main_command);
	fputs("       perf-profile ", file);
	for (const struct command *const *command = commands; *command; command++) {
		if (*command != main_command)
			fprintf(file, "%s%s", (*command)->name, command[1] ? "|" : "");
	}
	fputs(" [OPTIONS]\n", file);
}

static void write_program_help(FILE *file)
{
	const struct command *main_command = command_find(MAIN_COMMAND_NAME);

	write_program_usage(file);
	fputs(PROGRAM_SUMMARY ".\n\n", file);
	text_wrap_write(file, PROGRAM_DESCRIPTION, 0, 0);
	write_command_list(file);
	if (main_command) {
		write_heading(file, "Options of the main job (run):");
		write_options(file, main_command);
		write_examples(file, main_command);
	}
	fputs("\n'perf-profile help COMMAND' tells about one command.\n", file);
}

void help_write(FILE *file, const struct command *command)
{
	if (command)
		write_command_help(file, command);
	else
		write_program_help(file);
}

void help_write_usage(FILE *file, const struct command *command)
{
	if (command) {
		write_command_usage(file, command);
		fprintf(file, "'perf-profile %s --help' tells more.\n", command->name);
		return;
	}
	write_program_usage(file);
	write_command_list(file);
	fputs("\n'perf-profile --help' tells more.\n", file);
}
