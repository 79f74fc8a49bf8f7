#include "object/object_internal.h"

#include <unistd.h>

/** The whole pages that a segment takes in memory. */
static uint64_t mapped_size_bytes(const struct object_segment *segment, uint64_t page_size_bytes)
{
	uint64_t end = segment->elf_address + segment->memory_size_bytes;

	return ((end + page_size_bytes - 1) & ~(page_size_bytes - 1)) -
	       (segment->elf_address & ~(page_size_bytes - 1));
}

static const struct object_segment *lowest_segment(const struct object_segment_vector *segments)
{
	const struct object_segment *lowest = NULL;

	for (size_t i = 0; i < segments->count; i++) {
		if (!lowest || segments->items[i].elf_address < lowest->elf_address)
			lowest = &segments->items[i];
	}
	return lowest;
}

/** The only one of the mapping's size, or the one with the ELF header; NULL: which is not sure. */
static const struct object_segment *find_segment(const struct object_segment_vector *segments,
						 const struct object_mapping *mapping,
						 uint64_t page_size_bytes)
{
	const struct object_segment *lowest = lowest_segment(segments), *found = NULL;
	uint32_t n_found = 0;

	for (size_t i = 0; i < segments->count; i++) {
		const struct object_segment *segment = &segments->items[i];

		if (!segment->is_executable ||
		    mapped_size_bytes(segment, page_size_bytes) != mapping->end - mapping->start)
			continue;
		found = segment;
		n_found++;
	}
	if (n_found == 1)
		return found;
	/* Where code comes first, the whole file is mapped before the rest gets its place. */
	return lowest && lowest->is_executable && mapping->file_offset == 0 ? lowest : NULL;
}

/**
 * Debug files keep where segments are in memory, not where they were in the program (objcopy(1),
 * --only-keep-debug). The mapping knows that of its own segment, the only one left afterwards.
 */
static bool place_segment(struct object_segment_vector *segments,
			  const struct object_mapping *mapping)
{
	uint64_t page_size_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	const struct object_segment *found = find_segment(segments, mapping, page_size_bytes);
	struct object_segment placed;

	if (!found || (mapping->file_offset & (page_size_bytes - 1)))
		return false;
	placed = *found;
	placed.file_offset = mapping->file_offset + (placed.elf_address & (page_size_bytes - 1));
	placed.file_size_bytes = placed.memory_size_bytes;
	object_segment_vector_clear(segments);
	object_segment_vector_append(segments, placed);
	return true;
}

static bool try_debug_file(struct object *object, const char *path,
			   const struct object_mapping *mapping)
{
	struct elf_image image;
	_cleanup_error_ struct error *error = elf_image_open(path, ELF_IMAGE_DEBUG, &image);

	if (error)
		return false;
	if (!elf_image_has_names(&image) ||
	    !build_id_equal(&image.build_id, &object->mapped_build_id) ||
	    !place_segment(&image.segments, mapping)) {
		elf_image_deinit(&image);
		return false;
	}
	free(object->problem);
	object->problem = NULL;
	object->is_without_code = true;
	object_take_image(object, &image);
	return true;
}

bool object_open_debug_only(struct object *object, const struct object_mapping *mapping)
{
	struct object_servers *servers = object_registry_servers(object->store->registry);
	const struct build_id *build_id = &object->mapped_build_id;
	struct object_place_vector places = { 0 };
	_cleanup_free_ char *fetched = NULL;
	bool is_open = false;

	if (!mapping || mapping->end <= mapping->start || !build_id->size_bytes)
		return false;
	object_list_by_build_id(object, build_id, &places);
	for (size_t i = 0; i < places.count && !is_open; i++)
		is_open = try_debug_file(object, places.items[i].path, mapping);
	object_place_vector_destroy_items(&places);
	if (is_open || !servers)
		return is_open;
	fetched = object_servers_fetch(servers, SERVER_DEBUG_FILE, build_id, object->path);
	return fetched && try_debug_file(object, fetched, mapping);
}
