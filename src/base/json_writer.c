#include "base/json_writer.h"

#include "base/escape.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

struct json_writer json_writer_make(FILE *file)
{
	return (struct json_writer){ .file = file };
}

static void json_indent(struct json_writer *json)
{
	if (json->depth == 0)
		return;
	fputc('\n', json->file);
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
		fputs("\": ", json->file);
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
		else
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

void json_bool(struct json_writer *json, const char *key, bool value)
{
	json_prefix(json, key);
	fputs(value ? "true" : "false", json->file);
}
