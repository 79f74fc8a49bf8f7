#include "input/script_line.h"

#include "base/clock.h"

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static const char *skip_spaces(const char *at, const char *end)
{
	while (at < end && script_is_space(*at))
		at++;
	return at;
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && is_digit(*at))
		at++;
	return at;
}

/** "PID/TID" or "TID" at @p at, followed by white space. */
static bool parse_ids(const char *at, const char *end, struct script_header *ret)
{
	const char *first_end = skip_digits(at, end), *second, *second_end;

	if (first_end == at)
		return false;
	for (second = first_end; second < end && *second == '/';)
		second++;
	second_end = skip_digits(second, end);
	if (second_end == end || !script_is_space(*second_end))
		return false;
	ret->first = text_span_make(at, first_end);
	ret->second = text_span_make(second, second_end);
	ret->rest = text_span_make(second_end, end);
	return true;
}

/** The line ends with ": PERIOD EVENT:" or ": EVENT:". */
void script_parse_measure(struct text_span line, struct script_header *ret)
{
	const char *end = text_span_end(line), *event, *at;

	while (end > line.start && script_is_space(end[-1]))
		end--;
	if (end == line.start || end[-1] != ':')
		return;
	end--;
	for (event = end; event > line.start && !script_is_space(event[-1]);)
		event--;
	if (event == end || event == line.start)
		return;
	for (at = event; at > line.start && script_is_space(at[-1]);)
		at--;
	const char *period_end = at;

	while (at > line.start && is_digit(at[-1]))
		at--;
	const char *period = at;

	while (at > line.start && script_is_space(at[-1]))
		at--;
	if (at == line.start || at[-1] != ':')
		return;
	ret->event = text_span_make(event, end);
	ret->period = text_span_make(period, period_end);
	ret->measure = text_span_make(at - 1, text_span_end(line));
}

bool script_parse_header(struct text_span line, struct script_header *ret)
{
	const char *const end = text_span_end(line);
	struct script_header header = { 0 };

	if (line.length == 0 || script_is_space(line.start[0]))
		return false;
	/* The name is as short as can be, but has two characters: that is the format's
	 * ambiguity, resolved as the collapser does. */
	for (const char *at = line.start + 1; at < end; at++) {
		const char *ids, *comm_end;

		if (!script_is_space(*at))
			continue;
		comm_end = MAX(at, line.start + 2);
		ids = skip_spaces(at, end);
		if (comm_end < ids && parse_ids(ids, end, &header)) {
			header.comm = text_span_make(line.start, comm_end);
			script_parse_measure(line, &header);
			*ret = header;
			return true;
		}
		at = ids;
	}
	return false;
}

/** The last " (" that has a ')' behind it; NULL: there is none. @p close_ret: the last ')'. */
static const char *find_object(const char *start, const char *end, const char **close_ret)
{
	const char *close = memrchr(start, ')', (size_t)(end - start));
	const char *open = close;

	if (!close)
		return NULL;
	while ((open = memrchr(start, '(', (size_t)(open - start)))) {
		if (open > start && open[-1] == ' ') {
			*close_ret = close;
			return open - 1;
		}
	}
	return NULL;
}

bool script_parse_frame(struct text_span line, struct script_frame *ret)
{
	const char *const end = text_span_end(line);
	const char *address = skip_spaces(line.start, end), *address_end = address;
	const char *function, *open, *close;

	while (address_end < end && script_is_word(*address_end))
		address_end++;
	if (address_end == address)
		return false;
	open = find_object(address_end, end, &close);
	if (!open)
		return false;
	function = skip_spaces(address_end, end);
	if (function >= open) {
		/* No name at all: one character of what is before is given up for it. */
		function = open - 1;
		if (function < address_end)
			address_end = function;
		if (address_end == address)
			return false;
	}
	ret->address = text_span_make(address, address_end);
	ret->function = text_span_make(function, open);
	ret->object = text_span_make(open + 2, close);
	return true;
}

const char *script_symbol_end(struct text_span function)
{
	const char *at = text_span_end(function);
	const char *const digits_end = at;

	while (at > function.start && (is_digit(at[-1]) || (at[-1] >= 'a' && at[-1] <= 'f')))
		at--;
	if (at == digits_end || at - function.start < 3 || memcmp(at - 3, "+0x", 3) != 0)
		return digits_end;
	return at - 3;
}

/** "SECONDS.FRACTION" with up to nine digits behind the point. */
static bool parse_time(const char *at, const char *end, uint64_t *ret)
{
	uint64_t seconds = 0, fraction_ns = 0, unit_ns = NS_PER_S / 10;
	const char *start = at;

	/* Ten digits are three hundred years. */
	for (; at < end && is_digit(*at) && at - start < 10; at++)
		seconds = seconds * 10 + (uint64_t)(*at - '0');
	if (at == start || at == end || *at != '.')
		return false;
	for (at++; at < end && is_digit(*at); at++, unit_ns /= 10)
		fraction_ns += unit_ns * (uint64_t)(*at - '0');
	if (at == end || *at != ':')
		return false;
	*ret = seconds * NS_PER_S + fraction_ns;
	return true;
}

void script_parse_place(const struct script_header *header, uint32_t *cpu_ret,
			uint64_t *time_ns_ret)
{
	const char *const end = text_span_end(header->rest);
	const char *at = skip_spaces(header->rest.start, end);
	uint32_t cpu = 0;

	if (at < end && *at == '[') {
		const char *digits_end = skip_digits(at + 1, end);

		/* The kernel has at most some thousand CPUs. */
		if (digits_end < end && *digits_end == ']' && digits_end - at <= 6) {
			for (at++; at < digits_end; at++)
				cpu = cpu * 10 + (uint32_t)(*at - '0');
			*cpu_ret = cpu;
			at = skip_spaces(digits_end + 1, end);
		}
	}
	parse_time(at, end, time_ns_ret);
}

uint64_t script_period(const struct script_header *header)
{
	struct text_span digits = header->period;
	uint64_t period = 0;

	if (digits.length == 0 || (digits.length == 1 && digits.start[0] == '0'))
		return 1;
	for (size_t i = 0; i < digits.length; i++) {
		if (__builtin_mul_overflow(period, 10u, &period) ||
		    __builtin_add_overflow(period, (uint64_t)(digits.start[i] - '0'), &period))
			return UINT64_MAX;
	}
	return period;
}

void script_append_thread(const struct script_header *header, bool has_pid, bool has_tid,
			  struct byte_vector *text)
{
	const size_t start = text->count;
	struct text_span unknown = { .start = "?", .length = 1 };
	bool has_both = header->second.length > 0 &&
			!(header->second.length == 1 && header->second.start[0] == '0');
	struct text_span pid = has_both ? header->first : unknown;
	struct text_span tid = has_both ? header->second : header->first;

	byte_vector_append_bytes(text, header->comm.start, header->comm.length);
	if (has_pid || has_tid) {
		byte_vector_append(text, '-');
		byte_vector_append_bytes(text, pid.start, pid.length);
	}
	if (has_tid) {
		byte_vector_append(text, '/');
		byte_vector_append_bytes(text, tid.start, tid.length);
	}
	for (size_t i = start; i < text->count; i++) {
		if (text->items[i] <= ' ')
			text->items[i] = '_';
	}
}
