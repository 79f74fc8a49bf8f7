#include "runtime/runtime_text.h"

#include "runtime/runtime_file.h"

#include <sys/stat.h>
#include <unistd.h>

/** So much of what was seen last must be where it was, or the file was written anew. */
#define COMPARED_SIZE_BYTES 64

static void forget(struct runtime_text *text)
{
	byte_vector_clear(&text->bytes);
	runtime_mark_vector_clear(&text->marks);
	text->file_start = 0;
}

/** Whether the file still begins with what was seen of it. */
static bool is_continued(const struct runtime_text *text, int fd, const struct stat *status)
{
	size_t n_seen = text->bytes.count - text->file_start;
	size_t n_compared = MIN(n_seen, (size_t)COMPARED_SIZE_BYTES);
	uint8_t now[COMPARED_SIZE_BYTES];

	if (status->st_ino != text->inode || (uint64_t)status->st_size < n_seen)
		return false;
	return pread(fd, now, n_compared, (off_t)(n_seen - n_compared)) == (ssize_t)n_compared &&
	       (!n_compared ||
		memcmp(now, text->bytes.items + text->bytes.count - n_compared, n_compared) == 0);
}

/** Length without a last line that has no end yet. */
static size_t whole_lines(const uint8_t *bytes, size_t size_bytes)
{
	while (size_bytes && bytes[size_bytes - 1] != '\n')
		size_bytes--;
	return size_bytes;
}

static struct error *take(struct runtime_text *text, int fd, const char *path,
			  const struct stat *status, bool is_last)
{
	struct byte_vector *bytes = &text->bytes;
	size_t n_read;

	if (!is_continued(text, fd, status)) {
		if (bytes->count && bytes->items[bytes->count - 1] != '\n')
			byte_vector_append(bytes, '\n');
		text->file_start = bytes->count;
		text->inode = status->st_ino;
	}
	if (text->file_start + (uint64_t)status->st_size > RUNTIME_TEXT_KEPT_MAX_BYTES)
		forget(text);
	/* Too large to be read again and again. */
	if ((uint64_t)status->st_size > RUNTIME_TEXT_KEPT_MAX_BYTES && !is_last)
		return NULL;

	size_t n_seen = bytes->count - text->file_start;
	size_t n_more = (size_t)status->st_size - n_seen;

	if (!n_more)
		return NULL;
	byte_vector_reserve(bytes, bytes->count + n_more);
	RETURN_IF_ERROR(runtime_file_read_at(fd, path, n_seen, bytes->items + bytes->count, n_more,
					     &n_read));
	bytes->count += is_last ? n_read : whole_lines(bytes->items + bytes->count, n_read);
	return NULL;
}

static void note_time(struct runtime_text *text, uint64_t now_ns)
{
	struct runtime_mark_vector *marks = &text->marks;

	if (!marks->count || marks->items[marks->count - 1].offset != text->bytes.count)
		runtime_mark_vector_append_new(marks)->offset = text->bytes.count;
	marks->items[marks->count - 1].time_ns = now_ns;
}

struct error *runtime_text_look(struct runtime_text *text, const char *path,
				const struct object_process *process, uint64_t now_ns)
{
	struct error *error;
	struct stat status;
	int fd;

	RETURN_IF_ERROR(runtime_file_open(path, process, &fd, &status));
	error = take(text, fd, path, &status, !now_ns);
	close(fd);
	if (!error && now_ns)
		note_time(text, now_ns);
	return error;
}

void runtime_text_deinit(struct runtime_text *text)
{
	byte_vector_deinit(&text->bytes);
	runtime_mark_vector_deinit(&text->marks);
}
