#include "explain/counter_verdicts.h"

#include <string.h>

/*
 * Widths: the slots per cycle of top-down analysis, from the vendors' manuals: Intel 64 and IA-32
 * Optimization Reference Manual, chapter 2 (allocation width of each core); AMD Software
 * Optimization Guides for families 17h, 19h and 1Ah, section "dispatch". Models: the kernel's
 * arch/x86/include/asm/intel-family.h. Penalties are those manuals' typical figures.
 */
static const struct processor_width widths[] = {
	{ "GenuineIntel", 6, 0x2a, 0x2a, "", "Sandy Bridge", 4, 16, false },
	{ "GenuineIntel", 6, 0x2d, 0x2d, "", "Sandy Bridge", 4, 16, false },
	{ "GenuineIntel", 6, 0x3a, 0x3a, "", "Ivy Bridge", 4, 16, false },
	{ "GenuineIntel", 6, 0x3e, 0x3e, "", "Ivy Bridge", 4, 16, false },
	{ "GenuineIntel", 6, 0x3c, 0x3c, "", "Haswell", 4, 16, false },
	{ "GenuineIntel", 6, 0x3f, 0x3f, "", "Haswell", 4, 16, false },
	{ "GenuineIntel", 6, 0x45, 0x46, "", "Haswell", 4, 16, false },
	{ "GenuineIntel", 6, 0x3d, 0x3d, "", "Broadwell", 4, 16, false },
	{ "GenuineIntel", 6, 0x47, 0x47, "", "Broadwell", 4, 16, false },
	{ "GenuineIntel", 6, 0x4f, 0x4f, "", "Broadwell", 4, 16, false },
	{ "GenuineIntel", 6, 0x56, 0x56, "", "Broadwell", 4, 16, false },
	{ "GenuineIntel", 6, 0x4e, 0x4e, "", "Skylake", 4, 17, false },
	{ "GenuineIntel", 6, 0x5e, 0x5e, "", "Skylake", 4, 17, false },
	{ "GenuineIntel", 6, 0x55, 0x55, "", "Skylake server", 4, 17, false },
	{ "GenuineIntel", 6, 0x8e, 0x8e, "", "Kaby Lake", 4, 17, false },
	{ "GenuineIntel", 6, 0x9e, 0x9e, "", "Kaby Lake", 4, 17, false },
	{ "GenuineIntel", 6, 0xa5, 0xa6, "", "Comet Lake", 4, 17, false },
	{ "GenuineIntel", 6, 0x6a, 0x6a, "", "Ice Lake server", 5, 17, false },
	{ "GenuineIntel", 6, 0x6c, 0x6c, "", "Ice Lake server", 5, 17, false },
	{ "GenuineIntel", 6, 0x7d, 0x7e, "", "Ice Lake", 5, 17, false },
	{ "GenuineIntel", 6, 0x8c, 0x8d, "", "Tiger Lake", 5, 17, false },
	{ "GenuineIntel", 6, 0xa7, 0xa7, "", "Rocket Lake", 5, 17, false },
	{ "GenuineIntel", 6, 0x8f, 0x8f, "", "Sapphire Rapids", 6, 17, false },
	{ "GenuineIntel", 6, 0xcf, 0xcf, "", "Emerald Rapids", 6, 17, false },
	{ "GenuineIntel", 6, 0xad, 0xae, "", "Granite Rapids", 6, 17, false },
	{ "GenuineIntel", 6, 0x97, 0x97, "cpu_core", "Alder Lake P-core", 6, 17, false },
	{ "GenuineIntel", 6, 0x9a, 0x9a, "cpu_core", "Alder Lake P-core", 6, 17, false },
	{ "GenuineIntel", 6, 0x97, 0x97, "cpu_atom", "Alder Lake E-core", 5, 13, false },
	{ "GenuineIntel", 6, 0x9a, 0x9a, "cpu_atom", "Alder Lake E-core", 5, 13, false },
	{ "GenuineIntel", 6, 0xb7, 0xb7, "cpu_core", "Raptor Lake P-core", 6, 17, false },
	{ "GenuineIntel", 6, 0xba, 0xba, "cpu_core", "Raptor Lake P-core", 6, 17, false },
	{ "GenuineIntel", 6, 0xbf, 0xbf, "cpu_core", "Raptor Lake P-core", 6, 17, false },
	{ "GenuineIntel", 6, 0xb7, 0xb7, "cpu_atom", "Raptor Lake E-core", 5, 13, false },
	{ "GenuineIntel", 6, 0xba, 0xba, "cpu_atom", "Raptor Lake E-core", 5, 13, false },
	{ "GenuineIntel", 6, 0xbf, 0xbf, "cpu_atom", "Raptor Lake E-core", 5, 13, false },
	{ "GenuineIntel", 6, 0xaa, 0xac, "cpu_core", "Meteor Lake P-core", 6, 17, false },
	{ "GenuineIntel", 6, 0xaa, 0xac, "cpu_atom", "Meteor Lake E-core", 6, 13, false },
	{ "GenuineIntel", 6, 0xbd, 0xbd, "cpu_core", "Lunar Lake P-core", 8, 17, false },
	{ "GenuineIntel", 6, 0xbd, 0xbd, "cpu_atom", "Lunar Lake E-core", 8, 13, false },
	{ "GenuineIntel", 6, 0xc5, 0xc6, "cpu_core", "Arrow Lake P-core", 8, 17, false },
	{ "GenuineIntel", 6, 0xc5, 0xc6, "cpu_atom", "Arrow Lake E-core", 8, 13, false },
	{ "AuthenticAMD", 0x17, 0x00, 0x2f, "", "Zen", 6, 18, false },
	{ "AuthenticAMD", 0x17, 0x30, 0xff, "", "Zen 2", 6, 18, false },
	{ "AuthenticAMD", 0x19, 0x00, 0x0f, "", "Zen 3", 6, 13, false },
	{ "AuthenticAMD", 0x19, 0x20, 0x5f, "", "Zen 3", 6, 13, false },
	{ "AuthenticAMD", 0x19, 0x10, 0x1f, "", "Zen 4", 6, 13, true },
	{ "AuthenticAMD", 0x19, 0x60, 0xff, "", "Zen 4", 6, 13, true },
	{ "AuthenticAMD", 0x1a, 0x00, 0xff, "", "Zen 5", 8, 14, true },
};

const struct processor_width *processor_width_find(const struct counter_processor *processor,
						   const char *pmu)
{
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		const struct processor_width *width = &widths[i];

		if (strcmp(width->vendor, processor->vendor) == 0 &&
		    width->family == processor->family && width->model_first <= processor->model &&
		    processor->model <= width->model_last && strcmp(width->pmu, pmu) == 0)
			return width;
	}
	return NULL;
}
