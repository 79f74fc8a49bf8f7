#include "symbols/debug_unit_internal.h"

#include "base/text.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

/** abstract_origin and specification lead from a function to its declaration in 2 steps. */
#define ORIGIN_STEPS_MAX 16

/** Scopes around a name; deeper ones are left out. */
#define SCOPES_MAX 32

static const char *die_text(Dwarf_Die *die, unsigned int attribute_name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr(die, attribute_name, &attribute));
}

/** The DIE that @p die completes or is an instance of; false: none. */
static bool follow_origin(struct debug_info *info, Dwarf_Die *die, Dwarf_Die *origin_ret)
{
	Dwarf_Attribute attribute;

	if (!dwarf_attr(die, DW_AT_abstract_origin, &attribute) &&
	    !dwarf_attr(die, DW_AT_specification, &attribute))
		return false;
	if (dwarf_formref_die(&attribute, origin_ret))
		return true;
	debug_info_note(info, "a function refers to what is not there");
	return false;
}

struct function_names {
	const char *linkage_name;
	const char *plain_name;
	Dwarf_Die declaration; /**< The last DIE of the chain: its place says the scopes. */
};

/** Names may stand at any DIE from the instance to the declaration. The first counts. */
static struct function_names collect_names(struct debug_info *info, const Dwarf_Die *instance)
{
	struct function_names names = { .declaration = *instance };

	for (int step = 0;; step++) {
		Dwarf_Die *die = &names.declaration;
		Dwarf_Die origin;

		if (!names.linkage_name)
			names.linkage_name = die_text(die, DW_AT_linkage_name);
		if (!names.linkage_name)
			names.linkage_name = die_text(die, DW_AT_MIPS_linkage_name);
		if (!names.plain_name)
			names.plain_name = die_text(die, DW_AT_name);
		if (names.linkage_name || !follow_origin(info, die, &origin))
			break;
		if (step == ORIGIN_STEPS_MAX) {
			debug_info_note(info, "functions refer to each other in a circle");
			break;
		}
		*die = origin;
	}
	return names;
}

/** The unit of @p units that holds the DIE at @p offset, or NULL. */
static struct debug_unit *find_unit(const struct debug_unit_vector *units, Dwarf_Off offset)
{
	size_t low = 0;
	size_t high = units->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dwarf_dieoffset(&units->items[middle].die) <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &units->items[low - 1] : NULL;
}

/** The unit that declares @p die: of the file itself, a split unit, or of dwz's file. */
static struct debug_unit *unit_of(struct debug_info *info, struct debug_unit *unit, Dwarf_Die *die)
{
	const Dwarf *dwarf = dwarf_cu_getdwarf(die->cu);

	if (unit->split && dwarf == unit->split->dwarf)
		return unit;
	if (dwarf == info->image.dwarf)
		return find_unit(&info->units, dwarf_dieoffset(die));
	if (info->image.alternate && dwarf == info->image.alternate->dwarf)
		return find_unit(&info->alternate_units, dwarf_dieoffset(die));
	return NULL;
}

/** The innermost scope of @p unit around the DIE at @p offset, or DEBUG_SCOPE_NONE. */
static uint32_t find_scope(const struct debug_unit *unit, Dwarf_Off offset)
{
	const struct debug_scope *scopes = unit->scopes.items;
	size_t low = 0;
	size_t high = unit->scopes.count;
	uint32_t scope;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (scopes[middle].start < offset)
			low = middle + 1;
		else
			high = middle;
	}
	scope = low ? (uint32_t)low - 1 : DEBUG_SCOPE_NONE;
	while (scope != DEBUG_SCOPE_NONE && offset >= scopes[scope].end)
		scope = scopes[scope].parent;
	return scope;
}

/** @param inner_name  What is named inside; a nameless class with operator() is a lambda. */
static const char *scope_name(Dwarf_Die *die, const char *inner_name)
{
	const char *name = die_text(die, DW_AT_name);

	if (name)
		return name;
	if (dwarf_tag(die) == DW_TAG_namespace)
		return "(anonymous namespace)";
	return text_begins_with(inner_name, "operator()") ? "{lambda}" : "(anonymous)";
}

/** "outer::inner::name" by the scopes around the declaration. */
static const char *qualify(struct debug_info *info, struct debug_unit *user,
			   const struct function_names *names)
{
	Dwarf_Die declaration = names->declaration;
	Dwarf_Off offset = dwarf_dieoffset(&declaration);
	const char *parts[SCOPES_MAX];
	size_t n_parts = 0;
	size_t length = strlen(names->plain_name) + 1;
	size_t at = 0;
	struct debug_unit *unit;
	char *text;

	unit = unit_of(info, user, &declaration);
	if (!unit)
		return names->plain_name;
	debug_unit_decode(info, unit);
	for (uint32_t scope = find_scope(unit, offset);
	     scope != DEBUG_SCOPE_NONE && n_parts < SCOPES_MAX;
	     scope = unit->scopes.items[scope].parent) {
		Dwarf_Die die;

		if (!dwarf_offdie(dwarf_cu_getdwarf(declaration.cu),
				  unit->scopes.items[scope].start, &die))
			break;
		parts[n_parts] = scope_name(&die, n_parts ? parts[n_parts - 1] : names->plain_name);
		length += strlen(parts[n_parts++]) + strlen("::");
	}
	if (!n_parts)
		return names->plain_name;
	text = arena_allocate(&info->names, length);
	while (n_parts)
		at += (size_t)snprintf(text + at, length - at, "%s::", parts[--n_parts]);
	snprintf(text + at, length - at, "%s", names->plain_name);
	return text;
}

static Dwarf_Word attribute_number(Dwarf_Die *die, unsigned int attribute_name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value = 0;

	if (dwarf_formudata(dwarf_attr(die, attribute_name, &attribute), &value) != 0)
		return 0;
	return value;
}

void debug_function_name(struct debug_info *info, struct debug_unit *unit,
			 struct debug_function *function)
{
	struct function_names names;
	Dwarf_Die die;

	if (function->is_named)
		return;
	function->is_named = true;
	if (!dwarf_offdie(dwarf_cu_getdwarf(unit->code_die.cu), function->die_offset, &die))
		return;
	names = collect_names(info, &die);
	function->linkage_name = names.linkage_name;
	if (names.linkage_name)
		function->name = names.linkage_name;
	else if (names.plain_name)
		function->name = qualify(info, unit, &names);
	if (function->is_inlined && !info->is_without_lines) {
		Dwarf_Word line = attribute_number(&die, DW_AT_call_line);

		function->call_line = (uint32_t)MIN(line, (Dwarf_Word)UINT32_MAX);
		function->call_file =
			debug_unit_file(info, unit, attribute_number(&die, DW_AT_call_file));
	}
}
