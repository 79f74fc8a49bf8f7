#pragma once

/**
 * Files that steer this program. Who has more rights than others (root, or a program with file
 * capabilities) reads only those that nobody else may have written.
 */

#include "base/error.h"

#include <stdio.h>

/**
 * Open a regular file for reading. With such rights, only one of the effective user or root that
 * others cannot write.
 *
 * @return ERROR_PERMISSION with the reason, or a system error.
 */
struct error *trusted_file_open(const char *path, FILE **ret) MUST_CHECK;
