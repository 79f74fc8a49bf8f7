#pragma once

/** Frames under names that say more. */

#include "profile/profile.h"

/**
 * Name code without a symbol by its address too: "[OBJECT <1f2e>]", as stackcollapse-perf.pl
 * --addrs does.
 *
 * @return false: there is such code, but the profile has no addresses.
 */
bool profile_name_addresses(struct profile *profile);

/**
 * Put the source line behind names: "NAME:FILE:LINE", the last part of the file's path.
 *
 * @return false: the profile knows no lines.
 */
bool profile_name_lines(struct profile *profile);
