/*
 * The code of an ELF file, one "ADDRESS SIZE" a line for each instruction from each address that
 * is read from standard input up to the next one. For compare_with_objdump.
 */
#include "arch/x86_64/instruction.h"
#include "object/object.h"

#include <inttypes.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct object_registry *registry = object_registry_create(NULL);
	const struct object_identity identity = { .path = argc > 1 ? argv[1] : "/proc/self/exe" };
	struct object *object = object_registry_find(registry, &identity);
	uint64_t address;

	object_open(object, NULL);
	while (object->state == OBJECT_OPEN && scanf("%" SCNx64, &address) == 1) {
		struct bytes code = object_bytes_at(object, address);
		struct instruction instruction = { 0 };

		printf("%" PRIx64 " %u\n", address,
		       instruction_decode(code, &instruction) ? instruction.size_bytes : 0);
	}
	object_registry_destroy(registry);
	return 0;
}
