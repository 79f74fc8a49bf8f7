#include "compare/command_line.h"

#include "base/memory.h"
#include "base/shell_quote.h"
#include "base/vector.h"

#include <stdio.h>
#include <string.h>

#define SHELL_DEFAULT "/bin/sh"

DEFINE_VECTOR(word_vector, char *)

/** POSIX 2.2 Quoting: what a shell treats specially outside quotes, but for blanks and quotes. */
static const char shell_syntax[] = "|&;<>()$`*?[]#~{}!\n";

/** The shell's own commands (POSIX 2.14 and 1.6), and words with a meaning (2.4). */
static const char *const shell_words[] = {
	".",       "alias",  "bg",    "break", "case",   "cd",       "command", "continue",
	"do",      "eval",   "exec",  "exit",  "export", "fg",       "for",     "function",
	"hash",    "if",     "jobs",  "local", "read",   "readonly", "return",  "set",
	"shift",   "source", "time",  "times", "trap",   "type",     "ulimit",  "umask",
	"unalias", "unset",  "until", "wait",  "while",  ":",        "getopts",
};

static void words_deinit(struct word_vector *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->items[i]);
	word_vector_deinit(words);
}

/** One word from @p *cursor on, which is not blank; moves behind it. */
static struct error *read_word(const char *text, const char **cursor, char **ret)
{
	_cleanup_free_ char *word = memory_allocate(strlen(*cursor) + 1, 1);
	size_t length = 0;
	char quote = '\0';

	for (; **cursor && (quote || !strchr(" \t\n", **cursor)); (*cursor)++) {
		char letter = **cursor;

		if (quote ? letter == quote : (letter == '\'' || letter == '"')) {
			quote = quote ? '\0' : letter;
		} else if (letter == '\\' && quote != '\'' && (*cursor)[1] &&
			   (!quote || strchr("\\\"$`", (*cursor)[1]))) {
			word[length++] = *++*cursor;
		} else {
			word[length++] = letter;
		}
	}
	if (quote)
		return error_new(ERROR_USAGE, "'%s': the quote %c has no end", text, quote);
	*ret = word;
	word = NULL;
	return NULL;
}

static struct error *split_words(const char *text, struct word_vector *words)
{
	const char *cursor = text;

	for (;;) {
		char *word = NULL;

		cursor += strspn(cursor, " \t\n");
		if (!*cursor)
			return NULL;
		RETURN_IF_ERROR(read_word(text, &cursor, &word));
		word_vector_append(words, word);
	}
}

static bool needs_shell(const char *text)
{
	size_t first = strspn(text, " \t"), length;
	char quote = '\0';

	for (const char *letter = text; *letter; letter++) {
		if (quote == '\'' || (quote && !strchr("$`", *letter))) {
			quote = *letter == quote ? '\0' : quote;
			if (quote == '"' && *letter == '\\' && letter[1])
				letter++;
		} else if (*letter == '\'' || *letter == '"') {
			quote = *letter;
		} else if (*letter == '\\' && letter[1]) {
			letter++;
		} else if (strchr(shell_syntax, *letter)) {
			return true;
		}
	}
	length = strcspn(text + first, " \t");
	if (memchr(text + first, '=', length))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(shell_words); i++) {
		if (strlen(shell_words[i]) == length &&
		    strncmp(shell_words[i], text + first, length) == 0)
			return true;
	}
	return false;
}

void command_line_for_shell(const char *text, const struct shell_choice *shell,
			    struct command_line *ret)
{
	const char *path = shell && shell->path ? shell->path : SHELL_DEFAULT;

	*ret = (struct command_line){
		.text = memory_duplicate_text(text),
		.argv = memory_allocate(4, sizeof(char *)),
		.is_shell = true,
	};
	ret->argv[0] = memory_duplicate_text(path);
	ret->argv[1] = memory_duplicate_text("-c");
	ret->argv[2] = memory_duplicate_text(text);
}

struct error *command_line_parse(const char *text, const struct shell_choice *shell,
				 struct command_line *ret)
{
	struct word_vector words = { 0 };
	struct error *error;

	if (!text[strspn(text, " \t\n")])
		return error_new(ERROR_USAGE, "an empty command");
	if (shell->use == SHELL_ALWAYS || (shell->use == SHELL_AUTOMATIC && needs_shell(text))) {
		command_line_for_shell(text, shell, ret);
		return NULL;
	}
	error = split_words(text, &words);
	if (error) {
		words_deinit(&words);
		return error;
	}
	word_vector_append(&words, NULL);
	*ret = (struct command_line){ .text = memory_duplicate_text(text), .argv = words.items };
	return NULL;
}

void command_line_from_words(char *const *words, struct command_line *ret)
{
	struct word_vector copies = { 0 };

	for (char *const *word = words; *word; word++)
		word_vector_append(&copies, memory_duplicate_text(*word));
	word_vector_append(&copies, NULL);
	*ret = (struct command_line){ .text = shell_quote_words(words), .argv = copies.items };
}

void command_line_deinit(struct command_line *line)
{
	for (char **word = line->argv; word && *word; word++)
		free(*word);
	free(line->argv);
	free(line->text);
	*line = (struct command_line){ 0 };
}
