#pragma once

#include <stddef.h>

/**
 * A gzipped profile.proto as text, one top-level field a line, in the file's order:
 *
 *     2{1[1 2] 2[3 3000000] 3{1:5 2:6}}
 *     6"main"
 *
 * {} is a message, [] a packed array, "" text; the numbers before them are field
 * numbers. Anything that is not well-formed fails the test. Free with free().
 */
char *pprof_text(const void *gzip, size_t size_bytes);
