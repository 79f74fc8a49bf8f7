#include "base/json_writer.h"

#include "base/escape.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

struct json_writer json_writer_make(FILE *file)
{
	return (struct json_writer){ .file = file };
}

struct json_writer json_writer_make_compact(FILE *file)
{
	return (struct json_writer){ .file = file, .is_compact = true };
}

static void json_indent(struct json_writer *json)
{
	if (json->depth == 0 || (json->is_compact && json->depth > 1))
		return;
	fputc('\n', json->file);
	if (json->is_compact)
		return;
	for (unsigned int i = 0; i < json->depth; i++)
		fputs("  ", json->file);
}

static void json_prefix(struct json_writer *json, const char *key)
{
	/* A key exactly in objects. */
	assert((key != NULL) == (json->closing[json->depth] == '}'));
	if (json->has_items[json->depth])
		fputc(',', json->file);
	json->has_items[json->depth] = true;
	json_indent(json);
	if (key) {
		fputc('"', json->file);
		escape_write_json(json->file, key);
		fputs(json->is_compact ? "\":" : "\": ", json->file);
	}
}

static void json_begin(struct json_writer *json, const char *key, char bracket)
{
	json_prefix(json, key);
	fputc(bracket, json->file);
	json->depth++;
	assert(json->depth < JSON_DEPTH_MAX);
	json->has_items[json->depth] = false;
	json->closing[json->depth] = bracket == '{' ? '}' : ']';
}

static void json_end(struct json_writer *json, char bracket)
{
	bool had_items = json->has_items[json->depth];

	assert(json->depth > 0 && json->closing[json->depth] == bracket);
	json->depth--;
	if (had_items) {
		if (json->depth == 0)
			fputc('\n', json->file);
		else if (!json->is_compact)
			json_indent(json);
	}
	fputc(bracket, json->file);
	if (json->depth == 0)
		fputc('\n', json->file);
}

void json_begin_object(struct json_writer *json, const char *key)
{
	json_begin(json, key, '{');
}

void json_end_object(struct json_writer *json)
{
	json_end(json, '}');
}

void json_begin_array(struct json_writer *json, const char *key)
{
	json_begin(json, key, '[');
}

void json_end_array(struct json_writer *json)
{
	json_end(json, ']');
}

void json_string(struct json_writer *json, const char *key, const char *text)
{
	json_prefix(json, key);
	if (!text) {
		fputs("null", json->file);
		return;
	}
	fputc('"', json->file);
	escape_write_json(json->file, text);
	fputc('"', json->file);
}

void json_u64(struct json_writer *json, const char *key, uint64_t value)
{
	json_prefix(json, key);
	fprintf(json->file, "%" PRIu64, value);
}

void json_i64(struct json_writer *json, const char *key, int64_t value)
{
	json_prefix(json, key);
	fprintf(json->file, "%" PRId64, value);
}

void json_double(struct json_writer *json, const char *key, double value)
{
	json_prefix(json, key);
	if (isfinite(value))
		fprintf(json->file, "%.6g", value);
	else
		fputs("null", json->file);
}

void json_decimal(struct json_writer *json, const char *key, uint64_t value,
		  unsigned int n_decimals)
{
	uint64_t scale = 1;

	assert(n_decimals >= 1 && n_decimals <= 9);
	for (unsigned int i = 0; i < n_decimals; i++)
		scale *= 10;
	json_prefix(json, key);
	fprintf(json->file, "%" PRIu64 ".%0*" PRIu64, value / scale, (int)n_decimals,
		value % scale);
}

void json_null(struct json_writer *json, const char *key)
{
	json_prefix(json, key);
	fputs("null", json->file);
}

void json_bool(struct json_writer *json, const char *key, bool value)
{
	json_prefix(json, key);
	fputs(value ? "true" : "false", json->file);
}
