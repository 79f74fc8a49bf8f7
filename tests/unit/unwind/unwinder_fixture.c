#include "unwinder_fixture.h"

#include "base/clock.h"
#include "elf_builder.h"
#include "temporary_folder.h"

#include <elf.h>

static void build_eh_frame(struct cfi_builder *builder)
{
	static const uint8_t usual[] = { 0x0c, TEST_RSP, 8, 0x90, 1 };
	static const uint8_t encoding[] = { 0x1b };

	cfi_builder_usual_cie(builder);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_LEAF, 0x40, 0x00);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_FRAME, 0x40, 0x0c, TEST_RBP, 16, 0x86,
			2);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_ROOT, 0x40, 0x07, TEST_RIP);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_BASE, 0x40, 0x0c, TEST_RBX, 16);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_SAVES, 0x40, 0x0e, 24, 0x83, 2);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_PLT, 0x40, 0x0f, 11, 0x77, 8, 0x80, 0,
			0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_DEREFERENCE, 0x40, 0x0f, 3, 0x77, 8,
			0x06);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_BAD, 0x40, 0x3f);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_VFORK, 0x40, 0x0e, 0, 0x09, TEST_RIP,
			TEST_RDI);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_EPILOGUE, 0x40, 0x86, 2);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_REALIGNED, 0x40, 0x0c, TEST_R10, 0,
			0x10, TEST_RBP, 2, 0x76, 0);
	/* The row of the last byte differs from what follows. */
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_LAST, 0x10, 0x0e, 16);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_LAST + 0x10, 0x10, 0x07, TEST_RIP);

	cfi_builder_cie(builder, 1, "zRS", (struct bytes){ encoding, sizeof(encoding) },
			(struct bytes){ usual, sizeof(usual) });
	/* A byte early, for the look-up one byte before the return address. */
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + FUNCTION_SIGNAL - 1, 0x40, 0x0f, 3, 0x77, 24,
			0x06, 0x10, TEST_RBX, 2, 0x77, 0, 0x10, TEST_RBP, 2, 0x77, 8, 0x10,
			TEST_RIP, 2, 0x77, 16);
}

static void put(struct byte_vector *bytes, uint64_t value, size_t size_bytes)
{
	byte_vector_append_bytes(bytes, &value, size_bytes);
}

/** Go 1.20's form: src/runtime/symtab.go, _func in src/runtime/runtime2.go. */
static void build_go_table(struct byte_vector *bytes)
{
	static const struct {
		uint32_t start;
		uint8_t flags;
	} functions[] = { { FUNCTION_ENTRY, 4 },
			  { FUNCTION_SWITCH, 6 },
			  { FUNCTION_OUTERMOST, 1 } };

	const uint32_t n = ARRAY_SIZE(functions), header_bytes = 72, description_bytes = 44;

	put(bytes, 0xfffffff1, 4);
	put(bytes, 0x08010000, 4);
	put(bytes, n, 8);
	put(bytes, 0, 8);
	put(bytes, TEST_CODE_ADDRESS, 8);
	for (int i = 0; i < 4; i++)
		put(bytes, 0, 8);
	put(bytes, header_bytes, 8);
	for (uint32_t i = 0; i < n; i++) {
		put(bytes, functions[i].start, 4);
		put(bytes, (n + 1) * 8 + i * description_bytes, 4);
	}
	put(bytes, FUNCTION_AFTER, 8);
	for (uint32_t i = 0; i < n; i++) {
		for (int k = 0; k < 10; k++)
			put(bytes, 0, 4);
		put(bytes, (uint32_t)functions[i].flags << 8, 4);
	}
}

static void build_program(const char *path)
{
	static const uint8_t gives_back[] = { 0x48, 0x83, 0xc4, 8, 0xc3 };
	static const uint8_t call[] = { 0xe8, 0, 0, 0, 0 };
	static const uint8_t exit[] = { 0xb8, 60, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t trampoline[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
	uint8_t bytes[CODE_SIZE_BYTES];
	struct cfi_builder eh_frame = { 0 };
	struct byte_vector go_table = { 0 };
	struct elf_builder elf;

	memset(bytes, 0x90, sizeof(bytes));
	for (size_t function = 0x100; function < FUNCTION_TRAMPOLINE; function += 0x80)
		memcpy(bytes + AFTER_CALL(function) - sizeof(call), call, sizeof(call));
	memcpy(bytes + AFTER_CALL(FUNCTION_ENTRY) - sizeof(call), call, sizeof(call));
	memcpy(bytes + AFTER_CALL(FUNCTION_SAVES), exit, sizeof(exit));
	memcpy(bytes + AFTER_CALL(FUNCTION_ROOM), gives_back, sizeof(gives_back));
	memcpy(bytes + FUNCTION_TRAMPOLINE, trampoline, sizeof(trampoline));
	build_eh_frame(&eh_frame);
	build_go_table(&go_table);

	elf_builder_init(&elf, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf.entry_elf_address = TEST_CODE_ADDRESS + FUNCTION_ENTRY;
	elf_builder_add_code(&elf, ".text", TEST_CODE_ADDRESS,
			     (struct bytes){ bytes, sizeof(bytes) });
	elf_builder_add_section(&elf, ".eh_frame", SHT_PROGBITS, SHF_ALLOC, TEST_SECTION_ADDRESS,
				(struct bytes){ eh_frame.bytes.items, eh_frame.bytes.count });
	elf_builder_add_section(&elf, ".gopclntab", SHT_PROGBITS, SHF_ALLOC,
				TEST_SECTION_ADDRESS + 0x8000,
				(struct bytes){ go_table.items, go_table.count });
	elf_builder_write(&elf, path);
	elf_builder_deinit(&elf);
	cfi_builder_deinit(&eh_frame);
	byte_vector_deinit(&go_table);
}

void map(struct fixture *fixture, const char *path, uint64_t start, uint64_t file_offset)
{
	const struct object_identity identity = { .path = path };

	mapping_vector_append(&fixture->process.mappings,
			      (struct mapping){
				      .start = start,
				      .end = start + CODE_SIZE_BYTES,
				      .file_offset = file_offset,
				      .object = object_registry_find(fixture->registry, &identity),
			      });
	fixture->process.generation++;
}

int set_up(void **state)
{
	struct fixture *fixture = memory_allocate(1, sizeof(*fixture));
	const struct architecture *architecture = architecture_find(EM_X86_64);
	const struct object *object;
	char *path;

	temporary_folder_set_up(&fixture->folder);
	path = temporary_path(&fixture->folder, "program");
	build_program(path);
	fixture->registry = object_registry_create(NULL);
	fixture->unwinder = unwinder_create(architecture);
	fixture->process.pid = 1000;
	fixture->words = memory_allocate(WORDS_MAX, sizeof(*fixture->words));
	map(fixture, "//anon", JIT_ADDRESS, 0);
	map(fixture, path, code(0), 0);
	object = fixture->process.mappings.items[1].object;
	object_open((struct object *)object, NULL);
	assert_int_equal(object->state, OBJECT_OPEN);
	for (size_t i = 0; i < object->segments.count; i++) {
		if (object->segments.items[i].is_executable)
			fixture->process.mappings.items[1].file_offset =
				object->segments.items[i].file_offset;
	}
	fixture->registers.values[TEST_RSP] = STACK_ADDRESS;
	fixture->registers.valid_mask = (1 << architecture->n_registers) - 1;
	free(path);
	*state = fixture;
	return 0;
}

int tear_down(void **state)
{
	struct fixture *fixture = *state;

	unwinder_destroy(fixture->unwinder);
	object_registry_destroy(fixture->registry);
	mapping_vector_deinit(&fixture->process.mappings);
	address_frame_vector_deinit(&fixture->frames);
	temporary_folder_tear_down(&fixture->folder);
	free(fixture->words);
	free(fixture);
	return 0;
}

void push(struct fixture *fixture, uint64_t word)
{
	assert_true(fixture->n_words < WORDS_MAX);
	fixture->words[fixture->n_words++] = word;
}

enum stack_end run(struct fixture *fixture, uint64_t instruction_pointer)
{
	const struct stack_copy stack = {
		.bytes = { (const uint8_t *)fixture->words, fixture->n_words * 8 },
		.pieces = fixture->pieces,
		.n_pieces = fixture->n_pieces,
		.chain = fixture->chain,
		.n_chain = fixture->n_chain,
	};

	fixture->registers.values[TEST_RIP] = instruction_pointer;
	address_frame_vector_clear(&fixture->frames);
	return unwinder_run(fixture->unwinder, &fixture->process, &fixture->registers, &stack,
			    fixture->beyond, &fixture->frames);
}

void assert_frames(const struct fixture *fixture, const uint64_t *addresses, size_t count)
{
	assert_int_equal(fixture->frames.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(fixture->frames.items[i].runtime_address, addresses[i]);
}

size_t read_words(void *context, uint64_t address, void *buffer, size_t size_bytes)
{
	const struct fixture *fixture = context;

	memset(buffer, 0, size_bytes);
	for (size_t i = 0; i < WORDS_MAX; i++) {
		uint64_t slot = stack_slot(i);

		if (slot >= address && slot + 8 <= address + size_bytes)
			memcpy((uint8_t *)buffer + (slot - address), fixture->words + i, 8);
	}
	return size_bytes;
}

struct memory_reader reader_of(struct fixture *fixture, uint64_t now_ms)
{
	return (struct memory_reader){ .read = read_words,
				       .context = fixture,
				       .copied_ns = (now_ms - 1) * NS_PER_MS,
				       .now_ns = now_ms * NS_PER_MS,
				       .may_complete_stacks = true };
}
