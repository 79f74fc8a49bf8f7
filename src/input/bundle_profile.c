#include "input/bundle_profile.h"

#include "base/memory.h"
#include "base/vector.h"
#include "profile/profile_file.h"

#include <string.h>

#define FOLDER       "perf-profile-bundle/"
#define PROFILE_NAME FOLDER "profile"

#define TAR_BLOCK_BYTES 512

/* Places in a header. SOURCE: POSIX.1-2017, pax, "ustar Interchange Format". */
#define NAME_SIZE    100
#define SIZE_OFFSET  124
#define SIZE_DIGITS  11
#define MAGIC_OFFSET 257

/** Members of an archive of ours are few. */
#define MEMBERS_MAX 1000

bool bundle_is_start(struct bytes bytes)
{
	return bytes.size >= TAR_BLOCK_BYTES &&
	       memcmp(bytes.data + MAGIC_OFFSET, "ustar", 5) == 0 &&
	       memcmp(bytes.data, FOLDER, strlen(FOLDER)) == 0;
}

static struct error *damaged(const struct input_stream *stream, const char *what)
{
	return error_new(ERROR_FORMAT, "%s: the bundle is damaged: %s", input_stream_name(stream),
			 what);
}

static struct error *read_size(const struct input_stream *stream, const uint8_t *header,
			       uint64_t *ret)
{
	uint64_t size = 0;

	for (size_t i = 0; i < SIZE_DIGITS; i++) {
		uint8_t digit = header[SIZE_OFFSET + i];

		if (digit < '0' || digit > '7')
			return damaged(stream, "a size that is no number");
		size = size << 3 | (uint64_t)(digit - '0');
	}
	*ret = size;
	return NULL;
}

/** The next @p size bytes; kept in @p kept, or passed over when that is NULL. */
static struct error *take(struct input_stream *stream, uint64_t size, struct byte_vector *kept)
{
	while (size) {
		struct bytes bytes;
		size_t part;

		RETURN_IF_ERROR(input_stream_peek(stream, 1, &bytes));
		if (!bytes.size)
			return damaged(stream, "it ends too early");
		part = (size_t)MIN(size, (uint64_t)bytes.size);
		if (kept) {
			byte_vector_reserve(kept, kept->count + part);
			memcpy(kept->items + kept->count, bytes.data, part);
			kept->count += part;
		}
		input_stream_advance(stream, part);
		size -= part;
	}
	return NULL;
}

/** The content of the member, or with @p is_found_ret false past it. */
static struct error *read_member(struct input_stream *stream, struct byte_vector *content,
				 bool *is_found_ret)
{
	struct bytes header;
	uint64_t size = 0;

	RETURN_IF_ERROR(input_stream_peek(stream, TAR_BLOCK_BYTES, &header));
	if (header.size < TAR_BLOCK_BYTES || header.data[0] == '\0')
		return damaged(stream, "there is no profile in it");
	*is_found_ret = strncmp((const char *)header.data, PROFILE_NAME, NAME_SIZE) == 0;
	RETURN_IF_ERROR(read_size(stream, header.data, &size));
	if (*is_found_ret && size > PROFILE_FILE_SIZE_MAX_BYTES)
		return damaged(stream, "its profile is larger than 1 GiB");
	input_stream_advance(stream, TAR_BLOCK_BYTES);
	if (*is_found_ret)
		return take(stream, size, content);
	return take(stream, (size + TAR_BLOCK_BYTES - 1) / TAR_BLOCK_BYTES * TAR_BLOCK_BYTES, NULL);
}

struct error *bundle_profile_read(struct input_stream *stream, bool is_without_ticks,
				  struct profile **ret)
{
	struct byte_vector content = { 0 };
	struct error *error = NULL;
	bool is_found = false;

	for (int i = 0; i < MEMBERS_MAX && !is_found && !error; i++)
		error = read_member(stream, &content, &is_found);
	if (!error && !is_found)
		error = damaged(stream, "there is no profile in it");
	if (!error)
		error = profile_file_read((struct bytes){ content.items, content.count },
					  input_stream_name(stream), is_without_ticks, ret);
	byte_vector_deinit(&content);
	return error;
}
