/** An ELF file: headers, segments, sections (packed ones too), build id, debug link. */

#include "object/object_internal.h"
#include "seed_programs.h"

static uint64_t sum(struct bytes bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bytes.size; i++)
		sum += bytes.data[i];
	return sum;
}

static uint64_t read_everything(struct object *object)
{
	uint64_t total = 0, elf_address = 0;

	/* Read by name, as everybody does: those that are there and one that is not. */
	for (size_t i = 0; i < object->store->image.sections.count && i < 256; i++)
		total += sum(object_section(object, object->store->image.sections.items[i].name,
					    &elf_address));
	total += sum(object_section(object, ".none", NULL));
	for (size_t i = 0; i < object->segments.count; i++) {
		const struct object_segment *segment = &object->segments.items[i];

		total += sum(object_bytes_at(object, segment->elf_address));
		total += sum(object_bytes_at(object, segment->elf_address + 1));
		if (object_elf_address_of_offset(object, segment->file_offset, &elf_address))
			total += elf_address;
	}
	return total + (object_debug_file(object) != NULL);
}

static void run_as(struct bytes input, enum elf_image_use use)
{
	struct elf_image image;
	struct object *object;
	struct error *error =
		elf_image_adopt(memory_duplicate(input.data, input.size), input.size, use, &image);

	if (error) {
		fuzz_check_error(error);
		return;
	}
	object = memory_allocate(1, sizeof(*object));
	object_take_image(object, &image);
	FUZZ_CHECK(read_everything(object) < UINT64_MAX);
	object_destroy(object);
}

static void run(struct bytes input)
{
	run_as(input, ELF_IMAGE_LOADED);
	run_as(input, ELF_IMAGE_DEBUG);
}

const struct fuzz_target fuzz_target = { run, seed_programs_add };
