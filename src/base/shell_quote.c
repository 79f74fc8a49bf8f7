#include "base/shell_quote.h"

#include "base/text_stream.h"

#include <string.h>

/** What means nothing to a shell. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "_@%+=:,./-";

void shell_quote_write(FILE *file, const char *word)
{
	if (*word && strspn(word, plain) == strlen(word)) {
		fputs(word, file);
		return;
	}
	fputc('\'', file);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", file);
		else
			fputc(*word, file);
	}
	fputc('\'', file);
}

char *shell_quote_words(char *const *words)
{
	char *text = NULL;
	size_t size_bytes = 0;
	FILE *file = text_stream_open(&text, &size_bytes);

	for (char *const *word = words; *word; word++) {
		if (word != words)
			fputc(' ', file);
		shell_quote_write(file, *word);
	}
	text_stream_close(file, &text);
	return text;
}
