#include "analyze/naming.h"

#include "analyze/object_advice.h"
#include "base/memory.h"
#include "profile/label.h"
#include "unwind/object_table.h"

void object_ids_deinit(struct object_ids *ids)
{
	index_vector_deinit(&ids->by_object);
	object_vector_deinit(&ids->objects);
}

static uint32_t add_object(struct object_ids *ids, struct profile *profile, const char *path,
			   const struct build_id *build_id, struct object *object)
{
	uint32_t id = profile_intern_object(profile, path, build_id);

	while (ids->objects.count <= id)
		object_vector_append(&ids->objects, NULL);
	if (!ids->objects.items[id])
		ids->objects.items[id] = object;
	return id;
}

uint32_t object_ids_of_frame(struct object_ids *ids, struct profile *profile,
			     struct object_registry *registry, const struct address_frame *frame,
			     uint32_t pid)
{
	static const struct build_id no_build_id;
	struct object *object = frame->object;
	uint32_t *slot;

	if (!object)
		return add_object(ids, profile, "[unknown]", &no_build_id, NULL);
	if (object->kind == OBJECT_ANONYMOUS)
		object = object_registry_memory(registry, pid, object->path);
	while (ids->by_object.count <= object->index)
		index_vector_append(&ids->by_object, 0);
	slot = &ids->by_object.items[object->index];
	if (*slot == 0)
		*slot = add_object(ids, profile, object->path, &object->build_id, object) + 1;
	return *slot - 1;
}

/** A location to be named: sorted by object, then address. */
struct naming_entry {
	uint64_t elf_address;
	uint32_t object;
	uint32_t location;
};

DEFINE_VECTOR(naming_entry_vector, struct naming_entry)
DEFINE_VECTOR(symbol_result_vector, struct symbol_result)

static int naming_entry_compare(const void *a, const void *b)
{
	const struct naming_entry *left = a, *right = b;

	if (left->object != right->object)
		return left->object < right->object ? -1 : 1;
	if (left->elf_address != right->elf_address)
		return left->elf_address < right->elf_address ? -1 : 1;
	return left->location < right->location ? -1 : left->location > right->location;
}

static uint32_t base_frame_flags(const struct profile_location *location,
				 const struct object *object)
{
	uint32_t flags = 0;

	if (location->kind == LOCATION_KERNEL)
		flags |= FRAME_IS_KERNEL;
	if (object && object->kind == OBJECT_PERF_MAP)
		flags |= FRAME_IS_JIT;
	if (location->flags & LOCATION_IS_RECOVERED)
		flags |= FRAME_IS_RECOVERED;
	return flags;
}

/** What is named in one batch. */
struct naming {
	struct profile *profile;
	struct object *object;           /**< NULL: addresses in no object. */
	struct cfi_fde_vector functions; /**< Of the object, read when a name is missing. */
	bool has_functions;
	struct index_vector frame_ids; /**< Of the location at hand. */
};

static const struct cfi_fde *find_function(const struct cfi_fde_vector *functions, uint64_t address)
{
	size_t low = 0, high = functions->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (functions->items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < functions->items[low - 1].end ? &functions->items[low - 1] : NULL;
}

/** Code without a symbol is told apart by where its function begins, if that is known. */
static string_id name_without_symbol(struct naming *naming, const struct profile_location *location,
				     uint64_t *symbol_offset_ret)
{
	struct profile *profile = naming->profile;
	struct object *object = naming->object;
	const struct cfi_fde *function;
	_cleanup_free_ char *name = NULL;

	if (!object || object->state != OBJECT_OPEN ||
	    (object->kind != OBJECT_FILE && object->kind != OBJECT_VDSO))
		return profile->frames.items[PROFILE_FRAME_UNKNOWN].name;
	if (!naming->has_functions)
		object_functions_read(object, &naming->functions);
	naming->has_functions = true;
	function = find_function(&naming->functions, location->elf_address);
	if (!function)
		return profile->frames.items[PROFILE_FRAME_UNKNOWN].name;
	*symbol_offset_ret = location->elf_address - function->start;
	name = profile_name_by_address(
		profile_text(profile, profile->objects.items[location->object].name),
		function->start);
	return profile_intern_text(profile, name);
}

static void name_location(struct naming *naming, uint32_t location_id,
			  const struct symbol_result *result)
{
	struct profile *profile = naming->profile;
	const struct object *object = naming->object;
	struct index_vector *frame_ids = &naming->frame_ids;
	const struct profile_location *location = &profile->locations.items[location_id];
	struct profile_frame frame = { .object = location->object };
	uint32_t base_flags = base_frame_flags(location, object);
	uint64_t symbol_offset = 0;

	index_vector_clear(frame_ids);
	if (result && result->status == SYMBOL_FOUND) {
		symbol_offset = location->elf_address - result->symbol_elf_address;
		for (uint32_t i = 0; i < result->n_frames; i++) {
			const struct symbol_frame *symbol = &result->frames[i];

			frame.name = profile_intern_text(profile, symbol->name);
			frame.file = profile_intern_text(profile, symbol->file);
			frame.line = symbol->line;
			frame.flags = base_flags | (symbol->is_inlined ? FRAME_IS_INLINED : 0);
			index_vector_append(frame_ids, profile_intern_frame(profile, &frame));
		}
	} else {
		frame.name = name_without_symbol(naming, location, &symbol_offset);
		frame.flags = base_flags | FRAME_IS_UNKNOWN;
		index_vector_append(frame_ids, profile_intern_frame(profile, &frame));
	}
	profile_set_location_frames(profile, location_id, frame_ids->items,
				    (uint32_t)frame_ids->count, symbol_offset);
}

/** Not the kernel or the JIT map of this machine for those of another. */
static bool object_is_nameable(const struct object *object)
{
	return (object->kind != OBJECT_KERNEL && object->kind != OBJECT_PERF_MAP) ||
	       object->state == OBJECT_UNOPENED || object->state == OBJECT_OPEN;
}

/** Code that no map names is not called after a map: "//anon" as the kernel has it, "memfd:jit". */
static void show_as_memory(struct profile *profile, uint32_t object_id, const char *label)
{
	struct profile_object *object = &profile->objects.items[object_id];
	const char *slash = strrchr(label, '/');

	object->path = profile_intern_text(profile, label);
	object->name = profile_intern_text(profile, slash ? slash + 1 : label);
}

/** Entries of one object: resolve their distinct addresses in one batch. */
static void name_object(struct profile *profile, uint32_t object_id, struct object *object,
			struct symbolizer *symbolizer, const struct naming_entry *entries,
			size_t n_entries)
{
	struct address_vector addresses = { 0 };
	struct symbol_result_vector results = { 0 };
	struct naming naming = { .profile = profile, .object = object };
	size_t n_unnamed = 0;
	size_t result_index = 0;
	bool is_nameable = object && object_is_nameable(object);

	for (size_t i = 0; i < n_entries; i++) {
		if (i == 0 || entries[i].elf_address != entries[i - 1].elf_address)
			address_vector_append(&addresses, entries[i].elf_address);
	}
	symbol_result_vector_reserve(&results, addresses.count);
	memset(results.items, 0, addresses.count * sizeof(*results.items));
	if (is_nameable)
		symbolizer_resolve(symbolizer, object, addresses.items, addresses.count,
				   results.items);
	for (size_t i = 0; i < n_entries; i++) {
		const struct symbol_result *result;

		if (i > 0 && entries[i].elf_address != entries[i - 1].elf_address)
			result_index++;
		result = is_nameable ? &results.items[result_index] : NULL;
		if (!result || result->status != SYMBOL_FOUND)
			n_unnamed++;
		name_location(&naming, entries[i].location, result);
	}
	if (object && object->kind == OBJECT_PERF_MAP && n_unnamed == n_entries)
		show_as_memory(profile, object_id, object->label);
	/* Damage costs inlined functions and lines where the symbol table still has names. */
	if (object && (n_unnamed || symbolizer_object_problem(symbolizer, object)))
		object_advice_set(profile, object_id, object, symbolizer);
	address_vector_deinit(&addresses);
	symbol_result_vector_deinit(&results);
	cfi_fde_vector_deinit(&naming.functions);
	index_vector_deinit(&naming.frame_ids);
}

void naming_run(struct profile *profile, const struct object_ids *ids,
		struct symbolizer *symbolizer)
{
	struct naming_entry_vector entries = { 0 };

	naming_entry_vector_reserve(&entries, profile->locations.count);
	for (uint32_t i = 0; i < profile->locations.count; i++) {
		const struct profile_location *location = &profile->locations.items[i];

		if (location->n_frames)
			continue; /* no code: it says what was waited for */
		naming_entry_vector_append(
			&entries, (struct naming_entry){ .elf_address = location->elf_address,
							 .object = location->object,
							 .location = i });
	}
	if (entries.count)
		qsort(entries.items, entries.count, sizeof(*entries.items), naming_entry_compare);
	for (size_t first = 0, end; first < entries.count; first = end) {
		uint32_t object_id = entries.items[first].object;

		for (end = first; end < entries.count && entries.items[end].object == object_id;)
			end++;
		name_object(profile, object_id, ids->objects.items[object_id], symbolizer,
			    &entries.items[first], end - first);
	}
	naming_entry_vector_deinit(&entries);
}
