#pragma once

/**
 * Streaming JSON (RFC 8259). Commas, nesting and escapes are kept right here;
 * calling out of order is a programmer error and asserts.
 *
 *     struct json_writer json = json_writer_make(file);
 *     json_begin_object(&json, NULL);
 *     json_string(&json, "name", "sqlite3");
 *     json_end_object(&json);
 *
 * @p key is NULL inside an array and at the top. Write errors are the FILE's
 * (ferror); the caller checks once at the end.
 */

#include "base/attributes.h"

#include <stdio.h>

#define JSON_DEPTH_MAX 32

struct json_writer {
	FILE *file;
	bool is_compact; /**< Breaks lines only between the items of the outermost level. */
	unsigned int depth;
	bool has_items[JSON_DEPTH_MAX];
	char closing[JSON_DEPTH_MAX]; /**< The bracket that ends this level; NUL at the top. */
};

/** One item a line, indented: for people too. */
struct json_writer json_writer_make(FILE *file);

/** Without blanks, for files of millions of numbers. */
struct json_writer json_writer_make_compact(FILE *file);

void json_begin_object(struct json_writer *json, const char *key);
void json_end_object(struct json_writer *json);
void json_begin_array(struct json_writer *json, const char *key);
void json_end_array(struct json_writer *json);
void json_string(struct json_writer *json, const char *key, const char *text); /**< NULL: null */
void json_u64(struct json_writer *json, const char *key, uint64_t value);
void json_i64(struct json_writer *json, const char *key, int64_t value);
void json_double(struct json_writer *json, const char *key, double value); /**< not finite: null */
/** @p value / 10^@p n_decimals, exactly: (1234567, 3) is 1234.567. @p n_decimals: 1 to 9. */
void json_decimal(struct json_writer *json, const char *key, uint64_t value,
		  unsigned int n_decimals);
void json_null(struct json_writer *json, const char *key);
void json_bool(struct json_writer *json, const char *key, bool value);
