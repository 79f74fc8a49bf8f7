#pragma once

/**
 * The bundle, one file that another machine opens without the recorded programs: a tar archive
 * compressed with zstd. docs/formats/bundle.md tells what is in it.
 */

#include "base/bytes.h"

#include <stdio.h>

struct bundle_writer;

/** @param file  Written to until bundle_writer_finish(); borrowed. */
struct error *bundle_writer_create(FILE *file, struct bundle_writer **ret) MUST_CHECK;
void bundle_writer_destroy(struct bundle_writer *writer);

/** Add a member. @param name  At most 90 bytes, without a slash. */
struct error *bundle_writer_add(struct bundle_writer *writer, const char *name,
				struct bytes content) MUST_CHECK;

/** End the archive. Errors of writing are left in the file (ferror). */
struct error *bundle_writer_finish(struct bundle_writer *writer) MUST_CHECK;
