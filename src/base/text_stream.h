#pragma once

/**
 * Text made with stdio in memory (open_memstream(3)). As with all memory here, running out of it
 * ends the program, so nothing has to be checked.
 *
 *     char *text;
 *     FILE *stream = text_stream_open(&text, &size_bytes);
 *     escape_write_plain(stream, name);
 *     text_stream_close(stream, &text);   text is good from here on; free it with free()
 */

#include <stddef.h>
#include <stdio.h>

/** @param text_ret, size_bytes_ret  Set by text_stream_close(); the size is without the NUL. */
FILE *text_stream_open(char **text_ret, size_t *size_bytes_ret);

/** @param text  The same pointer. */
void text_stream_close(FILE *stream, char *const *text);
