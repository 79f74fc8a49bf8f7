#include "arch/x86_64/x86_64.h"

#include <elf.h>

/** DWARF register numbers: System V x86-64 psABI, figure 3.36. */
enum dwarf_register {
	RAX,
	RDX,
	RCX,
	RBX,
	RSI,
	RDI,
	RBP,
	RSP,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	RIP, /**< "Return address": the column that stands for the caller's rip. */
	N_DWARF_REGISTERS,
};

/** PERF_REG_X86_AX to _IP and _R8 to _R15: asm/perf_regs.h of the kernel. */
#define PERF_REGISTERS_MASK UINT64_C(0xff01ff)

static const uint8_t dwarf_register_of_perf[] = {
	RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP, RIP, R8, R9, R10, R11, R12, R13, R14, R15,
};

/* In struct user_regs_struct (sys/user.h): r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx ... */
static const uint8_t ptrace_word_of_perf[] = {
	10, 5, 11, 12, 13, 14, 4, 19, 16, 9, 8, 7, 6, 3, 2, 1, 0,
};

static const uint8_t callee_saved_registers[] = { RBX, R12, R13, R14, R15 };

/* mov $__NR_rt_sigreturn, %rax; syscall: the one form every libc uses, for debuggers' sake. */
static const uint8_t sigreturn_code[] = { 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05 };

/**
 * struct rt_sigframe of the kernel (arch/x86/include/asm/sigframe.h) after its
 * return address: a ucontext, whose uc_mcontext starts at 40 and has the order of
 * struct sigcontext (asm/sigcontext.h).
 */
#define SIGCONTEXT_OFFSET(index) (40 + 8 * (index))

static const int16_t sigreturn_register_offsets[N_DWARF_REGISTERS] = {
	[R8] = SIGCONTEXT_OFFSET(0),   [R9] = SIGCONTEXT_OFFSET(1),   [R10] = SIGCONTEXT_OFFSET(2),
	[R11] = SIGCONTEXT_OFFSET(3),  [R12] = SIGCONTEXT_OFFSET(4),  [R13] = SIGCONTEXT_OFFSET(5),
	[R14] = SIGCONTEXT_OFFSET(6),  [R15] = SIGCONTEXT_OFFSET(7),  [RDI] = SIGCONTEXT_OFFSET(8),
	[RSI] = SIGCONTEXT_OFFSET(9),  [RBP] = SIGCONTEXT_OFFSET(10), [RBX] = SIGCONTEXT_OFFSET(11),
	[RDX] = SIGCONTEXT_OFFSET(12), [RAX] = SIGCONTEXT_OFFSET(13), [RCX] = SIGCONTEXT_OFFSET(14),
	[RSP] = SIGCONTEXT_OFFSET(15), [RIP] = SIGCONTEXT_OFFSET(16),
};

/** Prefixes aside, ff /2 with a SIB byte and a 32-bit displacement, and one prefix. */
#define CALL_SIZE_MAX_BYTES 8

/** Whether @p code is ff /2 (call through register or memory) of exactly @p size_bytes. */
static bool is_indirect_call(const uint8_t *code, size_t size_bytes)
{
	uint8_t mode = code[1] >> 6;
	uint8_t base = code[1] & 7;
	bool has_index_byte = mode != 3 && base == 4;
	size_t length = has_index_byte ? 3 : 2;

	if (code[0] != 0xff || ((code[1] >> 3) & 7) != 2)
		return false;
	if (mode == 1)
		length += 1;
	else if (mode == 2 || (mode == 0 && base == 5) ||
		 (mode == 0 && has_index_byte && size_bytes > 2 && (code[2] & 7) == 5))
		length += 4;
	return length == size_bytes;
}

/* Intel SDM volume 2, CALL: e8 with a 32-bit displacement, or ff /2. */
static bool may_follow_call(struct bytes before)
{
	const uint8_t *end;

	if (before.size == 0)
		return false;
	end = before.data + before.size;
	if (before.size >= 5 && end[-5] == 0xe8)
		return true;
	for (size_t size_bytes = 2; size_bytes <= 7 && size_bytes <= before.size; size_bytes++) {
		if (is_indirect_call(end - size_bytes, size_bytes))
			return true;
	}
	return false;
}

/* execve(2) is number 59, execveat(2) 322: "mov $59,%eax; syscall". */
static bool may_follow_exec(struct bytes before)
{
	static const uint8_t codes[][EXEC_CODE_SIZE_MAX_BYTES] = {
		{ 0xb8, 59, 0, 0, 0, 0x0f, 0x05 },
		{ 0xb8, 322 & 255, 322 >> 8, 0, 0, 0x0f, 0x05 },
	};

	if (before.size < sizeof(codes[0]))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (!memcmp(before.data + before.size - sizeof(codes[i]), codes[i],
			    sizeof(codes[i])))
			return true;
	}
	return false;
}

/* exit(2) is number 60: "mov $60,%eax; syscall", or, where %eax is 0 already, "mov $60,%al". */
static bool has_exit(struct bytes code)
{
	static const uint8_t of_word[] = { 0xb8, 60, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t of_byte[] = { 0xb0, 60, 0x0f, 0x05 };

	if (!code.size)
		return false;
	return memmem(code.data, code.size, of_word, sizeof(of_word)) ||
	       memmem(code.data, code.size, of_byte, sizeof(of_byte));
}

const struct architecture x86_64_architecture = {
	.name = "x86_64",
	.elf_machine = EM_X86_64,
	.is_64_bit = true,
	.n_registers = N_DWARF_REGISTERS,
	.instruction_pointer_register = RIP,
	.stack_pointer_register = RSP,
	.frame_pointer_register = RBP,
	.return_address_register = RIP,
	.callee_saved_registers = callee_saved_registers,
	.n_callee_saved_registers = ARRAY_SIZE(callee_saved_registers),
	.perf_registers_mask = PERF_REGISTERS_MASK,
	.dwarf_register_of_perf = dwarf_register_of_perf,
	.ptrace_word_of_perf = ptrace_word_of_perf,
	.call_size_max_bytes = CALL_SIZE_MAX_BYTES,
	.may_follow_call = may_follow_call,
	.may_follow_exec = may_follow_exec,
	.has_exit = has_exit,
	.find_way_out = x86_64_find_way_out,
	/* rsp and cs, by the order of struct user_regs_struct; rings 0 and 3. */
	.kernel_registers = { 19 * 8, 17 * 8, .mode_mask = 3, .user_mode = 3 },
	.find_exits = x86_64_find_exits,
	.sigreturn_code = { sigreturn_code, sizeof(sigreturn_code) },
	.sigreturn_register_offsets = sigreturn_register_offsets,
};
