#pragma once

/**
 * A gzip stream (RFC 1952) into a FILE, as it comes. The same bytes in give the same
 * bytes out: the header holds no time and no name. Write errors are left in the FILE.
 */

#include "base/attributes.h"

#include <stdio.h>

struct gzip_writer;

struct gzip_writer *gzip_writer_create(FILE *file);
void gzip_writer_write(struct gzip_writer *writer, const void *bytes, size_t size_bytes);

/** Write what is pending and the end of the stream. */
void gzip_writer_finish(struct gzip_writer *writer);
void gzip_writer_destroy(struct gzip_writer *writer);
