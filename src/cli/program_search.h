#pragma once

#include <stdbool.h>

/**
 * Find a program as execvp(3) would: @p name itself if it holds a slash, else
 * the first executable regular file of that name along $PATH.
 *
 * @param path_ret  Its path, to be freed; NULL: not wanted.
 * @return false: there is none; @p path_ret is untouched.
 */
bool program_search(const char *name, char **path_ret);
