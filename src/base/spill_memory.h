#pragma once

/**
 * Memory for one array that may outgrow the machine: the heap's while it is
 * small, pages of a nameless file beyond, which the kernel writes out when it
 * needs the room. The file is made in $TMPDIR or /var/tmp (O_TMPFILE, open(2):
 * it never has a name) and goes with the process, however that ends. Where no
 * such file can be made or its disk is full, it is the heap's memory after all.
 *
 * An all-zero struct is no memory. Not thread-safe.
 */

#include <stdbool.h>
#include <stddef.h>

struct spill_memory {
	void *bytes;
	size_t capacity_bytes;
	bool is_file;     /**< bytes are pages of file_descriptor. */
	bool has_no_file; /**< None can be had; do not try again. */
	int file_descriptor;
};

/** Growing beyond so much goes to a file. */
#define SPILL_MEMORY_HEAP_MAX_BYTES (32u << 20)

/** Make room for at least @p capacity_bytes; contents stay, bytes may move, new ones are undefined.
 */
void spill_memory_grow(struct spill_memory *memory, size_t capacity_bytes);

/** Its pages need not be in memory now; they come back when they are read. */
void spill_memory_release_pages(const struct spill_memory *memory);

void spill_memory_deinit(struct spill_memory *memory);
