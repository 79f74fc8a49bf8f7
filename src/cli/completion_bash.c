#include "cli/completion.h"
#include "cli/program_text.h"

#include <string.h>

/* After bash(1), "Programmable Completion", and the bash-completion package for _command_offset. */

static const char script_begin[] =
	"# bash completion for perf-profile, printed by 'perf-profile help --completion bash'\n"
	"_perf_profile()\n"
	"{\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal command=" MAIN_COMMAND_NAME " first=1 index word\n"
	"\tlocal options= with_value= takes_command=\n"
	"\tCOMPREPLY=()\n";

static const char script_walk[] = "\tfor ((index = first; index < COMP_CWORD; index++)); do\n"
				  "\t\tword=${COMP_WORDS[index]}\n"
				  "\t\tif [[ $word == -- ]]; then\n"
				  "\t\t\toptions=\n"
				  "\t\telif [[ $with_value == *\" $word \"* ]]; then\n"
				  "\t\t\t((index++))\n"
				  "\t\telif [[ $word != -* && -n $takes_command ]]; then\n"
				  "\t\t\tif declare -F _command_offset >/dev/null; then\n"
				  "\t\t\t\t_command_offset \"$index\"\n"
				  "\t\t\telse\n"
				  "\t\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
				  "\t\t\tfi\n"
				  "\t\t\treturn\n"
				  "\t\tfi\n"
				  "\tdone\n";

static const char script_end[] =
	"\tif [[ $current == -* && -n $options ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
	"\telif ((COMP_CWORD == 1)); then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$current\"; "
	"compgen -c -- \"$current\")\n"
	"\telif [[ $command == help ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$current\")\n"
	"\telif [[ -n $takes_command ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$current\")\n"
	"\telse\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
	"\tfi\n"
	"}\n"
	"complete -o filenames -F _perf_profile perf-profile\n";

/** "-F --frequency " for every option, or only for those with a value. */
static void write_option_words(FILE *file, const struct command *command, bool only_with_value)
{
	const struct option_spec *spec;

	for (size_t i = 0; (spec = command_option(command, i)); i++) {
		if (only_with_value && !option_takes_word(spec))
			continue;
		if (spec->letter)
			fprintf(file, "-%c ", spec->letter);
		if (spec->name)
			fprintf(file, "--%s ", spec->name);
	}
}

static void write_command_words(FILE *file, const char *separator)
{
	for (const struct command *const *command = commands; *command; command++)
		fprintf(file, "%s%s", command == commands ? "" : separator, (*command)->name);
}

static void write_command_case(FILE *file, const struct command *command)
{
	fprintf(file, "\t%s)\n\t\toptions='", command->name);
	write_option_words(file, command, false);
	fputs("'\n\t\twith_value=' ", file);
	write_option_words(file, command, true);
	fputs("'\n", file);
	if (command->takes_command)
		fputs("\t\ttakes_command=yes\n", file);
	fputs("\t\t;;\n", file);
}

/** What to offer for the value of an option; none: whatever a file name may be. */
static void write_value_case(FILE *file, const struct command *command,
			     const struct option_spec *spec)
{
	if (!option_takes_word(spec))
		return;
	fputc('\t', file);
	if (spec->letter)
		fprintf(file, "'%s -%c'%s", command->name, spec->letter, spec->name ? " | " : "");
	if (spec->name)
		fprintf(file, "'%s --%s'", command->name, spec->name);
	fputs(")\n\t\tmapfile -t COMPREPLY < <(compgen ", file);
	if (!spec->values)
		fputs("-W ''", file);
	else if (strcmp(spec->values, "FILE") == 0)
		fputs("-f", file);
	else if (strcmp(spec->values, "DIR") == 0)
		fputs("-d", file);
	else
		fprintf(file, "-W '%s'", spec->values);
	fputs(" -- \"$current\")\n\t\treturn\n\t\t;;\n", file);
}

static void write_bash(FILE *file)
{
	const struct option_spec *spec;

	fputs(script_begin, file);
	fputs("\tlocal commands='", file);
	write_command_words(file, " ");
	fputs("'\n\tif ((COMP_CWORD > 1)); then\n\t\tcase ${COMP_WORDS[1]} in\n\t\t", file);
	write_command_words(file, " | ");
	fputs(")\n\t\t\tcommand=${COMP_WORDS[1]}\n\t\t\tfirst=2\n\t\t\t;;\n\t\tesac\n\tfi\n"
	      "\tcase $command in\n",
	      file);
	for (const struct command *const *command = commands; *command; command++)
		write_command_case(file, *command);
	fputs("\tesac\n", file);
	fputs(script_walk, file);
	fputs("\tcase \"$command $previous\" in\n", file);
	for (const struct command *const *command = commands; *command; command++) {
		for (size_t i = 0; (spec = command_option(*command, i)); i++)
			write_value_case(file, *command, spec);
	}
	fputs("\tesac\n", file);
	fputs(script_end, file);
}

const struct completion_shell completion_bash = {
	.name = "bash",
	.write = write_bash,
};
