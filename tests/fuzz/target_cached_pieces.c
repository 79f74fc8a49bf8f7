/** Answers of the symbolizer as the cache keeps them; merged with new ones and read again. */

#include "fuzz_target.h"
#include "symbols/symbol_pieces_internal.h"

static const struct symbol_frame frames[] = {
	{ .name = "inner",
	  .linkage_name = "_Z5inner",
	  .file = "/a.c",
	  .line = 7,
	  .is_inlined = true },
	{ .name = "outer", .linkage_name = "outer" },
};

static void append_answers(struct symbol_answer_vector *answers)
{
	const struct symbol_result result = { .status = SYMBOL_FOUND,
					      .symbol_elf_address = 0x100,
					      .symbol_size_bytes = 0x80,
					      .frames = frames,
					      .n_frames = 2 };

	symbol_answer_vector_append(answers, (struct symbol_answer){ 0x100, 0x140, result });
	symbol_answer_vector_append(
		answers, (struct symbol_answer){
				 .start = 0x200, .end = 0x201, .result.status = SYMBOL_NO_MATCH });
}

static void read_results(const struct symbol_pieces *pieces)
{
	struct arena arena = { 0 };

	for (uint32_t i = 0; i < pieces->n_pieces; i++) {
		const struct symbol_piece *piece =
			symbol_pieces_find(pieces, pieces->pieces[i].start);
		struct symbol_result result;

		FUZZ_CHECK(piece == &pieces->pieces[i]);
		result = symbol_pieces_result(pieces, piece, &arena);
		for (uint32_t k = 0; k < result.n_frames; k++)
			FUZZ_CHECK(result.frames[k].name &&
				   strlen(result.frames[k].name) < SIZE_MAX);
	}
	arena_deinit(&arena);
}

static void run(struct bytes input)
{
	struct symbol_answer_vector answers = { 0 };
	struct byte_vector merged = { 0 };
	struct symbol_pieces pieces = { 0 }, again = { 0 };
	struct error *error = symbol_pieces_read(input, &pieces);

	if (error) {
		fuzz_check_error(error);
		return;
	}
	read_results(&pieces);
	append_answers(&answers);
	symbol_pieces_write(&pieces, &answers, SYMBOLS_DEBUG, &merged);
	/* What we write we can read. */
	FUZZ_CHECK(!symbol_pieces_read((struct bytes){ merged.items, merged.count }, &again));
	read_results(&again);
	byte_vector_deinit(&merged);
	symbol_answer_vector_deinit(&answers);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	struct symbol_answer_vector answers = { 0 };
	struct byte_vector content = { 0 };

	append_answers(&answers);
	symbol_pieces_write(&(struct symbol_pieces){ 0 }, &answers, SYMBOLS_DEBUG, &content);
	fuzz_seeds_add_vector(seeds, &content);
	byte_vector_deinit(&content);
	symbol_answer_vector_deinit(&answers);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
