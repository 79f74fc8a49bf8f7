#pragma once

/** Functions inlined at the addresses that perf script text names (collapse --inline). */

#include "input/collapse.h"
#include "symbols/symbolizer.h"

struct inlined_names;

/** @param has_places  Add ":FILE:LINE" to each function. */
struct inlined_names *inlined_names_create(const char *symfs_path,
					   const struct symbolizer_options *options,
					   bool has_places);
void inlined_names_destroy(struct inlined_names *names);

/** collapse_options.expand_inlined; @p context is the struct inlined_names. */
bool inlined_names_expand(void *context, const struct script_frame *frame, struct byte_vector *ret);
