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

/** Go past the next line if it is @p text, ended by "\n" and whole in the window. */
static inline bool line_reader_accept(struct line_reader *reader, const char *text, size_t length)
{
	if ((size_t)(reader->end - reader->at) <= length || reader->at[length] != '\n' ||
	    memcmp(reader->at, text, length) != 0)
		return false;
	reader->at += length + 1;
	reader->line_number++;
	return true;
}

/**
 * The next line without its end ("\n" or "\r\n"); the last one need not have one.
 * Valid until the next call. @p is_end_ret: there was none.
 */
static inline struct error *line_reader_next(struct line_reader *reader, struct text_span *ret,
					     bool *is_end_ret)
{
	const char *start = reader->at;
	size_t left = (size_t)(reader->end - start);
	const char *newline = left ? memchr(start, '\n', left) : NULL;

	if (__builtin_expect(!newline, 0))
		return line_reader_refill(reader, ret, is_end_ret);
	reader->at = newline + 1;
	reader->line_number++;
	if (newline > start && newline[-1] == '\r')
		newline--;
	*ret = text_span_make(start, newline);
	*is_end_ret = false;
	return NULL;
}
