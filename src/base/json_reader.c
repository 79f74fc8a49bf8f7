#include "base/json_reader.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/** Longer numbers are of no use to anyone. */
#define NUMBER_LENGTH_MAX 64

/** Numbers of so many digits are exact in a double. */
#define EXACT_DIGITS 15

struct json_reader json_reader_make(struct bytes bytes, const char *source)
{
	const char *text = bytes.size ? (const char *)bytes.data : "";

	return (struct json_reader){
		.start = text, .at = text, .end = text + bytes.size, .source = source
	};
}

struct error *json_reader_error(const struct json_reader *json, const char *what)
{
	return error_new(ERROR_FORMAT, "%s: JSON: %s at offset %" PRIu64, json->source, what,
			 (uint64_t)(json->at - json->start));
}

char json_reader_peek(struct json_reader *json)
{
	while (json->at < json->end &&
	       (*json->at == ' ' || *json->at == '\n' || *json->at == '\r' || *json->at == '\t'))
		json->at++;
	return json->at < json->end ? *json->at : '\0';
}

struct error *json_reader_enter(struct json_reader *json, char bracket)
{
	if (json_reader_peek(json) != bracket)
		return json_reader_error(json, bracket == '{' ? "an object is missing"
							      : "an array is missing");
	if (json->depth == JSON_READER_DEPTH_MAX)
		return json_reader_error(json, "too many levels");
	json->at++;
	json->closing[json->depth++] = bracket == '{' ? '}' : ']';
	json->is_first = true;
	return NULL;
}

struct error *json_reader_next(struct json_reader *json, bool *is_there_ret)
{
	char next = json_reader_peek(json);
	bool is_first = json->is_first;

	json->is_first = false;
	if (next == json->closing[json->depth - 1]) {
		json->at++;
		json->depth--;
		*is_there_ret = false;
		return NULL;
	}
	if (!is_first) {
		if (next != ',')
			return json_reader_error(json, next ? "a comma is missing"
							    : "the text ends too early");
		json->at++;
		next = json_reader_peek(json);
	}
	if (!next)
		return json_reader_error(json, "the text ends too early");
	*is_there_ret = true;
	return NULL;
}

static struct error *read_hex(struct json_reader *json, uint32_t *ret)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++, json->at++) {
		char letter = json->at < json->end ? *json->at : '\0';

		if (letter >= '0' && letter <= '9')
			value = value << 4 | (uint32_t)(letter - '0');
		else if ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'f')
			value = value << 4 | (uint32_t)((letter | 0x20) - 'a' + 10);
		else
			return json_reader_error(json, "a wrong \\u escape");
	}
	*ret = value;
	return NULL;
}

static void append_utf8(struct byte_vector *text, uint32_t code)
{
	if (code < 0x80) {
		byte_vector_append(text, (uint8_t)(code ? code : ' '));
	} else if (code < 0x800) {
		byte_vector_append(text, (uint8_t)(0xc0 | code >> 6));
		byte_vector_append(text, (uint8_t)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		byte_vector_append(text, (uint8_t)(0xe0 | code >> 12));
		byte_vector_append(text, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
		byte_vector_append(text, (uint8_t)(0x80 | (code & 0x3f)));
	} else {
		byte_vector_append(text, (uint8_t)(0xf0 | code >> 18));
		byte_vector_append(text, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
		byte_vector_append(text, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
		byte_vector_append(text, (uint8_t)(0x80 | (code & 0x3f)));
	}
}

/** Behind "\u"; a lone half of a pair becomes U+FFFD. */
static struct error *read_unicode(struct json_reader *json, struct byte_vector *text)
{
	struct json_reader second = *json;
	uint32_t code, low;

	RETURN_IF_ERROR(read_hex(json, &code));
	if (code >= 0xd800 && code < 0xdc00 && json->end - json->at >= 6 && json->at[0] == '\\' &&
	    json->at[1] == 'u') {
		second.at = json->at + 2;
		RETURN_IF_ERROR(read_hex(&second, &low));
		if (low >= 0xdc00 && low < 0xe000) {
			json->at = second.at;
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	append_utf8(text, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
	return NULL;
}

static struct error *read_escape(struct json_reader *json, struct byte_vector *text)
{
	static const char escapes[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	char letter = json->at < json->end ? *json->at++ : '\0';
	const char *found = letter ? strchr(escapes, letter) : NULL;

	if (letter == 'u')
		return read_unicode(json, text);
	if (!found)
		return json_reader_error(json, "a wrong escape");
	byte_vector_append(text, (uint8_t)values[found - escapes]);
	return NULL;
}

struct error *json_reader_string(struct json_reader *json, struct byte_vector *ret)
{
	if (json_reader_peek(json) != '"')
		return json_reader_error(json, "a string is missing");
	json->at++;
	byte_vector_clear(ret);
	for (;;) {
		const char *plain = json->at;

		while (json->at < json->end && *json->at != '"' && *json->at != '\\')
			json->at++;
		byte_vector_append_bytes(ret, plain, (size_t)(json->at - plain));
		if (json->at == json->end)
			return json_reader_error(json, "a string without end");
		if (*json->at++ == '"')
			break;
		RETURN_IF_ERROR(read_escape(json, ret));
	}
	for (size_t i = 0; i < ret->count; i++) {
		if (ret->items[i] == '\0')
			ret->items[i] = ' ';
	}
	byte_vector_append(ret, '\0');
	return NULL;
}

struct error *json_reader_key(struct json_reader *json, struct byte_vector *ret)
{
	RETURN_IF_ERROR(json_reader_string(json, ret));
	if (json_reader_peek(json) != ':')
		return json_reader_error(json, "a colon is missing");
	json->at++;
	return NULL;
}

struct error *json_reader_member(struct json_reader *json, bool *is_there_ret,
				 struct byte_vector *key_ret)
{
	RETURN_IF_ERROR(json_reader_next(json, is_there_ret));
	return *is_there_ret ? json_reader_key(json, key_ret) : NULL;
}

static bool is_number_letter(char letter)
{
	return (letter >= '0' && letter <= '9') || letter == '-' || letter == '+' ||
	       letter == '.' || letter == 'e' || letter == 'E';
}

struct error *json_reader_number(struct json_reader *json, double *ret)
{
	char text[NUMBER_LENGTH_MAX + 1], *text_end;
	const char *begin;
	size_t length = 0;
	uint64_t whole = 0;

	json_reader_peek(json);
	begin = json->at;
	for (; begin + length < json->end && begin[length] >= '0' && begin[length] <= '9' &&
	       length <= EXACT_DIGITS;
	     length++)
		whole = whole * 10 + (uint64_t)(begin[length] - '0');
	if (length > 0 && length <= EXACT_DIGITS &&
	    (begin + length == json->end || !is_number_letter(begin[length]))) {
		json->at += length;
		*ret = (double)whole;
		return NULL;
	}
	for (length = 0; begin + length < json->end && is_number_letter(begin[length]) &&
			 length < NUMBER_LENGTH_MAX;
	     length++)
		text[length] = begin[length];
	text[length] = '\0';
	*ret = strtod(text, &text_end);
	if (length == 0 || *text_end || !isfinite(*ret))
		return json_reader_error(json, "a number is missing");
	json->at += length;
	return NULL;
}

static struct error *skip_word(struct json_reader *json)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(json->end - json->at) >= length &&
		    memcmp(json->at, words[i], length) == 0) {
			json->at += length;
			return NULL;
		}
	}
	return json_reader_error(json, "a value is missing");
}

static struct error *skip_scalar(struct json_reader *json, struct byte_vector *scratch)
{
	char first = json_reader_peek(json);
	double number;

	if (first == '"')
		return json_reader_string(json, scratch);
	if (first == '-' || (first >= '0' && first <= '9'))
		return json_reader_number(json, &number);
	return skip_word(json);
}

static struct error *skip_value(struct json_reader *json, struct byte_vector *scratch)
{
	unsigned int depth = json->depth;

	do {
		char first = json_reader_peek(json);
		bool is_there;

		if (first == '{' || first == '[')
			RETURN_IF_ERROR(json_reader_enter(json, first));
		else
			RETURN_IF_ERROR(skip_scalar(json, scratch));
		do {
			if (json->depth == depth)
				return NULL;
			RETURN_IF_ERROR(json_reader_next(json, &is_there));
		} while (!is_there);
		if (json->closing[json->depth - 1] == '}')
			RETURN_IF_ERROR(json_reader_key(json, scratch));
	} while (true);
}

struct error *json_reader_skip(struct json_reader *json)
{
	struct byte_vector scratch = { 0 };
	struct error *error = skip_value(json, &scratch);

	byte_vector_deinit(&scratch);
	return error;
}
