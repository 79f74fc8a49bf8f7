#pragma once

/** Words as a POSIX shell reads them back: quoted where needed, all bytes kept. */

#include <stdio.h>

void shell_quote_write(FILE *file, const char *word);

/** Words with a blank between them, up to NULL; free it. */
char *shell_quote_words(char *const *words);
