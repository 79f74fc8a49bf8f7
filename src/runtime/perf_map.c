#include "runtime/perf_map.h"

#include "base/vector.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Beyond this many lines a map is cut. */
#define PERF_MAP_LINES_MAX (UINT32_C(1) << 24)

/** As the file says it: in the order of lines, which is the order of time. */
struct code_line {
	uint64_t start;
	uint64_t end;
	uint32_t name_offset;
	uint32_t order; /**< Line number: the later one wins. */
};

DEFINE_VECTOR(code_line_vector, struct code_line)
DEFINE_VECTOR(perf_map_range_vector, struct perf_map_range)

/** A hexadecimal number, "0x" allowed as some runtimes write it; moves @p at behind it. */
static bool parse_hexadecimal(char **at, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t value = 0;
	char *start;

	if ((*at)[0] == '0' && ((*at)[1] | 0x20) == 'x')
		*at += 2;
	for (start = *at; **at; (*at)++) {
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

/** @param line  NUL-terminated. */
static bool parse_line(char *line, const char *text, struct code_line *ret)
{
	uint64_t size_bytes;

	if (!parse_hexadecimal(&line, &ret->start) || *line++ != ' ' ||
	    !parse_hexadecimal(&line, &size_bytes) || *line++ != ' ' || !*line)
		return false;
	if (!size_bytes || __builtin_add_overflow(ret->start, size_bytes, &ret->end))
		return false;
	ret->name_offset = (uint32_t)(line - text);
	return true;
}

static int line_compare(const void *a_pointer, const void *b_pointer)
{
	const struct code_line *a = a_pointer;
	const struct code_line *b = b_pointer;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/** A binary heap of lines that cover the sweep's position, the latest line on top. */
static void heap_push(struct code_line_vector *heap, struct code_line line)
{
	size_t at = heap->count;

	code_line_vector_append(heap, line);
	while (at && heap->items[(at - 1) / 2].order < line.order) {
		heap->items[at] = heap->items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->items[at] = line;
}

static void heap_pop(struct code_line_vector *heap)
{
	struct code_line moved = heap->items[--heap->count];
	size_t at = 0;
	size_t child;

	while ((child = at * 2 + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    heap->items[child + 1].order > heap->items[child].order)
			child++;
		if (heap->items[child].order <= moved.order)
			break;
		heap->items[at] = heap->items[child];
		at = child;
	}
	if (heap->count)
		heap->items[at] = moved;
}

/** Name [start, end) after the latest lines that cover it; lines that end there leave the heap. */
static void fill_gap(struct code_line_vector *heap, uint64_t start, uint64_t end,
		     struct perf_map_range_vector *ranges)
{
	while (heap->count && start < end) {
		const struct code_line *line = &heap->items[0];

		if (line->end <= start) {
			heap_pop(heap);
			continue;
		}
		perf_map_range_vector_append(ranges, (struct perf_map_range){
							     .start = start,
							     .end = MIN(end, line->end),
							     .code_start = line->start,
							     .code_end = line->end,
							     .name_offset = line->name_offset,
						     });
		start = MIN(end, line->end);
	}
}

/** Overlapping lines to ranges that do not overlap: a sweep over the starts. */
static void flatten(struct code_line_vector *lines, struct perf_map_range_vector *ranges)
{
	struct code_line_vector heap = { 0 };

	if (lines->count)
		qsort(lines->items, lines->count, sizeof(*lines->items), line_compare);
	for (size_t i = 0; i < lines->count; i++) {
		uint64_t next = i + 1 < lines->count ? lines->items[i + 1].start : UINT64_MAX;

		heap_push(&heap, lines->items[i]);
		fill_gap(&heap, lines->items[i].start, next, ranges);
	}
	code_line_vector_deinit(&heap);
}

void perf_map_parse(char *text, size_t size_bytes, struct perf_map *ret)
{
	struct code_line_vector lines = { 0 };
	struct perf_map_range_vector ranges = { 0 };
	char *end = text + size_bytes;
	char *next;

	*ret = (struct perf_map){ .text = text, .text_size_bytes = size_bytes + 1 };
	*end = '\0';
	for (char *at = text; at < end && lines.count < PERF_MAP_LINES_MAX; at = next) {
		char *newline = memchr(at, '\n', (size_t)(end - at));
		struct code_line line = { .order = (uint32_t)lines.count };

		next = newline ? newline + 1 : end;
		if (newline)
			*newline = '\0';
		if (parse_line(at, text, &line))
			code_line_vector_append(&lines, line);
		else
			ret->n_bad_lines++;
	}
	flatten(&lines, &ranges);
	code_line_vector_deinit(&lines);
	ret->ranges = ranges.items;
	ret->n_ranges = ranges.count;
}

static struct error *check_file(int fd, const char *path, uint32_t owner_uid,
				size_t *size_bytes_ret)
{
	struct stat status;

	if (fstat(fd, &status))
		return error_from_errno(errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return error_new(ERROR_PERMISSION, "%s: not believed: not a regular file", path);
	if (status.st_uid != owner_uid && status.st_uid != 0) {
		return error_new(ERROR_PERMISSION,
				 "%s: not believed: it belongs to user %u, not to user %u or root",
				 path, status.st_uid, owner_uid);
	}
	if (status.st_size > PERF_MAP_SIZE_MAX_BYTES) {
		return error_new(ERROR_FORMAT, "%s: larger than %u bytes", path,
				 PERF_MAP_SIZE_MAX_BYTES);
	}
	*size_bytes_ret = (size_t)status.st_size;
	return NULL;
}

/** Up to @p size_bytes bytes: the runtime may still be writing. */
static struct error *read_text(int fd, const char *path, char *text, size_t size_bytes,
			       size_t *n_read_ret)
{
	size_t n_read = 0;

	while (n_read < size_bytes) {
		ssize_t n = read(fd, text + n_read, size_bytes - n_read);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_from_errno(errno, "reading %s", path);
		if (n == 0)
			break;
		n_read += (size_t)n;
	}
	*n_read_ret = n_read;
	return NULL;
}

struct error *perf_map_read_file(const char *path, uint32_t owner_uid, struct perf_map *ret)
{
	/* O_NONBLOCK: a FIFO under this name must not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	size_t size_bytes = 0, n_read = 0;
	struct error *error;
	char *text;

	if (fd < 0 && errno == ELOOP)
		return error_new(ERROR_PERMISSION, "%s: not believed: a symbolic link", path);
	if (fd < 0)
		return error_from_errno(errno, "opening %s", path);
	error = check_file(fd, path, owner_uid, &size_bytes);
	if (error) {
		close(fd);
		return error;
	}
	text = memory_allocate(size_bytes + 1, 1);
	error = read_text(fd, path, text, size_bytes, &n_read);
	close(fd);
	if (error) {
		free(text);
		return error;
	}
	perf_map_parse(text, n_read, ret);
	return NULL;
}

/**
 * The pid by which @p pid knows itself: the last number of NSpid in
 * /proc/PID/status (proc(5)). @p pid itself where there is no such line.
 */
static uint32_t own_namespace_pid(uint32_t pid)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/status", pid);
	uint32_t own_pid = pid;
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file)
		return pid;
	while (fgets(line, sizeof(line), file)) {
		const char *last = strrchr(line, '\t');

		if (strncmp(line, "NSpid:", strlen("NSpid:")) == 0 && last)
			sscanf(last, "%u", &own_pid);
	}
	fclose(file);
	return own_pid;
}

struct error *perf_map_read(uint32_t pid, struct perf_map *ret)
{
	_cleanup_free_ char *folder = memory_format_text("/proc/%u/root", pid);
	_cleanup_free_ char *path = NULL;
	struct stat status;
	struct error *error;

	/* After the process is gone its user is unknown: believe our own files and root's. */
	if (stat(folder, &status) == 0) {
		_cleanup_free_ char *process_folder = memory_format_text("/proc/%u", pid);
		_cleanup_free_ char *process_path =
			memory_format_text("%s/tmp/perf-%u.map", folder, own_namespace_pid(pid));

		if (stat(process_folder, &status) == 0) {
			error = perf_map_read_file(process_path, status.st_uid, ret);
			if (!error || error->code != ERROR_NOT_FOUND)
				return error;
			error_destroy(error);
		}
	}
	path = memory_format_text("/tmp/perf-%u.map", pid);
	return perf_map_read_file(path, geteuid(), ret);
}

void perf_map_deinit(struct perf_map *map)
{
	free(map->ranges);
	free(map->text);
	*map = (struct perf_map){ 0 };
}
