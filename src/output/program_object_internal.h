#pragma once

/** Which objects are programs, for formats that tell them from libraries. */

#include "profile/profile.h"

#include <string.h>

/**
 * A file that is no shared library, by its name. Not only the one that was started: that
 * may be a shell, or a link to the one that ran.
 */
static inline bool is_program_object(const struct profile *profile, uint32_t object)
{
	const char *path = profile_text(profile, profile->objects.items[object].path);

	return path[0] == '/' && path[1] != '/' && !strstr(path, ".so");
}
