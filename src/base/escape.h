#pragma once

/**
 * Text from outside is hostile: names of functions, files, threads and
 * arguments may hold control characters, terminal escapes, markup, quotes or
 * bytes that are not UTF-8. Each way out has its own escape. Whatever the
 * input bytes, the output is valid UTF-8; a bad byte becomes U+FFFD.
 */

#include <stddef.h>
#include <stdbool.h>
#include <stdio.h>

/** For a terminal or a text report: control characters become U+FFFD, tab a space. */
void escape_write_plain(FILE *file, const char *text);

/** The same into a fresh string; free with free(). */
char *escape_plain(const char *text);

/** For XML and HTML text and quoted attributes: & < > " ' become references. */
void escape_write_xml(FILE *file, const char *text);

/** For the inside of a JSON string (RFC 8259 section 7), also safe inside <script>. */
void escape_write_json(FILE *file, const char *text);

/** For one frame of a folded stack: ';' becomes ':', line breaks and controls a space. */
void escape_write_folded(FILE *file, const char *text);

/**
 * For Markdown: a code span, in which neither markup nor @mentions nor links work. Nothing of empty
 * text. Source: GitHub Flavored Markdown (https://github.github.com/gfm/), 6.3.
 */
void escape_write_markdown(FILE *file, const char *text);

/** The same in a cell of a table (GFM 4.10), which it cannot end. */
void escape_write_markdown_cell(FILE *file, const char *text);

/**
 * Decode one UTF-8 character (RFC 3629: no overlong forms, no surrogates).
 * @return its length in bytes, or 0 when the bytes at @p text are not UTF-8.
 */
size_t escape_decode_utf8(const char *text, size_t size_bytes, unsigned int *character_ret);

/** Whether @p text is UTF-8 without anything that would have to be escaped on a terminal. */
bool escape_is_plain_text(const char *text);
