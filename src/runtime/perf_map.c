#include "runtime/perf_map.h"

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

struct error *perf_map_watch(const struct object_process *process, struct runtime_text *seen,
			     uint64_t now_ns)
{
	_cleanup_free_ char *path =
		memory_format_text("%s/perf-%u.map", process->temporary_path, process->own_pid);

	return runtime_text_look(seen, path, process, now_ns);
}

struct error *perf_map_read(const struct object_process *process, struct runtime_text *seen,
			    struct code_map_builder *builder)
{
	struct error *error = perf_map_watch(process, seen, 0);
	const char *text = (const char *)seen->bytes.items;
	size_t start = 0;

	/* What came between two looks may have come right after the first. */
	for (size_t i = 0; i < seen->marks.count; i++) {
		perf_map_parse(text + start, seen->marks.items[i].offset - start, builder);
		start = seen->marks.items[i].offset;
		builder->time_ns = seen->marks.items[i].time_ns;
	}
	if (seen->bytes.count)
		perf_map_parse(text + start, seen->bytes.count - start, builder);
	builder->time_ns = 0;
	/* Taken away in the end, after it was seen. */
	if (error && error->code == ERROR_NOT_FOUND && seen->bytes.count) {
		error_destroy(error);
		return NULL;
	}
	return error;
}
