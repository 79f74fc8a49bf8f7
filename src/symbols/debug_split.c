#include "symbols/debug_split_internal.h"

#include "symbols/debug_elf_internal.h"

#include <dwarf.h>

static const char *text_of(Dwarf_Die *die, unsigned int name, unsigned int old_name)
{
	Dwarf_Attribute attribute;
	const char *text = dwarf_formstring(dwarf_attr(die, name, &attribute));

	return text ? text : dwarf_formstring(dwarf_attr(die, old_name, &attribute));
}

static uint64_t number_of(Dwarf_Die *die, unsigned int name, unsigned int old_name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value = 0;

	if (dwarf_attr(die, name, &attribute) || dwarf_attr(die, old_name, &attribute))
		dwarf_formudata(&attribute, &value);
	return value;
}

static struct bytes bytes_from(struct bytes bytes, uint64_t offset)
{
	if (offset >= bytes.size)
		return (struct bytes){ 0 };
	return (struct bytes){ bytes.data + offset, bytes.size - offset };
}

static bool dwo_id_of(Dwarf_CU *unit, uint64_t *ret)
{
	uint8_t type;

	return dwarf_cu_info(unit, NULL, &type, NULL, NULL, ret, NULL, NULL) == 0 &&
	       (type == DW_UT_skeleton || type == DW_UT_split_compile);
}

/** An ELF file whose debug sections are the unit's own, with those it shares with the program. */
static bool open_dwarf(struct debug_split *split, uint8_t data_encoding)
{
	const struct debug_section sections[] = {
		{ ".debug_info", split->sections.info },
		{ ".debug_abbrev", split->sections.abbreviations },
		{ ".debug_str", split->sections.texts },
		{ ".debug_str_offsets", split->sections.text_offsets },
		{ ".debug_rnglists", split->sections.range_lists },
		{ ".debug_addr", split->addresses },
		{ ".debug_ranges", split->ranges },
	};

	split->elf =
		debug_elf_create(sections, ARRAY_SIZE(sections), data_encoding, &split->elf_memory);
	if (split->elf)
		split->dwarf = dwarf_begin_elf(split->elf, DWARF_C_READ, NULL);
	return split->dwarf;
}

/** The unit called @p dwo_id: a .dwo may hold several, and type units besides. */
static bool find_die(struct debug_split *split, uint64_t dwo_id)
{
	Dwarf_CU *unit = NULL;
	uint64_t found;
	Dwarf_Die die;

	while (dwarf_get_units(split->dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
		if (dwo_id_of(unit, &found) && found == dwo_id) {
			split->die = die;
			return true;
		}
	}
	return false;
}

static void close_dwarf(struct debug_split *split)
{
	dwarf_end(split->dwarf);
	elf_end(split->elf);
	free(split->elf_memory);
	split->dwarf = NULL;
	split->elf = NULL;
	split->elf_memory = NULL;
}

/** Open what split->sections hold; false: the unit is not among it. */
static bool open_unit(struct debug_split *split, uint8_t data_encoding, uint64_t dwo_id)
{
	if (split->sections.info.size && open_dwarf(split, data_encoding) &&
	    find_die(split, dwo_id))
		return true;
	close_dwarf(split);
	return false;
}

struct dwo_wanted {
	struct debug_split *split;
	uint64_t dwo_id;
};

static bool is_wanted_dwo(void *context, struct object *candidate)
{
	const struct dwo_wanted *wanted = context;

	split_sections_read(candidate, &wanted->split->sections);
	return open_unit(wanted->split, candidate->image.data[EI_DATA], wanted->dwo_id);
}

static bool is_package(void *context, struct object *candidate)
{
	return object_section(candidate, ".debug_cu_index", NULL).size != 0;
}

/** "PROGRAM.dwp", next to the program or its debug file. */
static struct object *find_package(const struct debug_split_owner *owner)
{
	const struct object *const named_after[] = { owner->object, owner->holder };

	for (size_t i = 0; i < ARRAY_SIZE(named_after); i++) {
		/* An object made by hand has none. */
		const char *path = named_after[i]->path ? named_after[i]->path : "";
		const char *slash = strrchr(path, '/');
		_cleanup_free_ char *name = memory_format_text("%s.dwp", slash ? slash + 1 : path);
		struct object *file;

		file = object_open_companion(owner->object, NULL, name, is_package, NULL);
		if (!file && owner->holder != owner->object)
			file = object_open_companion(owner->holder, NULL, name, is_package, NULL);
		if (file)
			return file;
	}
	return NULL;
}

static bool open_in_package(struct debug_split *split, const struct debug_split_owner *owner,
			    uint64_t dwo_id)
{
	struct debug_package *package = owner->package;
	_cleanup_error_ struct error *error = NULL;

	if (!package->is_searched) {
		package->is_searched = true;
		package->file = find_package(owner);
	}
	if (!package->file)
		return false;
	split_sections_read(package->file, &split->sections);
	error = split_sections_narrow(
		&split->sections, object_section(package->file, ".debug_cu_index", NULL), dwo_id);
	return !error && open_unit(split, package->file->image.data[EI_DATA], dwo_id);
}

static bool open_dwo(struct debug_split *split, const struct debug_split_owner *owner,
		     const char *folder, const char *name, uint64_t dwo_id)
{
	struct dwo_wanted wanted = { .split = split, .dwo_id = dwo_id };

	split->file = object_open_companion(owner->object, folder, name, is_wanted_dwo, &wanted);
	return split->file;
}

/** What the split unit borrows from the program. */
static void read_skeleton(struct debug_split *split, struct object *holder, Dwarf_Die *skeleton)
{
	Dwarf_Addr base = 0;

	split->addresses = bytes_from(object_section(holder, ".debug_addr", NULL),
				      number_of(skeleton, DW_AT_addr_base, DW_AT_GNU_addr_base));
	split->ranges =
		bytes_from(object_section(holder, ".debug_ranges", NULL),
			   number_of(skeleton, DW_AT_GNU_ranges_base, DW_AT_GNU_ranges_base));
	if (dwarf_lowpc(skeleton, &base) == 0)
		split->base_address = base;
}

struct debug_split *debug_split_open(const struct debug_split_owner *owner, Dwarf_Die *skeleton,
				     const char **name_ret)
{
	const char *name = text_of(skeleton, DW_AT_dwo_name, DW_AT_GNU_dwo_name);
	const char *folder = text_of(skeleton, DW_AT_comp_dir, DW_AT_comp_dir);
	struct debug_split *split;
	uint64_t dwo_id;

	*name_ret = name;
	if (!dwo_id_of(skeleton->cu, &dwo_id))
		return NULL;
	split = memory_allocate(1, sizeof(*split));
	read_skeleton(split, owner->holder, skeleton);
	if (open_in_package(split, owner, dwo_id) ||
	    (name && name[0] && open_dwo(split, owner, folder, name, dwo_id)))
		return split;
	debug_split_close(split);
	return NULL;
}

void debug_split_close(struct debug_split *split)
{
	if (!split)
		return;
	close_dwarf(split);
	object_close_companion(split->file);
	free(split);
}

void debug_package_close(struct debug_package *package)
{
	object_close_companion(package->file);
	*package = (struct debug_package){ 0 };
}
