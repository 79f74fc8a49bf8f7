#include "seed_programs.h"

#include "elf_builder.h"

static void add(struct fuzz_seeds *seeds, uint8_t elf_class, uint8_t data)
{
	struct elf_builder builder;

	elf_builder_init(&builder, elf_class, data, EM_X86_64);
	elf_builder_add_code(&builder, ".text", 0x1000, bytes_of_text("code that is no code"));
	elf_builder_add_code(&builder, ".plt", 0x5000, bytes_of_text("plt"));
	elf_builder_add_build_id(&builder, "0011223344556677");
	elf_builder_add_compressed(&builder, ".debug_info", ELFCOMPRESS_ZLIB,
				   bytes_of_text("zlib zlib zlib"));
	elf_builder_add_compressed(&builder, ".debug_line", ELFCOMPRESS_ZSTD,
				   bytes_of_text("zstd zstd zstd"));
	elf_builder_add_zdebug(&builder, ".zdebug_str", bytes_of_text("old old old"));
	elf_builder_add_debug_link(&builder, "program.debug", 0x12345678);
	elf_builder_add_symbol(&builder, "main", 0x1000, 16, STT_FUNC);
	elf_builder_add_symbol(&builder, "_ZN3abc3defEv", 0x1010, 0, STT_FUNC);
	elf_builder_add_symbol(&builder, "data", 0x1012, 4, STT_OBJECT);
	fuzz_seeds_add(seeds, elf_builder_image(&builder));
	elf_builder_deinit(&builder);
}

void seed_programs_add(struct fuzz_seeds *seeds)
{
	add(seeds, ELFCLASS64, ELFDATA2LSB);
	add(seeds, ELFCLASS32, ELFDATA2LSB);
	add(seeds, ELFCLASS64, ELFDATA2MSB);
}
