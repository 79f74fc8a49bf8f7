#include "arch/architecture.h"
#include "arch/x86_64/x86_64.h"

#include <elf.h>

const struct architecture *const architectures[] = {
	&x86_64_architecture,
	NULL,
};

const struct architecture *architecture_find(uint16_t elf_machine)
{
	for (const struct architecture *const *entry = architectures; *entry; entry++) {
		if ((*entry)->elf_machine == elf_machine)
			return *entry;
	}
	return NULL;
}

const struct architecture *architecture_native(void)
{
#if defined(__x86_64__)
	return architecture_find(EM_X86_64);
#else
	return NULL;
#endif
}
