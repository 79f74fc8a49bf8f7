#include "runtime/perf_map.h"

#include "runtime/runtime_file.h"

#include <string.h>

/** A hexadecimal number, "0x" allowed as some runtimes write it; moves @p at behind it. */
static bool parse_hexadecimal(const char **at, const char *end, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t value = 0;
	const char *start;

	if (end - *at > 2 && (*at)[0] == '0' && ((*at)[1] | 0x20) == 'x')
		*at += 2;
	for (start = *at; *at < end && **at; (*at)++) {
		const char *digit = strchr(digits, **at >= 'A' && **at <= 'F' ? **at | 0x20 : **at);

		if (!digit)
			break;
		if (value >> 60)
			return false;
		value = value << 4 | (uint64_t)(digit - digits);
	}
	*ret = value;
	return *at != start;
}

static bool parse_blank(const char **at, const char *end)
{
	return *at < end && *(*at)++ == ' ';
}

static bool parse_line(const char *line, const char *end, struct code_map_builder *builder)
{
	uint64_t start, size_bytes;
	uint32_t name_offset;

	return parse_hexadecimal(&line, end, &start) && parse_blank(&line, end) &&
	       parse_hexadecimal(&line, end, &size_bytes) && parse_blank(&line, end) &&
	       line < end && !memchr(line, '\0', (size_t)(end - line)) &&
	       code_map_add_text(builder, line, (size_t)(end - line), &name_offset) &&
	       code_map_add(builder, start, size_bytes, name_offset, 0);
}

size_t perf_map_parse(const char *text, size_t size_bytes, struct code_map_builder *builder)
{
	const char *end = text + size_bytes;
	size_t n_bad_lines = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;

		if (!parse_line(text, line_end, builder))
			n_bad_lines++;
		text = newline ? newline + 1 : end;
	}
	return n_bad_lines;
}

struct error *perf_map_read(const struct object_process *process, struct code_map_builder *builder)
{
	_cleanup_free_ char *path =
		memory_format_text("%s/perf-%u.map", process->temporary_path, process->own_pid);
	_cleanup_free_ char *text = NULL;
	size_t size_bytes;

	RETURN_IF_ERROR(runtime_file_read(path, process, (uint8_t **)&text, &size_bytes));
	perf_map_parse(text, size_bytes, builder);
	return NULL;
}
