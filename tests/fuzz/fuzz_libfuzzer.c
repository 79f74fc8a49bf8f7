/**
 * The target as a libFuzzer program. `--seeds=FOLDER FILE...` as its only arguments writes the
 * seeds into FOLDER and ends; anything else is libFuzzer's.
 */

#include "fuzz_internal.h"

int LLVMFuzzerInitialize(int *n_arguments, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_seeds(const char *folder, char **files)
{
	struct fuzz_seeds seeds;

	fuzz_seeds_init(&seeds, files);
	for (size_t i = 0; i < seeds.items.count; i++) {
		_cleanup_free_ char *path = memory_format_text("%s/seed-%03zu", folder, i);
		FILE *file = fopen(path, "wbe");

		FUZZ_CHECK(file);
		fwrite(seeds.items.items[i].data, 1, seeds.items.items[i].size, file);
		FUZZ_CHECK(fclose(file) == 0);
	}
	fuzz_seeds_deinit(&seeds);
}

int LLVMFuzzerInitialize(int *n_arguments, char ***arguments)
{
	static const char option[] = "--seeds=";

	if (*n_arguments > 1 && strncmp((*arguments)[1], option, strlen(option)) == 0) {
		write_seeds((*arguments)[1] + strlen(option), *arguments + 2);
		exit(0);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_target.run((struct bytes){ data, size });
	return 0;
}
