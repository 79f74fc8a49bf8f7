#include "analyze/origin.h"

#include "arch/architecture.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/utsname.h>

/** The pid of kernel mappings in MMAP records. */
#define KERNEL_PID UINT32_MAX

/** perf adds the name of the symbol whose address it recorded as the page offset. */
#define KERNEL_PATH "[kernel.kallsyms]"

static bool is_kernel_path(const char *path)
{
	return strncmp(path, KERNEL_PATH, strlen(KERNEL_PATH)) == 0;
}

static void add_build_id(struct origin *origin, const struct build_id_record *record)
{
	struct build_id *known;
	const char *path;

	if (build_id_map_find(&origin->build_ids, record->path))
		return;
	path = memory_duplicate_text(record->path);
	known = build_id_map_insert(&origin->build_ids, path, NULL);
	*known = record->build_id;
}

void origin_init(struct origin *origin, const struct record_origin *facts,
		 struct object_registry *registry, bool is_trusting)
{
	struct utsname here = { 0 };

	*origin = (struct origin){
		.is_trusting = is_trusting,
		.tells_stack_ends = facts->tells_stack_ends,
	};
	uname(&here);
	origin->is_elsewhere = facts->hostname ? strcmp(facts->hostname, here.nodename) != 0
					       : !facts->is_unfinished;
	origin->is_same_release = facts->os_release && strcmp(facts->os_release, here.release) == 0;
	for (uint64_t i = 0; i < facts->n_build_ids; i++)
		add_build_id(origin, &facts->build_ids[i]);
	object_registry_set_trust(registry, origin->is_elsewhere && !is_trusting
						    ? OBJECTS_BY_BUILD_ID
						    : OBJECTS_BY_PATH);
}

void origin_deinit(struct origin *origin)
{
	struct build_id *build_id;
	size_t cursor = 0;
	const char *path;

	while (build_id_map_next(&origin->build_ids, &cursor, &path, &build_id))
		free((char *)path);
	build_id_map_deinit(&origin->build_ids);
	free(origin->kernel_symbol);
}

bool origin_is_native(const struct record_origin *facts)
{
	const struct architecture *native = architecture_native();

	return !facts->architecture || (native && strcmp(facts->architecture, native->name) == 0);
}

void origin_apply(struct origin *origin, const struct record *record)
{
	const struct mapping_record *mapping = &record->mapping;

	if (record->type == RECORD_TYPE_HEADER_BUILD_ID) {
		add_build_id(origin, &record->build_id);
		return;
	}
	if ((record->type != PERF_RECORD_MMAP && record->type != PERF_RECORD_MMAP2) ||
	    record->pid != KERNEL_PID || !is_kernel_path(mapping->path) || origin->kernel_symbol)
		return;
	origin->kernel_start = mapping->start;
	origin->kernel_end = mapping->start + mapping->size_bytes;
	if (origin->kernel_end < origin->kernel_start)
		origin->kernel_end = UINT64_MAX;
	origin->kernel_symbol = memory_duplicate_text(mapping->path + strlen(KERNEL_PATH));
	origin->kernel_symbol_address = mapping->file_offset;
}

void origin_complete_mapping(const struct origin *origin, struct mapping_record *mapping)
{
	const struct build_id *known;

	if (mapping->build_id.size_bytes)
		return;
	known = build_id_map_find(&origin->build_ids, mapping->path);
	if (known)
		mapping->build_id = *known;
}

/** The present address of a kernel symbol; 0: hidden (kptr_restrict) or not there. */
static uint64_t present_symbol_address(const char *symbol)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	uint64_t address, found = 0;
	char line[512], name[256];

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%" SCNx64 " %*c %255s", &address, name) == 2 &&
		    strcmp(name, symbol) == 0)
			found = address;
	}
	if (file)
		fclose(file);
	return found;
}

static void decide_kernel(struct origin *origin, struct object *kernel)
{
	const struct build_id *recorded = build_id_map_find(&origin->build_ids, KERNEL_PATH);
	uint64_t present = 0;
	bool is_same;

	if (recorded)
		is_same = build_id_equal(recorded, &kernel->build_id);
	else
		is_same = origin->is_same_release && !origin->is_elsewhere;
	if (is_same && origin->kernel_symbol)
		present = present_symbol_address(origin->kernel_symbol);
	if (present) {
		origin->kernel_match = KERNEL_SAME;
		origin->kernel_shift = present - origin->kernel_symbol_address;
		return;
	}
	origin->kernel_match = KERNEL_OTHER;
	if (recorded)
		kernel->build_id = *recorded;
	kernel->state = OBJECT_REPLACED;
	free(kernel->problem);
	kernel->problem = memory_duplicate_text(
		is_same ? "nothing tells where this kernel was loaded when it was recorded"
			: "recorded on another kernel than the one running here");
}

uint64_t origin_kernel_address(struct origin *origin, struct object_registry *registry,
			       uint64_t address, struct object **object_ret)
{
	struct object *kernel = object_registry_kernel(registry);
	bool is_in_core;

	if (origin->kernel_match == KERNEL_UNDECIDED)
		decide_kernel(origin, kernel);
	*object_ret = kernel;
	if (origin->kernel_match == KERNEL_OTHER || origin->kernel_shift == 0)
		return address;
	is_in_core = address >= origin->kernel_start && address < origin->kernel_end;
	if (!is_in_core)
		*object_ret = NULL; /* modules move by themselves */
	return is_in_core ? address + origin->kernel_shift : address;
}
