#include "unwind/way_out_cache.h"

#include "base/hash_map.h"
#include "unwind/walk_internal.h"

/** No instruction of any CPU here is longer. */
#define INSTRUCTION_ROOM_BYTES 16

/** A run of a process's memory, as it was read last. */
struct memory_window {
	const struct memory_reader *reader;
	uint64_t start;
	size_t size_bytes;
	uint8_t bytes[WAY_OUT_READ_SIZE_BYTES];
};

static struct bytes read_file(void *context, uint64_t address)
{
	return object_bytes_at(context, address);
}

static struct bytes read_memory(void *context, uint64_t address)
{
	struct memory_window *window = context;
	uint64_t position = address - window->start;

	if (address < window->start || position + INSTRUCTION_ROOM_BYTES > window->size_bytes) {
		window->start = address;
		window->size_bytes = window->reader->read(window->reader->context, address,
							  window->bytes, sizeof(window->bytes));
		position = 0;
	}
	return (struct bytes){ window->bytes + position, window->size_bytes - position };
}

static bool find_in_memory(const struct architecture *architecture, uint64_t address,
			   bool is_behind_call, const struct memory_reader *reader,
			   struct way_out *ret)
{
	struct memory_window window = { .reader = reader };
	const struct code_source code = { read_memory, &window };

	return architecture->find_way_out(&code, address, is_behind_call, ret);
}

static bool find_in_file(const struct architecture *architecture, const struct object *object,
			 uint64_t elf_address, bool is_behind_call, struct way_out *ret)
{
	const struct code_source code = { read_file, (void *)(uintptr_t)object };

	return architecture->find_way_out(&code, elf_address, is_behind_call, ret);
}

bool way_out_find(struct way_out_cache *cache, const struct architecture *architecture,
		  const struct object *object, uint64_t elf_address, bool is_behind_call,
		  const struct process *process, const struct memory_reader *reader,
		  struct way_out *ret)
{
	const bool is_file = walk_is_in_file(object);
	const uint32_t pid = is_file ? 0 : process->pid;
	const uint64_t generation = is_file ? 0 : process->generation;
	const size_t index = hash_combine(elf_address, object->index) & (WAY_OUT_CACHE_SIZE - 1);
	struct known_way_out *known = &cache->known[index];

	if (known->object != object || known->address != elf_address ||
	    known->is_behind_call != is_behind_call || known->pid != pid ||
	    known->generation != generation) {
		/* Not noted: in a while, it may be read. */
		if (!is_file && !reader)
			return false;
		*known = (struct known_way_out){ .object = object,
						 .address = elf_address,
						 .is_behind_call = is_behind_call,
						 .pid = pid,
						 .generation = generation };
		known->is_found = is_file ? find_in_file(architecture, object, elf_address,
							 is_behind_call, &known->way_out)
					  : find_in_memory(architecture, elf_address,
							   is_behind_call, reader, &known->way_out);
	}
	*ret = known->way_out;
	return known->is_found;
}
