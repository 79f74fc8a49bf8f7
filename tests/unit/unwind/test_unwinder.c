#include "unwind/unwinder.h"

#include "base/clock.h"
#include "cfi_builder.h"
#include "elf_builder.h"
#include "process/process.h"
#include "temporary_folder.h"
#include "unwind/live_memory.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CODE_SIZE_BYTES 0x1000

/** Offsets of the test program's functions. Those from FUNCTION_GAP on have no CFI. */
enum function {
	FUNCTION_LEAF = 0x100,        /**< CFA = rsp + 8. */
	FUNCTION_FRAME = 0x200,       /**< CFA = rbp + 16, rbp saved at CFA - 16. */
	FUNCTION_ROOT = 0x300,        /**< Return address undefined. */
	FUNCTION_BASE = 0x400,        /**< CFA = rbx + 16, as in _dl_runtime_resolve. */
	FUNCTION_SAVES = 0x500,       /**< CFA = rsp + 24, rbx saved at CFA - 16. */
	FUNCTION_PLT = 0x600,         /**< CFA = rsp + 8 + ((rip & 15) >= 11) * 8. */
	FUNCTION_DEREFERENCE = 0x680, /**< CFA = *(rsp + 8). */
	FUNCTION_SIGNAL = 0x700,    /**< A signal trampoline with CFI for rip, rsp, rbp and rbx. */
	FUNCTION_BAD = 0x780,       /**< Damaged. */
	FUNCTION_VFORK = 0x800,     /**< CFA = rsp, return address in rdi. */
	FUNCTION_EPILOGUE = 0x880,  /**< At the return: CFA = rsp + 8, rbp "saved" at CFA - 16. */
	FUNCTION_REALIGNED = 0x900, /**< CFA = r10, rbp saved at rbp + 0. */
	FUNCTION_LAST = 0x980,      /**< Ends with the call of a function that never returns. */
	FUNCTION_GAP = 0xa00,
	FUNCTION_ROOM = 0xa80,       /**< Gives 8 bytes back to the stack and returns. */
	FUNCTION_TRAMPOLINE = 0xb00, /**< No CFI, but the bytes of one. */
	FUNCTION_ENTRY = 0xc00,
	FUNCTION_SWITCH = 0xd00,    /**< Go's table says: changes stacks. */
	FUNCTION_OUTERMOST = 0xd80, /**< And here: nothing calls it. */
	FUNCTION_AFTER = 0xe00,
};

/** Behind a call instruction of @p function. */
#define AFTER_CALL(function) ((function) + 0x10)

#define LOAD_BIAS     UINT64_C(0x7f0000000000)
#define JIT_ADDRESS   UINT64_C(0x7e0000000000)
#define STACK_ADDRESS UINT64_C(0x7ffd00001000)
#define WORDS_MAX     20000

struct fixture {
	void *folder;
	struct object_registry *registry;
	struct process process;
	struct unwinder *unwinder;
	struct registers registers;
	uint64_t *words; /**< The copied stack. */
	size_t n_words;
	const struct stack_piece *pieces;
	size_t n_pieces;
	struct address_frame_vector frames;
	const struct memory_reader *beyond; /**< NULL: nothing beyond the copy. */
};

static uint64_t code(uint64_t offset)
{
	return LOAD_BIAS + TEST_CODE_ADDRESS + offset;
}

static uint64_t stack_slot(size_t index)
{
	return STACK_ADDRESS + index * 8;
}

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

static void map(struct fixture *fixture, const char *path, uint64_t start, uint64_t file_offset)
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

static int set_up(void **state)
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
	object_open((struct object *)object, 0, 0, 0);
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

static int tear_down(void **state)
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

static void push(struct fixture *fixture, uint64_t word)
{
	assert_true(fixture->n_words < WORDS_MAX);
	fixture->words[fixture->n_words++] = word;
}

static enum stack_end run(struct fixture *fixture, uint64_t instruction_pointer)
{
	const struct stack_copy stack = {
		.bytes = { (const uint8_t *)fixture->words, fixture->n_words * 8 },
		.pieces = fixture->pieces,
		.n_pieces = fixture->n_pieces,
	};

	fixture->registers.values[TEST_RIP] = instruction_pointer;
	address_frame_vector_clear(&fixture->frames);
	return unwinder_run(fixture->unwinder, &fixture->process, &fixture->registers, &stack,
			    fixture->beyond, &fixture->frames);
}

static void assert_frames(const struct fixture *fixture, const uint64_t *addresses, size_t count)
{
	assert_int_equal(fixture->frames.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(fixture->frames.items[i].runtime_address, addresses[i]);
}

#define ASSERT_FRAMES(fixture, ...)                                                                \
	assert_frames(fixture, (const uint64_t[]){ __VA_ARGS__ },                                  \
		      ARRAY_SIZE(((const uint64_t[]){ __VA_ARGS__ })))

static void test_chain_to_the_root(void **state)
{
	struct fixture *fixture = *state;
	const struct object *object = fixture->process.mappings.items[1].object;

	fixture->registers.values[TEST_RBP] = stack_slot(2);
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, 0x1111);
	push(fixture, 0x2222); /* saved rbp */
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[0].flags, 0);
	assert_int_equal(fixture->frames.items[1].flags, ADDRESS_FRAME_IS_RETURN);
	assert_ptr_equal(fixture->frames.items[1].object, object);
	assert_int_equal(fixture->frames.items[1].elf_address,
			 TEST_CODE_ADDRESS + AFTER_CALL(FUNCTION_FRAME));
	assert_null(unwinder_object_problem(fixture->unwinder, object));
	assert_int_equal(unwinder_statistics(fixture->unwinder).n_tables, 1);
	assert_int_equal(unwinder_statistics(fixture->unwinder).n_frames, 3);
}

static void test_every_shorter_copy_says_so(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = stack_slot(2);
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	for (size_t n_words = 1; n_words < 4; n_words++) {
		fixture->n_words = n_words;
		assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
		assert_int_equal(fixture->frames.count, 2);
	}
	fixture->n_words = 0;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_COPY);
	assert_int_equal(fixture->frames.count, 1);
}

static void test_ends(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, 0);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NULL_RETURN);
	assert_int_equal(fixture->frames.count, 1);
	fixture->words[0] = 0x123456;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_MAPPING);
	assert_int_equal(fixture->frames.count, 1);
	assert_int_equal(run(fixture, code(FUNCTION_BAD)), STACK_END_BAD_RULE);
	fixture->registers.values[TEST_RBP] = STACK_ADDRESS - 64;
	assert_int_equal(run(fixture, code(FUNCTION_FRAME)), STACK_END_STUCK);
	assert_int_equal(run(fixture, code(FUNCTION_ENTRY) + 4), STACK_END_ENTRY);
	assert_int_equal(run(fixture, 0x10), STACK_END_NO_MAPPING);
	assert_int_equal(fixture->frames.count, 1);
	assert_null(fixture->frames.items[0].object);
}

static void test_go_changes_stacks(void **state)
{
	struct fixture *fixture = *state;

	/* What lies above on this stack is no caller, though it looks like one. */
	push(fixture, code(AFTER_CALL(FUNCTION_SWITCH)));
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_SWITCH);
	assert_int_equal(fixture->frames.count, 2);
	/* Before and after it goes over, it is a function like others. */
	fixture->words[0] = code(AFTER_CALL(FUNCTION_ROOT));
	assert_int_equal(run(fixture, code(FUNCTION_SWITCH)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
}

static void test_go_says_what_is_outermost(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = 3;
	push(fixture, code(FUNCTION_OUTERMOST + 1)); /* as goroutines return: no call before it */
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
	fixture->words[0] = code(FUNCTION_AFTER + 1);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_RULE);
}

static void test_start_of_a_thread(void **state)
{
	struct fixture *fixture = *state;

	/* SAVES returns to no code; but had LEAF returned to it, it would have ended the thread. */
	push(fixture, code(AFTER_CALL(FUNCTION_SAVES)));
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, 0x123456);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
	/* The same bytes say nothing of one that was interrupted there. */
	fixture->words[2] = 0x123456;
	assert_int_equal(run(fixture, code(AFTER_CALL(FUNCTION_SAVES))), STACK_END_NO_MAPPING);
}

static void test_start_code_without_cfi(void **state)
{
	struct fixture *fixture = *state;

	/* LEAF <- a libc's start code, which keeps something <- the entry stub. */
	fixture->registers.values[TEST_RBP] = 1;
	push(fixture, code(AFTER_CALL(FUNCTION_GAP)));
	push(fixture, 0x1111);
	push(fixture, code(AFTER_CALL(FUNCTION_GAP)));
	push(fixture, code(AFTER_CALL(FUNCTION_ENTRY)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ENTRY);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_GAP)),
		      code(AFTER_CALL(FUNCTION_ENTRY)));
	/* A caller that is described must not be left out. */
	fixture->words[2] = code(AFTER_CALL(FUNCTION_FRAME));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_RULE);
	assert_int_equal(fixture->frames.count, 2);
}

/** The words of the fixture, as a process that still runs: the copy is their beginning. */
static size_t read_words(void *context, uint64_t address, void *buffer, size_t size_bytes)
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

/** The words of the fixture as a process at some time, for a stack copied 1 ms before. */
static struct memory_reader reader_of(struct fixture *fixture, uint64_t now_ms)
{
	return (struct memory_reader){ .read = read_words,
				       .context = fixture,
				       .copied_ns = (now_ms - 1) * NS_PER_MS,
				       .now_ns = now_ms * NS_PER_MS };
}

/** Looks every 25 ms up to @p last_ms; how the last one ended. */
static enum stack_end look_until(struct fixture *fixture, uint64_t first_ms, uint64_t last_ms)
{
	struct memory_reader reader;
	enum stack_end end = STACK_END_NONE;

	fixture->beyond = &reader;
	for (uint64_t now_ms = first_ms; now_ms <= last_ms; now_ms += 25) {
		reader = reader_of(fixture, now_ms);
		end = run(fixture, code(FUNCTION_LEAF));
	}
	fixture->beyond = NULL;
	return end;
}

/** LEAF <- FRAME <- FRAME <- ROOT, of which the copy holds the first three words or more. */
static void push_stack_longer_than_copy(struct fixture *fixture)
{
	fixture->registers.values[TEST_RBP] = stack_slot(1);
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, stack_slot(3));
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	fixture->n_words = 3;
}

static void test_beyond_the_copy(void **state)
{
	struct fixture *fixture = *state;

	push_stack_longer_than_copy(fixture);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 3);
	assert_int_equal(unwinder_extent(fixture->unwinder).missing, stack_slot(4));
	assert_int_equal(unwinder_extent(fixture->unwinder).end, 0);
	assert_int_equal(look_until(fixture, 1000, 1350), STACK_END_COPY_ENDED);
	assert_int_equal(look_until(fixture, 1375, 1375), STACK_END_RECOVERED);
	assert_int_equal(unwinder_extent(fixture->unwinder).missing, stack_slot(4));
	assert_int_equal(unwinder_extent(fixture->unwinder).end, stack_slot(5));
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_FRAME)), code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[2].flags, ADDRESS_FRAME_IS_RETURN);
	assert_int_equal(fixture->frames.items[3].flags,
			 ADDRESS_FRAME_IS_RETURN | ADDRESS_FRAME_IS_RECOVERED);
	assert_int_equal(unwinder_statistics(fixture->unwinder).n_live_recovered, 1);
}

static void test_doubt_beyond_the_copy_keeps_nothing(void **state)
{
	struct fixture *fixture = *state;

	push_stack_longer_than_copy(fixture);
	assert_int_equal(look_until(fixture, 1000, 1400), STACK_END_RECOVERED);
	/* Not behind a call; in no code; no root. */
	fixture->words[4] = code(FUNCTION_ROOT + 3);
	assert_int_equal(look_until(fixture, 2000, 2500), STACK_END_COPY_ENDED);
	fixture->words[4] = 0x123456;
	assert_int_equal(look_until(fixture, 3000, 3500), STACK_END_COPY_ENDED);
	fixture->words[4] = code(AFTER_CALL(FUNCTION_BAD));
	assert_int_equal(look_until(fixture, 4000, 4500), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 3);
	assert_int_equal(unwinder_statistics(fixture->unwinder).n_live_recovered, 2);
}

/** What was copied changed before the process was looked at. */
static size_t read_changed_words(void *context, uint64_t address, void *buffer, size_t size_bytes)
{
	size_t n_read = read_words(context, address, buffer, size_bytes);

	if (STACK_ADDRESS >= address && STACK_ADDRESS + 16 <= address + size_bytes)
		((uint8_t *)buffer)[STACK_ADDRESS - address + 8] ^= 1;
	return n_read;
}

static void test_changed_copy_says_no(void **state)
{
	struct fixture *fixture = *state;
	struct memory_reader reader;

	push_stack_longer_than_copy(fixture);
	assert_int_equal(look_until(fixture, 1000, 1400), STACK_END_RECOVERED);
	reader = reader_of(fixture, 1425);
	reader.read = read_changed_words;
	fixture->beyond = &reader;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 3);
}

static void test_callers_that_take_turns_say_no(void **state)
{
	struct fixture *fixture = *state;

	push_stack_longer_than_copy(fixture);
	for (uint64_t now_ms = 1000; now_ms < 2000; now_ms += 25) {
		fixture->words[4] = code(AFTER_CALL(now_ms % 250 ? FUNCTION_ROOT : FUNCTION_LEAF));
		fixture->words[5] = code(AFTER_CALL(FUNCTION_ROOT));
		assert_int_equal(look_until(fixture, now_ms, now_ms), STACK_END_COPY_ENDED);
	}
	/* Whoever was there since. */
	assert_int_equal(look_until(fixture, 2000, 2400), STACK_END_RECOVERED);
}

static void test_looks_at_the_same_time_are_one(void **state)
{
	struct fixture *fixture = *state;

	push_stack_longer_than_copy(fixture);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(look_until(fixture, 1000, 1000), STACK_END_COPY_ENDED);
	/* Too far apart: who knows what was between. */
	for (uint64_t now_ms = 2000; now_ms < 20000; now_ms += 500)
		assert_int_equal(look_until(fixture, now_ms, now_ms), STACK_END_COPY_ENDED);
}

static void test_looks_after_the_copy_say_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct memory_reader reader;

	push_stack_longer_than_copy(fixture);
	fixture->beyond = &reader;
	for (uint64_t now_ms = 1000; now_ms < 2000; now_ms += 25) {
		reader = reader_of(fixture, now_ms);
		reader.copied_ns = 900 * NS_PER_MS;
		assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	}
	fixture->beyond = NULL;
}

static void test_pieces_further_out_count_as_copied(void **state)
{
	struct fixture *fixture = *state;
	const struct stack_piece pieces[] = {
		{ stack_slot(3), { (const uint8_t *)&fixture->words[3], 8 } },
		{ stack_slot(4), { (const uint8_t *)&fixture->words[4], 8 } },
	};

	push_stack_longer_than_copy(fixture);
	fixture->pieces = pieces;
	fixture->n_pieces = 1;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(unwinder_extent(fixture->unwinder).missing, stack_slot(4));
	fixture->n_pieces = 2;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_FRAME)), code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[3].flags, ADDRESS_FRAME_IS_RETURN);
	assert_int_equal(unwinder_extent(fixture->unwinder).missing, 0);
}

static size_t read_nothing(void *context, uint64_t address, void *buffer, size_t size_bytes)
{
	return 0;
}

static void test_memory_that_cannot_be_read(void **state)
{
	struct fixture *fixture = *state;
	const struct memory_reader reader = { .read = read_nothing };

	push_stack_longer_than_copy(fixture);
	fixture->beyond = &reader;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	fixture->n_words = 0;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_COPY);
}

static void test_too_deep(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < UNWIND_FRAMES_MAX + 10; i++)
		push(fixture, code(AFTER_CALL(FUNCTION_LEAF)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_TOO_DEEP);
	assert_int_equal(fixture->frames.count, UNWIND_FRAMES_MAX);
}

static void test_caller_is_looked_up_inside_its_call(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, code(FUNCTION_LAST + 0x10));
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 3);
	/* The sampled address itself is exact: here there is no caller. */
	assert_int_equal(run(fixture, code(FUNCTION_LAST + 0x10)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 1);
}

static void test_register_that_an_inner_frame_saved(void **state)
{
	struct fixture *fixture = *state;

	/* LEAF <- SAVES (pushed rbx) <- LEAF's kind <- BASE, whose CFA is rbx + 16. */
	fixture->registers.values[TEST_RBX] = 0xdead;
	push(fixture, code(AFTER_CALL(FUNCTION_SAVES)));
	push(fixture, 0);
	push(fixture, stack_slot(6)); /* rbx at CFA - 16 */
	push(fixture, code(AFTER_CALL(FUNCTION_LEAF)));
	push(fixture, code(AFTER_CALL(FUNCTION_BASE)));
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 5);
}

static void test_caller_saved_register_is_lost_in_callers(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_R10] = stack_slot(2);
	push(fixture, code(AFTER_CALL(FUNCTION_REALIGNED)));
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_BAD_RULE);
	/* At the leaf it is known; and rbp outside the frame was taken back already. */
	fixture->registers.values[TEST_RBP] = stack_slot(4);
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, 0);
	fixture->words[1] = code(AFTER_CALL(FUNCTION_FRAME));
	fixture->words[5] = code(AFTER_CALL(FUNCTION_ROOT));
	assert_int_equal(run(fixture, code(FUNCTION_REALIGNED)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_REALIGNED), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_ROOT)));
}

static void test_frame_pointer_taken_back_before_the_return(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = stack_slot(2);
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_EPILOGUE)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 3);
}

static void test_plt(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_PLT + 0x1a)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
	fixture->words[0] = 3; /* the index it pushed */
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_PLT + 0x1b)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
}

static void test_stack_pointer_kept_in_memory(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, 0);
	push(fixture, stack_slot(4));
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_DEREFERENCE)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
}

static void test_return_address_in_a_register(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RDI] = code(AFTER_CALL(FUNCTION_LEAF));
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_VFORK)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_VFORK), code(AFTER_CALL(FUNCTION_LEAF)),
		      code(AFTER_CALL(FUNCTION_ROOT)));
}

static void test_signal_frame(void **state)
{
	struct fixture *fixture = *state;

	/* The handler returns to the trampoline; what it interrupted needs rbx and rbp. */
	push(fixture, code(FUNCTION_SIGNAL));
	push(fixture, stack_slot(7));       /* rbx */
	push(fixture, stack_slot(9));       /* rbp */
	push(fixture, code(FUNCTION_BASE)); /* rip: the first byte, so not a return */
	push(fixture, stack_slot(6));       /* rsp */
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(FUNCTION_SIGNAL), code(FUNCTION_BASE),
		      code(AFTER_CALL(FUNCTION_FRAME)), code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[1].flags, 0);
	assert_int_equal(fixture->frames.items[2].flags, 0);
	assert_int_equal(fixture->frames.items[3].flags, ADDRESS_FRAME_IS_RETURN);
}

static void test_signal_trampoline_without_cfi(void **state)
{
	struct fixture *fixture = *state;
	const int16_t *offsets = architecture_find(EM_X86_64)->sigreturn_register_offsets;
	uint64_t *context;

	push(fixture, code(FUNCTION_TRAMPOLINE));
	for (size_t i = 0; i < 40; i++)
		push(fixture, 0);
	context = fixture->words + 1;
	context[offsets[TEST_RIP] / 8] = code(FUNCTION_LEAF);
	context[offsets[TEST_RSP] / 8] = stack_slot(fixture->n_words);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(FUNCTION_TRAMPOLINE), code(FUNCTION_LEAF),
		      code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[1].flags, 0);

	/* The same, sampled inside the trampoline: before, in and after its system call. */
	fixture->registers.values[TEST_RSP] = stack_slot(0);
	memmove(fixture->words, fixture->words + 1, (fixture->n_words - 1) * 8);
	fixture->words[offsets[TEST_RSP] / 8] = stack_slot(fixture->n_words - 2);
	assert_int_equal(run(fixture, code(FUNCTION_TRAMPOLINE)), STACK_END_ROOT);
	assert_int_equal(run(fixture, code(FUNCTION_TRAMPOLINE + 7)), STACK_END_ROOT);
	assert_int_equal(run(fixture, code(FUNCTION_TRAMPOLINE + 9)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 3);
}

static void test_leaf_without_cfi(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = 3;
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_GAP)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
	assert_int_equal(fixture->frames.items[1].flags, ADDRESS_FRAME_IS_RETURN);
	/* A code address, but no call before it. */
	fixture->words[0] = code(FUNCTION_ROOT + 0x20);
	assert_int_equal(run(fixture, code(FUNCTION_GAP)), STACK_END_NO_RULE);
	/* One push further, as in the start of _init. */
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_GAP)), STACK_END_ROOT);
}

static void test_way_out_of_code_without_cfi(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = 3;
	push(fixture, code(AFTER_CALL(FUNCTION_ROOM)));
	push(fixture, 0x1111);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_ROOM)),
		      code(AFTER_CALL(FUNCTION_ROOT)));
	/* No call before it: the way out was that of another function. */
	fixture->words[2] = code(FUNCTION_ROOT + 0x20);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_RULE);
	assert_int_equal(fixture->frames.count, 2);
}

/** Run-time code that keeps no frame pointer: CPython's trampolines. */
static size_t read_trampoline(void *context, uint64_t address, void *buffer, size_t size_bytes)
{
	/* sub $8,%rsp; call *%rcx; add $8,%rsp; ret */
	static const uint8_t trampoline[] = { 0x48, 0x83, 0xec, 8, 0xff, 0xd1,
					      0x48, 0x83, 0xc4, 8, 0xc3 };
	size_t position = (size_t)(address - JIT_ADDRESS);
	size_t n_bytes;

	if (address < JIT_ADDRESS || position >= sizeof(trampoline))
		return read_words(context, address, buffer, size_bytes);
	n_bytes = MIN(size_bytes, sizeof(trampoline) - position);
	memcpy(buffer, trampoline + position, n_bytes);
	return n_bytes;
}

static void test_way_out_of_code_made_at_run_time(void **state)
{
	struct fixture *fixture = *state;
	struct memory_reader reader = reader_of(fixture, 1000);

	reader.read = read_trampoline;
	fixture->registers.values[TEST_RBP] = 3;
	push(fixture, JIT_ADDRESS + 6);
	push(fixture, 0x1111);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	/* Without the process, nobody can look. */
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_RULE);
	fixture->beyond = &reader;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), JIT_ADDRESS + 6,
		      code(AFTER_CALL(FUNCTION_ROOT)));
	/* That was its code, not its stack: nothing had to be recovered. */
	assert_int_equal(fixture->frames.items[2].flags, ADDRESS_FRAME_IS_RETURN);
}

static void test_jump_to_nowhere(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, 0), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, 0, code(AFTER_CALL(FUNCTION_ROOT)));
}

static void test_frame_pointers_of_jit_code(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = stack_slot(1);
	push(fixture, 0x77);
	push(fixture, stack_slot(4));
	push(fixture, JIT_ADDRESS + 0x80);
	push(fixture, 0x77);
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, JIT_ADDRESS + 0x40, JIT_ADDRESS + 0x80,
		      code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[0].flags, 0);
	assert_int_equal(fixture->frames.items[1].flags,
			 ADDRESS_FRAME_IS_RETURN | ADDRESS_FRAME_BY_FRAME_POINTER);

	fixture->words[5] = JIT_ADDRESS + 0x90;
	assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_FP_ROOT);
	assert_int_equal(fixture->frames.count, 3);
	fixture->words[5] = 0;
	assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_NULL_RETURN);
	fixture->n_words = 4;
	assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_COPY_ENDED);
}

static void test_compiled_code_without_cfi_keeps_its_frame_pointer(void **state)
{
	struct fixture *fixture = *state;

	/* On top lies what an earlier call left there; the caller has no CFI either. */
	fixture->registers.values[TEST_RBP] = stack_slot(2);
	push(fixture, code(AFTER_CALL(FUNCTION_GAP)));
	push(fixture, 0);
	push(fixture, stack_slot(4));
	push(fixture, code(AFTER_CALL(FUNCTION_GAP)));
	push(fixture, 0);
	push(fixture, code(FUNCTION_GAP + 0x41)); /* as runtime.goexit + 1: no call before it */
	assert_int_equal(run(fixture, code(FUNCTION_GAP + 0x20)), STACK_END_FP_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_GAP + 0x20), code(AFTER_CALL(FUNCTION_GAP)),
		      code(FUNCTION_GAP + 0x41));
}

static void test_frame_pointers_that_are_none(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t values[] = {
		0, 1, stack_slot(0) + 4, STACK_ADDRESS - 8, STACK_ADDRESS + (1 << 20), stack_slot(2)
	};

	for (size_t i = 0; i < 4; i++)
		push(fixture, 0x4444);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		fixture->registers.values[TEST_RBP] = values[i];
		assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_NO_RULE);
		assert_int_equal(fixture->frames.count, 1);
	}
	fixture->registers.valid_mask &= ~(UINT64_C(1) << TEST_RBP);
	fixture->registers.values[TEST_RBP] = stack_slot(0);
	fixture->words[1] = JIT_ADDRESS + 0x80;
	assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_NO_RULE);
}

static void test_new_mappings_are_seen(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	fixture->process.mappings.count = 1;
	fixture->process.generation++;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_MAPPING);
}

static void test_file_that_is_not_there(void **state)
{
	struct fixture *fixture = *state;
	const struct object *object;

	map(fixture, "/nonexistent/library.so", code(0x10000), 0);
	object = fixture->process.mappings.items[2].object;
	push(fixture, 0);
	assert_int_equal(run(fixture, code(0x10100)), STACK_END_NO_RULE);
	assert_int_equal(fixture->frames.count, 1);
	assert_ptr_equal(fixture->frames.items[0].object, object);
	assert_non_null(unwinder_object_problem(fixture->unwinder, object));
	assert_int_equal(unwinder_statistics(fixture->unwinder).n_table_failures, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_chain_to_the_root),
		TEST(test_every_shorter_copy_says_so),
		TEST(test_ends),
		TEST(test_go_changes_stacks),
		TEST(test_go_says_what_is_outermost),
		TEST(test_start_of_a_thread),
		TEST(test_start_code_without_cfi),
		TEST(test_beyond_the_copy),
		TEST(test_doubt_beyond_the_copy_keeps_nothing),
		TEST(test_changed_copy_says_no),
		TEST(test_callers_that_take_turns_say_no),
		TEST(test_looks_at_the_same_time_are_one),
		TEST(test_looks_after_the_copy_say_nothing),
		TEST(test_pieces_further_out_count_as_copied),
		TEST(test_memory_that_cannot_be_read),
		TEST(test_too_deep),
		TEST(test_caller_is_looked_up_inside_its_call),
		TEST(test_register_that_an_inner_frame_saved),
		TEST(test_caller_saved_register_is_lost_in_callers),
		TEST(test_frame_pointer_taken_back_before_the_return),
		TEST(test_plt),
		TEST(test_stack_pointer_kept_in_memory),
		TEST(test_return_address_in_a_register),
		TEST(test_signal_frame),
		TEST(test_signal_trampoline_without_cfi),
		TEST(test_leaf_without_cfi),
		TEST(test_way_out_of_code_without_cfi),
		TEST(test_way_out_of_code_made_at_run_time),
		TEST(test_jump_to_nowhere),
		TEST(test_frame_pointers_of_jit_code),
		TEST(test_compiled_code_without_cfi_keeps_its_frame_pointer),
		TEST(test_frame_pointers_that_are_none),
		TEST(test_new_mappings_are_seen),
		TEST(test_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
