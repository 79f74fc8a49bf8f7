#include "cli/options.h"

#include "base/suggestion.h"

#include <string.h>

const struct command *command_find(const char *name)
{
	for (const struct command *const *command = commands; *command; command++) {
		if (strcmp((*command)->name, name) == 0)
			return *command;
	}
	return NULL;
}

char *command_suggest(const char *word)
{
	struct word_vector names = { 0 };
	char *suggestion;

	for (const struct command *const *command = commands; *command; command++)
		word_vector_append(&names, (*command)->name);
	suggestion = suggestion_make(word, &names, "");
	word_vector_deinit(&names);
	return suggestion;
}
