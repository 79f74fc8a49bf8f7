#pragma once

/**
 * JSON (RFC 8259) read piece by piece from memory, in the order of the text:
 *
 *     RETURN_IF_ERROR(json_reader_enter(&json, '{'));
 *     for (;;) {
 *             RETURN_IF_ERROR(json_reader_member(&json, &is_there, &key));
 *             if (!is_there)
 *                     break;
 *             ... one value: json_reader_number(), json_reader_enter()..., or json_reader_skip()
 *     }
 *
 * A reader is plain data: a copy of it is a bookmark. Errors name the source and offset.
 */

#include "base/bytes.h"
#include "base/vector.h"

/** Arrays and objects in one another; those of profiles have six levels. */
#define JSON_READER_DEPTH_MAX 64

struct json_reader {
	const char *start, *at, *end;
	const char *source; /**< For messages; borrowed. */
	unsigned int depth;
	bool is_first; /**< Just entered: no comma before the next item. */
	char closing[JSON_READER_DEPTH_MAX];
};

/** @param bytes  Borrowed for as long as the reader and its copies are used. */
struct json_reader json_reader_make(struct bytes bytes, const char *source);

/** Into an array ('[') or object ('{'), which must come next. */
struct error *json_reader_enter(struct json_reader *json, char bracket) MUST_CHECK;

/** To the next item of what was entered; false: it is over and left. */
struct error *json_reader_next(struct json_reader *json, bool *is_there_ret) MUST_CHECK;

/** The key of an object's item and its colon. @p ret is replaced by the text and a NUL. */
struct error *json_reader_key(struct json_reader *json, struct byte_vector *ret) MUST_CHECK;

/** To the next item of an object, and its key if it is there: the two above in one. */
struct error *json_reader_member(struct json_reader *json, bool *is_there_ret,
				 struct byte_vector *key_ret) MUST_CHECK;

/** A string; @p ret is replaced by its text and a NUL. NULs in it become blanks. */
struct error *json_reader_string(struct json_reader *json, struct byte_vector *ret) MUST_CHECK;
struct error *json_reader_number(struct json_reader *json, double *ret) MUST_CHECK;

/** Over any value. */
struct error *json_reader_skip(struct json_reader *json) MUST_CHECK;

/** First character of the next value: '{', '[', '"', a digit or '-', 't', 'f', 'n'; 0: none. */
char json_reader_peek(struct json_reader *json);

struct error *json_reader_error(const struct json_reader *json, const char *what) MUST_CHECK;
