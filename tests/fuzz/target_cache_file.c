/** A file of the cache: its head and checksum. */

#include "cache/cache_internal.h"
#include "fuzz_target.h"

static void run(struct bytes input)
{
	struct cache_file file;
	struct error *error = cache_file_parse(input, &file);
	/* As a reader of an entry's name in a list. */
	_cleanup_free_ char *name = memory_allocate(input.size + 1, 1);

	if (input.size)
		memcpy(name, input.data, input.size);
	cache_name_is_entry(name);
	if (!error) {
		FUZZ_CHECK(strlen(file.identity) + strlen(file.label) + file.content.size <
			   input.size);
		cache_file_is_whole(input, &file);
	}
	fuzz_check_error(error);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	const struct cache_key key = { .kind = "test", .version = 3, .identity = "identity" };
	const struct bytes content = { (const uint8_t *)"content", 7 };
	struct byte_vector file = cache_file_head(&key, "label", content);

	byte_vector_append_bytes(&file, content.data, content.size);
	fuzz_seeds_add_vector(seeds, &file);
	byte_vector_deinit(&file);
	fuzz_seeds_add_text(seeds, "symbols-0123456789abcdef");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
