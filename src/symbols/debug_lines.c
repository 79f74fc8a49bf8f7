#include "symbols/debug_unit_internal.h"

static void load_lines(struct debug_info *info, struct debug_unit *unit)
{
	if (unit->has_lines_loaded)
		return;
	unit->has_lines_loaded = true;
	/* Runs the unit's line program and sorts its rows by address, once. */
	if (dwarf_getsrclines(&unit->die, &unit->lines, &unit->n_lines) != 0)
		unit->n_lines = 0;
	if (dwarf_getsrcfiles(&unit->die, &unit->files, &unit->n_files) != 0)
		unit->n_files = 0;
}

/** The last row at or before @p address, or NULL. */
static Dwarf_Line *find_row(const struct debug_unit *unit, uint64_t address)
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
	return low ? dwarf_onesrcline(unit->lines, low - 1) : NULL;
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
	*file_ret = dwarf_linesrc(row, NULL, NULL);
	*line_ret = line > 0 ? (uint32_t)line : 0;
	return true;
}

const char *debug_unit_file(struct debug_info *info, struct debug_unit *unit, uint64_t number)
{
	load_lines(info, unit);
	if (number >= unit->n_files)
		return NULL;
	return dwarf_filesrc(unit->files, (size_t)number, NULL, NULL);
}
