#include "object/object_internal.h"

/** The first of @p places that @p accepts; NULL: none. */
static struct object *open_first(struct object *object, struct object_place_vector *places,
				 object_companion_check *accepts, void *context)
{
	struct object *found = NULL;

	for (size_t i = 0; i < places->count && !found; i++) {
		struct object *candidate;
		struct elf_image image;
		_cleanup_error_ struct error *error =
			elf_image_open(places->items[i].path, ELF_IMAGE_DEBUG, &image);

		if (error)
			continue;
		candidate = memory_allocate(1, sizeof(*candidate));
		candidate->kind = OBJECT_FILE;
		candidate->path = memory_duplicate_text(places->items[i].path);
		candidate->is_debug_file = true;
		object_take_image(candidate, &image);
		candidate->store->is_debug_file_searched = true;
		candidate->store->registry = object->store->registry;
		if (accepts(context, candidate))
			found = candidate;
		else
			object_destroy(candidate);
	}
	object_place_vector_destroy_items(places);
	return found;
}

struct object *object_open_companion(struct object *object, const char *folder, const char *name,
				     object_companion_check *accepts, void *context)
{
	struct object_place_vector places = { 0 };

	if (!object->store || !object->store->registry)
		return NULL;
	object_list_named(object, folder, name, &places);
	return open_first(object, &places, accepts, context);
}

static bool has_build_id(void *context, struct object *candidate)
{
	return build_id_equal(&candidate->build_id, context);
}

/** .gnu_debugaltlink: a path, NUL, and the build id of what is there. */
static bool read_alternate_link(struct bytes section, const char **path_ret,
				struct build_id *build_id_ret)
{
	struct byte_reader reader = byte_reader_make(section, ".gnu_debugaltlink");
	_cleanup_error_ struct error *error = byte_reader_text(&reader, path_ret);
	size_t size_bytes = byte_reader_left(&reader);

	if (error || !size_bytes || size_bytes > BUILD_ID_SIZE_MAX_BYTES || !(*path_ret)[0])
		return false;
	*build_id_ret = (struct build_id){ .size_bytes = (uint8_t)size_bytes };
	memcpy(build_id_ret->bytes, section.data + reader.position, size_bytes);
	return true;
}

struct object *object_open_alternate(struct object *object, bool *is_named_ret)
{
	struct object_place_vector places = { 0 };
	struct bytes section = object_section(object, ".gnu_debugaltlink", NULL);
	_cleanup_free_ char *folder = NULL;
	struct build_id build_id;
	const char *path;

	*is_named_ret = section.size != 0;
	if (!section.size || !object->store->registry ||
	    !read_alternate_link(section, &path, &build_id))
		return NULL;
	object_list_by_build_id(object, &build_id, &places);
	/* A relative path starts at the file that names it, a link resolved. */
	object_list_named(object, NULL, path, &places);
	folder = realpath(object->path, NULL);
	if (folder && path[0] != '/' && strrchr(folder, '/')) {
		*strrchr(folder, '/') = '\0';
		object_list_named(object, folder, path, &places);
	}
	return open_first(object, &places, has_build_id, &build_id);
}

void object_close_companion(struct object *companion)
{
	if (companion)
		object_destroy(companion);
}
