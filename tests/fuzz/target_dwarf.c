/**
 * DWARF: units, inlined calls, lines, ranges. The input is a chain of sections, each
 * {u8 which; u24 size; bytes}, so that what a fuzzer changes is DWARF and not the ELF file, which
 * is made around it here.
 */

#include "elf_builder.h"
#include "fuzz_target.h"
#include "object/object_internal.h"
#include "symbols/debug_info_internal.h"

#define CODE_ADDRESS    0x1000
#define CODE_SIZE_BYTES 0x2000
#define N_ADDRESSES     256

static const char *const names[] = {
	".debug_info",     ".debug_abbrev",      ".debug_line",  ".debug_str",
	".debug_line_str", ".debug_str_offsets", ".debug_addr",  ".debug_ranges",
	".debug_rnglists", ".debug_aranges",     ".debug_types",
};

static struct bytes build(struct elf_builder *builder, struct bytes input)
{
	static const uint8_t code[CODE_SIZE_BYTES];
	uint32_t seen = 0;

	elf_builder_init(builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_code(builder, ".text", CODE_ADDRESS, (struct bytes){ code, sizeof(code) });
	while (input.size >= 4) {
		size_t which = input.data[0] % ARRAY_SIZE(names);
		size_t size_bytes = (size_t)input.data[1] | (size_t)input.data[2] << 8 |
				    (size_t)input.data[3] << 16;

		input.data += 4;
		input.size -= 4;
		size_bytes = MIN(size_bytes, input.size);
		if (!(seen & 1u << which))
			elf_builder_add_section(builder, names[which], SHT_PROGBITS, 0, 0,
						(struct bytes){ input.data, size_bytes });
		seen |= 1u << which;
		input.data += size_bytes;
		input.size -= size_bytes;
	}
	return elf_builder_image(builder);
}

static void check_frames(const struct debug_frame_vector *frames, const struct debug_chain *chains)
{
	for (size_t i = 0; i < N_ADDRESSES; i++) {
		FUZZ_CHECK(chains[i].n_frames <= frames->count &&
			   chains[i].first_frame <= frames->count - chains[i].n_frames);
		for (uint32_t k = 0; k < chains[i].n_frames; k++) {
			const struct debug_frame *frame = &frames->items[chains[i].first_frame + k];

			FUZZ_CHECK(!frame->name || strlen(frame->name) < SIZE_MAX);
			FUZZ_CHECK(!frame->file || strlen(frame->file) < SIZE_MAX);
		}
	}
}

static void resolve(struct object *object, bool is_without_lines)
{
	struct debug_chain chains[N_ADDRESSES];
	struct debug_frame_vector frames = { 0 };
	struct address_vector boundaries = { 0 };
	uint64_t addresses[N_ADDRESSES];
	struct debug_info *info = NULL;
	struct error *error = debug_info_open(object, NULL, is_without_lines, NULL, &info);

	for (size_t i = 0; i < N_ADDRESSES; i++)
		addresses[i] = CODE_ADDRESS + i * (CODE_SIZE_BYTES / N_ADDRESSES);
	if (!error && info) {
		debug_info_resolve(info, addresses, N_ADDRESSES, &frames, chains);
		check_frames(&frames, chains);
		debug_info_boundaries(info, CODE_ADDRESS, CODE_ADDRESS + 64, &boundaries);
	}
	fuzz_check_error(error);
	debug_info_destroy(info);
	debug_frame_vector_deinit(&frames);
	address_vector_deinit(&boundaries);
}

static void run(struct bytes input)
{
	struct elf_builder builder;
	struct bytes file = build(&builder, input);

	for (int is_without_lines = 0; is_without_lines < 2; is_without_lines++) {
		struct object *object = memory_allocate(1, sizeof(*object));
		struct elf_image image;

		FUZZ_CHECK(!elf_image_adopt(memory_duplicate(file.data, file.size), file.size,
					    ELF_IMAGE_LOADED, &image));
		object_take_image(object, &image);
		resolve(object, is_without_lines);
		object_destroy(object);
	}
	elf_builder_deinit(&builder);
}

/** The sections of a compiled program, as an input. */
static void add_program(struct fuzz_seeds *seeds, const char *path)
{
	struct object *object = memory_allocate(1, sizeof(*object));
	struct byte_vector seed = { 0 };
	struct elf_image image;

	FUZZ_CHECK(!elf_image_open(path, ELF_IMAGE_LOADED, &image));
	object_take_image(object, &image);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct bytes section = object_section(object, names[i], NULL);
		const uint8_t head[] = { (uint8_t)i, (uint8_t)section.size,
					 (uint8_t)(section.size >> 8),
					 (uint8_t)(section.size >> 16) };

		if (!section.size)
			continue;
		byte_vector_append_bytes(&seed, head, sizeof(head));
		byte_vector_append_bytes(&seed, section.data, section.size);
	}
	fuzz_seeds_add_vector(seeds, &seed);
	byte_vector_deinit(&seed);
	object_destroy(object);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	for (size_t i = 0; fuzz_seeds_file(seeds, i); i++)
		add_program(seeds, fuzz_seeds_file(seeds, i));
}

const struct fuzz_target fuzz_target = { run, make_seeds };
