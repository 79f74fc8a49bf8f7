#include "object/object_internal.h"

#include "object/object_servers.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

#define DELETED_SUFFIX " (deleted)"

char *object_path_without_deleted(const char *path, bool *is_deleted_ret)
{
	char *plain = memory_duplicate_text(path);
	size_t length = strlen(plain), suffix_length = strlen(DELETED_SUFFIX);

	*is_deleted_ret = length > suffix_length &&
			  strcmp(plain + length - suffix_length, DELETED_SUFFIX) == 0;
	if (*is_deleted_ret)
		plain[length - suffix_length] = '\0';
	return plain;
}

static enum object_state state_of_error(const struct error *error)
{
	switch (error->errno_value) {
	case ENOENT:
	case ENOTDIR:
	case ESRCH:
		return OBJECT_MISSING;
	case EACCES:
	case EPERM:
		return OBJECT_DENIED;
	default:
		return OBJECT_BROKEN;
	}
}

static void set_problem(struct object *object, enum object_state state, char *problem)
{
	free(object->problem);
	object->state = state;
	object->problem = problem;
}

void object_fail(struct object *object, struct error *error)
{
	set_problem(object, state_of_error(error), memory_duplicate_text(error->message));
	error_destroy(error);
}

/** How much each failure says about the file, when several places were tried. */
static int state_weight(enum object_state state)
{
	switch (state) {
	case OBJECT_MISSING:
		return 1;
	case OBJECT_DENIED:
		return 2;
	case OBJECT_BROKEN:
		return 3;
	case OBJECT_REPLACED:
		return 4;
	default:
		return 0;
	}
}

/** Keep the weightier of two failures. Takes over @p problem. */
static void note_failure(struct object *object, enum object_state state, char *problem)
{
	if (state_weight(state) > state_weight(object->state))
		set_problem(object, state, problem);
	else
		free(problem);
}

static char *replaced_problem(const struct object *object, const struct elf_image *image)
{
	char mapped[BUILD_ID_TEXT_SIZE_BYTES], found[BUILD_ID_TEXT_SIZE_BYTES];

	build_id_format(&object->mapped_build_id, mapped);
	build_id_format(&image->build_id, found);
	if (!image->build_id.size_bytes)
		return memory_format_text("the file was replaced since it was mapped: build id %s "
					  "was running, the file has none",
					  mapped);
	return memory_format_text("the file was replaced since it was mapped: build id %s was "
				  "running, the file has %s",
				  mapped, found);
}

/** Whether the place could only be reached through the very mapping. */
enum place_trust {
	PLACE_SURE,      /**< What is there is what was mapped. */
	PLACE_BY_NAME,   /**< Probably, unless the build id says otherwise. */
	PLACE_RECYCLED,  /**< The mapped file was deleted; only a build id can show it came back. */
	PLACE_OUTSIDE,   /**< The process did not see it. Likewise. */
	PLACE_ELSEWHERE, /**< Of another machine than the mapped file, with the same caution. */
};

/** Why a file whose build id nobody knows is not taken for the mapped one. */
static const char *const doubts[] = {
	[PLACE_RECYCLED] = "the file was deleted since it was mapped, and another has taken its "
			   "name",
	[PLACE_OUTSIDE] = "it ran in a container that is gone; the file of that name here may be "
			  "another",
	[PLACE_ELSEWHERE] = "recorded on another machine, without a build id to know the file by",
};

/** Try one place. True: the object is open now. */
static bool try_place(struct object *object, const char *place, enum place_trust trust)
{
	struct elf_image image;
	struct error *error = elf_image_open(place, ELF_IMAGE_LOADED, &image);
	bool is_same;

	if (error) {
		/* map_files failing says something of our rights, nothing of the file. */
		if (trust != PLACE_SURE || !error->errno_value)
			note_failure(object, state_of_error(error),
				     memory_duplicate_text(error->message));
		error_destroy(error);
		return false;
	}
	is_same = build_id_equal(&image.build_id, &object->mapped_build_id);
	if (object->mapped_build_id.size_bytes && !is_same) {
		note_failure(object, OBJECT_REPLACED, replaced_problem(object, &image));
		elf_image_deinit(&image);
		return false;
	}
	if (trust >= PLACE_RECYCLED && !is_same) {
		note_failure(object, OBJECT_REPLACED, memory_duplicate_text(doubts[trust]));
		elf_image_deinit(&image);
		return false;
	}
	set_problem(object, OBJECT_OPEN, NULL);
	object_take_image(object, &image);
	return true;
}

/**
 * Links below /proc/PID reach deleted files and other mount namespaces, but by
 * now this one may be of another file: it must have our name, or the build id
 * must be known.
 */
static bool try_link(struct object *object, const char *plain_path, const char *place)
{
	char link[PATH_MAX + sizeof(DELETED_SUFFIX)];
	ssize_t length = readlink(place, link, sizeof(link) - 1);
	_cleanup_free_ char *plain_link = NULL;
	bool is_deleted;

	if (length < 0)
		return false;
	link[length] = '\0';
	plain_link = object_path_without_deleted(link, &is_deleted);
	if (!object->mapped_build_id.size_bytes && strcmp(plain_link, plain_path) != 0)
		return false;
	return try_place(object, place, PLACE_SURE);
}

/** Needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN. */
static bool try_map_files(struct object *object, const char *plain_path,
			  const struct object_mapping *mapping)
{
	_cleanup_free_ char *place = memory_format_text("/proc/%u/map_files/%" PRIx64 "-%" PRIx64,
							mapping->pid, mapping->start, mapping->end);

	return mapping->end && try_link(object, plain_path, place);
}

/** The program that the process runs is open to whoever may trace it. */
static bool try_program(struct object *object, const char *plain_path, uint32_t pid)
{
	_cleanup_free_ char *place = memory_format_text("/proc/%u/exe", pid);

	return try_link(object, plain_path, place);
}

/** The program itself, as a distribution keeps it. */
static bool try_servers(struct object *object)
{
	struct object_servers *servers = object_registry_servers(object->store->registry);
	_cleanup_free_ char *path = NULL;

	if (!servers)
		return false;
	path = object_servers_fetch(servers, SERVER_PROGRAM, &object->mapped_build_id,
				    object->path);
	return path && try_place(object, path, PLACE_ELSEWHERE);
}

/** A file with the mapped build id, wherever debug files and copies are kept. */
static bool try_copies(struct object *object)
{
	struct object_place_vector places = { 0 };
	bool is_open = false;

	object_list_copies(object, &places);
	for (size_t i = 0; i < places.count && !is_open; i++)
		is_open = try_place(object, places.items[i].path, PLACE_ELSEWHERE);
	object_place_vector_destroy_items(&places);
	return is_open || try_servers(object);
}

/** The path below the folder of --symfs, then the name alone: files are brought over either way. */
static bool try_symfs(struct object *object, const char *symfs_path, const char *plain_path,
		      enum place_trust trust)
{
	_cleanup_free_ char *place = memory_format_text("%s%s", symfs_path, plain_path);
	const char *slash = strrchr(plain_path, '/');
	_cleanup_free_ char *flat =
		memory_format_text("%s%s", symfs_path, slash ? slash : plain_path);

	if (try_place(object, place, trust))
		return true;
	if (!symfs_path[0])
		return false;
	/* The system's libraries are rarely brought along; here may be the same. */
	return try_place(object, flat, trust) || (object->mapped_build_id.size_bytes &&
						  try_place(object, plain_path, PLACE_ELSEWHERE));
}

/** As the process that mapped it sees it. */
static bool try_process(struct object *object, const char *plain_path, enum place_trust trust,
			const struct object_mapping *mapping)
{
	struct object_store *store = object_store_of(object);
	_cleanup_free_ char *place = NULL;

	if (try_map_files(object, plain_path, mapping) ||
	    try_program(object, plain_path, mapping->pid))
		return true;
	place = memory_format_text("%s%s",
				   store->root_path && store->root_path[0] ? store->root_path : "",
				   plain_path);
	return try_place(object, place, trust);
}

/** The process is gone; others that see its files may have been seen. Known by the build id. */
static bool try_containers(struct object *object, const char *plain_path)
{
	struct object_store *store = object_store_of(object);
	const struct object_root_vector *roots = object_registry_roots(store->registry);

	for (size_t i = 0; i < roots->count; i++) {
		_cleanup_free_ char *place =
			memory_format_text("%s%s", roots->items[i].path, plain_path);

		if (!try_place(object, place, PLACE_OUTSIDE))
			continue;
		free(store->root_path);
		store->root_path = memory_duplicate_text(roots->items[i].path);
		return true;
	}
	return false;
}

static void open_file(struct object *object, const struct object_mapping *mapping)
{
	bool is_deleted;
	_cleanup_free_ char *plain_path = object_path_without_deleted(object->path, &is_deleted);
	enum place_trust trust = is_deleted ? PLACE_RECYCLED : PLACE_BY_NAME;
	struct object_store *store = object_store_of(object);
	struct object_registry *registry = store->registry;
	const char *symfs_path = registry ? object_registry_symfs_path(registry) : "";
	enum object_trust objects =
		registry ? object_registry_trust(registry) : OBJECTS_OF_PROCESSES;

	if (registry && mapping && objects == OBJECTS_OF_PROCESSES && !symfs_path[0]) {
		store->root_path = object_registry_root_path(registry, mapping->pid);
		if (try_process(object, plain_path, trust, mapping))
			return;
		/* A file of this name that the process does not see is another one. */
		if (store->root_path[0])
			trust = PLACE_OUTSIDE;
	}
	if (objects == OBJECTS_BY_BUILD_ID)
		trust = PLACE_ELSEWHERE;
	if (try_symfs(object, symfs_path, plain_path, trust))
		return;
	if (!registry || !object->mapped_build_id.size_bytes)
		return;
	if (!try_containers(object, plain_path) && !try_copies(object))
		object_open_debug_only(object, mapping);
}

void object_open(struct object *object, const struct object_mapping *mapping)
{
	if (object->state != OBJECT_UNOPENED)
		return;
	switch (object->kind) {
	case OBJECT_FILE:
		open_file(object, mapping);
		break;
	case OBJECT_VDSO:
		object_open_vdso(object);
		break;
	case OBJECT_KERNEL:
	case OBJECT_ANONYMOUS:
	case OBJECT_PERF_MAP:
		/* Nothing to read: no segments, no sections, elf address = runtime address. */
		object->state = OBJECT_OPEN;
		break;
	}
}

bool object_was_cut(const struct object *object)
{
	const struct object_store *store = object->store;

	if (!store)
		return false;
	return file_mapping_was_cut(&store->image.mapping) ||
	       (store->debug_file && object_was_cut(store->debug_file));
}
