#pragma once

/** The profile in a bundle (docs/formats/bundle.md). */

#include "input/input_stream.h"
#include "profile/profile.h"

/** Whether a decompressed stream begins as a bundle does. */
bool bundle_is_start(struct bytes bytes);

/** Find the profile among the members of the archive and read it; the caller's. */
struct error *bundle_profile_read(struct input_stream *stream, bool is_without_ticks,
				  struct profile **ret) MUST_CHECK;
