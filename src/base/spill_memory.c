#include "base/spill_memory.h"

#include "base/memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/** Files grow by this much at least: few system calls, little disk for nothing. */
#define FILE_STEP_BYTES (64u << 20)

static int open_nameless_file(void)
{
	const char *folder = secure_getenv("TMPDIR");

	/* Not /tmp: that is memory on many machines. */
	return open(folder && folder[0] == '/' ? folder : "/var/tmp",
		    O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
}

/** The disk is asked for the room first: a page it has no block for ends the program (SIGBUS). */
static bool extend_file(struct spill_memory *memory, size_t capacity_bytes)
{
	return posix_fallocate(memory->file_descriptor, 0, (off_t)capacity_bytes) == 0;
}

static bool grow_file(struct spill_memory *memory, size_t capacity_bytes)
{
	void *bytes;

	if (!extend_file(memory, capacity_bytes))
		return false;
	bytes = mremap(memory->bytes, memory->capacity_bytes, capacity_bytes, MREMAP_MAYMOVE);
	if (bytes == MAP_FAILED)
		return false;
	memory->bytes = bytes;
	memory->capacity_bytes = capacity_bytes;
	return true;
}

static bool move_to_file(struct spill_memory *memory, size_t capacity_bytes)
{
	void *bytes = MAP_FAILED;

	memory->file_descriptor = open_nameless_file();
	if (memory->file_descriptor < 0)
		return false;
	if (extend_file(memory, capacity_bytes))
		bytes = mmap(NULL, capacity_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			     memory->file_descriptor, 0);
	if (bytes == MAP_FAILED) {
		close(memory->file_descriptor);
		return false;
	}
	memcpy(bytes, memory->bytes, memory->capacity_bytes);
	free(memory->bytes);
	memory->bytes = bytes;
	memory->capacity_bytes = capacity_bytes;
	memory->is_file = true;
	return true;
}

static void move_to_heap(struct spill_memory *memory, size_t capacity_bytes)
{
	void *bytes = memory_resize(NULL, capacity_bytes, 1);

	memcpy(bytes, memory->bytes, memory->capacity_bytes);
	spill_memory_deinit(memory);
	*memory = (struct spill_memory){ .bytes = bytes,
					 .capacity_bytes = capacity_bytes,
					 .has_no_file = true };
}

void spill_memory_grow(struct spill_memory *memory, size_t capacity_bytes)
{
	size_t file_bytes =
		(capacity_bytes + FILE_STEP_BYTES - 1) / FILE_STEP_BYTES * FILE_STEP_BYTES;

	if (capacity_bytes <= memory->capacity_bytes)
		return;
	if (memory->is_file) {
		if (grow_file(memory, file_bytes))
			spill_memory_release_pages(memory);
		else
			move_to_heap(memory, capacity_bytes * 2);
		return;
	}
	if (capacity_bytes > SPILL_MEMORY_HEAP_MAX_BYTES && memory->bytes && !memory->has_no_file) {
		if (move_to_file(memory, file_bytes))
			return;
		memory->has_no_file = true;
	}
	memory->capacity_bytes = capacity_bytes * 2;
	memory->bytes = memory_resize(memory->bytes, memory->capacity_bytes, 1);
}

void spill_memory_release_pages(const struct spill_memory *memory)
{
	/* Of a shared file mapping this drops nothing but our hold on the pages (madvise(2)). */
	if (memory->is_file)
		madvise(memory->bytes, memory->capacity_bytes, MADV_DONTNEED);
}

void spill_memory_deinit(struct spill_memory *memory)
{
	if (memory->is_file) {
		munmap(memory->bytes, memory->capacity_bytes);
		close(memory->file_descriptor);
	} else {
		free(memory->bytes);
	}
	*memory = (struct spill_memory){ 0 };
}
