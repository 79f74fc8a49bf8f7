#pragma once

/** What the files of object/ share among themselves. */

#include "base/error.h"
#include "base/string_table.h"
#include "object/elf_image_internal.h"
#include "object/object.h"
#include "object/object_servers.h"

#include <sys/types.h>

/** The private half of a struct object. */
struct object_store {
	struct object_registry *registry; /**< NULL for an object that no registry made. */
	struct elf_image image;           /**< Owns what the public half borrows. */
	struct object *debug_file;
	struct object *mini_debug; /**< Owned. */
	bool is_debug_file_searched, is_mini_debug_searched, is_server_asked;

	/** Where the file system of a process that mapped it can be reached; "" or NULL: ours. */
	char *root_path;
};

/** Of an object whose store may not be there yet (made by hand, without a registry). */
struct object_store *object_store_of(struct object *object);

/** The kind of a mapping's path; never OBJECT_PERF_MAP. */
enum object_kind object_kind_of_path(const char *path);

/** "memfd:NAME", "[heap]", ...: memory by the path of its mapping. Free it. */
char *object_label_of_memory(const char *path);

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

/** Folders the user named, before those of the distribution. Borrowed. */
const struct string_vector *object_registry_debug_folders(const struct object_registry *registry);

/** NULL: nobody is to be asked. */
struct object_servers *object_registry_servers(const struct object_registry *registry);

enum object_trust object_registry_trust(const struct object_registry *registry);

/** Free everything, the struct too. */
void object_destroy(struct object *object);

/** By the debug file of the mapped build id, when the program is nowhere. True: it is open now. */
bool object_open_debug_only(struct object *object, const struct object_mapping *mapping);

/** Copy of our own vdso into the object; see vdso(7). */
void object_open_vdso(struct object *object);

/** A path without the " (deleted)" the kernel adds to unlinked files. Free with free(). */
char *object_path_without_deleted(const char *path, bool *is_deleted_ret);

/* Where files that belong to an object may be. */

struct object_place {
	char *path;
	uint32_t crc;
	bool has_crc; /**< Named by .gnu_debuglink, which says what the file's checksum is. */
};

DEFINE_VECTOR(object_place_vector, struct object_place)

void object_place_vector_destroy_items(struct object_place_vector *places);

/**
 * The debuginfod client remembers for ten minutes what no server had, and takes a download that
 * was given up for that: let it ask again.
 */
void object_places_forget_miss(enum object_server_file kind, const struct build_id *build_id);

/** For object_debug_file(), in order; appended. The order is the policy. */
void object_list_debug_places(struct object *object, struct object_place_vector *places);

/** Where a file with the mapped build id may be, when there is none under its own path. */
void object_list_copies(struct object *object, struct object_place_vector *places);

/** Where the debug file of another build id may be. */
void object_list_by_build_id(struct object *object, const struct build_id *build_id,
			     struct object_place_vector *places);

/**
 * Where a file may be that the debug information calls @p name.
 *
 * @param folder  What a relative name starts from; NULL: the object's own folder.
 */
void object_list_named(struct object *object, const char *folder, const char *name,
		       struct object_place_vector *places);

/* File systems of processes in containers. */

/** A process's view of the file system: its mount namespace and its chroot. */
struct object_root {
	uint64_t namespace_inode;
	uint64_t device, inode;
	int descriptor;
	char *path; /**< "/proc/self/fd/N": lasts longer than the process. */
};

DEFINE_VECTOR(object_root_vector, struct object_root)

/** A prefix for paths as @p pid sees them; "" when it sees what we see. Free it. */
char *object_roots_find(struct object_root_vector *roots, uint32_t pid);
void object_roots_deinit(struct object_root_vector *roots);

/** All that were seen so far. */
const struct object_root_vector *object_registry_roots(const struct object_registry *registry);

/** object_roots_find() among the registry's. */
char *object_registry_root_path(struct object_registry *registry, uint32_t pid);

/** How many folders object_process_create() keeps open. */
uint32_t *object_registry_n_temporary_folders(struct object_registry *registry);

struct object_process *object_process_create(struct object_registry *registry, uint32_t pid);
void object_process_destroy(struct object_process *process);
