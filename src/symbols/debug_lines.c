#include "symbols/debug_unit_internal.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

static void load_lines(struct debug_info *info, struct debug_unit *unit)
{
	if (unit->has_lines_loaded)
		return;
	unit->has_lines_loaded = true;
	/* Runs the unit's line program and sorts its rows by address, once. */
	if (dwarf_getsrclines(&unit->die, &unit->lines, &unit->n_lines) != 0) {
		unit->n_lines = 0;
		if (dwarf_hasattr(&unit->die, DW_AT_stmt_list))
			debug_info_note(info, "unreadable source lines of a unit");
	}
	if (dwarf_getsrcfiles(&unit->die, &unit->files, &unit->n_files) != 0)
		unit->n_files = 0;
}

/**
 * @p path from the folder the unit was compiled in. libdw joins them itself,
 * unless the line table's own first folder is relative (Rust's standard library).
 */
static const char *absolute_path(struct debug_info *info, struct debug_unit *unit, const char *path)
{
	Dwarf_Attribute attribute;
	const char *folder;
	const char **known;
	bool is_new;

	if (!path || path[0] == '/')
		return path;
	known = path_map_insert(&info->paths, path, &is_new);
	if (!is_new)
		return *known;
	*known = path;
	folder = dwarf_formstring(dwarf_attr(&unit->die, DW_AT_comp_dir, &attribute));
	if (folder) {
		size_t size_bytes = strlen(folder) + strlen("/") + strlen(path) + 1;
		char *joined = arena_allocate(&info->names, size_bytes);

		snprintf(joined, size_bytes, "%s/%s", folder, path);
		*known = joined;
	}
	return *known;
}

/** How many rows begin at or before @p address. */
static size_t count_rows(const struct debug_unit *unit, uint64_t address)
{
	size_t low = 0;
	size_t high = unit->n_lines;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		Dwarf_Addr row_address = UINT64_MAX;

		dwarf_lineaddr(dwarf_onesrcline(unit->lines, middle), &row_address);
		if (row_address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/** The last row at or before @p address, or NULL. */
static Dwarf_Line *find_row(const struct debug_unit *unit, uint64_t address)
{
	size_t n_rows = count_rows(unit, address);

	return n_rows ? dwarf_onesrcline(unit->lines, n_rows - 1) : NULL;
}

void debug_unit_line_boundaries(struct debug_info *info, struct debug_unit *unit, uint64_t start,
				uint64_t end, struct address_vector *addresses_ret)
{
	load_lines(info, unit);
	for (size_t i = count_rows(unit, start); i < unit->n_lines; i++) {
		Dwarf_Addr address;

		if (dwarf_lineaddr(dwarf_onesrcline(unit->lines, i), &address) || address >= end)
			return;
		address_vector_append(addresses_ret, address);
	}
}

bool debug_unit_find_line(struct debug_info *info, struct debug_unit *unit, uint64_t address,
			  const char **file_ret, uint32_t *line_ret)
{
	Dwarf_Line *row;
	bool is_end;
	int line;

	load_lines(info, unit);
	row = find_row(unit, address);
	if (!row || dwarf_lineendsequence(row, &is_end) || is_end || dwarf_lineno(row, &line))
		return false;
	*file_ret = absolute_path(info, unit, dwarf_linesrc(row, NULL, NULL));
	*line_ret = line > 0 ? (uint32_t)line : 0;
	return true;
}

const char *debug_unit_file(struct debug_info *info, struct debug_unit *unit, uint64_t number)
{
	load_lines(info, unit);
	if (number >= unit->n_files)
		return NULL;
	return absolute_path(info, unit, dwarf_filesrc(unit->files, (size_t)number, NULL, NULL));
}
