#include "unwind/stack_ends.h"

#include "object/go_table.h"

static void add_function(void *context, const struct go_function *function)
{
	struct stack_end_vector *ends = context;
	struct stack_end_range range = { .start = function->start, .end = function->end };

	if (function->flags & GO_FUNCTION_IS_OUTERMOST)
		range.kind = STACK_END_ROOT;
	else if (function->flags & GO_FUNCTION_CHANGES_STACKS)
		range.kind = STACK_END_SWITCH;
	else
		return;
	/* A damaged table need not be in order. */
	if (range.end > range.start &&
	    (!ends->count || ends->items[ends->count - 1].end <= range.start))
		stack_end_vector_append(ends, range);
}

void stack_ends_find(struct object *object, struct stack_end_vector *ret)
{
	struct go_table table;
	bool is_found = false;
	struct error *error = go_table_find(object, &table, &is_found);

	if (!error && is_found)
		error = go_table_each(&table, add_function, ret);
	/* Names are looked for there too, and that says what is wrong. */
	error_destroy(error);
}

enum stack_end stack_ends_at(const struct stack_end_vector *ends, uint64_t elf_address)
{
	size_t low = 0, high = ends->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ends->items[middle].end <= elf_address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ends->count && ends->items[low].start <= elf_address ? ends->items[low].kind
									  : STACK_END_NONE;
}
