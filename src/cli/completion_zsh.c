#include "cli/completion.h"
#include "cli/program_text.h"

#include <string.h>

/* After zshcompsys(1): _arguments, _describe, _normal. */

/** Inside '...', where _arguments and _describe give [ ] : and \ a meaning. */
static void write_quoted(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", file);
		else if (strchr("[]:\\", *text))
			fprintf(file, "\\%c", *text);
		else
			fputc(*text, file);
	}
}

static void write_spec(FILE *file, const struct option_spec *spec)
{
	const bool takes_word = option_takes_word(spec);
	/* Behind a letter and a name: where the value may stand. */
	const char *after_letter = takes_word ? "+" : spec->argument ? "-" : "";
	const char *after_name = takes_word ? "=" : spec->argument ? "=-" : "";

	if (spec->letter && spec->name)
		fprintf(file, "\t\t'(-%c --%s)'{-%c%s,--%s%s}'", spec->letter, spec->name,
			spec->letter, after_letter, spec->name, after_name);
	else if (spec->name)
		fprintf(file, "\t\t'--%s%s", spec->name, after_name);
	else
		fprintf(file, "\t\t'-%c%s", spec->letter, after_letter);
	fputc('[', file);
	write_quoted(file, spec->help);
	fputc(']', file);
	if (spec->argument) {
		fputs(spec->argument[0] == '[' ? "::" : ":", file);
		write_quoted(file, spec->argument);
		fputc(':', file);
		if (spec->values && strcmp(spec->values, "FILE") == 0)
			fputs("_files", file);
		else if (spec->values && strcmp(spec->values, "DIR") == 0)
			fputs("_files -/", file);
		else if (spec->values)
			fprintf(file, "(%s)", spec->values);
	}
	fputs("' \\\n", file);
}

static void write_function(FILE *file, const struct command *command)
{
	const struct option_spec *spec;

	fprintf(file, "_perf-profile-%s() {\n\t_arguments -s -S \\\n", command->name);
	for (size_t i = 0; (spec = command_option(command, i)); i++)
		write_spec(file, spec);
	if (command->takes_command)
		fputs("\t\t'(-)1:program:_perf-profile-program' \\\n"
		      "\t\t'*::argument:_normal'\n}\n\n",
		      file);
	else if (strcmp(command->name, "help") == 0)
		fputs("\t\t'1:command:_perf-profile-commands'\n}\n\n", file);
	else
		fputs("\t\t'*:file:_files'\n}\n\n", file);
}

static void write_command_list(FILE *file)
{
	fputs("_perf-profile-commands() {\n\tlocal -a names\n\tnames=(\n", file);
	for (const struct command *const *command = commands; *command; command++) {
		fprintf(file, "\t\t'%s:", (*command)->name);
		write_quoted(file, (*command)->summary);
		fputs("'\n", file);
	}
	fputs("\t)\n\t_describe -t commands command names\n}\n\n", file);
}

static void write_zsh(FILE *file)
{
	fputs("#compdef perf-profile\n"
	      "# zsh completion for perf-profile, printed by 'perf-profile help --completion "
	      "zsh'\n\n",
	      file);
	write_command_list(file);
	fputs("_perf-profile-program() {\n"
	      "\t[[ -n $perf_profile_named ]] || _perf-profile-commands\n"
	      "\t_command_names -e\n}\n\n",
	      file);
	for (const struct command *const *command = commands; *command; command++)
		write_function(file, *command);
	fputs("_perf-profile() {\n\tlocal perf_profile_named\n\tif (( CURRENT > 2 )) && "
	      "(( $+functions[_perf-profile-$words[2]] )) &&\n"
	      "\t   [[ $words[2] != (commands|program) ]]; then\n"
	      "\t\tperf_profile_named=$words[2]\n\t\tshift words\n\t\t(( CURRENT-- ))\n"
	      "\t\t_perf-profile-$perf_profile_named\n\telse\n"
	      "\t\t_perf-profile-" MAIN_COMMAND_NAME "\n\tfi\n}\n\n_perf-profile \"$@\"\n",
	      file);
}

const struct completion_shell completion_zsh = {
	.name = "zsh",
	.write = write_zsh,
};
