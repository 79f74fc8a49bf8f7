#include "input/frame_name.h"

#include "base/escape.h"
#include "base/text_stream.h"

#include <assert.h>
#include <stdio.h>

static bool span_equals(struct text_span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.start, text, span.length) == 0;
}

static bool span_contains(struct text_span span, const char *text)
{
	return memmem(span.start, span.length, text, strlen(text)) != NULL;
}

static bool span_begins_with(struct text_span span, const char *text)
{
	return span.length >= strlen(text) && memcmp(span.start, text, strlen(text)) == 0;
}

static void append_text(struct byte_vector *text, const char *more)
{
	byte_vector_append_bytes(text, more, strlen(more));
}

/** "/tmp/perf-PID.map" anywhere in the path. */
static bool is_jit_map(struct text_span object)
{
	static const char start[] = "/tmp/perf-", end[] = ".map";
	const char *const object_end = text_span_end(object);
	const char *at = object.start;

	while ((at = memmem(at, (size_t)(object_end - at), start, strlen(start)))) {
		const char *digits = at += strlen(start);

		while (at < object_end && *at >= '0' && *at <= '9')
			at++;
		if (at > digits && (size_t)(object_end - at) >= strlen(end) &&
		    memcmp(at, end, strlen(end)) == 0)
			return true;
	}
	return false;
}

/** "[kernel.kallsyms]", "[module]" or a vmlinux file. */
static bool is_kernel(struct text_span object)
{
	static const char image[] = "vmlinux";

	if (span_contains(object, "unknown"))
		return false;
	return span_begins_with(object, "[") ||
	       (object.length >= strlen(image) &&
		span_begins_with(text_span_make(text_span_end(object) - strlen(image),
						text_span_end(object)),
				 image));
}

/** net/http.(*Client).Do: parentheses that are part of the name, as Go has them. */
static bool is_go_method(const char *name, size_t length)
{
	const char *open = memmem(name, length, ".(", 2);

	return open && memmem(open + 2, (size_t)(name + length - open) - 2, ").", 2);
}

/** Where the parameter list begins, or the end. */
static size_t parameters_start(const char *name, size_t length)
{
	static const char anonymous[] = "(anonymous namespace)";

	if (is_go_method(name, length))
		return length;
	for (size_t i = 0; i < length; i++) {
		if (name[i] == '(' && (length - i < strlen(anonymous) ||
				       memcmp(name + i, anonymous, strlen(anonymous)) != 0))
			return i;
	}
	return length;
}

bool frame_part_is_unknown(const struct frame_part *part)
{
	return span_equals(part->name, "[unknown]") && span_equals(part->object, "[unknown]");
}

/** "[libc.so.6]", "[unknown]", and with the address if asked. */
static void append_object(const struct frame_part *part, bool has_address, struct byte_vector *text)
{
	struct text_span object = part->object;
	const char *slash = memrchr(object.start, '/', object.length);

	byte_vector_append(text, '[');
	if (span_equals(object, "[unknown]"))
		append_text(text, "unknown");
	else if (slash)
		byte_vector_append_bytes(text, slash + 1,
					 (size_t)(text_span_end(object) - slash) - 1);
	else
		byte_vector_append_bytes(text, object.start, object.length);
	if (has_address) {
		append_text(text, " <");
		byte_vector_append_bytes(text, part->address.start, part->address.length);
		byte_vector_append(text, '>');
	}
	byte_vector_append(text, ']');
}

/** Shorten the name that begins at @p start in place. */
static void tidy(struct byte_vector *text, size_t start, bool is_java)
{
	size_t length = 0, end;
	char *name;

	/* There may be no text at all yet. */
	if (text->count == start)
		return;
	name = (char *)text->items + start;
	for (size_t i = start; i < text->count; i++) {
		if (text->items[i] == ';')
			text->items[i] = ':';
	}
	end = parameters_start(name, text->count - start);
	for (size_t i = 0; i < end; i++) {
		if (name[i] != '"' && name[i] != '\'')
			name[length++] = name[i];
	}
	if (is_java && length > 0 && name[0] == 'L' && memchr(name, '/', length))
		memmove(name, name + 1, --length);
	text->count = start + length;
}

static void append_mark(struct byte_vector *text, size_t start, const char *mark)
{
	if (text->count == start ||
	    !memmem(text->items + start, text->count - start, mark, strlen(mark)))
		append_text(text, mark);
}

void frame_part_append_name(const struct frame_part *part, const struct frame_name_style *style,
			    struct byte_vector *text)
{
	size_t start = text->count;

	if (span_equals(part->name, "[unknown]"))
		append_object(part, style->has_addresses, text);
	else
		byte_vector_append_bytes(text, part->name.start, part->name.length);
	tidy(text, start, style->is_java);
	if (part->is_inlined)
		append_mark(text, start, "_[i]");
	else if (style->marks_kernel && is_kernel(part->object))
		append_text(text, "_[k]");
	else if (style->marks_jit && is_jit_map(part->object))
		append_mark(text, start, "_[j]");
}

static bool is_harmless(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte < ' ' || byte >= 0x7f || byte == ';')
			return false;
	}
	return true;
}

string_id frame_name_intern(struct string_table *names, const char *text, size_t length)
{
	_cleanup_free_ char *terminated = NULL;
	char *escaped = NULL;
	size_t escaped_length = 0;
	FILE *file;
	string_id id;

	if (is_harmless(text, length))
		return string_table_intern_length(names, text, length);
	terminated = memory_allocate(length + 1, 1);
	for (size_t i = 0; i < length; i++)
		terminated[i] = text[i] ? text[i] : ' ';
	file = text_stream_open(&escaped, &escaped_length);
	assert(file);
	escape_write_folded(file, terminated);
	text_stream_close(file, &escaped);
	id = string_table_intern_length(names, escaped, escaped_length);
	free(escaped);
	return id;
}

bool frame_next_part(struct text_span function, size_t *at, struct text_span *ret)
{
	static const char arrow[] = "->";
	size_t length = function.length;
	const char *start, *next;

	while (length >= 2 && memcmp(function.start + length - 2, arrow, 2) == 0)
		length -= 2;
	if (*at >= length)
		return false;
	start = function.start + *at;
	next = memmem(start, length - *at, arrow, 2);
	*ret = text_span_make(start, next ? next : function.start + length);
	*at = (size_t)(text_span_end(*ret) - function.start) + 2;
	return true;
}
