#pragma once

/**
 * Answers that were found before, as the content of a file of the cache: runs of code ("pieces")
 * in which all addresses have the same functions, files and lines. What is in no piece is not
 * known yet; a run that had to look something up adds the whole functions it met.
 */

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "symbols/symbolizer.h"

/** Change it whenever the same object could get other answers than before. */
#define SYMBOL_PIECES_VERSION 2

/** Of one object, 12 MB of them: beyond it the cache keeps what the last run met. */
#define SYMBOL_PIECES_MAX (UINT32_C(1) << 17)

/** Functions at one address: as many as DWARF may nest. */
#define SYMBOL_PIECE_FRAMES_MAX 1024

struct symbol_piece {
	uint64_t start, end;
	uint64_t symbol_elf_address, symbol_size_bytes;
	uint32_t first_frame, n_frames;
	uint32_t status; /**< enum symbol_status */
	uint32_t zero;
};

/** Texts are offsets into the text; the lowest bit of `line` says that it is inlined. */
struct symbol_piece_frame {
	uint32_t name, linkage_name, file, line;
};

/** An all-zero struct has none. Everything borrowed from the content. */
struct symbol_pieces {
	const struct symbol_piece *pieces; /**< Ascending, apart from each other. */
	uint32_t n_pieces;
	const struct symbol_piece_frame *frames;
	const char *text;
	uint32_t source_kind; /**< enum symbol_source_kind */
};

/** Take @p content apart; every offset in it is checked, so that the rest need not. */
struct error *symbol_pieces_read(struct bytes content, struct symbol_pieces *ret) MUST_CHECK;

/** The piece that covers @p address, or NULL. */
const struct symbol_piece *symbol_pieces_find(const struct symbol_pieces *pieces, uint64_t address);

/** What the piece says, with its frames in @p arena and their text in the content. */
struct symbol_result symbol_pieces_result(const struct symbol_pieces *pieces,
					  const struct symbol_piece *piece, struct arena *arena);

/** One more answer, for all addresses from start to end. */
struct symbol_answer {
	uint64_t start, end;
	struct symbol_result result;
};

DEFINE_VECTOR(symbol_answer_vector, struct symbol_answer)

/**
 * Append the content of a file: @p answers, and of @p old what they do not cover. Neighbours with
 * the same answer become one piece.
 *
 * @param answers  Sorted here; where two overlap, the first holds.
 */
void symbol_pieces_write(const struct symbol_pieces *old, struct symbol_answer_vector *answers,
			 enum symbol_source_kind source_kind, struct byte_vector *ret);
