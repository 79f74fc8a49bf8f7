#pragma once

/** The flame graph beyond what an output format can do. */

#include "output/flame_tree.h"
#include "output/output_format.h"

/**
 * One SVG with three views of two profiles: the difference, before and after. Frames are
 * coloured by how much they changed; what vanished keeps its place.
 *
 * @param options  Its event is not used.
 */
struct error *flamegraph_write_difference(struct flame_side before, struct flame_side after,
					  const struct flame_difference_options *how,
					  const struct output_options *options,
					  FILE *file) MUST_CHECK;

/** A name for the XML declaration of which ASCII is a part. */
bool flamegraph_encoding_is_known(const char *encoding);
