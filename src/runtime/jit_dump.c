#include "runtime/jit_dump.h"

#include "base/escape.h"
#include "base/hash_map.h"
#include "runtime/runtime_file.h"

/** "JiTD" in the writer's byte order. */
#define MAGIC         UINT32_C(0x4a695444)
#define MAGIC_SWAPPED UINT32_C(0x4454694a)

#define HEADER_SIZE_BYTES        40
#define RECORD_HEADER_SIZE_BYTES 16

enum {
	RECORD_CODE_LOAD = 0,
	RECORD_CODE_MOVE = 1,
	RECORD_DEBUG_INFO = 2,
};

/** A file name of these bytes is that of the entry before. */
static const char same_file[] = "\xff";

/**
 * V8 counts the places of a function from the start of the ELF file that `perf inject` makes
 * around it, so that all of them come too late by the size of an ELF header.
 */
#define ELF_HEADER_SIZE_BYTES 64

/** Of the header's flags: times are of the CPU's own counter, which no sample has. */
#define FLAG_IS_CPU_TIME (UINT64_C(1) << 0)

DEFINE_HASH_MAP(piece_map, uint64_t, uint32_t, hash_u64, equal_u64)

/** Places told of the code that comes next. */
struct pending_places {
	uint64_t code_address;
	size_t first; /**< In the builder; they are its last ones. */
	size_t count;
};

struct dump_walk {
	struct code_map_builder *builder;
	struct pending_places pending;
	struct piece_map pieces; /**< The latest, by where they start: their number. */
	bool is_cpu_time;
	uint64_t least_offset; /**< Of any place from the start of its function. */
};

static void drop_pending(struct dump_walk *walk)
{
	walk->builder->places.count -= walk->pending.count;
	walk->pending.count = 0;
}

/** @param is_text_ret  False: the file's name is none, and nothing was added. */
static struct error *read_place(struct dump_walk *walk, struct byte_reader *reader,
				uint32_t *file_offset, bool *is_text_ret)
{
	struct code_place place = { 0 };
	const char *file;

	RETURN_IF_ERROR(byte_reader_u64(reader, &place.address));
	RETURN_IF_ERROR(byte_reader_u32(reader, &place.line));
	RETURN_IF_ERROR(byte_reader_skip(reader, sizeof(uint32_t))); /* discriminator */
	RETURN_IF_ERROR(byte_reader_text(reader, &file));
	*is_text_ret = strcmp(file, same_file) == 0 || escape_is_plain_text(file);
	if (!*is_text_ret)
		return NULL;
	if (strcmp(file, same_file) != 0 &&
	    !code_map_add_text(walk->builder, file, strlen(file), file_offset))
		return byte_reader_error(reader, "too many names");
	place.file_offset = *file_offset;
	if (walk->builder->places.count == CODE_MAP_COUNT_MAX)
		return byte_reader_error(reader, "too many places");
	/* They ascend in all known writers; one that does not could not be searched. */
	if (walk->pending.count &&
	    walk->builder->places.items[walk->builder->places.count - 1].address > place.address)
		return NULL;
	code_place_vector_append(&walk->builder->places, place);
	walk->pending.count++;
	return NULL;
}

static struct error *read_debug_info(struct dump_walk *walk, struct byte_reader *reader)
{
	uint32_t file_offset = 0;
	bool is_text = true;
	uint64_t count;

	drop_pending(walk);
	RETURN_IF_ERROR(byte_reader_u64(reader, &walk->pending.code_address));
	RETURN_IF_ERROR(byte_reader_u64(reader, &count));
	if (!code_map_add_text(walk->builder, "", 0, &file_offset))
		return byte_reader_error(reader, "too many names");
	for (uint64_t i = 0; i < count && is_text; i++)
		RETURN_IF_ERROR(read_place(walk, reader, &file_offset, &is_text));
	/* V8 11 (node 20) writes names it has freed: nothing behind them fits either. */
	if (!is_text)
		drop_pending(walk);
	return NULL;
}

static void add_piece(struct dump_walk *walk, uint64_t address, uint64_t size_bytes,
		      uint32_t name_offset, uint32_t n_places)
{
	if (code_map_add(walk->builder, address, size_bytes, name_offset, n_places))
		*piece_map_insert(&walk->pieces, address, NULL) =
			(uint32_t)walk->builder->pieces.count - 1;
}

static struct error *read_code_load(struct dump_walk *walk, struct byte_reader *reader)
{
	uint64_t address, size_bytes;
	uint32_t name_offset;
	const char *name;

	/* pid, tid; the virtual address is the same as the code's in all known writers */
	RETURN_IF_ERROR(byte_reader_skip(reader, 2 * sizeof(uint32_t) + sizeof(uint64_t)));
	RETURN_IF_ERROR(byte_reader_u64(reader, &address));
	RETURN_IF_ERROR(byte_reader_u64(reader, &size_bytes));
	RETURN_IF_ERROR(byte_reader_skip(reader, sizeof(uint64_t))); /* number of the code */
	RETURN_IF_ERROR(byte_reader_text(reader, &name));
	if (walk->pending.count && walk->pending.code_address != address)
		drop_pending(walk);
	if (walk->pending.count) {
		const struct code_map_builder *builder = walk->builder;
		uint64_t first =
			builder->places.items[builder->places.count - walk->pending.count].address;

		walk->least_offset = MIN(walk->least_offset, first - address);
	}
	if (!code_map_add_text(walk->builder, name, strlen(name), &name_offset))
		return byte_reader_error(reader, "too many names");
	add_piece(walk, address, size_bytes, name_offset, (uint32_t)walk->pending.count);
	walk->pending.count = 0;
	return NULL;
}

/** Places of @p piece again, for its code at @p address; how many. */
static uint32_t copy_places(struct code_map_builder *builder, const struct code_piece *piece,
			    uint64_t address)
{
	if (piece->n_places > CODE_MAP_COUNT_MAX - builder->places.count)
		return 0;
	for (uint32_t i = 0; i < piece->n_places; i++) {
		struct code_place place = builder->places.items[piece->first_place + i];

		place.address += address - piece->start;
		code_place_vector_append(&builder->places, place);
	}
	return piece->n_places;
}

/** The code of the old place is at the new one as well. */
static struct error *read_code_move(struct dump_walk *walk, struct byte_reader *reader)
{
	uint64_t old_address, new_address, size_bytes;
	struct code_piece piece;
	const uint32_t *known;

	RETURN_IF_ERROR(byte_reader_skip(reader, 2 * sizeof(uint32_t) + sizeof(uint64_t)));
	RETURN_IF_ERROR(byte_reader_u64(reader, &old_address));
	RETURN_IF_ERROR(byte_reader_u64(reader, &new_address));
	RETURN_IF_ERROR(byte_reader_u64(reader, &size_bytes));
	known = piece_map_find(&walk->pieces, old_address);
	if (!known)
		return NULL;
	drop_pending(walk);
	piece = walk->builder->pieces.items[*known];
	add_piece(walk, new_address, size_bytes, piece.name_offset,
		  copy_places(walk->builder, &piece, new_address));
	return NULL;
}

static struct error *read_record(struct dump_walk *walk, uint32_t kind, struct bytes content,
				 bool is_swapped)
{
	struct byte_reader reader = byte_reader_make(content, "jitdump");

	reader.swap = is_swapped;
	switch (kind) {
	case RECORD_CODE_LOAD:
		return read_code_load(walk, &reader);
	case RECORD_CODE_MOVE:
		return read_code_move(walk, &reader);
	case RECORD_DEBUG_INFO:
		return read_debug_info(walk, &reader);
	default: /* unwinding information, the end, what is yet to come */
		return NULL;
	}
}

/** The header's size is in it: later versions may have more. */
static struct error *read_header(struct byte_reader *reader, bool *is_cpu_time_ret)
{
	uint32_t magic, version, size_bytes;
	uint64_t flags;

	RETURN_IF_ERROR(byte_reader_u32(reader, &magic));
	if (magic != MAGIC && magic != MAGIC_SWAPPED)
		return error_new(ERROR_FORMAT, "not a jitdump file");
	reader->swap = magic == MAGIC_SWAPPED;
	RETURN_IF_ERROR(byte_reader_u32(reader, &version));
	RETURN_IF_ERROR(byte_reader_u32(reader, &size_bytes));
	if (size_bytes < HEADER_SIZE_BYTES)
		return byte_reader_error(reader, "impossible size of the header");
	/* machine, padding, pid, time */
	RETURN_IF_ERROR(byte_reader_skip(reader, 3 * sizeof(uint32_t) + sizeof(uint64_t)));
	RETURN_IF_ERROR(byte_reader_u64(reader, &flags));
	*is_cpu_time_ret = flags & FLAG_IS_CPU_TIME;
	return byte_reader_seek(reader, size_bytes);
}

static void shift_places(struct code_map_builder *builder, size_t first, uint64_t distance)
{
	for (size_t i = first; i < builder->places.count; i++)
		builder->places.items[i].address -= distance;
}

static struct error *read_records(struct dump_walk *walk, struct byte_reader *reader)
{
	while (byte_reader_left(reader) >= RECORD_HEADER_SIZE_BYTES) {
		uint32_t kind, size_bytes;
		struct bytes content;
		uint64_t time_ns;

		RETURN_IF_ERROR(byte_reader_u32(reader, &kind));
		RETURN_IF_ERROR(byte_reader_u32(reader, &size_bytes));
		RETURN_IF_ERROR(byte_reader_u64(reader, &time_ns));
		if (size_bytes < RECORD_HEADER_SIZE_BYTES)
			return byte_reader_error(reader, "impossible size of a record");
		size_bytes -= RECORD_HEADER_SIZE_BYTES;
		if (size_bytes > byte_reader_left(reader))
			break;
		RETURN_IF_ERROR(byte_reader_bytes(reader, size_bytes, &content));
		walk->builder->time_ns = walk->is_cpu_time ? 0 : time_ns;
		RETURN_IF_ERROR(read_record(walk, kind, content, reader->swap));
	}
	return NULL;
}

struct error *jit_dump_parse(struct bytes bytes, struct code_map_builder *builder)
{
	struct byte_reader reader = byte_reader_make(bytes, "jitdump");
	struct dump_walk walk = { .builder = builder, .least_offset = UINT64_MAX };
	size_t first_place = builder->places.count;
	struct error *error;

	RETURN_IF_ERROR(read_header(&reader, &walk.is_cpu_time));
	error = read_records(&walk, &reader);
	builder->time_ns = 0;
	drop_pending(&walk);
	piece_map_deinit(&walk.pieces);
	if (walk.least_offset >= ELF_HEADER_SIZE_BYTES && walk.least_offset != UINT64_MAX)
		shift_places(builder, first_place, ELF_HEADER_SIZE_BYTES);
	return error;
}

struct error *jit_dump_read(const struct object_process *process, struct runtime_text *seen,
			    struct code_map_builder *builder)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ uint8_t *content = NULL;
	size_t size_bytes;

	if (!process->dump_path)
		return error_new(ERROR_NOT_FOUND, "no jitdump was mapped");
	path = memory_format_text("%s%s", process->root_path, process->dump_path);
	RETURN_IF_ERROR(runtime_file_read(path, process, &content, &size_bytes));
	return error_wrap(jit_dump_parse((struct bytes){ content, size_bytes }, builder), "%s",
			  path);
}
