#pragma once

/**
 * The order of everything in a profile file, which writing and reading share:
 * docs/formats/bundle.md. Numbers are unsigned LEB128 unless they say otherwise.
 */

/** "pprofile", then the version as a number. */
#define PROFILE_FILE_MAGIC        "pprofile"
#define PROFILE_FILE_MAGIC_LENGTH 8
#define PROFILE_FILE_VERSION      3
