#pragma once

/**
 * A thing that holds code: an ELF file, the vdso, the kernel, a kernel module,
 * or anonymous (JIT) memory. Opened once per build id or file, shared by all
 * processes that map it, never closed before the registry is.
 *
 * Address words (docs/glossary.md): a *runtime address* is what the CPU saw; a
 * *file offset* is a position in the file; an *elf address* is in the file's own
 * address space (symbols, unwind rows, DWARF). For the kernel and for anonymous
 * memory the elf address is the runtime address.
 *
 * Not thread-safe.
 */

#include "base/build_id.h"
#include "base/bytes.h"
#include "base/vector.h"

#include <gelf.h>

struct architecture;
struct object_servers;
struct object_store;

enum object_kind {
	OBJECT_FILE,      /**< An ELF file. */
	OBJECT_VDSO,      /**< "[vdso]", read from our own memory. */
	OBJECT_KERNEL,    /**< "[kernel.kallsyms]": kernel and modules as kallsyms has them. */
	OBJECT_ANONYMOUS, /**< "//anon", "[heap]", "/memfd:...", "/dev/zero": no file. */
	OBJECT_PERF_MAP,  /**< JIT code of one process, named by /tmp/perf-PID.map. */
};

/** Why an ELF file could not be used. */
enum object_state {
	OBJECT_UNOPENED,
	OBJECT_OPEN,
	OBJECT_MISSING,  /**< The path is not there (deleted, other namespace). */
	OBJECT_REPLACED, /**< The file at the path has another build id than the mapping. */
	OBJECT_BROKEN,   /**< Not ELF, or damaged; see object->problem. */
	OBJECT_DENIED,   /**< Not allowed to read it. */
};

/** PT_LOAD. */
struct object_segment {
	uint64_t file_offset;
	uint64_t file_size_bytes;
	uint64_t elf_address;
	uint64_t memory_size_bytes;
	bool is_executable;
};

DEFINE_VECTOR(object_segment_vector, struct object_segment)

/** The process whose run-time code an OBJECT_PERF_MAP is, noted while it was there. */
struct object_process {
	uint32_t pid;     /**< As we see it. */
	uint32_t own_pid; /**< As it sees itself, in its PID namespace. */
	uint32_t user_id; /**< Valid if is_user_known. */
	bool is_user_known;
	uint64_t start_realtime_ns; /**< To a clock tick of 10 ms; 0: unknown. */
	char *root_path;          /**< Prefix of paths as it sees them; "" when that is as we do. */
	char *temporary_path;     /**< Its /tmp, as we reach it. */
	int temporary_descriptor; /**< Keeps that reachable; -1: not needed. */
	char *dump_path;          /**< The jitdump file it mapped, as it calls it; NULL: none. */
};

struct object {
	uint32_t index; /**< Dense from 0 in its registry: others keep arrays by it. */
	enum object_kind kind;
	enum object_state state;
	char *path;                      /**< As the mapping named it. */
	char *problem;                   /**< Why state is not OBJECT_OPEN, one line; else NULL. */
	struct build_id build_id;        /**< From the mapping, or from the file once open. */
	struct build_id mapped_build_id; /**< What the kernel said was mapped; size 0: nothing. */
	bool is_debug_file; /**< Belongs to another object (object_debug_file()); never mapped. */
	/** The program is gone and this is its debug file: names and lines, but no code. */
	bool is_without_code;

	/* Valid when state is OBJECT_OPEN; file kinds only. */
	const struct architecture *architecture; /**< NULL: a CPU we do not know. */
	struct bytes image;                      /**< The whole file, mapped read-only. */
	Elf *elf;                                /**< libelf handle over image. */
	uint64_t entry_elf_address;
	struct object_segment_vector segments; /**< Ascending by file offset. */

	struct object_process *process; /**< Of OBJECT_PERF_MAP, the registry's; else NULL. */
	char *label; /**< Of OBJECT_PERF_MAP: the memory, whoever's it is; else NULL. */
	struct object_store *store; /**< What object/ keeps for itself; NULL until needed. */
};

DEFINE_VECTOR(object_vector, struct object *)

/** What a mapping says about its file. */
struct object_identity {
	const char *path;
	uint32_t device_major, device_minor;
	uint64_t inode;
	uint64_t inode_generation;
	struct build_id build_id; /**< size 0: unknown. */
};

struct object_registry;

/**
 * @param symfs_path  Folder put before every path (perf's --symfs), or NULL.
 */
struct object_registry *object_registry_create(const char *symfs_path);
void object_registry_destroy(struct object_registry *registry);

/** Which files of this machine are taken for those that were mapped. */
enum object_trust {
	OBJECTS_OF_PROCESSES, /**< The processes are here: what they see under the path. */
	OBJECTS_BY_PATH,      /**< They were here: what is there now, if no build id objects. */
	OBJECTS_BY_BUILD_ID,  /**< They were elsewhere: only what has the recorded build id. */
};

/** OBJECTS_OF_PROCESSES until this is called. Call it before the first object is opened. */
void object_registry_set_trust(struct object_registry *registry, enum object_trust trust);

/** Also look for debug files and copies of programs below @p path, before the usual folders. */
void object_registry_add_debug_folder(struct object_registry *registry, const char *path);

/**
 * From now on ask @p servers (borrowed) for debug files that are in no folder, and, when records
 * are of another time, for programs. NULL: nobody. Not while recording: answers take seconds.
 */
void object_registry_set_servers(struct object_registry *registry, struct object_servers *servers);

/** The object of a mapping, created on first sight. Never NULL. Does not open the file yet. */
struct object *object_registry_find(struct object_registry *registry,
				    const struct object_identity *identity);

/** The kernel's object. */
struct object *object_registry_kernel(struct object_registry *registry);

/** The label of memory that has no name at all, as the kernel writes it. */
#define OBJECT_ANONYMOUS_LABEL "//anon"

/**
 * Code of process @p pid in memory without a file: what a just-in-time compiler made.
 *
 * @param path  Of the mapping; what differs from run to run is left out of the label.
 */
struct object *object_registry_memory(struct object_registry *registry, uint32_t pid,
				      const char *path);

/**
 * Process @p pid mapped @p path. Of interest when it is called jit-PID.dump: that is a runtime's
 * way to say where its names are (the kernel tree's
 * tools/perf/Documentation/jitdump-specification.txt).
 */
void object_registry_note_mapping(struct object_registry *registry, uint32_t pid, const char *path);

/**
 * Process @p pid began to run a program: its view of the file system stays reachable, for those of
 * its children that are gone before anybody looks.
 */
void object_registry_note_process(struct object_registry *registry, uint32_t pid);

/** All objects so far, by index. */
const struct object_vector *object_registry_objects(const struct object_registry *registry);

/** Where a process has an object. */
struct object_mapping {
	uint32_t pid;
	uint64_t start, end; /**< Runtime addresses; 0: unknown. */
	uint64_t file_offset;
};

/**
 * Open the file if that was not tried before; afterwards state says how it went.
 *
 * @param mapping  For the files that its process sees, and to place a program of which only the
 *                 debug file is left; NULL: none is known.
 *
 * A missing or broken file is data (state, problem), not an error: the rest of
 * the profile stands. The build id is checked against the mapping's.
 */
void object_open(struct object *object, const struct object_mapping *mapping);

/** File offset to elf address; false: in no PT_LOAD segment. */
bool object_elf_address_of_offset(const struct object *object, uint64_t file_offset,
				  uint64_t *elf_address_ret);

/** And back; false: no byte of the file is there. */
bool object_offset_of_elf_address(const struct object *object, uint64_t elf_address,
				  uint64_t *file_offset_ret);

/** The bytes at an elf address up to the end of its segment's file part; empty: none are here. */
struct bytes object_bytes_at(const struct object *object, uint64_t elf_address);

/**
 * A section by name, decompressed if need be (zlib, zstd). Borrowed from the
 * object. Empty when there is no such section or no bytes in it (SHT_NOBITS).
 *
 * @param elf_address_ret  sh_addr; may be NULL.
 */
struct bytes object_section(struct object *object, const char *name, uint64_t *elf_address_ret);

/**
 * The separate file that holds @p object's debug information or symbol table:
 * build-id folders, .gnu_debuglink (CRC checked), what perf and debuginfod keep in the user's
 * home, in that order. Looked for once. NULL when there is none (or when the object has its own).
 */
struct object *object_debug_file(struct object *object);

/**
 * The file, or its debug file, lost bytes while it was read, which then read as zeros: what was
 * found in it must not be kept for other runs.
 */
bool object_was_cut(const struct object *object);

/**
 * The symbol table that stripped programs carry along (.gnu_debugdata: an ELF file in xz). NULL:
 * none. Owned by the object.
 */
struct object *object_mini_debug(struct object *object);

/** Whether @p candidate is the file that was looked for. */
typedef bool object_companion_check(void *context, struct object *candidate);

/**
 * Open a file that @p object's debug information names: below the roots and folders that are
 * searched for @p object, beside it, and in @p folder if @p name is relative.
 *
 * @return the first that @p accepts; the caller closes it. NULL: none. It must be closed before
 *         the registry is destroyed.
 */
struct object *object_open_companion(struct object *object, const char *folder, const char *name,
				     object_companion_check *accepts, void *context);

/**
 * The supplementary file of .gnu_debugaltlink (dwz(1)), known by its build id; likewise.
 *
 * @param is_named_ret  Whether @p object names one.
 */
struct object *object_open_alternate(struct object *object, bool *is_named_ret);

/** NULL is fine. */
void object_close_companion(struct object *companion);

/**
 * A number that changes when a file that object_debug_file() would look at appears, goes or is
 * replaced, found without opening one. 0: there is none.
 */
uint64_t object_debug_stamp(struct object *object);

/**
 * What is found in @p object and its debug files depends on this text alone: build id (or, without
 * one, inode and time of change), size, object_debug_stamp(). Free it. NULL: it is no open file.
 */
char *object_fingerprint(struct object *object);
