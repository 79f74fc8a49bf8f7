#include "object/object_internal.h"

#include "base/hash_map.h"
#include "object/object_servers.h"

#include <errno.h>
#include <sys/stat.h>
#include <zlib.h>

static uint32_t crc_of(struct bytes bytes)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes.data, bytes.size);
}

/** Whether @p image is @p object's, by what both say of themselves and @p place of it. */
static bool belongs_to(const struct elf_image *image, const struct object *object,
		       const struct object_place *place)
{
	bool is_same_build = build_id_equal(&image->build_id, &object->build_id);

	if ((object->build_id.size_bytes || image->build_id.size_bytes || !place->has_crc) &&
	    !is_same_build)
		return false;
	return !place->has_crc || crc_of(image->bytes) == place->crc;
}

static struct object *adopt(struct object *object, const char *path, struct elf_image *image)
{
	struct object *companion = object_registry_add(object->store->registry, OBJECT_FILE, path);

	companion->is_debug_file = true;
	object_take_image(companion, image);
	companion->store->is_debug_file_searched = true;
	return companion;
}

/** The file at @p place as a debug object, if it belongs to @p object. */
static struct object *try_debug_place(struct object *object, const struct object_place *place)
{
	struct elf_image image;
	_cleanup_error_ struct error *error = elf_image_open(place->path, ELF_IMAGE_DEBUG, &image);

	if (error)
		return NULL;
	if (elf_image_has_names(&image) && belongs_to(&image, object, place))
		return adopt(object, place->path, &image);
	elf_image_deinit(&image);
	return NULL;
}

/** Where to look, in this order; nowhere for an object that has its own debug information. */
static struct object_place_vector find_places(struct object *object)
{
	struct object_store *store = object->store;
	struct object_place_vector places = { 0 };

	if (object->state == OBJECT_OPEN && store && store->registry &&
	    !elf_image_has_debug_information(&store->image))
		object_list_debug_places(object, &places);
	return places;
}

/** Last of all, and once. */
static void ask_servers(struct object *object)
{
	struct object_store *store = object->store;
	struct object_servers *servers = object_registry_servers(store->registry);
	struct object_place place = { 0 };

	if (!servers || store->is_server_asked || elf_image_has_debug_information(&store->image))
		return;
	store->is_server_asked = true;
	place.path =
		object_servers_fetch(servers, SERVER_DEBUG_FILE, &object->build_id, object->path);
	if (place.path)
		store->debug_file = try_debug_place(object, &place);
	free(place.path);
}

struct object *object_debug_file(struct object *object)
{
	struct object_store *store = object->store;
	struct object_place_vector places;

	if (object->state != OBJECT_OPEN || !store || !store->registry || object->is_debug_file)
		return NULL;
	if (store->is_debug_file_searched) {
		if (!store->debug_file)
			ask_servers(object);
		return store->debug_file;
	}
	store->is_debug_file_searched = true;
	places = find_places(object);
	for (size_t i = 0; i < places.count && !store->debug_file; i++)
		store->debug_file = try_debug_place(object, &places.items[i]);
	object_place_vector_destroy_items(&places);
	if (!store->debug_file)
		ask_servers(object);
	return store->debug_file;
}

static uint64_t stamp_of_file(uint64_t stamp, uint64_t number, const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return stamp;
	stamp = hash_combine(stamp, number);
	stamp = hash_combine(stamp, status.st_ino);
	stamp = hash_combine(stamp, (uint64_t)status.st_size);
	stamp = hash_combine(stamp, (uint64_t)status.st_mtim.tv_sec);
	return hash_combine(stamp, (uint64_t)status.st_mtim.tv_nsec);
}

uint64_t object_debug_stamp(struct object *object)
{
	struct object_place_vector places = find_places(object);
	uint64_t stamp = 0;

	if (object->store && object->store->registry &&
	    object_registry_servers(object->store->registry))
		stamp = hash_u64(object_debug_file(object) != NULL);
	for (size_t i = 0; i < places.count; i++)
		stamp = stamp_of_file(stamp, i + 1, places.items[i].path);
	object_place_vector_destroy_items(&places);
	return stamp;
}
