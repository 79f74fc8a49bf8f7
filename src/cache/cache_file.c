#include "cache/cache_internal.h"

#include "base/hash_map.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/** "ppcache" and a line end, as this machine reads it: another byte order does not match. */
#define MAGIC UINT64_C(0x0a65686361637070)

/** Of the head; each kind of content has a version of its own. */
#define LAYOUT_VERSION 1

/** The checksum, and what it is of: everything behind it. */
#define CHECKSUM_POSITION 8
#define CHECKED_POSITION  16

/** The head, which has @p size_bytes, and the content are in two places while a file is made. */
static uint64_t file_checksum(const uint8_t *head, size_t size_bytes, struct bytes content)
{
	const struct bytes checked = { head + CHECKED_POSITION, size_bytes - CHECKED_POSITION };

	return hash_combine(cache_checksum(checked), cache_checksum(content));
}

struct byte_vector cache_file_head(const struct cache_key *key, const char *label,
				   struct bytes content)
{
	const uint64_t magic = MAGIC, content_size = content.size;
	const uint32_t layout_version = LAYOUT_VERSION;
	struct byte_vector head = { 0 };
	uint64_t checksum = 0;

	byte_vector_append_bytes(&head, &magic, sizeof(magic));
	byte_vector_append_bytes(&head, &checksum, sizeof(checksum));
	byte_vector_append_bytes(&head, &layout_version, sizeof(layout_version));
	byte_vector_append_bytes(&head, &key->version, sizeof(key->version));
	byte_vector_append_bytes(&head, &content_size, sizeof(content_size));
	byte_vector_append_bytes(&head, key->identity, strlen(key->identity) + 1);
	byte_vector_append_bytes(&head, label, strlen(label) + 1);
	while (head.count % CACHE_CONTENT_ALIGNMENT)
		byte_vector_append(&head, 0);
	checksum = file_checksum(head.items, head.count, content);
	memcpy(head.items + CHECKSUM_POSITION, &checksum, sizeof(checksum));
	return head;
}

struct error *cache_file_parse(struct bytes bytes, struct cache_file *ret)
{
	struct byte_reader reader = byte_reader_make(bytes, "a file of the cache");
	uint64_t magic, content_size;
	uint32_t layout_version;
	struct cache_file file;

	RETURN_IF_ERROR(byte_reader_u64(&reader, &magic));
	RETURN_IF_ERROR(byte_reader_u64(&reader, &file.checksum));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &layout_version));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &file.version));
	RETURN_IF_ERROR(byte_reader_u64(&reader, &content_size));
	if (magic != MAGIC || layout_version != LAYOUT_VERSION)
		return byte_reader_error(&reader, "not of a layout we know");
	RETURN_IF_ERROR(byte_reader_text(&reader, &file.identity));
	RETURN_IF_ERROR(byte_reader_text(&reader, &file.label));
	while (reader.position % CACHE_CONTENT_ALIGNMENT)
		RETURN_IF_ERROR(byte_reader_skip(&reader, 1));
	if (content_size != byte_reader_left(&reader))
		return byte_reader_error(&reader, "not as long as it says");
	RETURN_IF_ERROR(byte_reader_bytes(&reader, content_size, &file.content));
	*ret = file;
	return NULL;
}

bool cache_file_is_whole(struct bytes bytes, const struct cache_file *file)
{
	return file_checksum(bytes.data, bytes.size - file->content.size, file->content) ==
	       file->checksum;
}

int cache_file_open(const struct cache *cache, const char *name, size_t *size_bytes_ret)
{
	int descriptor =
		openat(cache->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (descriptor < 0)
		return -1;
	if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) ||
	    status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) ||
	    status.st_size <= CHECKED_POSITION ||
	    (uint64_t)status.st_size > CACHE_FILE_SIZE_MAX_BYTES) {
		close(descriptor);
		return -1;
	}
	*size_bytes_ret = (size_t)status.st_size;
	return descriptor;
}
