#include "capture/perf_events/stack_window_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct kernel_registers registers = { 152, 136, 3, 3 };

static const struct stack_window_maps maps = {
	.threads = 11,
	.buffers = 12,
	.chunks = 13,
	.greetings = 14,
};

static bool is_jump(const struct bpf_insn *instruction)
{
	return BPF_CLASS(instruction->code) == BPF_JMP && BPF_OP(instruction->code) != BPF_CALL &&
	       BPF_OP(instruction->code) != BPF_EXIT;
}

static size_t count_calls(const struct bpf_insn *instructions, size_t count, int32_t helper)
{
	size_t n_calls = 0;

	for (size_t i = 0; i < count; i++)
		n_calls += instructions[i].code == (BPF_JMP | BPF_CALL) &&
			   instructions[i].imm == helper;
	return n_calls;
}

/** Old verifiers take no jump back, and none any that leaves the program or splits a constant. */
static void assert_jumps_lead_forward(const struct bpf_insn *instructions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t target = i + 1 + (size_t)instructions[i].off;

		if (!is_jump(&instructions[i]))
			continue;
		assert_true(instructions[i].off >= 0);
		assert_true(target < count);
		assert_int_not_equal(instructions[target].code, 0);
	}
}

static void test_program_is_well_formed(void **state)
{
	static struct bpf_insn instructions[STACK_WINDOW_INSTRUCTIONS_MAX];

	for (int has_task_registers = 0; has_task_registers < 2; has_task_registers++) {
		size_t count = stack_window_program(&maps, &registers, 32768, has_task_registers,
						    instructions);

		assert_in_range(count, 1, STACK_WINDOW_INSTRUCTIONS_MAX);
		assert_jumps_lead_forward(instructions, count);
		/* 1: the kernel writes the sample, whatever happened here. */
		assert_int_equal(instructions[count - 2].imm, 1);
		assert_int_equal(instructions[count - 1].code, BPF_JMP | BPF_EXIT);
		/* And one to see whether the kernel can copy anything. */
		assert_int_equal(count_calls(instructions, count, BPF_FUNC_probe_read_user),
				 STACK_WINDOW_N_CHUNKS + 1);
		assert_int_equal(count_calls(instructions, count, BPF_FUNC_perf_event_output),
				 STACK_WINDOW_N_CHUNKS + 1);
		assert_int_equal(count_calls(instructions, count, BPF_FUNC_task_pt_regs),
				 has_task_registers);
	}
}

static void test_maps_are_where_they_belong(void **state)
{
	static struct bpf_insn instructions[STACK_WINDOW_INSTRUCTIONS_MAX];
	size_t count = stack_window_program(&maps, &registers, 32768, true, instructions);
	size_t n_of_map[20] = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (instructions[i].src_reg == BPF_PSEUDO_MAP_FD &&
		    instructions[i].code == (BPF_LD | BPF_DW | BPF_IMM))
			n_of_map[instructions[i].imm]++;
	}
	assert_int_equal(n_of_map[maps.threads], 2); /* looked up, and added to */
	assert_int_equal(n_of_map[maps.buffers], 1);
	assert_int_equal(n_of_map[maps.chunks], STACK_WINDOW_N_CHUNKS);
	assert_int_equal(n_of_map[maps.greetings], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_is_well_formed),
		cmocka_unit_test(test_maps_are_where_they_belong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
