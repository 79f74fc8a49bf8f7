#include "arch/x86_64/instruction.h"

/**
 * What follows each opcode:
 *   .  nothing          m  ModRM              p  (this is a prefix)
 *   1  8 bits           b  ModRM, 8 bits      e  (escape to another map, or VEX, EVEX)
 *   2  16 bits          z  ModRM, 16 or 32    x  (no such instruction)
 *   3  24 bits          g  ModRM, 8 bits if its opcode is 0 or 1
 *   4  16 or 32 bits    G  ModRM, 16 or 32 bits if its opcode is 0 or 1
 *   r  32 bits          v  16, 32 or 64 bits
 *   a  an address
 * Intel SDM volume 2, tables.
 */
static const char one_byte_forms[] = "mmmm14xxmmmm14xe" /* 00 */
				     "mmmm14xxmmmm14xx" /* 10 */
				     "mmmm14pxmmmm14px" /* 20 */
				     "mmmm14pxmmmm14px" /* 30 */
				     "pppppppppppppppp" /* 40 */
				     "................" /* 50 */
				     "xxempppp4z1b...." /* 60 */
				     "1111111111111111" /* 70 */
				     "bzxbmmmmmmmmmmmm" /* 80 */
				     "..........x....." /* 90 */
				     "aaaa....14......" /* a0 */
				     "11111111vvvvvvvv" /* b0 */
				     "bb2.eebz3.2..1x." /* c0 */
				     "mmmmxxx.mmmmmmmm" /* d0 */
				     "11111111rrx1...." /* e0 */
				     "p.pp..gG......mm" /* f0 */;

static const char two_byte_forms[] = "mmmmx.....x.xm.x" /* 00 */
				     "mmmmmmmmmmmmmmmm" /* 10 */
				     "mmmmxxxxmmmmmmmm" /* 20 */
				     "......x.exexxxxx" /* 30 */
				     "mmmmmmmmmmmmmmmm" /* 40 */
				     "mmmmmmmmmmmmmmmm" /* 50 */
				     "mmmmmmmmmmmmmmmm" /* 60 */
				     "bbbbmmm.mmmmmmmm" /* 70 */
				     "rrrrrrrrrrrrrrrr" /* 80 */
				     "mmmmmmmmmmmmmmmm" /* 90 */
				     "...mbmxx...mbmmm" /* a0 */
				     "mmmmmmmmmmbmmmmm" /* b0 */
				     "mmbmbbbm........" /* c0 */
				     "mmmmmmmmmmmmmmmm" /* d0 */
				     "mmmmmmmmmmmmmmmm" /* e0 */
				     "mmmmmmmmmmmmmmmm" /* f0 */;

/** 0F 38 xx and what VEX and EVEX put there: ModRM. 0F 3A xx: an immediate byte more. */
static char form_of(const struct instruction *instruction)
{
	switch ((enum opcode_map)instruction->map) {
	case OPCODE_MAP_ONE_BYTE:
		return one_byte_forms[instruction->opcode];
	case OPCODE_MAP_0F:
		return two_byte_forms[instruction->opcode];
	case OPCODE_MAP_0F38:
		return 'm';
	case OPCODE_MAP_0F3A:
		return 'b';
	}
	return 'x';
}

/** What is being taken apart. */
struct cursor {
	struct bytes code;
	size_t position;
	uint8_t rex;
	bool has_address_size;
};

static bool next_byte(struct cursor *cursor, uint8_t *ret)
{
	if (cursor->position >= cursor->code.size)
		return false;
	*ret = cursor->code.data[cursor->position++];
	return true;
}

/** A little-endian number of @p size_bytes, of which the first four count. */
static bool next_number(struct cursor *cursor, size_t size_bytes, int32_t *ret)
{
	const size_t shift = size_bytes < 4 ? 32 - 8 * size_bytes : 0;
	uint32_t value = 0;

	for (size_t i = 0; i < size_bytes; i++) {
		uint8_t byte;

		if (!next_byte(cursor, &byte))
			return false;
		if (i < 4)
			value |= (uint32_t)byte << (8 * i);
	}
	*ret = size_bytes ? (int32_t)(value << shift) >> shift : 0;
	return true;
}

/** The prefixes and the first byte that is none. */
static bool read_prefixes(struct cursor *cursor, struct instruction *instruction, uint8_t *ret)
{
	while (next_byte(cursor, ret)) {
		if (one_byte_forms[*ret] != 'p') {
			instruction->is_wide = cursor->rex >> 3 & 1;
			return true;
		}
		/* REX counts only where it is the last. */
		cursor->rex = (*ret & 0xf0) == 0x40 ? *ret : 0;
		instruction->has_operand_size |= *ret == 0x66;
		cursor->has_address_size |= *ret == 0x67;
	}
	return false;
}

/** Intel SDM volume 2, sections 2.3.5 (VEX) and 2.7.1 (EVEX). */
static bool read_vector_opcode(struct cursor *cursor, uint8_t first, struct instruction *ret)
{
	uint8_t payload[3] = { 0 };
	const size_t n_payload = first == 0x62 ? 3 : first == 0xc4 ? 2 : 1;
	uint8_t map = OPCODE_MAP_0F;

	for (size_t i = 0; i < n_payload; i++) {
		if (!next_byte(cursor, &payload[i]))
			return false;
	}
	if (first != 0xc5)
		map = payload[0] & (first == 0x62 ? 7 : 31);
	/* Maps 5 and 6 (half precision) are of the form of 0F 38. */
	if (map == 5 || map == 6)
		map = OPCODE_MAP_0F38;
	ret->is_vector = true;
	ret->map = map;
	return map >= OPCODE_MAP_0F && map <= OPCODE_MAP_0F3A && next_byte(cursor, &ret->opcode);
}

static bool read_opcode(struct cursor *cursor, struct instruction *ret)
{
	uint8_t byte = 0;

	if (!read_prefixes(cursor, ret, &byte))
		return false;
	if (byte == 0xc4 || byte == 0xc5 || byte == 0x62)
		return read_vector_opcode(cursor, byte, ret);
	ret->opcode = byte;
	if (byte != 0x0f)
		return true;
	ret->map = OPCODE_MAP_0F;
	if (!next_byte(cursor, &ret->opcode))
		return false;
	if (ret->opcode != 0x38 && ret->opcode != 0x3a)
		return true;
	ret->map = ret->opcode == 0x38 ? OPCODE_MAP_0F38 : OPCODE_MAP_0F3A;
	return next_byte(cursor, &ret->opcode);
}

/** ModRM, SIB, displacement. */
static bool read_operands(struct cursor *cursor, struct instruction *ret)
{
	static const uint8_t displacement_bytes_of_mode[] = { 0, 1, 4, 0 };
	uint8_t mode = 0, index = 0;
	size_t displacement_bytes;

	if (!next_byte(cursor, &mode))
		return false;
	ret->has_mode = true;
	ret->mode = mode >> 6;
	ret->reg = (uint8_t)((mode >> 3 & 7) | (cursor->rex & 4) << 1);
	ret->base = (uint8_t)((mode & 7) | (cursor->rex & 1) << 3);
	displacement_bytes = displacement_bytes_of_mode[ret->mode];
	if (ret->mode == 3)
		return true;
	if ((mode & 7) == 4) {
		if (!next_byte(cursor, &index))
			return false;
		ret->base = (uint8_t)((index & 7) | (cursor->rex & 1) << 3);
		ret->has_index = (index >> 3 & 7) != 4 || cursor->rex & 2;
	}
	if (ret->mode == 0 && ((mode & 7) == 5 || ((mode & 7) == 4 && (index & 7) == 5))) {
		displacement_bytes = 4;
		ret->base = NO_BASE;
	}
	return next_number(cursor, displacement_bytes, &ret->displacement);
}

/** Of what stands at the end. */
static size_t immediate_bytes(const struct cursor *cursor, const struct instruction *instruction,
			      char form)
{
	const size_t word_bytes = instruction->has_operand_size && !instruction->is_wide ? 2 : 4;

	switch (form) {
	case '1':
	case 'b':
		return 1;
	case '2':
		return 2;
	case '3':
		return 3;
	case 'r':
		return 4;
	case '4':
	case 'z':
		return word_bytes;
	case 'g':
		return (instruction->reg & 7) < 2 ? 1 : 0;
	case 'G':
		return (instruction->reg & 7) < 2 ? word_bytes : 0;
	case 'v':
		return instruction->is_wide ? 8 : word_bytes;
	case 'a':
		return cursor->has_address_size ? 4 : 8;
	default:
		return 0;
	}
}

bool instruction_decode(struct bytes code, struct instruction *ret)
{
	struct cursor cursor = { .code = code };
	struct instruction instruction = { 0 };
	char form;

	cursor.code.size = MIN(code.size, (size_t)INSTRUCTION_SIZE_MAX_BYTES);
	if (!read_opcode(&cursor, &instruction))
		return false;
	form = form_of(&instruction);
	if (form == 'x' || form == 'e' || form == 'p')
		return false;
	if (strchr("mbzgG", form) && !read_operands(&cursor, &instruction))
		return false;
	if (!next_number(&cursor, immediate_bytes(&cursor, &instruction, form),
			 &instruction.immediate))
		return false;
	instruction.opcode_register = (uint8_t)((instruction.opcode & 7) | (cursor.rex & 1) << 3);
	instruction.size_bytes = (uint8_t)cursor.position;
	*ret = instruction;
	return true;
}
