#include "symbols/debug_info_internal.h"

#include "symbols/debug_unit_internal.h"

#include <dwarf.h>
#include <string.h>

/** More units than this are not believed. */
#define DEBUG_UNITS_MAX (UINT32_C(1) << 20)

void debug_info_note(struct debug_info *info, const char *what)
{
	if (!info->problem)
		info->problem = memory_format_text("debug information: %s", what);
}

bool debug_range_is_code(struct debug_info *info, uint64_t start, uint64_t end)
{
	/* Code the linker threw away begins at 0 or, with lld, at the end. */
	if (start >= end || start == 0)
		return false;
	if (start < info->code_end)
		return true;
	debug_info_note(info, "address ranges outside the program's code");
	return false;
}

static void add_unit_ranges(struct debug_info *info, uint32_t number)
{
	Dwarf_Die *die = &info->units.items[number].die;
	Dwarf_Addr base, start, end;
	ptrdiff_t position = 0;

	while ((position = dwarf_ranges(die, position, &base, &start, &end)) > 0) {
		if (!debug_range_is_code(info, start, end))
			continue;
		if (info->ranges.count == DEBUG_RANGES_MAX) {
			debug_info_note(info, "too many address ranges");
			return;
		}
		debug_unit_range_vector_append(&info->ranges, (struct debug_unit_range){
								      .start = start,
								      .end = end,
								      .unit = number,
							      });
	}
	if (position < 0)
		debug_info_note(info, "unreadable address ranges of a unit");
}

static int unit_range_compare(const void *a_pointer, const void *b_pointer)
{
	const struct debug_unit_range *a = a_pointer;
	const struct debug_unit_range *b = b_pointer;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->unit < b->unit ? -1 : a->unit > b->unit;
}

/**
 * List the units and the addresses they cover. Not by .debug_aranges: clang and
 * rustc write none, and reading the first entry of each unit is cheap.
 */
static void index_units(struct debug_info *info)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;
	int status;

	while ((status = dwarf_get_units(info->image.dwarf, cu, &cu, NULL, &type, &die, NULL)) ==
	       0) {
		struct debug_unit *unit;

		if (type == DW_UT_type || type == DW_UT_split_type || !die.addr)
			continue;
		if (info->units.count == DEBUG_UNITS_MAX) {
			debug_info_note(info, "too many units");
			break;
		}
		unit = debug_unit_vector_append_new(&info->units);
		unit->die = unit->code_die = die;
		unit->is_skeleton = type == DW_UT_skeleton;
		if (type != DW_UT_partial)
			add_unit_ranges(info, (uint32_t)info->units.count - 1);
	}
	if (status < 0)
		debug_info_note(info, dwarf_errmsg(-1));
	if (info->ranges.count) {
		qsort(info->ranges.items, info->ranges.count, sizeof(*info->ranges.items),
		      unit_range_compare);
	}
}

/** Where the names that units share are declared. */
static void list_alternate_units(struct debug_info *info)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;

	while (info->alternate_units.count < DEBUG_UNITS_MAX &&
	       dwarf_get_units(info->image.alternate->dwarf, cu, &cu, NULL, NULL, &die, NULL) ==
		       0) {
		struct debug_unit *unit = debug_unit_vector_append_new(&info->alternate_units);

		unit->die = unit->code_die = die;
	}
}

/** The end of all code; the end of the address space for files that are not mapped by segments. */
static uint64_t find_code_end(const struct object *object)
{
	uint64_t code_end = 0;

	for (size_t i = 0; i < object->segments.count; i++) {
		const struct object_segment *segment = &object->segments.items[i];

		if (segment->is_executable)
			code_end = MAX(code_end, segment->elf_address + segment->memory_size_bytes);
	}
	return code_end ? code_end : UINT64_MAX;
}

struct error *debug_info_open(struct object *object, struct object *debug_file,
			      bool is_without_lines, struct cache *cache, struct debug_info **ret)
{
	struct debug_image image;
	struct debug_info *info;

	RETURN_IF_ERROR(debug_image_open(object, cache, &image));
	if (!image.dwarf && debug_file)
		RETURN_IF_ERROR(debug_image_open(debug_file, cache, &image));
	if (!image.dwarf) {
		*ret = NULL;
		return NULL;
	}
	info = memory_allocate(1, sizeof(*info));
	info->image = image;
	info->object = object;
	info->code_end = find_code_end(object);
	info->is_without_lines = is_without_lines;
	if (image.misses_alternate)
		debug_info_note(info, "the part of it that dwz moved to another file "
				      "(.gnu_debugaltlink) is not found");
	index_units(info);
	if (image.alternate && image.alternate->dwarf)
		list_alternate_units(info);
	*ret = info;
	return NULL;
}

void debug_info_keep(const struct debug_info *info, const char *label, struct cache *cache)
{
	/* Damage is found again each time. */
	if (!info->problem)
		debug_image_keep(&info->image, label, cache);
}

static void destroy_units(struct debug_unit_vector *units)
{
	for (size_t i = 0; i < units->count; i++) {
		debug_function_vector_deinit(&units->items[i].functions);
		debug_segment_vector_deinit(&units->items[i].segments);
		debug_scope_vector_deinit(&units->items[i].scopes);
		debug_split_close(units->items[i].split);
	}
	debug_unit_vector_deinit(units);
}

void debug_info_destroy(struct debug_info *info)
{
	if (!info)
		return;
	destroy_units(&info->units);
	destroy_units(&info->alternate_units);
	debug_package_close(&info->package);
	debug_unit_range_vector_deinit(&info->ranges);
	arena_deinit(&info->names);
	path_map_deinit(&info->paths);
	debug_image_deinit(&info->image);
	free(info->problem);
	free(info);
}

/** Ranges of units should not overlap; where they do, look this far back for one that covers. */
#define OVERLAP_SEARCH_MAX 64

/** The unit that covers @p address, or NULL. */
static struct debug_unit *find_unit(struct debug_info *info, uint64_t address)
{
	const struct debug_unit_range *ranges = info->ranges.items;
	size_t low = 0;
	size_t high = info->ranges.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t back = 1; back <= MIN(low, (size_t)OVERLAP_SEARCH_MAX); back++) {
		if (address < ranges[low - back].end)
			return &info->units.items[ranges[low - back].unit];
	}
	return NULL;
}

/**
 * The frames from @p number outwards. The place of the innermost comes from the
 * line table; the place of each other one is where the call inlined into it stood.
 * It ends: a function's parent has a lower number.
 */
static void append_functions(struct debug_info *info, struct debug_unit *unit, uint32_t number,
			     struct debug_frame place, struct debug_frame_vector *frames)
{
	while (number != DEBUG_FUNCTION_NONE) {
		struct debug_function *function = &unit->functions.items[number];

		debug_function_name(info, unit, function);
		debug_frame_vector_append(frames, (struct debug_frame){
							  .linkage_name = function->linkage_name,
							  .name = function->name,
							  .file = place.file,
							  .line = place.line,
						  });
		place.file = function->call_file;
		place.line = function->call_line;
		number = function->parent;
	}
}

static struct debug_chain resolve_one(struct debug_info *info, uint64_t address,
				      struct debug_frame_vector *frames)
{
	struct debug_chain chain = { .first_frame = frames->count };
	struct debug_unit *unit = find_unit(info, address);
	struct debug_frame place = { 0 };
	uint32_t number;
	bool has_line;

	if (!unit)
		return chain;
	debug_unit_decode(info, unit);
	number =
		debug_unit_find_function(unit, address, &chain.function_start, &chain.function_end);
	has_line = !info->is_without_lines &&
		   debug_unit_find_line(info, unit, address, &place.file, &place.line);
	if (number != DEBUG_FUNCTION_NONE)
		append_functions(info, unit, number, place, frames);
	else if (has_line)
		debug_frame_vector_append(frames, place);
	chain.n_frames = (uint32_t)(frames->count - chain.first_frame);
	return chain;
}

void debug_info_resolve(struct debug_info *info, const uint64_t *elf_addresses, size_t n,
			struct debug_frame_vector *frames_ret, struct debug_chain *chains_ret)
{
	for (size_t i = 0; i < n; i++)
		chains_ret[i] = resolve_one(info, elf_addresses[i], frames_ret);
}

static void append_inside(struct address_vector *addresses, uint64_t address, uint64_t start,
			  uint64_t end)
{
	if (address >= start && address < end)
		address_vector_append(addresses, address);
}

static void unit_boundaries(struct debug_info *info, struct debug_unit *unit, uint64_t start,
			    uint64_t end, struct address_vector *addresses)
{
	debug_unit_decode(info, unit);
	for (size_t i = 0; i < unit->segments.count; i++) {
		append_inside(addresses, unit->segments.items[i].start, start, end);
		append_inside(addresses, unit->segments.items[i].end, start, end);
	}
	if (!info->is_without_lines)
		debug_unit_line_boundaries(info, unit, start, end, addresses);
}

void debug_info_boundaries(struct debug_info *info, uint64_t start, uint64_t end,
			   struct address_vector *addresses_ret)
{
	const struct debug_unit *last = NULL;
	size_t first = addresses_ret->count;
	size_t n_unit_bounds;

	address_vector_append(addresses_ret, start);
	for (size_t i = 0; i < info->ranges.count; i++) {
		append_inside(addresses_ret, info->ranges.items[i].start, start, end);
		append_inside(addresses_ret, info->ranges.items[i].end, start, end);
	}
	/* A function is of one unit, but nothing keeps another's range out of it. */
	n_unit_bounds = addresses_ret->count;
	for (size_t i = first; i < n_unit_bounds; i++) {
		struct debug_unit *unit = find_unit(info, addresses_ret->items[i]);

		if (unit && unit != last)
			unit_boundaries(info, unit, start, end, addresses_ret);
		last = unit;
	}
}

const char *debug_info_problem(const struct debug_info *info)
{
	return info->problem;
}
