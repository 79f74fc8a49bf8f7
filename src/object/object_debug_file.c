#include "object/object_internal.h"

#include "base/hash_map.h"

#include <errno.h>
#include <sys/stat.h>
#include <zlib.h>

/** Where distributions install separate debug information (gdb, "Separate Debug Files"). */
#define DEBUG_FOLDER "/usr/lib/debug"

/** .gnu_debuglink: a file name, zero padding to 4 bytes, CRC-32 of that file. */
struct debug_link {
	const char *name;
	uint32_t crc;
};

static struct error *read_debug_link(struct bytes section, bool is_swapped, struct debug_link *ret)
{
	struct byte_reader reader = byte_reader_make(section, ".gnu_debuglink");
	struct debug_link link = { 0 };
	size_t alignment = sizeof(uint32_t);

	reader.swap = is_swapped;
	RETURN_IF_ERROR(byte_reader_text(&reader, &link.name));
	RETURN_IF_ERROR(byte_reader_seek(&reader, (reader.position + alignment - 1) / alignment *
							  alignment));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &link.crc));
	/* A file name, never a way out of the folders that are searched. */
	if (!link.name[0] || strchr(link.name, '/') || strcmp(link.name, "..") == 0)
		return byte_reader_error(&reader, "not a file name");
	*ret = link;
	return NULL;
}

static uint32_t crc_of(struct bytes bytes)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes.data, bytes.size);
}

/**
 * The file at @p path as a debug object, if it belongs to @p object.
 *
 * @param crc  What .gnu_debuglink asks for; NULL: the build id must be known and equal.
 */
static struct object *try_path(struct object *object, const char *path, const uint32_t *crc)
{
	struct elf_image image;
	_cleanup_error_ struct error *error = elf_image_open(path, ELF_IMAGE_DEBUG, &image);
	bool is_same_build, is_accepted;
	struct object *debug_file;

	if (error)
		return NULL;
	is_same_build = build_id_equal(&image.build_id, &object->build_id);
	if (object->build_id.size_bytes || image.build_id.size_bytes || !crc)
		is_accepted = is_same_build;
	else
		is_accepted = true;
	if (is_accepted && crc)
		is_accepted = crc_of(image.bytes) == *crc;
	if (!is_accepted) {
		elf_image_deinit(&image);
		return NULL;
	}
	debug_file = object_registry_add(object->store->registry, OBJECT_FILE, path);
	debug_file->is_debug_file = true;
	object_take_image(debug_file, &image);
	debug_file->store->is_debug_file_searched = true;
	return debug_file;
}

/** A place where a debug file of an object may be. */
struct debug_place {
	char *path;
	uint32_t crc;
	bool has_crc; /**< Named by .gnu_debuglink, which says what the file's checksum is. */
};

DEFINE_VECTOR(debug_place_vector, struct debug_place)

static void debug_place_vector_destroy_items(struct debug_place_vector *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->items[i].path);
	debug_place_vector_deinit(places);
}

static void add_place_by_build_id(const struct object *object, const char *symfs_path,
				  struct debug_place_vector *places)
{
	char text[BUILD_ID_TEXT_SIZE_BYTES];

	/* One byte names the folder, the rest the file. */
	if (object->build_id.size_bytes < 2)
		return;
	build_id_format(&object->build_id, text);
	debug_place_vector_append(
		places,
		(struct debug_place){
			.path = memory_format_text("%s" DEBUG_FOLDER "/.build-id/%.2s/%s.debug",
						   symfs_path, text, text + 2),
		});
}

static void add_places_by_link(struct object *object, const char *symfs_path,
			       struct debug_place_vector *places)
{
	static const char *const formats[][2] = {
		{ "", "/" },
		{ "", "/.debug/" },
		{ DEBUG_FOLDER, "/" },
	};
	struct bytes section = object_section(object, ".gnu_debuglink", NULL);
	_cleanup_free_ char *folder = NULL;
	_cleanup_error_ struct error *error = NULL;
	struct debug_link link = { 0 };
	bool is_deleted;
	char *slash;

	if (!section.size)
		return;
	error = read_debug_link(section, object->store->image.is_swapped, &link);
	if (error)
		return;
	folder = object_path_without_deleted(object->path, &is_deleted);
	slash = strrchr(folder, '/');
	if (!slash)
		return;
	*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		debug_place_vector_append(
			places,
			(struct debug_place){
				.path = memory_format_text("%s%s%s%s%s", symfs_path, formats[i][0],
							   folder, formats[i][1], link.name),
				.crc = link.crc,
				.has_crc = true,
			});
	}
}

/** Without decompressing it. */
static bool has_debug_information(struct elf_image *image)
{
	const struct elf_section *section = elf_image_find_section(image, ".debug_info");

	if (!section)
		section = elf_image_find_section(image, ".zdebug_info");
	return section && section->stored.size;
}

/** Where to look, in this order; nowhere for an object that has its own debug information. */
static struct debug_place_vector find_places(struct object *object)
{
	struct object_store *store = object->store;
	struct debug_place_vector places = { 0 };
	const char *symfs_path;

	if (object->state != OBJECT_OPEN || !store || !store->registry ||
	    has_debug_information(&store->image))
		return places;
	symfs_path = object_registry_symfs_path(store->registry);
	add_place_by_build_id(object, symfs_path, &places);
	add_places_by_link(object, symfs_path, &places);
	return places;
}

struct object *object_debug_file(struct object *object)
{
	struct object_store *store = object->store;
	struct debug_place_vector places;

	if (object->state != OBJECT_OPEN || !store || !store->registry)
		return NULL;
	if (store->is_debug_file_searched)
		return store->debug_file;
	store->is_debug_file_searched = true;
	places = find_places(object);
	for (size_t i = 0; i < places.count && !store->debug_file; i++) {
		const struct debug_place *place = &places.items[i];

		store->debug_file =
			try_path(object, place->path, place->has_crc ? &place->crc : NULL);
	}
	debug_place_vector_destroy_items(&places);
	return store->debug_file;
}

uint64_t object_debug_stamp(struct object *object)
{
	struct debug_place_vector places = find_places(object);
	uint64_t stamp = 0;

	for (size_t i = 0; i < places.count; i++) {
		struct stat status;

		if (stat(places.items[i].path, &status) != 0)
			continue;
		stamp = hash_combine(stamp, i + 1);
		stamp = hash_combine(stamp, status.st_ino);
		stamp = hash_combine(stamp, (uint64_t)status.st_size);
		stamp = hash_combine(stamp, (uint64_t)status.st_mtim.tv_sec);
		stamp = hash_combine(stamp, (uint64_t)status.st_mtim.tv_nsec);
	}
	debug_place_vector_destroy_items(&places);
	return stamp;
}
