#pragma once

/** A program made up byte by byte, its process, and a stack to be pushed word by word. */

#include "cfi_builder.h"
#include "process/process.h"
#include "unwind/live_memory.h"
#include "unwind/unwinder.h"

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
	const uint64_t *chain; /**< The kernel's, by frame pointers. */
	size_t n_chain;
	struct address_frame_vector frames;
	const struct memory_reader *beyond; /**< NULL: nothing beyond the copy. */
};

static inline uint64_t code(uint64_t offset)
{
	return LOAD_BIAS + TEST_CODE_ADDRESS + offset;
}

static inline uint64_t stack_slot(size_t index)
{
	return STACK_ADDRESS + index * 8;
}

/** For cmocka: a fixture with a program that is mapped, and nothing on its stack. */
int set_up(void **state);
int tear_down(void **state);

void map(struct fixture *fixture, const char *path, uint64_t start, uint64_t file_offset);

void push(struct fixture *fixture, uint64_t word);

/** Unwind the stack of a thread that was interrupted at @p instruction_pointer. */
enum stack_end run(struct fixture *fixture, uint64_t instruction_pointer);

/** The words of the fixture, as a process that still runs: the copy is their beginning. */
size_t read_words(void *context, uint64_t address, void *buffer, size_t size_bytes);

/** The same as a process at some time, for a stack copied 1 ms before. */
struct memory_reader reader_of(struct fixture *fixture, uint64_t now_ms);

void assert_frames(const struct fixture *fixture, const uint64_t *addresses, size_t count);

#define ASSERT_FRAMES(fixture, ...)                                                                \
	assert_frames(fixture, (const uint64_t[]){ __VA_ARGS__ },                                  \
		      ARRAY_SIZE(((const uint64_t[]){ __VA_ARGS__ })))
