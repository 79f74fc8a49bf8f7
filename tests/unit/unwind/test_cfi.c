#include "unwind/cfi.h"

#include "cfi_builder.h"
#include "unwind/cfi_registers.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ROWS_MAX 16

struct rows {
	size_t count;
	uint64_t addresses[ROWS_MAX];
	struct cfi_row rows[ROWS_MAX];
};

static void take_row(void *context, uint64_t address, const struct cfi_row *row)
{
	struct rows *rows = context;

	assert_true(rows->count < ROWS_MAX);
	rows->addresses[rows->count] = address;
	rows->rows[rows->count++] = *row;
}

/** A section being tested and what came out of it. */
struct fixture {
	struct cfi_builder builder;
	struct cfi *cfi;
	struct cfi_fde_vector fdes;
	size_t n_bad;
	struct rows rows;
};

static struct error *fixture_read(struct fixture *fixture)
{
	struct cfi_section section = cfi_builder_section(&fixture->builder);

	fixture->cfi = cfi_create(architecture_find(EM_X86_64), &section);
	return cfi_read_fdes(fixture->cfi, &fixture->fdes, &fixture->n_bad);
}

static struct error *fixture_run(struct fixture *fixture, size_t fde_index)
{
	fixture->rows.count = 0;
	return cfi_run(fixture->cfi, &fixture->fdes.items[fde_index], take_row, &fixture->rows);
}

static void fixture_deinit(struct fixture *fixture)
{
	cfi_destroy(fixture->cfi);
	cfi_fde_vector_deinit(&fixture->fdes);
	cfi_builder_deinit(&fixture->builder);
}

/** Run one FDE of 0x100 bytes with these instructions; it must be sound. */
static void run_sound(struct fixture *fixture, const uint8_t *instructions, size_t size_bytes)
{
	cfi_builder_usual_cie(&fixture->builder);
	cfi_builder_fde(&fixture->builder, TEST_CODE_ADDRESS, 0x100,
			(struct bytes){ instructions, size_bytes });
	assert_null(fixture_read(fixture));
	assert_int_equal(fixture->fdes.count, 1);
	assert_null(fixture_run(fixture, 0));
}

#define RUN_SOUND(fixture, ...)                                                                    \
	run_sound(fixture, (const uint8_t[]){ __VA_ARGS__ },                                       \
		  sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void assert_row(const struct rows *rows, size_t index, uint64_t offset,
		       uint32_t cfa_register, int64_t cfa_offset)
{
	assert_true(index < rows->count);
	assert_int_equal(rows->addresses[index], TEST_CODE_ADDRESS + offset);
	assert_null(rows->rows[index].cfa_expression.data);
	assert_int_equal(rows->rows[index].cfa_register, cfa_register);
	assert_int_equal(rows->rows[index].cfa_offset, cfa_offset);
}

static void assert_rule(const struct rows *rows, size_t index, uint32_t number,
			enum cfi_register_rule_kind kind, int64_t offset)
{
	const struct cfi_register_rule *rule = &rows->rows[index].registers->rules[number];

	assert_int_equal(rule->kind, kind);
	assert_int_equal(rule->offset, offset);
}

static void test_usual_function(void **state)
{
	struct fixture fixture = { 0 };

	/* push %rbp; mov %rsp, %rbp; ...; leave */
	RUN_SOUND(&fixture, 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, TEST_RBP, 0x02, 0x20, 0x0c,
		  TEST_RSP, 8, 0x00, 0x00);
	assert_int_equal(fixture.fdes.items[0].start, TEST_CODE_ADDRESS);
	assert_int_equal(fixture.fdes.items[0].end, TEST_CODE_ADDRESS + 0x100);
	assert_int_equal(fixture.rows.count, 4);
	assert_row(&fixture.rows, 0, 0, TEST_RSP, 8);
	assert_rule(&fixture.rows, 0, TEST_RIP, CFI_REGISTER_AT_CFA, -8);
	assert_int_equal(fixture.rows.rows[0].registers->rules[TEST_RBP].kind,
			 CFI_REGISTER_UNSPECIFIED);
	assert_row(&fixture.rows, 1, 1, TEST_RSP, 16);
	assert_rule(&fixture.rows, 1, TEST_RBP, CFI_REGISTER_AT_CFA, -16);
	assert_row(&fixture.rows, 2, 4, TEST_RBP, 16);
	assert_row(&fixture.rows, 3, 0x24, TEST_RSP, 8);
	fixture_deinit(&fixture);
}

static void test_every_way_to_advance(void **state)
{
	struct fixture fixture = { 0 };

	RUN_SOUND(&fixture, 0x41, 0x0e, 1, 0x02, 2, 0x0e, 2, 0x03, 3, 0, 0x0e, 3, 0x04, 4, 0, 0, 0,
		  0x0e, 4, 0x1d, 5, 0, 0, 0, 0, 0, 0, 0, 0x0e, 5);
	assert_int_equal(fixture.rows.count, 6);
	assert_row(&fixture.rows, 1, 1, TEST_RSP, 1);
	assert_row(&fixture.rows, 2, 3, TEST_RSP, 2);
	assert_row(&fixture.rows, 3, 6, TEST_RSP, 3);
	assert_row(&fixture.rows, 4, 10, TEST_RSP, 4);
	assert_row(&fixture.rows, 5, 15, TEST_RSP, 5);
	fixture_deinit(&fixture);
}

static void test_set_loc(void **state)
{
	struct fixture fixture = { .builder.is_debug_frame = true };

	RUN_SOUND(&fixture, 0x01, 0x30, 0, 0x40, 0, 0, 0, 0, 0, 0x0e, 24);
	assert_int_equal(fixture.rows.count, 2);
	assert_row(&fixture.rows, 1, 0x30, TEST_RSP, 24);
	fixture_deinit(&fixture);
}

static void test_every_register_rule(void **state)
{
	struct fixture fixture = { 0 };
	const struct cfi_register_rule *rule;

	RUN_SOUND(&fixture, 0x05, TEST_RBX, 3, /* offset_extended */
		  0x07, TEST_RDX,              /* undefined */
		  0x08, TEST_RDI,              /* same_value */
		  0x09, TEST_R8, TEST_RAX,     /* register */
		  0x10, TEST_RBP, 2, 0x76, 0,  /* expression: breg6 0 */
		  0x11, TEST_R10, 0x7f,        /* offset_extended_sf: -1 */
		  0x14, TEST_R12, 2,           /* val_offset */
		  0x15, 13, 0x7e,              /* val_offset_sf: -2 */
		  0x16, 14, 2, 0x77, 8,        /* val_expression: breg7 8 */
		  0x2f, 15, 4,                 /* GNU_negative_offset_extended */
		  0x2e, 16,                    /* GNU_args_size */
		  0x05, 40, 3, 0x2d);          /* xmm23; negate_ra_state */
	assert_int_equal(fixture.rows.count, 1);
	assert_rule(&fixture.rows, 0, TEST_RBX, CFI_REGISTER_AT_CFA, -24);
	assert_rule(&fixture.rows, 0, TEST_RDX, CFI_REGISTER_UNDEFINED, 0);
	assert_rule(&fixture.rows, 0, TEST_RDI, CFI_REGISTER_SAME, 0);
	assert_rule(&fixture.rows, 0, TEST_R8, CFI_REGISTER_IN_REGISTER, TEST_RAX);
	assert_rule(&fixture.rows, 0, TEST_R10, CFI_REGISTER_AT_CFA, 8);
	assert_rule(&fixture.rows, 0, TEST_R12, CFI_REGISTER_IS_CFA, -16);
	assert_rule(&fixture.rows, 0, 13, CFI_REGISTER_IS_CFA, 16);
	assert_rule(&fixture.rows, 0, 15, CFI_REGISTER_AT_CFA, 32);
	rule = &fixture.rows.rows[0].registers->rules[TEST_RBP];
	assert_int_equal(rule->kind, CFI_REGISTER_AT_EXPRESSION);
	assert_int_equal(rule->expression_size_bytes, 2);
	assert_int_equal(rule->expression[0], 0x76);
	rule = &fixture.rows.rows[0].registers->rules[14];
	assert_int_equal(rule->kind, CFI_REGISTER_IS_EXPRESSION);
	assert_int_equal(rule->expression[1], 8);
	fixture_deinit(&fixture);
}

static void test_every_cfa_rule(void **state)
{
	struct fixture fixture = { 0 };

	RUN_SOUND(&fixture, 0x12, TEST_RBP, 0x7e,        /* def_cfa_sf: -2 * -8 */
		  0x41, 0x13, 0x7d,                      /* def_cfa_offset_sf: -3 * -8 */
		  0x41, 0x0d, TEST_R10,                  /* def_cfa_register */
		  0x41, 0x0f, 3, 0x77, 8, 0x06,          /* def_cfa_expression: *(rsp + 8) */
		  0x41, 0x0c, TEST_RSP, 0xa0, 0xff, 32); /* more than 16 bits */
	assert_int_equal(fixture.rows.count, 5);
	assert_row(&fixture.rows, 0, 0, TEST_RBP, 16);
	assert_row(&fixture.rows, 1, 1, TEST_RBP, 24);
	assert_row(&fixture.rows, 2, 2, TEST_R10, 24);
	assert_int_equal(fixture.rows.rows[3].cfa_expression.size, 3);
	assert_row(&fixture.rows, 4, 4, TEST_RSP, 540576);
	fixture_deinit(&fixture);
}

static void test_restore_and_states(void **state)
{
	struct fixture fixture = { 0 };

	RUN_SOUND(&fixture, 0x86, 2, 0x0e, 16, 0x0a,         /* row 0, remembered */
		  0x41, 0xc6, 0x06, TEST_RIP, 0x83, 3, 0x0a, /* row 1, remembered too */
		  0x41, 0x0e, 64,                            /* row 2 */
		  0x41, 0x0b,                                /* row 3 is row 1 */
		  0x41, 0x0b);                               /* row 4 is row 0 */
	assert_int_equal(fixture.rows.count, 5);
	assert_rule(&fixture.rows, 0, TEST_RBP, CFI_REGISTER_AT_CFA, -16);
	assert_int_equal(fixture.rows.rows[1].registers->rules[TEST_RBP].kind,
			 CFI_REGISTER_UNSPECIFIED);
	assert_rule(&fixture.rows, 1, TEST_RBX, CFI_REGISTER_AT_CFA, -24);
	assert_rule(&fixture.rows, 1, TEST_RIP, CFI_REGISTER_AT_CFA, -8);
	assert_row(&fixture.rows, 2, 2, TEST_RSP, 64);
	assert_row(&fixture.rows, 3, 3, TEST_RSP, 16);
	assert_rule(&fixture.rows, 3, TEST_RBX, CFI_REGISTER_AT_CFA, -24);
	assert_row(&fixture.rows, 4, 4, TEST_RSP, 16);
	assert_int_equal(fixture.rows.rows[4].registers->rules[TEST_RBX].kind,
			 CFI_REGISTER_UNSPECIFIED);
	assert_ptr_equal(fixture.rows.rows[3].registers, fixture.rows.rows[1].registers);
	assert_ptr_equal(fixture.rows.rows[4].registers, fixture.rows.rows[0].registers);
	assert_ptr_not_equal(fixture.rows.rows[4].registers, fixture.rows.rows[3].registers);
	fixture_deinit(&fixture);
}

static void test_rows_end_with_the_function(void **state)
{
	struct fixture fixture = { 0 };

	RUN_SOUND(&fixture, 0x02, 0xff, 0x0e, 16, 0x41, 0x0e, 24, 0x41, 0x0e, 32);
	assert_int_equal(fixture.rows.count, 2);
	assert_row(&fixture.rows, 1, 0xff, TEST_RSP, 16);
	fixture_deinit(&fixture);
}

static void test_augmentations(void **state)
{
	struct fixture fixture = { 0 };
	const uint8_t data[] = { 0x9b, 1, 2, 3, 4, 0x1b, 0x1b }; /* P, its pointer, L, R */
	const uint8_t instructions[] = { 0x0c, TEST_RSP, 8, 0x90, 1 };

	cfi_builder_cie(&fixture.builder, 1, "zPLRS", (struct bytes){ data, sizeof(data) },
			(struct bytes){ instructions, sizeof(instructions) });
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS, 16, 0x41, 0x0e, 16);
	cfi_builder_usual_cie(&fixture.builder);
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS + 16, 16, 0x00);
	assert_null(fixture_read(&fixture));
	assert_int_equal(fixture.fdes.count, 2);
	assert_int_equal(fixture.n_bad, 0);
	assert_true(cfi_is_signal_frame(fixture.cfi, &fixture.fdes.items[0]));
	assert_false(cfi_is_signal_frame(fixture.cfi, &fixture.fdes.items[1]));
	assert_null(fixture_run(&fixture, 0));
	assert_row(&fixture.rows, 1, 1, TEST_RSP, 16);
	fixture_deinit(&fixture);
}

static void test_debug_frame_versions(void **state)
{
	const uint8_t instructions[] = { 0x0c, TEST_RSP, 8, 0x90, 1 };

	for (uint8_t version = 1; version <= 4; version++) {
		struct fixture fixture = { .builder.is_debug_frame = true };

		cfi_builder_cie(&fixture.builder, version, "", (struct bytes){ 0 },
				(struct bytes){ instructions, sizeof(instructions) });
		CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS, 16, 0x41, 0x0e, 16);
		assert_null(fixture_read(&fixture));
		/* There was no version 2. */
		assert_int_equal(fixture.fdes.count, version == 2 ? 0 : 1);
		assert_int_equal(fixture.n_bad, version == 2 ? 1 : 0);
		fixture_deinit(&fixture);
	}
}

static void test_64_bit_format(void **state)
{
	for (int is_debug_frame = 0; is_debug_frame <= 1; is_debug_frame++) {
		struct fixture fixture = { .builder.is_debug_frame = is_debug_frame,
					   .builder.is_64_bit_format = true };

		RUN_SOUND(&fixture, 0x41, 0x0e, 16);
		assert_int_equal(fixture.fdes.items[0].start, TEST_CODE_ADDRESS);
		assert_row(&fixture.rows, 1, 1, TEST_RSP, 16);
		fixture_deinit(&fixture);
	}
}

static void test_terminators(void **state)
{
	struct fixture fixture = { 0 };
	struct cfi_section section;
	struct cfi_fde_vector fdes = { 0 };
	struct cfi *cfi;

	cfi_builder_usual_cie(&fixture.builder);
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS, 16, 0x00);
	cfi_builder_u32(&fixture.builder, 0);
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS + 16, 16, 0x00);
	assert_null(fixture_read(&fixture));
	assert_int_equal(fixture.fdes.count, 2);

	section = cfi_builder_section(&fixture.builder);
	section.ends_at_terminator = true;
	cfi = cfi_create(architecture_find(EM_X86_64), &section);
	assert_null(cfi_read_fdes(cfi, &fdes, &fixture.n_bad));
	assert_int_equal(fdes.count, 1);
	cfi_fde_vector_deinit(&fdes);
	cfi_destroy(cfi);
	fixture_deinit(&fixture);
}

/** The FDE is listed but its instructions fail. */
static void assert_fails(const uint8_t *instructions, size_t size_bytes)
{
	struct fixture fixture = { 0 };

	cfi_builder_usual_cie(&fixture.builder);
	cfi_builder_fde(&fixture.builder, TEST_CODE_ADDRESS, 0x100,
			(struct bytes){ instructions, size_bytes });
	assert_null(fixture_read(&fixture));

	_cleanup_error_ struct error *error = fixture_run(&fixture, 0);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FORMAT);
	fixture_deinit(&fixture);
}

#define ASSERT_FAILS(...)                                                                          \
	assert_fails((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void test_damaged_instructions(void **state)
{
	ASSERT_FAILS(0x3f);          /* unknown */
	ASSERT_FAILS(0x0b);          /* restored, not remembered */
	ASSERT_FAILS(0x0e);          /* operand missing */
	ASSERT_FAILS(0x03, 1);       /* half an operand */
	ASSERT_FAILS(0x0f, 9, 0x77); /* expression past the end */
	ASSERT_FAILS(0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x77);
	ASSERT_FAILS(0x16, TEST_RBX, 0x81, 0x08, 0x77); /* longer than any is */
	ASSERT_FAILS(0x0d, 99);                         /* no such register */
	ASSERT_FAILS(0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a,
		     0x0a, 0x0a, 0x0a, 0x0a); /* too deep */
	ASSERT_FAILS(0x05, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
	/* set_loc backwards */
	ASSERT_FAILS(0x41, 0x01, 0, 0, 0xe8, 0xff);
}

static void test_damaged_entries(void **state)
{
	struct fixture fixture = { 0 };

	/* An FDE whose CIE is nowhere, then sound ones, then a length past the end. */
	cfi_builder_u32(&fixture.builder, 16);
	cfi_builder_u32(&fixture.builder, 0x1000);
	cfi_builder_u32(&fixture.builder, 0);
	cfi_builder_u32(&fixture.builder, 0);
	cfi_builder_u32(&fixture.builder, 0);
	cfi_builder_usual_cie(&fixture.builder);
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS, 16, 0x00);
	cfi_builder_u32(&fixture.builder, 1000);

	_cleanup_error_ struct error *error = fixture_read(&fixture);

	assert_non_null(error);
	assert_int_equal(fixture.fdes.count, 1);
	assert_int_equal(fixture.n_bad, 1);
	fixture_deinit(&fixture);
}

static void test_unusable_cie_spoils_only_its_own(void **state)
{
	struct fixture fixture = { 0 };
	const uint8_t data[] = { 0x1b };
	const uint8_t unknown_instruction[] = { 0x3f };

	cfi_builder_cie(&fixture.builder, 1, "zR", (struct bytes){ data, sizeof(data) },
			(struct bytes){ unknown_instruction, 1 });
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS, 16, 0x00);
	cfi_builder_cie(&fixture.builder, 1, "zQ", (struct bytes){ data, sizeof(data) },
			(struct bytes){ 0 });
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS, 16, 0x00);
	cfi_builder_cie(&fixture.builder, 1, "eh", (struct bytes){ 0 }, (struct bytes){ 0 });
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS, 16, 0x00);
	cfi_builder_usual_cie(&fixture.builder);
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS + 16, 16, 0x00);
	assert_null(fixture_read(&fixture));
	assert_int_equal(fixture.fdes.count, 1);
	assert_int_equal(fixture.n_bad, 3);
	fixture_deinit(&fixture);
}

/** Whatever is cut off, nothing is read past the end (the sanitizer watches). */
static void test_every_truncation(void **state)
{
	struct fixture fixture = { 0 };
	size_t size_bytes;

	cfi_builder_usual_cie(&fixture.builder);
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS, 64, 0x41, 0x0e, 16, 0x10, 6, 2, 0x76,
			0, 0x04, 1, 0, 0, 0);
	size_bytes = fixture.builder.bytes.count;
	for (size_t kept_bytes = 0; kept_bytes < size_bytes; kept_bytes++) {
		uint8_t *copy = memory_duplicate(fixture.builder.bytes.items, kept_bytes + 1);
		struct cfi_section section = cfi_builder_section(&fixture.builder);
		struct cfi_fde_vector fdes = { 0 };
		struct cfi *cfi;

		section.bytes = (struct bytes){ memory_resize(copy, kept_bytes + !kept_bytes, 1),
						kept_bytes };
		cfi = cfi_create(architecture_find(EM_X86_64), &section);
		error_destroy(cfi_read_fdes(cfi, &fdes, &fixture.n_bad));
		assert_int_equal(fdes.count, 0);
		cfi_fde_vector_deinit(&fdes);
		cfi_destroy(cfi);
		free((void *)section.bytes.data);
	}
	fixture_deinit(&fixture);
}

/** The same rules are the same registers, wherever their bytes are. */
static void test_registers_are_kept_once(void **state)
{
	const struct cfi_registers *first;
	struct fixture fixture = { 0 };

	cfi_builder_usual_cie(&fixture.builder);
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS, 16, 0x83, 2, 0x10, 6, 2, 0x76, 0);
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS + 16, 16, 0x10, 6, 2, 0x76, 0, 0x83, 2);
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS + 32, 16, 0x10, 6, 2, 0x76, 8, 0x83, 2);
	assert_null(fixture_read(&fixture));
	assert_null(fixture_run(&fixture, 0));
	first = fixture.rows.rows[0].registers;
	assert_null(fixture_run(&fixture, 1));
	assert_ptr_equal(fixture.rows.rows[0].registers, first);
	assert_null(fixture_run(&fixture, 2));
	assert_ptr_not_equal(fixture.rows.rows[0].registers, first);
	fixture_deinit(&fixture);
}

/** Three bytes must not be worth half a kilobyte without an end. */
static void test_endless_combinations(void **state)
{
	const size_t n_changes = CFI_REGISTERS_MAX + 10;
	struct byte_vector instructions = { 0 };
	struct fixture fixture = { 0 };

	for (size_t i = 0; i < n_changes; i++)
		byte_vector_append_bytes(&instructions,
					 (const uint8_t[]){ 0x83, (uint8_t)(0x80 | (i & 0x7f)),
							    (uint8_t)(0x80 | (i >> 7 & 0x7f)),
							    (uint8_t)(i >> 14) },
					 4);
	cfi_builder_usual_cie(&fixture.builder);
	cfi_builder_fde(&fixture.builder, TEST_CODE_ADDRESS, 16,
			(struct bytes){ instructions.items, instructions.count });
	CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS + 16, 16, 0x83, 5);
	assert_null(fixture_read(&fixture));

	_cleanup_error_ struct error *error = fixture_run(&fixture, 0);

	assert_non_null(error);
	assert_non_null(strstr(error->message, "combinations"));
	assert_null(fixture_run(&fixture, 1));
	assert_rule(&fixture.rows, 0, TEST_RBX, CFI_REGISTER_AT_CFA, -40);
	byte_vector_deinit(&instructions);
	fixture_deinit(&fixture);
}

/** A length that says nothing of sense, and letters that want more than there is. */
static void test_odd_augmentations(void **state)
{
	static const struct {
		const char *letters;
		uint8_t data[4];
		size_t size_bytes;
	} cases[] = {
		{ "zRR", { 0x1b }, 1 },         /* a second encoding that is not there */
		{ "zP", { 0x1b, 0 }, 2 },       /* half a pointer */
		{ "zP", { 0x50 }, 1 },          /* an aligned pointer */
		{ "zL", { 0 }, 0 },             /* no byte at all */
		{ "zRX", { 0x1b, 0 }, 2 },      /* an unknown letter */
		{ "zR", { 0x0f }, 1 },          /* a format there is not */
		{ "zR", { 0x9b }, 1 },          /* code behind a pointer */
		{ "zR", { 0x4b }, 1 },          /* relative to a function: of what? */
		{ "R", { 0x1b }, 1 },           /* data without their size */
		{ "zSSSSSSSSSSSSX", { 0 }, 0 }, /* anything, then an unknown letter */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture fixture = { 0 };

		cfi_builder_cie(&fixture.builder, 1, cases[i].letters,
				(struct bytes){ cases[i].data, cases[i].size_bytes },
				(struct bytes){ 0 });
		CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS, 16, 0x00);
		cfi_builder_usual_cie(&fixture.builder);
		CFI_BUILDER_FDE(&fixture.builder, TEST_CODE_ADDRESS + 16, 16, 0x00);
		assert_null(fixture_read(&fixture));
		assert_int_equal(fixture.n_bad, 1);
		assert_int_equal(fixture.fdes.count, 1);
		assert_int_equal(fixture.fdes.items[0].start, TEST_CODE_ADDRESS + 16);
		fixture_deinit(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual_function),
		cmocka_unit_test(test_every_way_to_advance),
		cmocka_unit_test(test_set_loc),
		cmocka_unit_test(test_every_register_rule),
		cmocka_unit_test(test_every_cfa_rule),
		cmocka_unit_test(test_restore_and_states),
		cmocka_unit_test(test_rows_end_with_the_function),
		cmocka_unit_test(test_augmentations),
		cmocka_unit_test(test_debug_frame_versions),
		cmocka_unit_test(test_64_bit_format),
		cmocka_unit_test(test_terminators),
		cmocka_unit_test(test_damaged_instructions),
		cmocka_unit_test(test_damaged_entries),
		cmocka_unit_test(test_unusable_cie_spoils_only_its_own),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_registers_are_kept_once),
		cmocka_unit_test(test_endless_combinations),
		cmocka_unit_test(test_odd_augmentations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
