#pragma once

/** Lines of source files, read when first asked for. */

#include <stdint.h>
#include <stdio.h>

struct source_text;

struct source_text *source_text_create(void);
void source_text_destroy(struct source_text *sources);

/**
 * Line @p number (from 1) of the file at @p path, made harmless, tabs as blanks; free it.
 * NULL: there is no such file or line.
 */
char *source_text_line(struct source_text *sources, const char *path, uint32_t number);
