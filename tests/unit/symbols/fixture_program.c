#include "fixture_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void fixture_program_open(struct fixture_program *program, const char *path,
			  const struct symbolizer_options *options)
{
	program->registry = object_registry_create(NULL);
	program->object =
		object_registry_find(program->registry, &(struct object_identity){ .path = path });
	program->symbolizer = symbolizer_create(options);
	object_open(program->object, NULL);
}

void fixture_program_close(struct fixture_program *program)
{
	symbolizer_destroy(program->symbolizer);
	object_registry_destroy(program->registry);
}

uint64_t fixture_program_symbol(const struct fixture_program *program, const char *name)
{
	Elf *elf = program->object->elf;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Sym symbol;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data = elf_getdata(section, NULL);

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB)
			continue;
		for (int i = 0; gelf_getsym(data, i, &symbol); i++) {
			if (strcmp(elf_strptr(elf, header.sh_link, symbol.st_name), name) == 0)
				return symbol.st_value;
		}
	}
	fail_msg("%s: no symbol %s", program->object->path, name);
	return 0;
}

struct symbol_result fixture_program_resolve(struct fixture_program *program, uint64_t elf_address)
{
	struct symbol_result result;

	symbolizer_resolve(program->symbolizer, program->object, &elf_address, 1, &result);
	return result;
}
