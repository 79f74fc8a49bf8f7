#pragma once

/** What differs between CPUs: one `const struct architecture` per arch/<cpu>/ folder. */

#include "base/bytes.h"
#include "base/vector.h"

/** Enough for the general registers and the instruction pointer of any CPU here. */
#define ARCHITECTURE_REGISTERS_MAX 34

/** Enough for x19-x28 of aarch64, the longest list here. */
#define ARCHITECTURE_CALLEE_SAVED_MAX 10

/** What architecture.may_follow_exec() looks at, at most. */
#define EXEC_CODE_SIZE_MAX_BYTES 7

/**
 * Register values of one moment, indexed by DWARF register number; the
 * instruction pointer at `instruction_pointer_register`.
 */
struct registers {
	uint64_t values[ARCHITECTURE_REGISTERS_MAX];
	uint64_t valid_mask; /**< Bit N: values[N] is known. */
};

/** Where the code of a process is read. */
struct code_source {
	/** The bytes at @p address and some after it; empty: none there. Good until the next call.
	 */
	struct bytes (*read)(void *context, uint64_t address);
	void *context;
};

/** What the code from an address on does to the stack until it returns from its function. */
struct way_out {
	/** The CFA (the stack pointer after the return) counts from the frame pointer as it is at
	 * the address, not from the stack pointer. */
	bool is_from_frame_pointer;
	int32_t cfa_offset;
	bool has_frame_pointer;      /**< The caller's frame pointer is known: */
	bool is_frame_pointer_saved; /**< it is at CFA + frame_pointer_offset, else in place. */
	int32_t frame_pointer_offset;
};

/** Targets of exits that have no address: the caller, and whatever a pointer says. */
#define CODE_EXIT_RETURN    0
#define CODE_EXIT_ELSEWHERE UINT64_MAX

/** An instruction that leaves its function. */
struct code_exit {
	uint64_t address;
	uint64_t target; /**< Where it jumps, or CODE_EXIT_*. */
};

DEFINE_VECTOR(code_exit_vector, struct code_exit)

struct architecture {
	const char *name;     /**< As uname -m says it. */
	uint16_t elf_machine; /**< EM_*. */
	bool is_64_bit;

	uint8_t n_registers; /**< DWARF numbers below this are tracked, the instruction pointer
				among them. */
	uint8_t instruction_pointer_register;
	uint8_t stack_pointer_register;
	uint8_t frame_pointer_register;
	uint8_t return_address_register; /**< DWARF number in CIEs. */

	/**
	 * DWARF numbers of the registers a called function must leave as they were,
	 * without the stack and the frame pointer. At most ARCHITECTURE_CALLEE_SAVED_MAX.
	 */
	const uint8_t *callee_saved_registers;
	uint8_t n_callee_saved_registers;

	/** perf_event_attr.sample_regs_user for all of them (asm/perf_regs.h of the kernel). */
	uint64_t perf_registers_mask;

	/**
	 * DWARF number for each set bit of perf_registers_mask, lowest bit first:
	 * the order in which a sample holds the values.
	 */
	const uint8_t *dwarf_register_of_perf;

	/**
	 * For each set bit of perf_registers_mask, lowest bit first, which 64-bit word of the
	 * registers that PTRACE_GETREGSET gives for NT_PRSTATUS holds it. NULL: not known.
	 */
	const uint8_t *ptrace_word_of_perf;

	/**
	 * In struct pt_regs (asm/ptrace.h of the kernel), as BPF programs see it: where the stack
	 * pointer is, where the processor's mode, and what of that says "user side".
	 */
	struct kernel_registers {
		int16_t stack_pointer_offset, mode_offset;
		uint8_t mode_mask, user_mode;
	} kernel_registers;

	/** Length of the longest call instruction, in bytes. */
	uint8_t call_size_max_bytes;

	/**
	 * Whether a call instruction may end where @p before ends: a cheap test
	 * against taking stray stack words for return addresses.
	 */
	bool (*may_follow_call)(struct bytes before);

	/**
	 * Whether execve(2) or execveat(2) is what @p before ends with: the system call's
	 * instruction, right after its number was loaded. Looks at the last
	 * EXEC_CODE_SIZE_MAX_BYTES.
	 */
	bool (*may_follow_exec)(struct bytes before);

	/** Whether a system call that ends the thread is in @p code. */
	bool (*has_exit)(struct bytes code);

	/**
	 * Follow the code from @p address on, one way to a return, without running it. For code
	 * that comes without unwind information. false: none was found.
	 *
	 * @param is_behind_call  What stands before @p address has called: where that does not
	 *                        return, @p address is behind the end of the function.
	 */
	bool (*find_way_out)(const struct code_source *code, uint64_t address, bool is_behind_call,
			     struct way_out *ret);

	/**
	 * All instructions in @p code, a whole function from @p address on, that leave it without
	 * a condition: returns, and jumps to fixed places outside of it. What jumps where a
	 * register says is taken for a switch statement. NULL: not known of this CPU.
	 *
	 * @param ret  Appended to.
	 * @return false: something in it is no instruction.
	 */
	bool (*find_exits)(struct bytes code, uint64_t address, struct code_exit_vector *ret);

	/** The code bytes of the sigreturn trampoline; a frame there is a signal frame. */
	struct bytes sigreturn_code;

	/**
	 * Where the interrupted registers lie in a signal frame: offset from the stack
	 * pointer at the trampoline's first instruction, by DWARF number.
	 */
	const int16_t *sigreturn_register_offsets;
};

/** By ELF machine number; NULL when this program does not know the CPU. */
const struct architecture *architecture_find(uint16_t elf_machine);

/** The CPU this program was built for; NULL when it has no entry in architectures.c. */
const struct architecture *architecture_native(void);

/** All of them, NULL at the end. */
extern const struct architecture *const architectures[];
