#pragma once

/** Paths and small files of projects. Results are owned by the caller unless said otherwise. */

#include "base/error.h"

/** Build files that are looked into are far smaller; what is larger is not looked into. */
#define BUILD_FILE_SIZE_MAX_BYTES ((size_t)4 * 1024 * 1024)

/** FOLDER/NAME, or FOLDER when the name is empty. */
char *path_join(const char *folder_path, const char *name);

/** The folder @p path is in; "/" for the topmost. */
char *path_parent(const char *path);

/** The last part of @p path; borrowed from it. */
const char *path_name(const char *path);

/** Whether FOLDER/NAME is a file, or a folder. */
bool path_has_file(const char *folder_path, const char *name);
bool path_has_folder(const char *folder_path, const char *name);

/** What follows @p folder_path in @p path ("" for itself), or NULL: it is elsewhere. Borrowed. */
const char *path_inside(const char *path, const char *folder_path);

/**
 * @p path from @p folder_path on, without "." and ".." and, as far as it exists, without links.
 */
char *path_resolve(const char *folder_path, const char *path);

/** The text of FOLDER/NAME; NULL: it cannot be read, or is too large. */
char *path_read_text(const char *folder_path, const char *name);

/** The nearest folder from @p folder_path upwards with something called @p name; NULL: none. */
char *path_find_upwards(const char *folder_path, const char *name);

/** Make a folder (mode 0700) and those above it. */
struct error *path_make_folders(const char *path) MUST_CHECK;
