#pragma once

/** What Cargo's configuration files say about the compiler's flags. */

#include "build/build.h"

/**
 * The --config arguments that add @p flag to every set of compiler flags that the configuration of
 * @p folder_path has (build.rustflags, and rustflags of each target), and to build.rustflags.
 *
 * Cargo takes flags from the first of several places only, so a flag of our own in one of them
 * would hide the user's in the others. Arrays of configuration files and of --config are joined
 * (https://doc.rust-lang.org/cargo/reference/config.html), so the flag is added in each place.
 *
 * @param is_whole_ret  False: a place was seen but not understood; there the flag is missing.
 */
void cargo_config_add_flag(const char *folder_path, const struct environment *environment,
			   const char *flag, struct text_vector *arguments_ret, bool *is_whole_ret);
