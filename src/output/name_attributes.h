#pragma once

/**
 * What a file given with --nameattr says about functions: lines of the name and
 * KEY=VALUE pairs, parted by tabs (flamegraph.pl). Known keys: title, href, target, class,
 * g_extra and a_extra, which hold NAME="VALUE" pairs. Everything that could run script or
 * load something when the graph is opened is left out: links other than http:, https:,
 * mailto: and relative ones; extra attributes other than class, rel, data-* and aria-*.
 */

#include "base/attributes.h"

#include <stdio.h>

struct name_attributes;

struct name_attribute {
	const char *key, *value; /**< Hostile text; the key is a safe attribute name. */
};

/** Of one function. Texts are NULL when not given. */
struct name_attribute_set {
	const char *title, *href, *target;
	const struct name_attribute *extras;
	size_t n_extras;
};

struct name_attributes_losses {
	uint64_t n_bad_lines; /**< Without a tab or a "=". */
	uint64_t n_unsafe;    /**< Attributes left out. */
};

/** Read errors stay in @p file. */
struct name_attributes *name_attributes_read(FILE *file, struct name_attributes_losses *losses_ret);
void name_attributes_destroy(struct name_attributes *attributes);

/** NULL: nothing is said about it. */
const struct name_attribute_set *name_attributes_find(const struct name_attributes *attributes,
						      const char *name);
