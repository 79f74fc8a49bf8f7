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
	    end > CODE_MAP_PAST_START || builder->pieces.count == CODE_MAP_COUNT_MAX)
		return false;
	code_piece_vector_append(&builder->pieces,
				 (struct code_piece){
					 .start = start,
					 .end = end,
					 .start_ns = builder->time_ns,
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

/** The places of @p piece from @p start to @p end, and then none; @p distance further on. */
static void append_places(const struct code_map_builder *builder, const struct code_piece *piece,
			  uint64_t start, uint64_t end, uint64_t distance,
			  struct code_place_vector *ret)
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
		place.address = MAX(place.address, start) + distance;
		code_place_vector_append(ret, place);
	}
	code_place_vector_append(ret, (struct code_place){ .address = end + distance });
}

/** What a sweep over the pieces carries along. */
struct sweep {
	const struct code_map_builder *builder;
	struct code_piece_vector heap;
	struct address_vector visible_bytes; /**< Of each piece, by its order. */
	struct code_map *map;
};

static void add_range(struct sweep *sweep, const struct code_piece *piece, uint64_t start,
		      uint64_t end, uint64_t distance)
{
	code_range_vector_append(&sweep->map->ranges, (struct code_range){
							      .start = start + distance,
							      .end = end + distance,
							      .name_offset = piece->name_offset,
						      });
	append_places(sweep->builder, piece, start, end, distance, &sweep->map->places);
}

/** Name [start, end) after the latest pieces that cover it; pieces that end leave the heap. */
static void fill_gap(struct sweep *sweep, uint64_t start, uint64_t end)
{
	while (sweep->heap.count && start < end) {
		const struct code_piece piece = sweep->heap.items[0];
		uint64_t range_end = MIN(end, piece.end);

		if (piece.end <= start) {
			heap_pop(&sweep->heap);
			continue;
		}
		add_range(sweep, &piece, start, range_end, 0);
		sweep->visible_bytes.items[piece.order] += range_end - start;
		start = range_end;
	}
}

/** Keep what is hidden, at the end; @p pieces are ascending. */
static void keep_past(struct sweep *sweep, struct code_piece_vector *pieces)
{
	uint64_t past_end = CODE_MAP_PAST_START, farthest_end = 0;
	struct code_map *map = sweep->map;

	for (size_t i = 0; i < pieces->count; i++) {
		struct code_piece *piece = &pieces->items[i];
		uint64_t size_bytes = piece->end - piece->start;

		if (sweep->visible_bytes.items[piece->order] == size_bytes ||
		    size_bytes > UINT64_MAX - past_end)
			continue;
		piece->past_start = past_end;
		add_range(sweep, piece, piece->start, piece->end, past_end - piece->start);
		past_end += size_bytes;
	}
	if (past_end == CODE_MAP_PAST_START)
		return;
	map->pieces = *pieces;
	*pieces = (struct code_piece_vector){ 0 };
	for (size_t i = 0; i < map->pieces.count; i++) {
		farthest_end = MAX(farthest_end, map->pieces.items[i].end);
		address_vector_append(&map->ends, farthest_end);
	}
}

void code_map_build(struct code_map_builder *builder, struct code_map *ret)
{
	struct code_piece_vector *pieces = &builder->pieces;
	struct code_map map = { 0 };
	struct sweep sweep = { .builder = builder, .map = &map };
	bool has_times = false;

	if (pieces->count)
		qsort(pieces->items, pieces->count, sizeof(*pieces->items), piece_compare);
	for (size_t i = 0; i < pieces->count; i++)
		address_vector_append(&sweep.visible_bytes, 0);
	/* Overlapping pieces to ranges that do not overlap: a sweep over the starts. */
	for (size_t i = 0; i < pieces->count; i++) {
		uint64_t next = i + 1 < pieces->count ? pieces->items[i + 1].start : UINT64_MAX;

		has_times |= pieces->items[i].start_ns != 0;
		heap_push(&sweep.heap, pieces->items[i]);
		fill_gap(&sweep, pieces->items[i].start, next);
	}
	if (has_times)
		keep_past(&sweep, pieces);
	code_piece_vector_deinit(&sweep.heap);
	address_vector_deinit(&sweep.visible_bytes);
	map.text = builder->text;
	builder->text = (struct byte_vector){ 0 };
	code_map_builder_deinit(builder);
	*ret = map;
}

/** A piece around an address, and since when it is what is there. */
struct layer {
	const struct code_piece *piece;
	uint64_t start_ns;
};

DEFINE_VECTOR(layer_vector, struct layer)

static int layer_compare(const void *a_pointer, const void *b_pointer)
{
	const struct layer *a = a_pointer, *b = b_pointer;

	return a->piece->order < b->piece->order ? -1 : a->piece->order > b->piece->order;
}

/** In the order they were told. */
static void find_layers(const struct code_map *map, uint64_t address, struct layer_vector *ret)
{
	size_t low = 0, high = map->pieces.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->pieces.items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low-- > 0 && map->ends.items[low] > address) {
		const struct code_piece *piece = &map->pieces.items[low];

		if (piece->end > address)
			layer_vector_append(ret, (struct layer){ piece, piece->start_ns });
	}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), layer_compare);
}

static bool has_same_text(const struct code_map *map, const struct code_piece *a,
			  const struct code_piece *b)
{
	return !a->n_places && !b->n_places &&
	       strcmp((const char *)map->text.items + a->name_offset,
		      (const char *)map->text.items + b->name_offset) == 0;
}

/** Drop the layers that were never seen, and all but the first that are called the same. */
static void drop_hidden(const struct code_map *map, struct layer_vector *layers)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < layers->count; i++) {
		struct layer layer = layers->items[i];

		/* Told later, but there no later. */
		while (n_kept && layers->items[n_kept - 1].start_ns >= layer.start_ns)
			n_kept--;
		if (n_kept && has_same_text(map, layers->items[n_kept - 1].piece, layer.piece))
			layer.start_ns = layers->items[--n_kept].start_ns;
		layers->items[n_kept++] = layer;
	}
	layers->count = n_kept;
}

void code_map_versions(const struct code_map *map, uint64_t address,
		       struct code_version_vector *ret)
{
	struct layer_vector layers = { 0 };

	find_layers(map, address, &layers);
	drop_hidden(map, &layers);
	for (size_t i = 0; layers.count > 1 && i < layers.count; i++) {
		const struct layer *layer = &layers.items[i];
		bool is_last = i + 1 == layers.count;

		code_version_vector_append(
			ret, (struct code_version){
				     .start_ns = i ? layer->start_ns : 0,
				     .address = is_last ? address
							: layer->piece->past_start +
								  (address - layer->piece->start),
			     });
	}
	layer_vector_deinit(&layers);
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
	code_piece_vector_deinit(&map->pieces);
	address_vector_deinit(&map->ends);
}
