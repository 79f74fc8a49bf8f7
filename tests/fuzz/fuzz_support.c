#include "fuzz_internal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void fuzz_seeds_add(struct fuzz_seeds *seeds, struct bytes bytes)
{
	uint8_t *copy = memory_duplicate(bytes.data, bytes.size);

	fuzz_bytes_vector_append(&seeds->items, (struct bytes){ copy, bytes.size });
}

const char *fuzz_seeds_file(const struct fuzz_seeds *seeds, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (!seeds->files[i])
			return NULL;
	}
	return seeds->files[index];
}

void fuzz_seeds_init(struct fuzz_seeds *seeds, char **files)
{
	*seeds = (struct fuzz_seeds){ .files = files };
	fuzz_target.make_seeds(seeds);
}

void fuzz_seeds_deinit(struct fuzz_seeds *seeds)
{
	for (size_t i = 0; i < seeds->items.count; i++)
		free((void *)seeds->items.items[i].data);
	fuzz_bytes_vector_deinit(&seeds->items);
}

struct bytes fuzz_file_bytes(const char *path)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	uint8_t *data;
	ssize_t n;

	FUZZ_CHECK(descriptor >= 0 && fstat(descriptor, &status) == 0);
	data = memory_allocate((size_t)status.st_size, 1);
	n = read(descriptor, data, (size_t)status.st_size);
	FUZZ_CHECK(n == status.st_size);
	close(descriptor);
	return (struct bytes){ data, (size_t)n };
}

const char *fuzz_file(struct bytes bytes)
{
	static char path[32];
	static int descriptor = -1;

	/* A fresh file each time: the last one may still be mapped. */
	if (descriptor >= 0)
		close(descriptor);
	descriptor = memfd_create("input", MFD_CLOEXEC);
	FUZZ_CHECK(descriptor >= 0);
	FUZZ_CHECK(write(descriptor, bytes.data, bytes.size) == (ssize_t)bytes.size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	return path;
}

FILE *fuzz_nowhere(void)
{
	static FILE *file;

	if (!file)
		file = fopen("/dev/null", "we");
	FUZZ_CHECK(file);
	return file;
}

void fuzz_check_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, condition);
	abort();
}

void fuzz_check_error(struct error *error)
{
	if (!error)
		return;
	FUZZ_CHECK(error->message && error->message[0]);
	error_destroy(error);
}
