#include "input/input_kind.h"

#include "base/escape.h"
#include "base/memory.h"
#include "input/bundle_profile.h"
#include "input/script_line.h"
#include "input/text_profile.h"

#include <ctype.h>

/** Headers of perf script text have some fifty lines, some of them long. */
#define LOOKED_AT_BYTES ((size_t)128 * 1024)

/** Of a line in a message. */
#define SHOWN_MAX_BYTES 60

/** "PERFILE2" and "PERFFILE" (before perf 3.2) in both byte orders. */
static const char *const perf_data_magics[] = { "PERFILE2", "PERFFILE", "2ELIFREP", "ELIFFREP" };

/** Formats that are recognised to say so. */
static const struct {
	const char *start;
	size_t length;
	const char *name;
} strangers[] = {
	{ "\x7f"
	  "ELF",
	  4, "an ELF program or library" },
	{ "{", 1, "JSON" },
	{ "<", 1, "XML or HTML" },
	{ "# callgrind format", 18, "callgrind output" },
};

/** The line up to the next line break, without blanks behind it. */
static struct text_span line_at(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	struct text_span line = text_span_make(at, newline ? newline : end);

	while (line.length > 0 && script_is_space(text_span_end(line)[-1]))
		line.length--;
	return line;
}

/** The line ends with a blank and a number, and is not a sample's header with a time. */
static bool is_folded(struct text_span line)
{
	const char *at = text_span_end(line);
	const char *end;

	if (memmem(line.start, line.length, ": ", 2) && !memchr(line.start, ';', line.length))
		return false;
	while (at > line.start && script_is_space(at[-1]))
		at--;
	for (end = at; at > line.start && ((at[-1] >= '0' && at[-1] <= '9') || at[-1] == '.');)
		at--;
	return at < end && at - line.start >= 2 && script_is_space(at[-1]);
}

/**
 * As perf prints them: the address in hexadecimal, the file in brackets last. Words such as "a"
 * and "added" are no addresses: there is no digit in them.
 */
static bool is_frame(struct text_span line)
{
	struct script_frame frame;
	bool has_digit = false;

	if (line.length == 0 || text_span_end(line)[-1] != ')' ||
	    !script_parse_frame(line, &frame) || !script_is_space(*text_span_end(frame.address)))
		return false;
	for (size_t i = 0; i < frame.address.length; i++) {
		if (!isxdigit((unsigned char)frame.address.start[i]))
			return false;
		has_digit |= isdigit((unsigned char)frame.address.start[i]) != 0;
	}
	return has_digit;
}

/** A name and a number are a sample's header if there is an event, a time or a frame with them. */
static bool is_script(struct text_span line, struct text_span next)
{
	struct script_header header;
	uint64_t time_ns = UINT64_MAX;
	uint32_t cpu = 0;

	if (!script_parse_header(line, &header))
		return is_frame(line);
	script_parse_place(&header, &cpu, &time_ns);
	return header.event.length > 0 || time_ns != UINT64_MAX || is_frame(next);
}

/** What a foreign format is called; NULL: it is none of those known to be none of ours. */
static const char *stranger_name(struct bytes bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		if (bytes.size >= strangers[i].length &&
		    memcmp(bytes.data, strangers[i].start, strangers[i].length) == 0)
			return strangers[i].name;
	}
	return NULL;
}

static struct error *unknown_kind(const struct input_stream *stream, struct bytes bytes,
				  struct text_span line)
{
	_cleanup_free_ char *text = memory_allocate(SHOWN_MAX_BYTES + 1, 1), *shown = NULL;
	size_t length = MIN(line.length, (size_t)SHOWN_MAX_BYTES);
	const char *what = stranger_name(bytes);

	if (what)
		return error_new(ERROR_FORMAT, "%s: this is %s, and no profile that is known here",
				 input_stream_name(stream), what);
	for (size_t i = 0; i < length; i++)
		text[i] = line.start[i] ? line.start[i] : ' ';
	shown = escape_plain(text);
	return error_new(ERROR_FORMAT,
			 "%s: neither perf.data nor perf script text nor folded stacks, pprof or "
			 "speedscope; it begins with '%s'",
			 input_stream_name(stream), shown);
}

static bool is_json(struct bytes bytes)
{
	size_t i = 0;

	while (i < bytes.size && script_is_space((char)bytes.data[i]))
		i++;
	return i < bytes.size && bytes.data[i] == '{';
}

/**
 * Without a ';' the next line has to be a folded stack too, and no stranger before it. The first
 * line may be longer than what is looked at: none of perf script's is.
 */
static bool starts_folded(struct text_span line, struct text_span next, bool has_stranger,
			  bool is_cut)
{
	bool has_separator = memchr(line.start, ';', line.length) != NULL;

	if (is_cut && has_separator && !has_stranger)
		return true;
	if (!is_folded(line) || is_frame(next))
		return false;
	return has_separator || (!has_stranger && (next.length == 0 || is_folded(next)));
}

/** The first line that can be told decides; lines of no known kind before it may be noise. */
static struct error *text_kind_of(const struct input_stream *stream, struct bytes bytes,
				  enum input_kind *ret)
{
	const char *at = (const char *)bytes.data, *const end = at + bytes.size;
	struct text_span stranger = { 0 };

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct text_span line = line_at(at, end), next = { 0 };
		struct text_span whole = text_span_make(line.start, newline ? newline : end);

		at = newline ? newline + 1 : end;
		if (at < end)
			next = line_at(at, end);
		if (line.length == 0 || line.start[0] == '#')
			continue;
		if (starts_folded(line, next, stranger.length > 0,
				  !newline && bytes.size >= LOOKED_AT_BYTES))
			*ret = INPUT_FOLDED;
		else if (is_script(whole, next))
			*ret = INPUT_SCRIPT;
		else if (stranger_name(bytes))
			return unknown_kind(stream, bytes, line);
		else {
			stranger = stranger.length ? stranger : line;
			continue;
		}
		return NULL;
	}
	if (stranger.length)
		return unknown_kind(stream, bytes, stranger);
	*ret = INPUT_EMPTY;
	return NULL;
}

struct error *input_kind_of(struct input_stream *stream, enum input_kind *ret)
{
	struct bytes bytes;

	RETURN_IF_ERROR(input_stream_peek(stream, LOOKED_AT_BYTES, &bytes));
	for (size_t i = 0; i < ARRAY_SIZE(perf_data_magics); i++) {
		if (bytes.size >= 8 && memcmp(bytes.data, perf_data_magics[i], 8) == 0) {
			*ret = INPUT_PERF_DATA;
			return NULL;
		}
	}
	if (bundle_is_start(bytes)) {
		*ret = INPUT_BUNDLE;
		return NULL;
	}
	if (is_json(bytes) && speedscope_is_profile(bytes)) {
		*ret = INPUT_SPEEDSCOPE;
		return NULL;
	}
	if (pprof_is_profile(bytes)) {
		*ret = INPUT_PPROF;
		return NULL;
	}
	return text_kind_of(stream, bytes, ret);
}
