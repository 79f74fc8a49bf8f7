#pragma once

/** What the files of object/ share among themselves. */

#include "base/error.h"
#include "object/elf_image_internal.h"
#include "object/object.h"

#include <sys/types.h>

/** The private half of a struct object. */
struct object_store {
	struct object_registry *registry; /**< NULL for an object that no registry made. */
	struct elf_image image;           /**< Owns what the public half borrows. */
	struct object *debug_file;
	bool is_debug_file_searched;
};

/** Of an object whose store may not be there yet (made by hand, without a registry). */
struct object_store *object_store_of(struct object *object);

/** The kind of a mapping's path; never OBJECT_PERF_MAP. */
enum object_kind object_kind_of_path(const char *path);

/** Make @p image the object's; the object is open from now on. */
void object_take_image(struct object *object, struct elf_image *image);

/** Takes over @p error: its text becomes the problem, its code the state. */
void object_fail(struct object *object, struct error *error);

/** A fresh object, listed in the registry. @p registry copies @p path. */
struct object *object_registry_add(struct object_registry *registry, enum object_kind kind,
				   const char *path);

/**
 * The build id of an object known by its inode alone was read: mappings that
 * come with the build id and without an inode are of the same object.
 */
void object_registry_note_build_id(struct object_registry *registry, struct object *object);

/** "" or the folder put before every path. */
const char *object_registry_symfs_path(const struct object_registry *registry);

enum object_trust object_registry_trust(const struct object_registry *registry);

/** Free everything, the struct too. */
void object_destroy(struct object *object);

/** Copy of our own vdso into the object; see vdso(7). */
void object_open_vdso(struct object *object);

/** A path without the " (deleted)" the kernel adds to unlinked files. Free with free(). */
char *object_path_without_deleted(const char *path, bool *is_deleted_ret);
