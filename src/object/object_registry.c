#include "base/hash_map.h"
#include "object/object_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/** /sys/kernel/notes is a few hundred bytes; anything more than this is not read. */
#define KERNEL_NOTES_SIZE_MAX_BYTES 65536

#define KERNEL_PATH "[kernel.kallsyms]"

static uint64_t identity_hash(struct object_identity identity)
{
	uint64_t hash = hash_text(identity.path);

	hash = hash_combine(hash,
			    hash_bytes(identity.build_id.bytes, identity.build_id.size_bytes));
	return hash_combine(hash, identity.inode);
}

static bool identity_equal(struct object_identity a, struct object_identity b)
{
	return strcmp(a.path, b.path) == 0 && a.build_id.size_bytes == b.build_id.size_bytes &&
	       memcmp(a.build_id.bytes, b.build_id.bytes, a.build_id.size_bytes) == 0 &&
	       a.device_major == b.device_major && a.device_minor == b.device_minor &&
	       a.inode == b.inode && a.inode_generation == b.inode_generation;
}

DEFINE_HASH_MAP(identity_map, struct object_identity, struct object *, identity_hash,
		identity_equal)

/** Memory without a file, of one process and name. */
struct memory_key {
	const char *label; /**< Of the object. */
	uint32_t pid;
};

static uint64_t memory_key_hash(struct memory_key key)
{
	return hash_combine(hash_text(key.label), key.pid);
}

static bool memory_key_equal(struct memory_key a, struct memory_key b)
{
	return a.pid == b.pid && strcmp(a.label, b.label) == 0;
}

DEFINE_HASH_MAP(memory_map, struct memory_key, struct object *, memory_key_hash, memory_key_equal)
DEFINE_HASH_MAP(process_map, uint32_t, struct object_process *, hash_u32, equal_u32)

struct object_registry {
	char *symfs_path;
	struct string_vector debug_folders; /**< Owned texts. */
	struct object_servers *servers;     /**< NULL: nobody is to be asked. */
	struct object_root_vector roots;
	uint32_t n_temporary_folders;
	struct object_vector objects;
	struct identity_map by_identity; /**< Keys borrow the path of their object. */
	struct memory_map memories;      /**< Keys borrow the label of their object. */
	struct process_map processes;    /**< Those that have run-time code; owned. */
	struct object *kernel;
	enum object_trust trust;
};

struct object_registry *object_registry_create(const char *symfs_path)
{
	struct object_registry *registry = memory_allocate(1, sizeof(*registry));

	registry->symfs_path = memory_duplicate_text(symfs_path ? symfs_path : "");
	return registry;
}

static void destroy_processes(struct process_map *processes)
{
	struct object_process **process;
	size_t cursor = 0;
	uint32_t pid;

	while (process_map_next(processes, &cursor, &pid, &process))
		object_process_destroy(*process);
	process_map_deinit(processes);
}

void object_registry_destroy(struct object_registry *registry)
{
	if (!registry)
		return;
	for (size_t i = 0; i < registry->objects.count; i++)
		object_destroy(registry->objects.items[i]);
	object_vector_deinit(&registry->objects);
	identity_map_deinit(&registry->by_identity);
	memory_map_deinit(&registry->memories);
	destroy_processes(&registry->processes);
	string_vector_destroy_items(&registry->debug_folders);
	object_roots_deinit(&registry->roots);
	free(registry->symfs_path);
	free(registry);
}

struct object *object_registry_add(struct object_registry *registry, enum object_kind kind,
				   const char *path)
{
	struct object *object = memory_allocate(1, sizeof(*object));

	object->index = (uint32_t)registry->objects.count;
	object->kind = kind;
	object->path = memory_duplicate_text(path);
	object_store_of(object)->registry = registry;
	object_vector_append(&registry->objects, object);
	return object;
}

void object_registry_add_debug_folder(struct object_registry *registry, const char *path)
{
	string_vector_append(&registry->debug_folders, memory_duplicate_text(path));
}

const struct string_vector *object_registry_debug_folders(const struct object_registry *registry)
{
	return &registry->debug_folders;
}

void object_registry_set_servers(struct object_registry *registry, struct object_servers *servers)
{
	registry->servers = servers;
}

struct object_servers *object_registry_servers(const struct object_registry *registry)
{
	return registry->servers;
}

char *object_registry_root_path(struct object_registry *registry, uint32_t pid)
{
	return object_roots_find(&registry->roots, pid);
}

uint32_t *object_registry_n_temporary_folders(struct object_registry *registry)
{
	return &registry->n_temporary_folders;
}

void object_registry_set_trust(struct object_registry *registry, enum object_trust trust)
{
	registry->trust = trust;
}

enum object_trust object_registry_trust(const struct object_registry *registry)
{
	return registry->trust;
}

const char *object_registry_symfs_path(const struct object_registry *registry)
{
	return registry->symfs_path;
}

/** What tells two objects of @p kind apart: files by what they are, the rest by name alone. */
static struct object_identity identity_key(const struct object_identity *identity,
					   enum object_kind kind)
{
	struct object_identity key = { .path = identity->path ? identity->path : "" };

	if (kind == OBJECT_VDSO || (kind == OBJECT_FILE && identity->build_id.size_bytes)) {
		key.build_id = identity->build_id;
	} else if (kind == OBJECT_FILE) {
		key.device_major = identity->device_major;
		key.device_minor = identity->device_minor;
		key.inode = identity->inode;
		key.inode_generation = identity->inode_generation;
	}
	return key;
}

struct object *object_registry_find(struct object_registry *registry,
				    const struct object_identity *identity)
{
	enum object_kind kind = object_kind_of_path(identity->path ? identity->path : "");
	struct object_identity key = identity_key(identity, kind);
	struct object *object, **known;

	if (kind == OBJECT_KERNEL)
		return object_registry_kernel(registry);
	known = identity_map_find(&registry->by_identity, key);
	if (known)
		return *known;

	object = object_registry_add(registry, kind, key.path);
	object->build_id = object->mapped_build_id = key.build_id;
	key.path = object->path;
	*identity_map_insert(&registry->by_identity, key, NULL) = object;
	return object;
}

void object_registry_note_build_id(struct object_registry *registry, struct object *object)
{
	struct object_identity key = { .path = object->path, .build_id = object->build_id };
	struct object **known;
	bool is_new;

	if (object->kind != OBJECT_FILE || object->is_debug_file || !object->build_id.size_bytes)
		return;
	known = identity_map_insert(&registry->by_identity, key, &is_new);
	if (is_new)
		*known = object;
}

/** The running kernel's; unknown when sysfs is not there. */
static struct build_id kernel_build_id(void)
{
	struct build_id build_id = { 0 };
	int fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
	struct bytes notes = { 0 };
	ssize_t n_read;
	uint8_t *buffer;

	if (fd < 0)
		return build_id;
	buffer = memory_allocate(KERNEL_NOTES_SIZE_MAX_BYTES, 1);
	n_read = read(fd, buffer, KERNEL_NOTES_SIZE_MAX_BYTES);
	close(fd);
	if (n_read > 0)
		notes = (struct bytes){ buffer, (size_t)n_read };
	elf_notes_find_build_id(notes, false, 4, &build_id);
	free(buffer);
	return build_id;
}

struct object *object_registry_kernel(struct object_registry *registry)
{
	if (!registry->kernel) {
		registry->kernel = object_registry_add(registry, OBJECT_KERNEL, KERNEL_PATH);
		registry->kernel->build_id = kernel_build_id();
	}
	return registry->kernel;
}

static struct object_process *find_process(struct object_registry *registry, uint32_t pid)
{
	bool is_new;
	struct object_process **process = process_map_insert(&registry->processes, pid, &is_new);

	if (is_new)
		*process = object_process_create(registry, pid);
	return *process;
}

/** The object's path: perf's for memory that has no name. */
static char *memory_path(const char *label, uint32_t pid)
{
	return strcmp(label, OBJECT_ANONYMOUS_LABEL) == 0
		       ? memory_format_text("/tmp/perf-%u.map", pid)
		       : memory_duplicate_text(label);
}

struct object *object_registry_memory(struct object_registry *registry, uint32_t pid,
				      const char *path)
{
	_cleanup_free_ char *label = object_label_of_memory(path);
	_cleanup_free_ char *object_path = memory_path(label, pid);
	struct memory_key key = { .label = label, .pid = pid };
	struct object **known = memory_map_find(&registry->memories, key);
	struct object *object;

	if (known)
		return *known;
	object = object_registry_add(registry, OBJECT_PERF_MAP, object_path);
	object->label = memory_duplicate_text(label);
	object->process = find_process(registry, pid);
	if (registry->trust == OBJECTS_BY_BUILD_ID) {
		/* A map of that name here belongs to another process. */
		object->state = OBJECT_MISSING;
		object->problem = memory_duplicate_text("recorded on another machine");
	}
	key.label = object->label;
	*memory_map_insert(&registry->memories, key, NULL) = object;
	return object;
}

/** "jit-PID.dump" */
static bool is_dump_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	unsigned int pid;
	int length = 0;

	return sscanf(name, "jit-%u.dump%n", &pid, &length) == 1 && length && !name[length];
}

void object_registry_note_mapping(struct object_registry *registry, uint32_t pid, const char *path)
{
	struct object_process *process;

	if (!is_dump_path(path))
		return;
	process = find_process(registry, pid);
	free(process->dump_path);
	process->dump_path = memory_duplicate_text(path);
}

void object_registry_note_process(struct object_registry *registry, uint32_t pid)
{
	if (registry->trust == OBJECTS_OF_PROCESSES)
		free(object_roots_find(&registry->roots, pid));
}

const struct object_root_vector *object_registry_roots(const struct object_registry *registry)
{
	return &registry->roots;
}

const struct object_vector *object_registry_objects(const struct object_registry *registry)
{
	return &registry->objects;
}
