#include "unwind/cfi_internal.h"
#include "unwind/expression.h"

/** DWARF 5 table 7.29, the LSB and binutils' include/dwarf2.def. */
enum cfi_instruction {
	CFI_NOP = 0x00,
	CFI_SET_LOC = 0x01,
	CFI_ADVANCE_LOC1 = 0x02,
	CFI_ADVANCE_LOC2 = 0x03,
	CFI_ADVANCE_LOC4 = 0x04,
	CFI_OFFSET_EXTENDED = 0x05,
	CFI_RESTORE_EXTENDED = 0x06,
	CFI_UNDEFINED = 0x07,
	CFI_SAME_VALUE = 0x08,
	CFI_REGISTER = 0x09,
	CFI_REMEMBER_STATE = 0x0a,
	CFI_RESTORE_STATE = 0x0b,
	CFI_DEF_CFA = 0x0c,
	CFI_DEF_CFA_REGISTER = 0x0d,
	CFI_DEF_CFA_OFFSET = 0x0e,
	CFI_DEF_CFA_EXPRESSION = 0x0f,
	CFI_EXPRESSION = 0x10,
	CFI_OFFSET_EXTENDED_SF = 0x11,
	CFI_DEF_CFA_SF = 0x12,
	CFI_DEF_CFA_OFFSET_SF = 0x13,
	CFI_VAL_OFFSET = 0x14,
	CFI_VAL_OFFSET_SF = 0x15,
	CFI_VAL_EXPRESSION = 0x16,
	CFI_MIPS_ADVANCE_LOC8 = 0x1d,
	CFI_AARCH64_NEGATE_RA_STATE = 0x2d,
	CFI_GNU_ARGS_SIZE = 0x2e,
	CFI_GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,

	/* The operand is in the low 6 bits. */
	CFI_ADVANCE_LOC = 0x40,
	CFI_OFFSET = 0x80,
	CFI_RESTORE = 0xc0,
	CFI_PRIMARY_MASK = 0xc0,
};

struct program {
	struct cfi *cfi;
	const struct cfi_cie *cie;
	struct byte_reader reader;
	struct cfi_row row;
	uint64_t address; /**< From where row holds. */
	uint64_t end;
	unsigned int n_remembered;
	cfi_row_function *take_row; /**< NULL while running a CIE. */
	void *context;
};

static void program_finish_row(struct program *program)
{
	program->take_row(program->context, program->address, &program->row);
}

static struct error *program_move_to(struct program *program, uint64_t address)
{
	if (!program->take_row)
		return byte_reader_error(&program->reader, "CIE that advances");
	if (address < program->address)
		return byte_reader_error(&program->reader, "row before its predecessor");
	if (address == program->address)
		return NULL;
	program_finish_row(program);
	program->address = address;
	/* The FDE's own bound is what linkers keep right: nothing after it matters. */
	if (address >= program->end)
		program->reader.position = program->reader.bytes.size;
	return NULL;
}

static struct error *program_advance(struct program *program, uint64_t delta)
{
	uint64_t address;

	if (__builtin_mul_overflow(delta, program->cie->code_alignment, &delta) ||
	    __builtin_add_overflow(program->address, delta, &address))
		return byte_reader_error(&program->reader, "row beyond the address space");
	return program_move_to(program, address);
}

static struct error *program_set_location(struct program *program)
{
	const struct cfi *cfi = program->cfi;
	struct cfi_pointer_context context = {
		.section_address = cfi->section.address + program->reader.origin,
		.address_size_bytes = program->cie->address_size_bytes,
	};
	uint64_t address;

	RETURN_IF_ERROR(cfi_pointer_read(&program->reader, program->cie->pointer_encoding, &context,
					 &address));
	return program_move_to(program, address);
}

static struct error *program_set_register(struct program *program, uint64_t number,
					  struct cfi_register_rule rule)
{
	const struct cfi_registers *registers;

	/* Vector registers have rules at times; no frame is found through them. */
	if (number >= program->cfi->architecture->n_registers)
		return NULL;
	registers = cfi_registers_with(&program->cfi->registers, program->row.registers,
				       (uint32_t)number, rule);
	if (!registers)
		return byte_reader_error(&program->reader, "too many combinations of registers");
	program->row.registers = registers;
	return NULL;
}

static struct error *program_restore_register(struct program *program, uint64_t number)
{
	if (number >= program->cfi->architecture->n_registers)
		return NULL;
	return program_set_register(program, number,
				    program->cie->initial_row.registers->rules[number]);
}

/** Read an unsigned (or signed) number and multiply by the data alignment if wanted. */
static struct error *read_offset(struct program *program, bool is_signed, bool is_factored,
				 int64_t *ret)
{
	int64_t value;
	uint64_t unsigned_value;

	if (is_signed) {
		RETURN_IF_ERROR(byte_reader_sleb128(&program->reader, &value));
	} else {
		RETURN_IF_ERROR(byte_reader_uleb128(&program->reader, &unsigned_value));
		value = (int64_t)unsigned_value;
		if (value < 0)
			return byte_reader_error(&program->reader, "offset out of range");
	}
	if (is_factored && __builtin_mul_overflow(value, program->cie->data_alignment, &value))
		return byte_reader_error(&program->reader, "offset out of range");
	*ret = value;
	return NULL;
}

static struct error *read_expression(struct program *program, struct bytes *ret)
{
	uint64_t size_bytes;

	RETURN_IF_ERROR(byte_reader_uleb128(&program->reader, &size_bytes));
	if (size_bytes > EXPRESSION_SIZE_MAX_BYTES)
		return byte_reader_error(&program->reader, "expression longer than any is");
	return byte_reader_bytes(&program->reader, (size_t)size_bytes, ret);
}

static struct error *program_set_offset(struct program *program, uint64_t number,
					enum cfi_register_rule_kind kind, bool is_signed)
{
	struct cfi_register_rule rule = { .kind = kind };

	RETURN_IF_ERROR(read_offset(program, is_signed, true, &rule.offset));
	return program_set_register(program, number, rule);
}

static struct error *program_define_cfa_offset(struct program *program, bool is_signed)
{
	program->row.cfa_expression = (struct bytes){ 0 };
	return read_offset(program, is_signed, is_signed, &program->row.cfa_offset);
}

static struct error *program_define_cfa_register(struct program *program)
{
	uint64_t number;

	RETURN_IF_ERROR(byte_reader_uleb128(&program->reader, &number));
	if (number >= program->cfi->architecture->n_registers)
		return byte_reader_error(&program->reader, "CFA from an unknown register");
	program->row.cfa_expression = (struct bytes){ 0 };
	program->row.cfa_register = (uint32_t)number;
	return NULL;
}

static struct error *program_remember(struct program *program)
{
	if (program->n_remembered == CFI_REMEMBER_DEPTH_MAX)
		return byte_reader_error(&program->reader, "states remembered too deep");
	program->cfi->remembered[program->n_remembered++] = program->row;
	return NULL;
}

static struct error *program_restore(struct program *program)
{
	if (!program->n_remembered)
		return byte_reader_error(&program->reader,
					 "state restored that was not remembered");
	program->row = program->cfi->remembered[--program->n_remembered];
	return NULL;
}

static struct error *program_set_in_register(struct program *program, uint64_t number)
{
	uint64_t other;

	RETURN_IF_ERROR(byte_reader_uleb128(&program->reader, &other));
	if (other >= program->cfi->architecture->n_registers)
		other = number; /* Unknown registers count as unchanged. */
	return program_set_register(program, number,
				    (struct cfi_register_rule){ .kind = CFI_REGISTER_IN_REGISTER,
								.offset = (int64_t)other });
}

static struct error *program_set_expression(struct program *program, uint64_t number,
					    enum cfi_register_rule_kind kind)
{
	struct bytes expression;

	RETURN_IF_ERROR(read_expression(program, &expression));
	return program_set_register(
		program, number,
		(struct cfi_register_rule){ .kind = kind,
					    .expression_size_bytes = (uint32_t)expression.size,
					    .expression = expression.data });
}

/* GNU_negative_offset_extended: like offset_extended, subtracted. */
static struct error *program_set_negative_offset(struct program *program, uint64_t number)
{
	struct cfi_register_rule rule = { .kind = CFI_REGISTER_AT_CFA };

	RETURN_IF_ERROR(read_offset(program, false, true, &rule.offset));
	rule.offset = -rule.offset;
	return program_set_register(program, number, rule);
}

/* Instructions whose first operand is a register with a rule. */
static struct error *program_run_register_instruction(struct program *program, uint8_t instruction)
{
	uint64_t number;

	RETURN_IF_ERROR(byte_reader_uleb128(&program->reader, &number));
	switch (instruction) {
	case CFI_OFFSET_EXTENDED:
		return program_set_offset(program, number, CFI_REGISTER_AT_CFA, false);
	case CFI_OFFSET_EXTENDED_SF:
		return program_set_offset(program, number, CFI_REGISTER_AT_CFA, true);
	case CFI_VAL_OFFSET:
		return program_set_offset(program, number, CFI_REGISTER_IS_CFA, false);
	case CFI_VAL_OFFSET_SF:
		return program_set_offset(program, number, CFI_REGISTER_IS_CFA, true);
	case CFI_GNU_NEGATIVE_OFFSET_EXTENDED:
		return program_set_negative_offset(program, number);
	case CFI_RESTORE_EXTENDED:
		return program_restore_register(program, number);
	case CFI_UNDEFINED:
		return program_set_register(
			program, number,
			(struct cfi_register_rule){ .kind = CFI_REGISTER_UNDEFINED });
	case CFI_SAME_VALUE:
		return program_set_register(
			program, number, (struct cfi_register_rule){ .kind = CFI_REGISTER_SAME });
	case CFI_REGISTER:
		return program_set_in_register(program, number);
	case CFI_EXPRESSION:
		return program_set_expression(program, number, CFI_REGISTER_AT_EXPRESSION);
	case CFI_VAL_EXPRESSION:
		return program_set_expression(program, number, CFI_REGISTER_IS_EXPRESSION);
	default:
		return byte_reader_error(&program->reader, "unknown instruction");
	}
}

static struct error *program_advance_by_operand(struct program *program, uint8_t instruction)
{
	uint8_t delta_1;
	uint16_t delta_2;
	uint32_t delta_4;
	uint64_t delta_8;

	switch (instruction) {
	case CFI_ADVANCE_LOC1:
		RETURN_IF_ERROR(byte_reader_u8(&program->reader, &delta_1));
		return program_advance(program, delta_1);
	case CFI_ADVANCE_LOC2:
		RETURN_IF_ERROR(byte_reader_u16(&program->reader, &delta_2));
		return program_advance(program, delta_2);
	case CFI_ADVANCE_LOC4:
		RETURN_IF_ERROR(byte_reader_u32(&program->reader, &delta_4));
		return program_advance(program, delta_4);
	default:
		RETURN_IF_ERROR(byte_reader_u64(&program->reader, &delta_8));
		return program_advance(program, delta_8);
	}
}

static struct error *program_run_instruction(struct program *program, uint8_t instruction)
{
	int64_t ignored;

	switch (instruction) {
	case CFI_NOP:
	/* Signed return addresses keep their value in the low bits. */
	case CFI_AARCH64_NEGATE_RA_STATE:
		return NULL;
	case CFI_SET_LOC:
		return program_set_location(program);
	case CFI_ADVANCE_LOC1:
	case CFI_ADVANCE_LOC2:
	case CFI_ADVANCE_LOC4:
	case CFI_MIPS_ADVANCE_LOC8:
		return program_advance_by_operand(program, instruction);
	case CFI_REMEMBER_STATE:
		return program_remember(program);
	case CFI_RESTORE_STATE:
		return program_restore(program);
	case CFI_DEF_CFA:
	case CFI_DEF_CFA_SF:
		RETURN_IF_ERROR(program_define_cfa_register(program));
		return program_define_cfa_offset(program, instruction == CFI_DEF_CFA_SF);
	case CFI_DEF_CFA_REGISTER:
		return program_define_cfa_register(program);
	case CFI_DEF_CFA_OFFSET:
	case CFI_DEF_CFA_OFFSET_SF:
		return program_define_cfa_offset(program, instruction == CFI_DEF_CFA_OFFSET_SF);
	case CFI_DEF_CFA_EXPRESSION:
		return read_expression(program, &program->row.cfa_expression);
	case CFI_GNU_ARGS_SIZE: /* For landing pads; already in the CFA. */
		return read_offset(program, false, false, &ignored);
	default:
		return program_run_register_instruction(program, instruction);
	}
}

static struct error *program_run(struct program *program)
{
	while (byte_reader_left(&program->reader)) {
		uint8_t instruction;
		uint8_t operand;

		RETURN_IF_ERROR(byte_reader_u8(&program->reader, &instruction));
		operand = instruction & (uint8_t)~CFI_PRIMARY_MASK;
		switch (instruction & CFI_PRIMARY_MASK) {
		case CFI_ADVANCE_LOC:
			RETURN_IF_ERROR(program_advance(program, operand));
			break;
		case CFI_OFFSET:
			RETURN_IF_ERROR(
				program_set_offset(program, operand, CFI_REGISTER_AT_CFA, false));
			break;
		case CFI_RESTORE:
			RETURN_IF_ERROR(program_restore_register(program, operand));
			break;
		default:
			RETURN_IF_ERROR(program_run_instruction(program, instruction));
		}
	}
	return NULL;
}

struct error *cfi_run_initial(struct cfi *cfi, struct cfi_cie *cie)
{
	struct program program = {
		.cfi = cfi,
		.cie = cie,
		.reader = cfi_reader(cfi, cie->instructions),
		.row.registers = cfi_registers_none(&cfi->registers),
	};

	cie->initial_row = program.row;
	RETURN_IF_ERROR(program_run(&program));
	cie->initial_row = program.row;
	return NULL;
}

struct error *cfi_run(struct cfi *cfi, const struct cfi_fde *fde, cfi_row_function *take_row,
		      void *context)
{
	const struct cfi_cie *cie = &cfi->cies.items[fde->cie_index];
	struct program program = {
		.cfi = cfi,
		.cie = cie,
		.reader = cfi_reader(cfi, fde->instructions),
		.row = cie->initial_row,
		.address = fde->start,
		.end = fde->end,
		.take_row = take_row,
		.context = context,
	};

	RETURN_IF_ERROR(program_run(&program));
	if (program.address < fde->end)
		program_finish_row(&program);
	return NULL;
}
