#include "object/object_internal.h"

#include "base/text.h"
#include "arch/architecture.h"

struct object_store *object_store_of(struct object *object)
{
	if (!object->store)
		object->store = memory_allocate(1, sizeof(*object->store));
	return object->store;
}

/*
 * The kernel's names for memory without a file: perf_event_mmap_event() in
 * kernel/events/core.c, arch_vma_name(), and the pseudo files of
 * memfd_create(2), shmat(2), MAP_SHARED | MAP_ANONYMOUS and MAP_HUGETLB.
 */
static const char *const anonymous_prefixes[] = {
	"//anon", "/anon_hugepage", "/memfd:", "/dev/zero", "/SYSV", "anon_inode:",
};

enum object_kind object_kind_of_path(const char *path)
{
	if (strcmp(path, "[vdso]") == 0)
		return OBJECT_VDSO;
	if (text_begins_with(path, "[kernel.kallsyms]"))
		return OBJECT_KERNEL;
	/* [heap], [stack], [anon:name], [uprobes] and [vsyscall], whose page cannot be read. */
	if (path[0] == '\0' || path[0] == '[')
		return OBJECT_ANONYMOUS;
	for (size_t i = 0; i < ARRAY_SIZE(anonymous_prefixes); i++)
		if (text_begins_with(path, anonymous_prefixes[i]))
			return OBJECT_ANONYMOUS;
	return OBJECT_FILE;
}

/* Memory that just-in-time compilers take without naming it, as perf sees it too. */
static const char *const nameless_prefixes[] = { "//anon", "/anon_hugepage", "/dev/zero" };

char *object_label_of_memory(const char *path)
{
	bool is_deleted;
	char *label;

	for (size_t i = 0; i < ARRAY_SIZE(nameless_prefixes); i++) {
		if (text_begins_with(path, nameless_prefixes[i]))
			return memory_duplicate_text(OBJECT_ANONYMOUS_LABEL);
	}
	if (!path[0])
		return memory_duplicate_text(OBJECT_ANONYMOUS_LABEL);
	if (text_begins_with(path, "/SYSV"))
		return memory_duplicate_text("[shared memory]");
	/* The kernel shows a memfd as a file that was deleted from the root folder. */
	label = object_path_without_deleted(path[0] == '/' ? path + 1 : path, &is_deleted);
	return label;
}

void object_take_image(struct object *object, struct elf_image *image)
{
	struct object_store *store = object_store_of(object);

	store->image = *image;
	object->state = OBJECT_OPEN;
	object->architecture = architecture_find(image->machine);
	object->image = image->bytes;
	object->elf = image->elf;
	object->entry_elf_address = image->entry_elf_address;
	object->segments = image->segments;
	if (image->build_id.size_bytes)
		object->build_id = image->build_id;
	*image = (struct elf_image){ 0 };
	if (store->registry)
		object_registry_note_build_id(store->registry, object);
}

void object_destroy(struct object *object)
{
	if (object->store) {
		if (object->store->mini_debug)
			object_destroy(object->store->mini_debug);
		elf_image_deinit(&object->store->image);
		free(object->store->root_path);
	}
	free(object->store);
	free(object->label);
	free(object->path);
	free(object->problem);
	free(object);
}

/** Whether @p offset lies in [start, start + size_bytes). */
static bool is_within(uint64_t offset, uint64_t start, uint64_t size_bytes)
{
	return offset >= start && offset - start < size_bytes;
}

bool object_elf_address_of_offset(const struct object *object, uint64_t file_offset,
				  uint64_t *elf_address_ret)
{
	const struct object_segment *found = NULL;

	for (size_t i = 0; i < object->segments.count; i++) {
		const struct object_segment *segment = &object->segments.items[i];

		if (!is_within(file_offset, segment->file_offset, segment->file_size_bytes))
			continue;
		/* Segments may share file bytes; code addresses are what is asked for. */
		if (!found || (segment->is_executable && !found->is_executable))
			found = segment;
	}
	if (!found)
		return false;
	*elf_address_ret = found->elf_address + (file_offset - found->file_offset);
	return true;
}

bool object_offset_of_elf_address(const struct object *object, uint64_t elf_address,
				  uint64_t *file_offset_ret)
{
	for (size_t i = 0; i < object->segments.count; i++) {
		const struct object_segment *segment = &object->segments.items[i];

		if (!is_within(elf_address, segment->elf_address, segment->file_size_bytes))
			continue;
		*file_offset_ret = segment->file_offset + (elf_address - segment->elf_address);
		return true;
	}
	return false;
}

struct bytes object_bytes_at(const struct object *object, uint64_t elf_address)
{
	if (object->is_without_code)
		return (struct bytes){ 0 };
	for (size_t i = 0; i < object->segments.count; i++) {
		const struct object_segment *segment = &object->segments.items[i];
		uint64_t position = elf_address - segment->elf_address;

		if (is_within(elf_address, segment->elf_address, segment->file_size_bytes) &&
		    segment->file_offset + segment->file_size_bytes <= object->image.size)
			return (struct bytes){
				object->image.data + segment->file_offset + position,
				segment->file_size_bytes - position,
			};
	}
	return (struct bytes){ 0 };
}
