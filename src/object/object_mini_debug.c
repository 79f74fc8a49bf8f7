#include "object/object_internal.h"

#ifdef HAVE_LZMA

#include <lzma.h>

/** Unpacked, it is a symbol table: that of the largest known programs is below 64 MiB. */
#define MINI_DEBUG_SIZE_MAX_BYTES (UINT32_C(256) << 20)

/** What decoding may take in memory; xz -9 asks for 65 MiB. */
#define DECODER_MEMORY_MAX_BYTES (UINT64_C(128) << 20)

#define CHUNK_SIZE_BYTES (UINT32_C(256) << 10)

/** False: damaged, or larger than allowed. */
static bool unpack(struct bytes packed, struct byte_vector *ret)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret status = lzma_stream_decoder(&stream, DECODER_MEMORY_MAX_BYTES, 0);

	stream.next_in = packed.data;
	stream.avail_in = packed.size;
	while (status == LZMA_OK && ret->count < MINI_DEBUG_SIZE_MAX_BYTES) {
		byte_vector_reserve(ret, ret->count + CHUNK_SIZE_BYTES > ret->capacity
						 ? (ret->count + CHUNK_SIZE_BYTES) * 2
						 : ret->capacity);
		stream.next_out = ret->items + ret->count;
		stream.avail_out = CHUNK_SIZE_BYTES;
		status = lzma_code(&stream, LZMA_FINISH);
		ret->count += CHUNK_SIZE_BYTES - stream.avail_out;
	}
	lzma_end(&stream);
	return status == LZMA_STREAM_END;
}

static struct object *open_mini_debug(struct object *object)
{
	struct bytes packed = object_section(object, ".gnu_debugdata", NULL);
	_cleanup_error_ struct error *error = NULL;
	struct byte_vector unpacked = { 0 };
	struct elf_image image;
	struct object *mini;

	if (!packed.size)
		return NULL;
	if (!unpack(packed, &unpacked)) {
		byte_vector_deinit(&unpacked);
		return NULL;
	}
	error = elf_image_adopt(unpacked.items, unpacked.count, ELF_IMAGE_DEBUG, &image);
	if (error)
		return NULL;
	mini = memory_allocate(1, sizeof(*mini));
	mini->kind = OBJECT_FILE;
	mini->path = memory_format_text("%s (.gnu_debugdata)", object->path);
	mini->is_debug_file = true;
	object_take_image(mini, &image);
	return mini;
}

#else

static struct object *open_mini_debug(struct object *object)
{
	return NULL;
}

#endif

struct object *object_mini_debug(struct object *object)
{
	struct object_store *store = object->store;

	if (object->state != OBJECT_OPEN || !store)
		return NULL;
	if (!store->is_mini_debug_searched) {
		store->is_mini_debug_searched = true;
		store->mini_debug = open_mini_debug(object);
	}
	return store->mini_debug;
}
