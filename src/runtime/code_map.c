#include "runtime/code_map.h"

bool code_map_add_text(struct code_map_builder *builder, const char *text, size_t length,
		       uint32_t *offset_ret)
{
	if (length >= CODE_MAP_TEXT_SIZE_MAX_BYTES - builder->text.count)
		return false;
	*offset_ret = (uint32_t)builder->text.count;
	byte_vector_append_bytes(&builder->text, text, length);
	byte_vector_append(&builder->text, '\0');
	return true;
}

bool code_map_add(struct code_map_builder *builder, uint64_t start, uint64_t size_bytes,
		  uint32_t name_offset, uint32_t n_places)
{
	uint64_t end;

	if (!size_bytes || __builtin_add_overflow(start, size_bytes, &end) ||
	    builder->pieces.count == CODE_MAP_COUNT_MAX)
		return false;
	code_piece_vector_append(&builder->pieces,
				 (struct code_piece){
					 .start = start,
					 .end = end,
					 .name_offset = name_offset,
					 .order = (uint32_t)builder->pieces.count,
					 .first_place = (uint32_t)builder->places.count - n_places,
					 .n_places = n_places,
				 });
	return true;
}

static int piece_compare(const void *a_pointer, const void *b_pointer)
{
	const struct code_piece *a = a_pointer;
	const struct code_piece *b = b_pointer;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/** A binary heap of pieces that cover the sweep's position, the latest on top. */
static void heap_push(struct code_piece_vector *heap, struct code_piece piece)
{
	size_t at = heap->count;

	code_piece_vector_append(heap, piece);
	while (at && heap->items[(at - 1) / 2].order < piece.order) {
		heap->items[at] = heap->items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->items[at] = piece;
}

static void heap_pop(struct code_piece_vector *heap)
{
	struct code_piece moved = heap->items[--heap->count];
	size_t at = 0;
	size_t child;

	while ((child = at * 2 + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    heap->items[child + 1].order > heap->items[child].order)
			child++;
		if (heap->items[child].order <= moved.order)
			break;
		heap->items[at] = heap->items[child];
		at = child;
	}
	if (heap->count)
		heap->items[at] = moved;
}

/** The places of @p piece from @p start to @p end, and then none. */
static void append_places(const struct code_map_builder *builder, const struct code_piece *piece,
			  uint64_t start, uint64_t end, struct code_place_vector *ret)
{
	const struct code_place *places;

	if (!piece->n_places)
		return;
	places = builder->places.items + piece->first_place;
	for (uint32_t i = 0; i < piece->n_places; i++) {
		struct code_place place = places[i];
		uint64_t next = i + 1 < piece->n_places ? places[i + 1].address : piece->end;

		if (next <= start || place.address >= end)
			continue;
		place.address = MAX(place.address, start);
		code_place_vector_append(ret, place);
	}
	code_place_vector_append(ret, (struct code_place){ .address = end });
}

/** Name [start, end) after the latest pieces that cover it; pieces that end leave the heap. */
static void fill_gap(const struct code_map_builder *builder, struct code_piece_vector *heap,
		     uint64_t start, uint64_t end, struct code_map *map)
{
	while (heap->count && start < end) {
		const struct code_piece piece = heap->items[0];
		uint64_t range_end = MIN(end, piece.end);

		if (piece.end <= start) {
			heap_pop(heap);
			continue;
		}
		code_range_vector_append(&map->ranges, (struct code_range){
							       .start = start,
							       .end = range_end,
							       .name_offset = piece.name_offset,
						       });
		append_places(builder, &piece, start, range_end, &map->places);
		start = range_end;
	}
}

void code_map_build(struct code_map_builder *builder, struct code_map *ret)
{
	struct code_piece_vector *pieces = &builder->pieces;
	struct code_piece_vector heap = { 0 };
	struct code_map map = { 0 };

	if (pieces->count)
		qsort(pieces->items, pieces->count, sizeof(*pieces->items), piece_compare);
	/* Overlapping pieces to ranges that do not overlap: a sweep over the starts. */
	for (size_t i = 0; i < pieces->count; i++) {
		uint64_t next = i + 1 < pieces->count ? pieces->items[i + 1].start : UINT64_MAX;

		heap_push(&heap, pieces->items[i]);
		fill_gap(builder, &heap, pieces->items[i].start, next, &map);
	}
	code_piece_vector_deinit(&heap);
	map.text = builder->text;
	builder->text = (struct byte_vector){ 0 };
	code_map_builder_deinit(builder);
	*ret = map;
}

void code_map_builder_deinit(struct code_map_builder *builder)
{
	code_piece_vector_deinit(&builder->pieces);
	code_place_vector_deinit(&builder->places);
	byte_vector_deinit(&builder->text);
}

void code_map_deinit(struct code_map *map)
{
	code_range_vector_deinit(&map->ranges);
	code_place_vector_deinit(&map->places);
	byte_vector_deinit(&map->text);
}
