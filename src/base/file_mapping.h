#pragma once

/**
 * Files mapped for reading that may change under us: a compiler writes a library anew in place, a
 * recording is cut, while it is read. A page that the file no longer has would end the program
 * with SIGBUS (mmap(2)); here it reads as zeros, and the mapping remembers it. Whoever reads
 * foreign bytes checks them anyway, so zeros are one more kind of damage and need no path of their
 * own.
 *
 * Thread-safe. Mappings install a handler for SIGBUS; a SIGBUS of any other cause meets what was
 * there before.
 */

#include "base/error.h"

#include <sys/types.h>

enum file_mapping_use {
	FILE_MAPPING_READ,
	FILE_MAPPING_CHANGE,  /**< Private changes to the bytes, never to the file. */
	FILE_MAPPING_AT_ONCE, /**< To read, and all of it soon: pages are fetched now. */
};

/** All 0 is no mapping. */
struct file_mapping {
	uint8_t *data;
	size_t size_bytes;
};

/**
 * Map the first @p size_bytes (not 0) of a regular file. The descriptor may be closed afterwards.
 *
 * @return an error of mmap(2) without context.
 */
struct error *file_mapping_open(int descriptor, size_t size_bytes, enum file_mapping_use use,
				struct file_mapping *ret) MUST_CHECK;

/** Fine on an all-zero struct. */
void file_mapping_close(struct file_mapping *mapping);

/** The file lost bytes while it was read here; what was read of them is zeros. */
bool file_mapping_was_cut(const struct file_mapping *mapping);
