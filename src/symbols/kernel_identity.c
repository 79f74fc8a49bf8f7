#include "symbols/kernel_identity_internal.h"

#include "base/hash_map.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define PAGE_SIZE_BYTES 4096

/** 36 characters of a UUID, a line end and a NUL. */
#define BOOT_ID_SIZE_BYTES 38

static bool read_boot_id(const char *path, char text[BOOT_ID_SIZE_BYTES])
{
	FILE *file = fopen(path, "re");
	bool is_read;

	if (!file)
		return false;
	is_read = fgets(text, BOOT_ID_SIZE_BYTES, file);
	fclose(file);
	if (is_read)
		text[strcspn(text, "\n")] = '\0';
	return is_read && text[0];
}

/** Of name, size and address: the counts of users in between change all the time. */
static bool hash_modules(const char *path, uint64_t *ret)
{
	FILE *file = fopen(path, "re");
	uint64_t hash = 0;
	char *line = NULL;
	size_t capacity = 0;

	*ret = 0;
	if (!file)
		return errno == ENOENT;
	while (getline(&line, &capacity, file) > 0) {
		char name[64], size[32], address[32];

		if (sscanf(line, "%63s %31s %*s %*s %*s %31s", name, size, address) != 3)
			continue;
		hash = hash_combine(hash, hash_text(name));
		hash = hash_combine(hash, hash_text(size));
		hash = hash_combine(hash, hash_text(address));
	}
	free(line);
	fclose(file);
	*ret = hash;
	return true;
}

char *kernel_identity(const char *boot_id_path, const char *modules_path)
{
	char boot_id[BOOT_ID_SIZE_BYTES];
	uint64_t modules;

	if (!read_boot_id(boot_id_path, boot_id) || !hash_modules(modules_path, &modules))
		return NULL;
	return memory_format_text("boot %s modules %016" PRIx64, boot_id, modules);
}

/** "[ext4]" in "ext4_open [ext4]"; "" in a name of the kernel's own. */
static const char *module_of(const struct symbol_table *table, const struct symbol_entry *entry)
{
	const char *name = symbol_table_name(table, entry);
	const char *space = strchr(name, ' ');

	return space ? space + 1 : "";
}

/** kernel/kallsyms.c: "bpf", "__builtin__ftrace" and "__builtin__kprobes" are no modules. */
static bool is_lasting(const char *module)
{
	return strcmp(module, "[bpf]") != 0 && !text_begins_with(module, "[__builtin__");
}

void kernel_table_keep_lasting(struct symbol_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct symbol_entry entry = table->entries[i];
		const char *module = module_of(table, &entry);
		uint64_t page_end = (entry.address | (PAGE_SIZE_BYTES - 1)) + 1;

		if (!is_lasting(module))
			continue;
		if (i + 1 == table->count ||
		    strcmp(module, module_of(table, &table->entries[i + 1])) != 0)
			entry.size_bytes =
				(uint32_t)MIN(entry.size_bytes, page_end - entry.address);
		table->entries[kept++] = entry;
	}
	table->count = kept;
}
