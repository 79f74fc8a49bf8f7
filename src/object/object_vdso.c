#include "object/object_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/auxv.h>

/** The vdso is 2 pages on x86-64, a few on other CPUs. */
#define VDSO_SIZE_MAX_BYTES (1 << 20)

/** How much memory is mapped from @p start on, by /proc/self/maps; 0 when it does not say. */
static size_t mapped_size_bytes(uint64_t start)
{
	FILE *file = fopen("/proc/self/maps", "re");
	uint64_t line_start, line_end;
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0, size_bytes = 0;

	if (!file)
		return 0;
	while (!size_bytes && getline(&line, &capacity, file) > 0)
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &line_start, &line_end) == 2 &&
		    line_start == start && line_end > start)
			size_bytes = line_end - start;
	fclose(file);
	return size_bytes;
}

void object_open_vdso(struct object *object)
{
	uint64_t start = getauxval(AT_SYSINFO_EHDR);
	size_t size_bytes = start ? mapped_size_bytes(start) : 0;
	struct error *error;
	struct elf_image image;

	if (!size_bytes || size_bytes > VDSO_SIZE_MAX_BYTES) {
		object_fail(object, error_from_errno(ENOENT, "no vdso in this process"));
		return;
	}
	/* A copy, because libelf changes section headers in place. */
	error = elf_image_adopt(memory_duplicate((const void *)start, size_bytes), size_bytes,
				ELF_IMAGE_LOADED, &image);
	if (error) {
		object_fail(object, error);
		return;
	}
	if (object->mapped_build_id.size_bytes &&
	    !build_id_equal(&object->mapped_build_id, &image.build_id)) {
		elf_image_deinit(&image);
		object->state = OBJECT_REPLACED;
		object->problem = memory_duplicate_text("recorded on another kernel: its vdso is "
							"not the one of this machine");
		return;
	}
	if (!object->mapped_build_id.size_bytes && object->store && object->store->registry &&
	    object_registry_trust(object->store->registry) == OBJECTS_BY_BUILD_ID) {
		elf_image_deinit(&image);
		object->state = OBJECT_REPLACED;
		object->problem = memory_duplicate_text("recorded on another machine: its vdso is "
							"not the one here");
		return;
	}
	object_take_image(object, &image);
}
