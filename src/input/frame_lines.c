#include "input/frame_lines.h"

/** Of different lines remembered at a time. */
#define STORE_MAX_BYTES ((size_t)128 * 1024 * 1024)

#define FIRST_CAPACITY 1024

static void clear(struct frame_lines *lines)
{
	static const uint8_t not_a_line[FRAME_LINE_ALIGNMENT_BYTES];

	byte_vector_clear(&lines->store);
	byte_vector_append_bytes(&lines->store, not_a_line, sizeof(not_a_line));
	memset(lines->slots, 0, lines->capacity * sizeof(*lines->slots));
	lines->count = 0;
}

void frame_lines_init(struct frame_lines *lines)
{
	*lines = (struct frame_lines){ .capacity = FIRST_CAPACITY };
	lines->slots = memory_allocate(lines->capacity, sizeof(*lines->slots));
	clear(lines);
}

void frame_lines_deinit(struct frame_lines *lines)
{
	byte_vector_deinit(&lines->store);
	free(lines->slots);
}

static const struct frame_line *line_at(const struct frame_lines *lines, uint32_t place)
{
	return (const struct frame_line *)(lines->store.items +
					   (size_t)place * FRAME_LINE_ALIGNMENT_BYTES);
}

static bool is_line(const struct frame_line *line, struct text_span text, bool is_java)
{
	return line->length == text.length && line->is_java == is_java &&
	       text_equal((const char *)(line->names + line->n_names), text.start, text.length);
}

const struct frame_line *frame_lines_find(const struct frame_lines *lines, struct text_span text,
					  uint64_t hash, bool is_java)
{
	for (size_t index = hash;; index++) {
		const struct frame_line_slot *slot = &lines->slots[index & (lines->capacity - 1)];

		if (!slot->line)
			return NULL;
		if (slot->hash == (uint32_t)hash &&
		    is_line(line_at(lines, slot->line), text, is_java))
			return line_at(lines, slot->line);
	}
}

static void place(struct frame_line_slot *slots, size_t capacity, struct frame_line_slot slot)
{
	size_t index = slot.hash & (capacity - 1);

	while (slots[index].line)
		index = (index + 1) & (capacity - 1);
	slots[index] = slot;
}

static void grow(struct frame_lines *lines)
{
	size_t capacity = lines->capacity * 2;
	struct frame_line_slot *slots = memory_allocate(capacity, sizeof(*slots));

	for (size_t i = 0; i < lines->capacity; i++) {
		if (lines->slots[i].line)
			place(slots, capacity, lines->slots[i]);
	}
	free(lines->slots);
	lines->slots = slots;
	lines->capacity = capacity;
}

const struct frame_line *frame_lines_add(struct frame_lines *lines, struct text_span text,
					 uint64_t hash, const struct frame_line *meaning,
					 const string_id *names)
{
	static const uint8_t padding[FRAME_LINE_ALIGNMENT_BYTES];
	struct byte_vector *store = &lines->store;
	struct frame_line line = *meaning;
	struct frame_line_slot slot = { .hash = (uint32_t)hash };

	if (store->count + text.length > STORE_MAX_BYTES)
		clear(lines);
	line.length = (uint32_t)text.length;
	slot.line = (uint32_t)(store->count / FRAME_LINE_ALIGNMENT_BYTES);
	byte_vector_append_bytes(store, &line, sizeof(line));
	byte_vector_append_bytes(store, names, line.n_names * sizeof(*names));
	byte_vector_append_bytes(store, text.start, text.length);
	byte_vector_append_bytes(store, padding, -store->count % FRAME_LINE_ALIGNMENT_BYTES);
	if (++lines->count * 2 > lines->capacity)
		grow(lines);
	place(lines->slots, lines->capacity, slot);
	return line_at(lines, slot.line);
}
