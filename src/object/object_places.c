#include "object/object_internal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/** Where distributions install separate debug information (gdb, "Separate Debug Files"). */
#define DEBUG_FOLDER "/usr/lib/debug"

/** .gnu_debuglink: a file name, zero padding to 4 bytes, CRC-32 of that file. */
struct debug_link {
	const char *name;
	uint32_t crc;
};

static struct error *read_debug_link(struct bytes section, bool is_swapped, struct debug_link *ret)
{
	struct byte_reader reader = byte_reader_make(section, ".gnu_debuglink");
	struct debug_link link = { 0 };
	size_t alignment = sizeof(uint32_t);

	reader.swap = is_swapped;
	RETURN_IF_ERROR(byte_reader_text(&reader, &link.name));
	RETURN_IF_ERROR(byte_reader_seek(&reader, (reader.position + alignment - 1) / alignment *
							  alignment));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &link.crc));
	/* A file name, never a way out of the folders that are searched. */
	if (!link.name[0] || strchr(link.name, '/') || strcmp(link.name, "..") == 0)
		return byte_reader_error(&reader, "not a file name");
	*ret = link;
	return NULL;
}

void object_place_vector_destroy_items(struct object_place_vector *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->items[i].path);
	object_place_vector_deinit(places);
}

/** Takes over @p path. */
static void add_place(struct object_place_vector *places, char *path)
{
	object_place_vector_append(places, (struct object_place){ .path = path });
}

/** "$variable", or "$HOME" and @p below_home; NULL: neither is set. Free it. */
static char *folder_of_user(const char *variable, const char *below_home)
{
	const char *set = secure_getenv(variable);
	const char *home = secure_getenv("HOME");

	if (set && set[0])
		return memory_duplicate_text(set);
	return home && home[0] ? memory_format_text("%s%s", home, below_home) : NULL;
}

/** Root with another user's HOME does not read what that user put there. */
static bool is_own_folder(const char *path)
{
	struct stat status;

	return geteuid() != 0 || (stat(path, &status) == 0 && status.st_uid == 0);
}

/** perf-buildid-cache(1): what perf record kept of the programs it saw. */
static char *perf_cache_folder(void)
{
	return folder_of_user("PERF_BUILDID_DIR", "/.debug");
}

/** debuginfod-find(1): what was downloaded before; looking there asks no server. */
static char *debuginfod_cache_folder(void)
{
	const char *cache = secure_getenv("XDG_CACHE_HOME");

	if (!secure_getenv("DEBUGINFOD_CACHE_PATH") && cache && cache[0])
		return memory_format_text("%s/debuginfod_client", cache);
	return folder_of_user("DEBUGINFOD_CACHE_PATH", "/.cache/debuginfod_client");
}

/** The file systems a file of @p object may be in, as prefixes of paths. */
static void list_roots(const struct object *object, struct string_vector *roots)
{
	const struct object_store *store = object->store;
	const char *symfs_path = object_registry_symfs_path(store->registry);

	if (symfs_path[0])
		string_vector_append(roots, symfs_path);
	if (store->root_path && store->root_path[0])
		string_vector_append(roots, store->root_path);
	string_vector_append(roots, "");
}

/** Folders with files by build id and by path, the user's own first. Owned texts. */
static void list_debug_folders(const struct object *object, struct string_vector *folders)
{
	const struct string_vector *chosen = object_registry_debug_folders(object->store->registry);
	struct string_vector roots = { 0 };
	char *perf_cache = perf_cache_folder();

	for (size_t i = 0; i < chosen->count; i++)
		string_vector_append(folders, memory_duplicate_text(chosen->items[i]));
	list_roots(object, &roots);
	for (size_t i = 0; i < roots.count; i++)
		string_vector_append(folders,
				     memory_format_text("%s" DEBUG_FOLDER, roots.items[i]));
	string_vector_deinit(&roots);
	if (perf_cache && is_own_folder(perf_cache))
		string_vector_append(folders, perf_cache);
	else
		free(perf_cache);
}

/** The path's folder, without the last '/'; false: it has none. Both are to be freed. */
static bool split_path(const struct object *object, char **folder_ret, char **name_ret)
{
	bool is_deleted;
	char *folder = object_path_without_deleted(object->path, &is_deleted);
	char *slash = strrchr(folder, '/');

	if (!slash) {
		free(folder);
		return false;
	}
	*slash = '\0';
	*name_ret = memory_duplicate_text(slash + 1);
	*folder_ret = folder;
	return true;
}

/** DIR/.build-id/xx/yyyy and @p suffix; one byte of the id names the folder, the rest the file. */
static void add_by_build_id(const struct string_vector *folders, const struct build_id *build_id,
			    const char *suffix, struct object_place_vector *places)
{
	char text[BUILD_ID_TEXT_SIZE_BYTES];

	if (build_id->size_bytes < 2)
		return;
	build_id_format(build_id, text);
	for (size_t i = 0; i < folders->count; i++)
		add_place(places, memory_format_text("%s/.build-id/%.2s/%s%s", folders->items[i],
						     text, text + 2, suffix));
}

/** Where the debuginfod client keeps a file; NULL: nowhere. Free it. */
static char *downloaded_path(const struct build_id *build_id, enum object_server_file kind)
{
	_cleanup_free_ char *folder = debuginfod_cache_folder();
	char text[BUILD_ID_TEXT_SIZE_BYTES];

	if (!folder || build_id->size_bytes < 2 || !is_own_folder(folder))
		return NULL;
	build_id_format(build_id, text);
	return memory_format_text("%s/%s/%s", folder, text,
				  kind == SERVER_PROGRAM ? "executable" : "debuginfo");
}

static void add_downloaded(const struct build_id *build_id, enum object_server_file kind,
			   struct object_place_vector *places)
{
	char *path = downloaded_path(build_id, kind);

	if (path)
		add_place(places, path);
}

void object_places_forget_miss(enum object_server_file kind, const struct build_id *build_id)
{
	_cleanup_free_ char *path = downloaded_path(build_id, kind);
	struct stat status;

	if (path && lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0)
		unlink(path);
}

static void add_by_link(struct object *object, const struct string_vector *folders,
			struct object_place_vector *places)
{
	struct bytes section = object_section(object, ".gnu_debuglink", NULL);
	_cleanup_free_ char *folder = NULL, *name = NULL;
	_cleanup_error_ struct error *error = NULL;
	struct string_vector roots = { 0 };
	struct debug_link link = { 0 };
	size_t first = places->count;

	if (!section.size || !split_path(object, &folder, &name))
		return;
	error = read_debug_link(section, object->store->image.is_swapped, &link);
	if (error)
		return;
	list_roots(object, &roots);
	for (size_t i = 0; i < roots.count; i++) {
		add_place(places, memory_format_text("%s%s/%s", roots.items[i], folder, link.name));
		add_place(places,
			  memory_format_text("%s%s/.debug/%s", roots.items[i], folder, link.name));
	}
	string_vector_deinit(&roots);
	for (size_t i = 0; i < folders->count; i++) {
		add_place(places,
			  memory_format_text("%s%s/%s", folders->items[i], folder, link.name));
		add_place(places, memory_format_text("%s/%s", folders->items[i], link.name));
	}
	for (size_t i = first; i < places->count; i++) {
		places->items[i].crc = link.crc;
		places->items[i].has_crc = true;
	}
}

void object_list_debug_places(struct object *object, struct object_place_vector *places)
{
	struct string_vector folders = { 0 };

	list_debug_folders(object, &folders);
	add_by_build_id(&folders, &object->build_id, ".debug", places);
	add_by_build_id(&folders, &object->build_id, "/debug", places);
	add_by_link(object, &folders, places);
	/* A program from before strip(1) is as good; perf keeps what it saw under this name. */
	add_by_build_id(&folders, &object->build_id, "/elf", places);
	add_by_build_id(&folders, &object->build_id, "", places);
	add_downloaded(&object->build_id, SERVER_DEBUG_FILE, places);
	string_vector_destroy_items(&folders);
}

void object_list_copies(struct object *object, struct object_place_vector *places)
{
	const struct build_id *build_id = &object->mapped_build_id;
	_cleanup_free_ char *folder = NULL, *name = NULL;
	struct string_vector folders = { 0 };

	list_debug_folders(object, &folders);
	add_by_build_id(&folders, build_id, "/elf", places);
	add_by_build_id(&folders, build_id, "", places);
	if (build_id->size_bytes && split_path(object, &folder, &name)) {
		for (size_t i = 0; i < folders.count; i++)
			add_place(places, memory_format_text("%s/%s", folders.items[i], name));
	}
	add_downloaded(build_id, SERVER_PROGRAM, places);
	string_vector_destroy_items(&folders);
}

void object_list_named(struct object *object, const char *folder, const char *name,
		       struct object_place_vector *places)
{
	_cleanup_free_ char *own_folder = NULL, *own_name = NULL;
	struct string_vector roots = { 0 }, folders = { 0 };
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;

	list_roots(object, &roots);
	list_debug_folders(object, &folders);
	for (size_t i = 0; i < roots.count; i++) {
		if (name[0] == '/')
			add_place(places, memory_format_text("%s%s", roots.items[i], name));
		else if (folder)
			add_place(places,
				  memory_format_text("%s%s/%s", roots.items[i], folder, name));
	}
	/* Moved together with the program. */
	if (split_path(object, &own_folder, &own_name)) {
		for (size_t i = 0; i < roots.count; i++) {
			if (name[0] != '/')
				add_place(places, memory_format_text("%s%s/%s", roots.items[i],
								     own_folder, name));
			add_place(places,
				  memory_format_text("%s%s/%s", roots.items[i], own_folder, base));
		}
	}
	for (size_t i = 0; i < folders.count; i++) {
		add_place(places,
			  memory_format_text("%s/%s", folders.items[i], name + (name[0] == '/')));
		add_place(places, memory_format_text("%s/%s", folders.items[i], base));
	}
	string_vector_deinit(&roots);
	string_vector_destroy_items(&folders);
}

void object_list_by_build_id(struct object *object, const struct build_id *build_id,
			     struct object_place_vector *places)
{
	struct string_vector folders = { 0 };

	list_debug_folders(object, &folders);
	add_by_build_id(&folders, build_id, ".debug", places);
	add_by_build_id(&folders, build_id, "/debug", places);
	add_downloaded(build_id, SERVER_DEBUG_FILE, places);
	string_vector_destroy_items(&folders);
}
