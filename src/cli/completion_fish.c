#include "cli/completion.h"
#include "cli/program_text.h"

#include <string.h>

/* After complete(1) of fish. */

static void write_quoted(FILE *file, const char *text)
{
	fputc('\'', file);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', file);
		fputc(*text, file);
	}
	fputc('\'', file);
}

static void write_option(FILE *file, const struct command *command, const struct option_spec *spec)
{
	fprintf(file, "complete -c perf-profile -n '__perf_profile_is %s'", command->name);
	if (spec->letter)
		fprintf(file, " -s %c", spec->letter);
	if (spec->name)
		fprintf(file, " -l %s", spec->name);
	if (!option_takes_word(spec)) {
		/* fish has no values that may be left out; --name=VALUE can be typed. */
	} else if (spec->values && strcmp(spec->values, "FILE") == 0) {
		fputs(" -rF", file);
	} else if (spec->values && strcmp(spec->values, "DIR") == 0) {
		fputs(" -xa '(__fish_complete_directories)'", file);
	} else {
		fputs(" -x", file);
		if (spec->values) {
			fputs(" -a ", file);
			write_quoted(file, spec->values);
		}
	}
	fputs(" -d ", file);
	write_quoted(file, spec->help);
	fputc('\n', file);
}

static void write_functions(FILE *file)
{
	fputs("# fish completion for perf-profile, printed by 'perf-profile help --completion "
	      "fish'\n"
	      "function __perf_profile_is\n"
	      "\tset -l words (commandline -opc)\n"
	      "\tset -l command " MAIN_COMMAND_NAME "\n"
	      "\tif set -q words[2]; and contains -- $words[2]",
	      file);
	for (const struct command *const *command = commands; *command; command++)
		fprintf(file, " %s", (*command)->name);
	fputs("\n\t\tset command $words[2]\n\tend\n\ttest $command = $argv[1]\nend\n\n"
	      "function __perf_profile_is_first\n"
	      "\ttest (count (commandline -opc)) -eq 1\nend\n\n",
	      file);
}

static void write_fish(FILE *file)
{
	const struct option_spec *spec;

	write_functions(file);
	for (const struct command *const *command = commands; *command; command++) {
		fprintf(file, "complete -c perf-profile -n __perf_profile_is_first -a %s -d ",
			(*command)->name);
		write_quoted(file, (*command)->summary);
		fprintf(file, "\ncomplete -c perf-profile -n '__perf_profile_is help' -a %s -d ",
			(*command)->name);
		write_quoted(file, (*command)->summary);
		fputc('\n', file);
	}
	for (const struct command *const *command = commands; *command; command++) {
		if ((*command)->takes_command)
			fprintf(file,
				"complete -c perf-profile -n '__perf_profile_is %s' -xa "
				"'(__fish_complete_subcommand)'\n",
				(*command)->name);
		for (size_t i = 0; (spec = command_option(*command, i)); i++)
			write_option(file, *command, spec);
	}
}

const struct completion_shell completion_fish = {
	.name = "fish",
	.write = write_fish,
};
