/** jit-PID.dump. */

#include "fuzz_code_map.h"
#include "fuzz_target.h"
#include "runtime/jit_dump.h"

static void run(struct bytes input)
{
	struct code_map_builder builder = { 0 };

	error_destroy(jit_dump_parse(input, &builder));
	fuzz_code_map_check(&builder);
}

static void put(struct byte_vector *bytes, uint64_t value, size_t size_bytes)
{
	byte_vector_append_bytes(bytes, &value, size_bytes);
}

static void put_header(struct byte_vector *bytes)
{
	put(bytes, 0x4a695444, 4);
	put(bytes, 1, 4);
	put(bytes, 40, 4);
	for (int i = 0; i < 7; i++)
		put(bytes, 0, 4);
}

static void put_record_header(struct byte_vector *bytes, uint32_t kind, uint32_t size_bytes)
{
	put(bytes, kind, 4);
	put(bytes, size_bytes, 4);
	put(bytes, 1, 8);
}

/** A function with a line, and that it moved. */
static void make_seeds(struct fuzz_seeds *seeds)
{
	struct byte_vector bytes = { 0 };

	put_header(&bytes);
	put_record_header(&bytes, 2, 16 + 16 + 16 + 3);
	put(&bytes, 0x1000, 8);
	put(&bytes, 1, 8);
	put(&bytes, 0x1000, 8);
	put(&bytes, 7, 8);
	byte_vector_append_bytes(&bytes, "f.j", 3);
	bytes.items[bytes.count - 1] = 0;
	put_record_header(&bytes, 0, 16 + 40 + 3);
	put(&bytes, 1, 8);
	put(&bytes, 0x1000, 8);
	put(&bytes, 0x1000, 8);
	put(&bytes, 16, 8);
	put(&bytes, 0, 8);
	byte_vector_append_bytes(&bytes, "go", 3);
	put_record_header(&bytes, 1, 16 + 48);
	for (int i = 0; i < 6; i++)
		put(&bytes, i == 3 ? 0x2000 : 0x1000, 8);
	fuzz_seeds_add(seeds, (struct bytes){ bytes.items, bytes.count });
	byte_vector_deinit(&bytes);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
