#include "input/folded_stacks.h"

#include "base/text_hash.h"

#include <inttypes.h>

#define FIRST_CAPACITY 1024

/** What stacks are sorted and written with. */
struct stack_names {
	const struct folded_stacks *stacks;
	const struct string_table *table;
};

void folded_stacks_init(struct folded_stacks *stacks)
{
	*stacks = (struct folded_stacks){ .capacity = FIRST_CAPACITY };
	stacks->slots = memory_allocate(stacks->capacity, sizeof(*stacks->slots));
	index_vector_reserve(&stacks->names, FIRST_CAPACITY);
}

void folded_stacks_deinit(struct folded_stacks *stacks)
{
	free(stacks->slots);
	index_vector_deinit(&stacks->names);
	index_vector_deinit(&stacks->pending_names);
}

static void grow(struct folded_stacks *stacks)
{
	size_t capacity = stacks->capacity * 2;
	struct folded_stack *slots = memory_allocate(capacity, sizeof(*slots));

	for (size_t i = 0; i < stacks->capacity; i++) {
		size_t index = stacks->slots[i].hash & (capacity - 1);

		if (!stacks->slots[i].hash)
			continue;
		while (slots[index].hash)
			index = (index + 1) & (capacity - 1);
		slots[index] = stacks->slots[i];
	}
	free(stacks->slots);
	stacks->slots = slots;
	stacks->capacity = capacity;
}

static struct folded_stack *slot_of(const struct folded_stacks *stacks, size_t index)
{
	return &stacks->slots[index & (stacks->capacity - 1)];
}

static void append_names(struct index_vector *names, const string_id *more, size_t n_more)
{
	if (names->count + n_more > names->capacity)
		index_vector_reserve(names, 2 * (names->count + n_more));
	memcpy(names->items + names->count, more, n_more * sizeof(*more));
	names->count += n_more;
}

static void take(struct folded_stacks *stacks, const struct pending_stack *pending)
{
	const string_id *names = stacks->pending_names.items + pending->first_name;
	struct folded_stack *stack;

	for (size_t index = pending->hash; (stack = slot_of(stacks, index))->hash; index++) {
		if (stack->hash == pending->hash && stack->n_names == pending->n_names &&
		    memcmp(stacks->names.items + stack->first_name, names,
			   stack->n_names * sizeof(*names)) == 0)
			break;
	}
	if (!stack->hash) {
		*stack = (struct folded_stack){ .hash = pending->hash,
						.first_name = stacks->names.count,
						.n_names = pending->n_names };
		append_names(&stacks->names, names, stack->n_names);
		stacks->count++;
	}
	if (__builtin_add_overflow(stack->weight, pending->weight, &stack->weight))
		stack->weight = UINT64_MAX;
	if (stacks->count * 4 > stacks->capacity * 3)
		grow(stacks);
}

void folded_stacks_settle(struct folded_stacks *stacks)
{
	for (size_t i = 0; i < stacks->n_pending; i++)
		__builtin_prefetch(stacks->names.items +
				   slot_of(stacks, stacks->pending[i].hash)->first_name);
	for (size_t i = 0; i < stacks->n_pending; i++)
		take(stacks, &stacks->pending[i]);
	stacks->n_pending = 0;
	index_vector_clear(&stacks->pending_names);
}

void folded_stacks_add(struct folded_stacks *stacks, const string_id *names, size_t n_names,
		       uint64_t weight)
{
	uint64_t hash = text_hash((const char *)names, n_names * sizeof(*names)) | 1ull << 63;

	if (stacks->n_pending == FOLDED_STACKS_PENDING)
		folded_stacks_settle(stacks);
	__builtin_prefetch(slot_of(stacks, hash), 1);
	stacks->pending[stacks->n_pending++] =
		(struct pending_stack){ .hash = hash,
					.weight = weight,
					.first_name = stacks->pending_names.count,
					.n_names = (uint32_t)n_names };
	append_names(&stacks->pending_names, names, n_names);
}

/** Position @p i of a stack from the outside: its thread, then its outermost function. */
static const char *name_at(const struct stack_names *names, const struct folded_stack *stack,
			   uint32_t i)
{
	const string_id *ids = names->stacks->names.items + stack->first_name;

	return string_table_text(names->table, ids[i == 0 ? 0 : stack->n_names - i]);
}

/** As the lines would compare byte by byte, without the weights. */
static int compare_stacks(const void *left, const void *right, void *argument)
{
	const struct folded_stack *a = *(const struct folded_stack *const *)left;
	const struct folded_stack *b = *(const struct folded_stack *const *)right;
	const struct stack_names *names = argument;

	for (uint32_t i = 0; i < a->n_names && i < b->n_names; i++) {
		const unsigned char *a_text = (const unsigned char *)name_at(names, a, i);
		const unsigned char *b_text = (const unsigned char *)name_at(names, b, i);
		int a_byte, b_byte;

		if (a_text == b_text)
			continue;
		while (*a_text && *a_text == *b_text) {
			a_text++;
			b_text++;
		}
		a_byte = *a_text ? *a_text : i + 1 < a->n_names ? ';' : 0;
		b_byte = *b_text ? *b_text : i + 1 < b->n_names ? ';' : 0;
		return a_byte - b_byte;
	}
	return (a->n_names > b->n_names) - (a->n_names < b->n_names);
}

static void write_stack(const struct stack_names *names, const struct folded_stack *stack,
			FILE *file)
{
	for (uint32_t i = 0; i < stack->n_names; i++) {
		if (i > 0)
			putc_unlocked(';', file);
		fputs_unlocked(name_at(names, stack, i), file);
	}
	fprintf(file, " %" PRIu64 "\n", stack->weight);
}

void folded_stacks_write(const struct folded_stacks *stacks, const struct string_table *table,
			 FILE *file)
{
	struct stack_names names = { .stacks = stacks, .table = table };
	const struct folded_stack **sorted =
		memory_allocate(stacks->count + 1, sizeof(const struct folded_stack *));
	size_t n = 0;

	for (size_t i = 0; i < stacks->capacity; i++) {
		if (stacks->slots[i].hash)
			sorted[n++] = &stacks->slots[i];
	}
	qsort_r(sorted, n, sizeof(*sorted), compare_stacks, &names);
	for (size_t i = 0; i < n; i++)
		write_stack(&names, sorted[i], file);
	free(sorted);
}
