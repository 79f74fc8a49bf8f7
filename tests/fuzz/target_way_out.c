/** Code that is followed to its return, whatever its bytes are. */

#include "arch/architecture.h"
#include "fuzz_target.h"

#include <elf.h>

/** Low enough for jumps to lead to either side of it. */
#define START UINT64_C(0x1000)

static struct bytes read_code(void *context, uint64_t address)
{
	const struct bytes *code = context;

	if (address < START || address - START >= code->size)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ code->data + (address - START), code->size - (address - START) };
}

static void run(struct bytes input)
{
	const struct architecture *architecture = architecture_find(EM_X86_64);
	const struct code_source code = { read_code, &input };
	struct way_out way = { 0 };

	for (size_t i = 0; i < MIN(input.size, (size_t)64); i++) {
		for (int is_behind_call = 0; is_behind_call < 2; is_behind_call++) {
			if (architecture->find_way_out(&code, START + i, is_behind_call, &way))
				FUZZ_CHECK(way.has_frame_pointer || !way.is_frame_pointer_saved);
		}
	}
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	/* push %rbp; mov %rsp,%rbp; sub $32,%rsp; je; call; leave; ret */
	static const uint8_t frame[] = { 0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 32,  0x74,
					 5,    0xe8, 0,    0,    0,    0,    0xc9, 0xc3 };
	/* vmovups, vpcmpb, movabs, mov to an address, enter, pop %rbp; ret */
	static const uint8_t forms[] = { 0x62, 0xf1, 0x7c, 0x48, 0x10, 0x44, 0x24, 1,    0x62,
					 0xf3, 0x7d, 0x48, 0x3f, 0xc1, 6,    0x48, 0xb8, 1,
					 2,    3,    4,    5,    6,    7,    8,    0xa3, 1,
					 2,    3,    4,    5,    6,    7,    8,    0x5d, 0xc3 };

	fuzz_seeds_add(seeds, (struct bytes){ frame, sizeof(frame) });
	fuzz_seeds_add(seeds, (struct bytes){ forms, sizeof(forms) });
}

const struct fuzz_target fuzz_target = { run, make_seeds };
