#pragma once

/**
 * Opening the events and rings of a session: asks for the best and steps down
 * where the kernel says no, noting each step that costs the user something.
 */

#include "capture/perf_events/opened_events.h"

/**
 * @param facts  Filled in: sides, sizes, rate, and a line per degradation.
 * @return an error only when nothing at all can be sampled; it says which of
 *         the possible causes it is, and the way out.
 */
struct error *open_ladder_descend(const struct sampler_options *options,
				  struct sampler_facts *facts,
				  struct opened_events *ret) MUST_CHECK;
