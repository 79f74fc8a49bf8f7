#include "symbols/symbol_pieces_internal.h"

#include "base/string_table.h"

#include <string.h>

/** Counts, the size of the text and the kind of the source. */
#define HEADER_SIZE_BYTES 16

/** In place of a text's offset: there is none. */
#define NO_TEXT UINT32_MAX

static bool is_text(uint32_t offset, size_t text_size_bytes)
{
	return offset < text_size_bytes;
}

static bool is_frame_valid(const struct symbol_piece_frame *frame, size_t text_size_bytes)
{
	return is_text(frame->name, text_size_bytes) &&
	       is_text(frame->linkage_name, text_size_bytes) &&
	       (frame->file == NO_TEXT || is_text(frame->file, text_size_bytes));
}

static bool is_piece_valid(const struct symbol_piece *piece, uint64_t least_start,
			   uint32_t n_frames)
{
	if (piece->start < least_start || piece->start >= piece->end ||
	    piece->n_frames > SYMBOL_PIECE_FRAMES_MAX || piece->first_frame > n_frames ||
	    piece->n_frames > n_frames - piece->first_frame)
		return false;
	if (piece->status == SYMBOL_FOUND)
		return piece->n_frames > 0;
	return (piece->status == SYMBOL_NO_MATCH || piece->status == SYMBOL_NO_TABLE) &&
	       piece->n_frames == 0;
}

static struct error *check_all(const struct byte_reader *reader, const struct symbol_pieces *pieces,
			       uint32_t n_frames, struct bytes text)
{
	uint64_t end = 0;

	if (text.size && text.data[text.size - 1])
		return byte_reader_error(reader, "a text without an end");
	if (pieces->source_kind > SYMBOLS_DEBUG)
		return byte_reader_error(reader, "an unknown kind");
	for (uint32_t i = 0; i < n_frames; i++) {
		if (!is_frame_valid(&pieces->frames[i], text.size))
			return byte_reader_error(reader, "a frame with a text that is not there");
	}
	for (uint32_t i = 0; i < pieces->n_pieces; i++) {
		if (!is_piece_valid(&pieces->pieces[i], end, n_frames))
			return byte_reader_error(reader, "a piece that cannot be");
		end = pieces->pieces[i].end;
	}
	return NULL;
}

struct error *symbol_pieces_read(struct bytes content, struct symbol_pieces *ret)
{
	struct byte_reader reader = byte_reader_make(content, "names found before");
	uint32_t n_frames, text_size;
	struct bytes pieces_bytes, frames_bytes, text;
	struct symbol_pieces pieces;

	RETURN_IF_ERROR(byte_reader_u32(&reader, &pieces.n_pieces));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &n_frames));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &text_size));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &pieces.source_kind));
	/* Counts of 32 bits: no product overflows. */
	RETURN_IF_ERROR(byte_reader_bytes(&reader, (size_t)pieces.n_pieces * sizeof(*pieces.pieces),
					  &pieces_bytes));
	RETURN_IF_ERROR(byte_reader_bytes(&reader, (size_t)n_frames * sizeof(*pieces.frames),
					  &frames_bytes));
	RETURN_IF_ERROR(byte_reader_bytes(&reader, text_size, &text));
	if (byte_reader_left(&reader))
		return byte_reader_error(&reader, "more than it says");
	if ((uintptr_t)content.data % _Alignof(struct symbol_piece))
		return byte_reader_error(&reader, "not aligned");
	pieces.pieces = (const struct symbol_piece *)pieces_bytes.data;
	pieces.frames = (const struct symbol_piece_frame *)frames_bytes.data;
	pieces.text = (const char *)text.data;
	RETURN_IF_ERROR(check_all(&reader, &pieces, n_frames, text));
	*ret = pieces;
	return NULL;
}

const struct symbol_piece *symbol_pieces_find(const struct symbol_pieces *pieces, uint64_t address)
{
	size_t low = 0;
	size_t high = pieces->n_pieces;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pieces->pieces[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == pieces->n_pieces || address < pieces->pieces[low].start)
		return NULL;
	return &pieces->pieces[low];
}

struct symbol_result symbol_pieces_result(const struct symbol_pieces *pieces,
					  const struct symbol_piece *piece, struct arena *arena)
{
	struct symbol_frame *frames = NULL;

	if (piece->n_frames)
		frames = arena_allocate(arena, piece->n_frames * sizeof(*frames));
	for (uint32_t i = 0; i < piece->n_frames; i++) {
		const struct symbol_piece_frame *kept = &pieces->frames[piece->first_frame + i];

		frames[i] = (struct symbol_frame){
			.name = pieces->text + kept->name,
			.linkage_name = pieces->text + kept->linkage_name,
			.file = kept->file == NO_TEXT ? NULL : pieces->text + kept->file,
			.line = kept->line >> 1,
			.is_inlined = kept->line & 1,
		};
	}
	return (struct symbol_result){
		.status = (enum symbol_status)piece->status,
		.symbol_elf_address = piece->symbol_elf_address,
		.symbol_size_bytes = piece->symbol_size_bytes,
		.frames = frames,
		.n_frames = piece->n_frames,
	};
}

DEFINE_VECTOR(piece_vector, struct symbol_piece)
DEFINE_VECTOR(piece_frame_vector, struct symbol_piece_frame)

/** A content in the making. */
struct pieces_writer {
	struct piece_vector pieces;
	struct piece_frame_vector frames;
	struct byte_vector text;
	struct string_table strings;
	struct index_vector offsets; /**< Of each string in the text, by its id. */
};

static uint32_t add_text(struct pieces_writer *writer, const char *text)
{
	string_id id;

	if (!text)
		return NO_TEXT;
	id = string_table_intern(&writer->strings, text);
	while (writer->offsets.count <= id) {
		const char *next =
			string_table_text(&writer->strings, (string_id)writer->offsets.count);

		index_vector_append(&writer->offsets, (uint32_t)writer->text.count);
		byte_vector_append_bytes(&writer->text, next, strlen(next) + 1);
	}
	return writer->offsets.items[id];
}

static bool is_same_answer(const struct pieces_writer *writer, const struct symbol_piece *a,
			   const struct symbol_piece *b)
{
	if (a->status != b->status || a->n_frames != b->n_frames ||
	    a->symbol_elf_address != b->symbol_elf_address ||
	    a->symbol_size_bytes != b->symbol_size_bytes)
		return false;
	return a->n_frames == 0 ||
	       memcmp(&writer->frames.items[a->first_frame], &writer->frames.items[b->first_frame],
		      a->n_frames * sizeof(*writer->frames.items)) == 0;
}

static void add_piece(struct pieces_writer *writer, uint64_t start, uint64_t end,
		      const struct symbol_result *result)
{
	struct symbol_piece piece = {
		.start = start,
		.end = end,
		.symbol_elf_address = result->symbol_elf_address,
		.symbol_size_bytes = result->symbol_size_bytes,
		.first_frame = (uint32_t)writer->frames.count,
		.n_frames = result->n_frames,
		.status = result->status,
	};
	struct symbol_piece *last = NULL;

	if (start >= end || result->n_frames > SYMBOL_PIECE_FRAMES_MAX)
		return;
	for (uint32_t i = 0; i < result->n_frames; i++) {
		const struct symbol_frame *frame = &result->frames[i];

		piece_frame_vector_append(
			&writer->frames,
			(struct symbol_piece_frame){
				.name = add_text(writer, frame->name),
				.linkage_name = add_text(writer, frame->linkage_name),
				.file = add_text(writer, frame->file),
				.line = frame->line << 1 | frame->is_inlined,
			});
	}
	if (writer->pieces.count)
		last = &writer->pieces.items[writer->pieces.count - 1];
	if (last && last->end == start && is_same_answer(writer, last, &piece)) {
		last->end = end;
		writer->frames.count = piece.first_frame;
		return;
	}
	piece_vector_append(&writer->pieces, piece);
}

/** Of the old pieces from number @p next on: what lies between @p start and @p end. */
static void add_old(struct pieces_writer *writer, const struct symbol_pieces *old, uint32_t *next,
		    uint64_t start, uint64_t end, struct arena *arena)
{
	for (; *next < old->n_pieces && old->pieces[*next].start < end; ++*next) {
		const struct symbol_piece *piece = &old->pieces[*next];
		struct symbol_result result;

		if (piece->end > start) {
			result = symbol_pieces_result(old, piece, arena);
			add_piece(writer, MAX(piece->start, start), MIN(piece->end, end), &result);
		}
		/* The rest of it may be wanted behind the next answer. */
		if (piece->end > end)
			break;
	}
}

static int answer_compare(const void *a_pointer, const void *b_pointer)
{
	const struct symbol_answer *a = a_pointer, *b = b_pointer;

	return a->start < b->start ? -1 : a->start > b->start;
}

static void write_all(struct pieces_writer *writer, enum symbol_source_kind source_kind,
		      struct byte_vector *ret)
{
	const uint32_t header[HEADER_SIZE_BYTES / sizeof(uint32_t)] = {
		(uint32_t)writer->pieces.count,
		(uint32_t)writer->frames.count,
		(uint32_t)writer->text.count,
		source_kind,
	};

	byte_vector_append_bytes(ret, header, sizeof(header));
	byte_vector_append_bytes(ret, writer->pieces.items,
				 writer->pieces.count * sizeof(*writer->pieces.items));
	byte_vector_append_bytes(ret, writer->frames.items,
				 writer->frames.count * sizeof(*writer->frames.items));
	byte_vector_append_bytes(ret, writer->text.items, writer->text.count);
}

void symbol_pieces_write(const struct symbol_pieces *old, struct symbol_answer_vector *answers,
			 enum symbol_source_kind source_kind, struct byte_vector *ret)
{
	const struct symbol_pieces none = { 0 };
	struct pieces_writer writer = { 0 };
	struct arena arena = { 0 };
	uint64_t position = 0;
	uint32_t next_old = 0;

	if (old->n_pieces + answers->count > SYMBOL_PIECES_MAX)
		old = &none;
	string_table_init(&writer.strings);
	if (answers->count)
		qsort(answers->items, answers->count, sizeof(*answers->items), answer_compare);
	for (size_t i = 0; i < MIN(answers->count, (size_t)SYMBOL_PIECES_MAX); i++) {
		const struct symbol_answer *answer = &answers->items[i];

		add_old(&writer, old, &next_old, position, answer->start, &arena);
		add_piece(&writer, MAX(answer->start, position), answer->end, &answer->result);
		position = MAX(position, answer->end);
	}
	add_old(&writer, old, &next_old, position, UINT64_MAX, &arena);
	write_all(&writer, source_kind, ret);
	piece_vector_deinit(&writer.pieces);
	piece_frame_vector_deinit(&writer.frames);
	byte_vector_deinit(&writer.text);
	string_table_deinit(&writer.strings);
	index_vector_deinit(&writer.offsets);
	arena_deinit(&arena);
}
