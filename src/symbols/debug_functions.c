#include "symbols/debug_unit_internal.h"

#include <dwarf.h>

/** Look at the clock once in so many DIEs. */
#define CLOCK_INTERVAL 64

/** A run of code of a function; functions inlined into it lie inside. */
struct function_range {
	uint64_t start;
	uint64_t end;
	uint32_t function;
	uint16_t depth;
};

DEFINE_VECTOR(function_range_vector, struct function_range)

/** Where the walk over a unit's DIEs is, one level of nesting. */
struct walk_level {
	Dwarf_Die die;
	uint32_t function; /**< Around this level, or DEBUG_FUNCTION_NONE. */
	uint32_t scope;    /**< Likewise. */
};

struct unit_walk {
	struct debug_info *info;
	struct debug_unit *unit;
	struct function_range_vector ranges;
	Dwarf_Off last_offset; /**< DIEs only ever come later: no cycles. */
	uint32_t n_visited;
	unsigned int depth;
	struct walk_level levels[DEBUG_DEPTH_MAX];
};

static bool tag_is_scope(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type: /* Rust: methods of an enum. */
	case DW_TAG_interface_type:
	case DW_TAG_subprogram:
		return true;
	default:
		return false;
	}
}

static bool tag_is_function(int tag)
{
	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

/** Tags between a function and the functions inside it. */
static bool tag_is_block(int tag)
{
	switch (tag) {
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
	case DW_TAG_common_block:
		return true;
	default:
		return false;
	}
}

/** The ranges of one function as they come. */
struct range_target {
	struct unit_walk *walk;
	uint32_t function;
	size_t n_ranges;
};

/** False: there are too many. */
static bool add_range(void *context, uint64_t start, uint64_t end)
{
	struct range_target *target = context;
	struct unit_walk *walk = target->walk;

	if (!debug_range_is_code(walk->info, start, end))
		return true;
	if (walk->info->n_ranges == DEBUG_RANGES_MAX) {
		debug_info_note(walk->info, "too many address ranges");
		return false;
	}
	walk->info->n_ranges++;
	function_range_vector_append(&walk->ranges, (struct function_range){
							    .start = start,
							    .end = end,
							    .function = target->function,
							    .depth = (uint16_t)walk->depth,
						    });
	target->n_ranges++;
	return true;
}

/** The ranges of a function of a split unit; false: not by a list. */
static bool add_split_ranges(struct range_target *target, Dwarf_Die *die)
{
	bool is_listed;
	_cleanup_error_ struct error *error =
		debug_split_ranges(target->walk->unit->split, die, add_range, target, &is_listed);

	if (error)
		debug_info_note(target->walk->info, "unreadable address ranges");
	return is_listed;
}

/** Collect the code of @p die; how many ranges it has. */
static size_t add_ranges(struct unit_walk *walk, Dwarf_Die *die, uint32_t function)
{
	struct range_target target = { .walk = walk, .function = function };
	Dwarf_Addr base, start, end;
	ptrdiff_t position = 0;

	if (walk->unit->split && add_split_ranges(&target, die))
		return target.n_ranges;
	while ((position = dwarf_ranges(die, position, &base, &start, &end)) > 0) {
		if (!add_range(&target, start, end))
			break;
	}
	if (position < 0)
		debug_info_note(walk->info, "unreadable address ranges");
	return target.n_ranges;
}

/** @return the function's number, or DEBUG_FUNCTION_NONE: it has no code. */
static uint32_t add_function(struct unit_walk *walk, Dwarf_Die *die, int tag)
{
	struct debug_function_vector *functions = &walk->unit->functions;
	uint32_t number = (uint32_t)functions->count;
	bool is_inlined = tag == DW_TAG_inlined_subroutine;

	if (!add_ranges(walk, die, number))
		return DEBUG_FUNCTION_NONE;
	debug_function_vector_append(
		functions, (struct debug_function){
				   .die_offset = dwarf_dieoffset(die),
				   .parent = is_inlined ? walk->levels[walk->depth].function
							: DEBUG_FUNCTION_NONE,
				   .depth = (uint16_t)walk->depth,
				   .is_inlined = is_inlined,
			   });
	return number;
}

static uint32_t add_scope(struct unit_walk *walk, Dwarf_Off offset)
{
	struct debug_scope_vector *scopes = &walk->unit->scopes;

	debug_scope_vector_append(scopes, (struct debug_scope){
						  .start = offset,
						  .end = UINT64_MAX,
						  .parent = walk->levels[walk->depth].scope,
					  });
	return (uint32_t)scopes->count - 1;
}

/** Take note of the current DIE; true: go on with its children, at @p inside_ret. */
static bool visit(struct unit_walk *walk, struct walk_level *inside_ret)
{
	struct walk_level *level = &walk->levels[walk->depth];
	int tag = dwarf_tag(&level->die);
	bool is_scope = tag_is_scope(tag);

	if (!is_scope && !tag_is_function(tag) && !tag_is_block(tag))
		return false;
	*inside_ret = *level;
	if (tag_is_function(tag)) {
		inside_ret->function = add_function(walk, &level->die, tag);
		/* An abstract function may hold a class whose methods have code (gcc's lambdas). */
		if (inside_ret->function == DEBUG_FUNCTION_NONE &&
		    (tag == DW_TAG_inlined_subroutine ||
		     dwarf_hasattr(&level->die, DW_AT_declaration)))
			return false;
	}
	if (dwarf_child(&level->die, &inside_ret->die) != 0)
		return false;
	if (is_scope)
		inside_ret->scope = add_scope(walk, dwarf_dieoffset(&level->die));
	return true;
}

/** Go to the next DIE of this level or of the nearest outer one that has one; false: none. */
static bool advance(struct unit_walk *walk)
{
	for (;;) {
		struct walk_level *level = &walk->levels[walk->depth];
		int status = dwarf_siblingof(&level->die, &level->die);

		if (status == 0)
			return true;
		if (status < 0) {
			debug_info_note(walk->info, "unreadable DWARF entry");
			return false;
		}
		if (!walk->depth)
			return false;
		if (level->scope != level[-1].scope)
			walk->unit->scopes.items[level->scope].end = walk->last_offset + 1;
		walk->depth--;
	}
}

/**
 * Whether the walk may go on. DIEs come in the order of the file; damaged
 * references to siblings may go round.
 */
static bool is_forward(struct unit_walk *walk)
{
	Dwarf_Off offset = dwarf_dieoffset(&walk->levels[walk->depth].die);

	if (++walk->n_visited % CLOCK_INTERVAL == 0 &&
	    clock_monotonic_ns() > walk->info->decode_end_ns) {
		debug_info_note(walk->info, "it takes too long to decode");
		return false;
	}
	if (offset <= walk->last_offset) {
		debug_info_note(walk->info, "DWARF entries form a cycle");
		return false;
	}
	walk->last_offset = offset;
	return true;
}

/** Visit all DIEs that may hold functions, in the order of the file. */
static void walk_unit(struct unit_walk *walk)
{
	do {
		struct walk_level inside;

		if (!is_forward(walk))
			return;
		while (visit(walk, &inside)) {
			if (walk->depth + 1 == DEBUG_DEPTH_MAX) {
				debug_info_note(walk->info, "DWARF entries nested too deep");
				break;
			}
			walk->levels[++walk->depth] = inside;
			if (!is_forward(walk))
				return;
		}
	} while (advance(walk));
}

static int range_compare(const void *a_pointer, const void *b_pointer)
{
	const struct function_range *a = a_pointer;
	const struct function_range *b = b_pointer;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return a->function < b->function ? -1 : a->function > b->function;
}

static void append_segment(struct debug_segment_vector *segments, uint64_t start, uint64_t end,
			   uint32_t function)
{
	if (start >= end)
		return;
	debug_segment_vector_append(segments, (struct debug_segment){
						      .start = start,
						      .end = end,
						      .function = function,
					      });
}

/**
 * Nested ranges to segments that do not overlap: a sweep over the starts with a
 * stack of the ranges that are open. The one opened last is the innermost.
 */
static void flatten(struct function_range_vector *ranges, struct debug_segment_vector *segments)
{
	struct function_range_vector open = { 0 };
	uint64_t position = 0;

	if (ranges->count)
		qsort(ranges->items, ranges->count, sizeof(*ranges->items), range_compare);
	for (size_t i = 0; i <= ranges->count; i++) {
		uint64_t next = i < ranges->count ? ranges->items[i].start : UINT64_MAX;

		while (open.count && open.items[open.count - 1].end <= next) {
			const struct function_range *inner = &open.items[--open.count];

			append_segment(segments, position, inner->end, inner->function);
			position = MAX(position, inner->end);
		}
		if (i == ranges->count)
			break;
		if (open.count) {
			append_segment(segments, position, next,
				       open.items[open.count - 1].function);
		}
		position = next;
		function_range_vector_append(&open, ranges->items[i]);
	}
	function_range_vector_deinit(&open);
}

/** Without its split unit, a skeleton has lines and no functions. */
static void open_split(struct debug_info *info, struct debug_unit *unit)
{
	const struct debug_split_owner owner = {
		.object = info->object,
		.holder = info->image.object,
		.package = &info->package,
	};
	const char *name;

	unit->split = debug_split_open(&owner, &unit->die, &name);
	if (unit->split) {
		unit->code_die = unit->split->die;
	} else {
		_cleanup_free_ char *problem = memory_format_text(
			"functions of split units are missing: no %s, no package (.dwp)",
			name ? name : ".dwo file");

		debug_info_note(info, problem);
	}
}

void debug_unit_decode(struct debug_info *info, struct debug_unit *unit)
{
	struct unit_walk *walk;
	uint64_t start_ns;

	if (unit->is_decoded || info->decode_used_ns > DEBUG_DECODE_TIME_MAX_NS)
		return;
	unit->is_decoded = true;
	start_ns = clock_monotonic_ns();
	info->decode_end_ns = start_ns + DEBUG_DECODE_TIME_MAX_NS - info->decode_used_ns;
	if (unit->is_skeleton)
		open_split(info, unit);
	walk = memory_allocate(1, sizeof(*walk));
	walk->info = info;
	walk->unit = unit;
	walk->last_offset = dwarf_dieoffset(&unit->code_die);
	walk->levels[0].function = DEBUG_FUNCTION_NONE;
	walk->levels[0].scope = DEBUG_SCOPE_NONE;
	if (dwarf_child(&unit->code_die, &walk->levels[0].die) == 0)
		walk_unit(walk);
	flatten(&walk->ranges, &unit->segments);
	function_range_vector_deinit(&walk->ranges);
	free(walk);
	info->decode_used_ns += clock_monotonic_ns() - start_ns;
}

uint32_t debug_unit_find_function(const struct debug_unit *unit, uint64_t address,
				  uint64_t *start_ret, uint64_t *end_ret)
{
	const struct debug_segment *segments = unit->segments.items;
	size_t low = 0;
	size_t high = unit->segments.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (segments[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= segments[low - 1].end)
		return DEBUG_FUNCTION_NONE;
	*start_ret = segments[low - 1].start;
	*end_ret = segments[low - 1].end;
	return segments[low - 1].function;
}
