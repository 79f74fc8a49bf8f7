#pragma once

/** Text line by line, within an input_stream. */

#include "input/input_stream.h"

/** A borrowed run of text, not NUL-terminated. */
struct text_span {
	const char *start;
	size_t length;
};

static inline const char *text_span_end(struct text_span span)
{
	return span.start + span.length;
}

/** The part from @p start to @p end, two pointers into the same text. */
static inline struct text_span text_span_make(const char *start, const char *end)
{
	return (struct text_span){ .start = start, .length = (size_t)(end - start) };
}

struct line_reader {
	struct input_stream *stream; /**< Borrowed. */
	const char *at, *end;        /**< Of the window: not read yet. */
	const char *window;          /**< Where `at` was when the stream was last told. */
	uint64_t line_number;        /**< Of the last line, from 1. */
};

struct line_reader line_reader_make(struct input_stream *stream);

/** line_reader_next() when the window has no whole line. */
struct error *line_reader_refill(struct line_reader *reader, struct text_span *ret,
				 bool *is_end_ret) MUST_CHECK;

/** Take the line that ends at @p newline. */
static inline struct text_span line_reader_take(struct line_reader *reader, const char *newline)
{
	const char *start = reader->at;

	reader->at = newline + 1;
	reader->line_number++;
	if (newline > start && newline[-1] == '\r')
		newline--;
	return text_span_make(start, newline);
}

/**
 * The next line without its end ("\n" or "\r\n"); the last one need not have one.
 * Valid until the next call. @p is_end_ret: there was none.
 */
static inline struct error *line_reader_next(struct line_reader *reader, struct text_span *ret,
					     bool *is_end_ret)
{
	size_t left = (size_t)(reader->end - reader->at);
	const char *newline = left ? memchr(reader->at, '\n', left) : NULL;

	if (__builtin_expect(!newline, 0))
		return line_reader_refill(reader, ret, is_end_ret);
	*ret = line_reader_take(reader, newline);
	*is_end_ret = false;
	return NULL;
}

/**
 * As many of the next lines as are at hand, at least one unless the text is at its end, and at
 * most @p n_most. All are valid until the next call.
 */
struct error *line_reader_next_few(struct line_reader *reader, size_t n_most,
				   struct text_span *lines, size_t *n_ret) MUST_CHECK;
