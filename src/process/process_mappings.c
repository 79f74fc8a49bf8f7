#include "process/process_internal.h"

/** After every change: the public view of the entry's own mappings. */
static void publish(struct process_entry *entry)
{
	entry->process.mappings =
		entry->shared ? entry->shared->mappings : (struct mapping_vector){ 0 };
}

void process_mappings_clear(struct process_entry *entry)
{
	if (entry->shared && --entry->shared->n_users == 0) {
		mapping_vector_deinit(&entry->shared->mappings);
		free(entry->shared);
	}
	entry->shared = NULL;
	publish(entry);
}

void process_mappings_share(struct process_entry *child, const struct process_entry *parent)
{
	struct shared_mappings *shared = parent->shared;

	if (shared)
		shared->n_users++;
	process_mappings_clear(child);
	child->shared = shared;
	publish(child);
}

/** The mappings, for this process alone from now on. */
static struct mapping_vector *own_mappings(struct process_entry *entry)
{
	struct shared_mappings *own;

	if (entry->shared && entry->shared->n_users == 1)
		return &entry->shared->mappings;
	own = memory_allocate(1, sizeof(*own));
	own->n_users = 1;
	if (entry->shared) {
		const struct mapping_vector *common = &entry->shared->mappings;

		mapping_vector_reserve(&own->mappings, common->count + 1);
		for (size_t i = 0; i < common->count; i++)
			mapping_vector_append(&own->mappings, common->items[i]);
		entry->shared->n_users--;
	}
	entry->shared = own;
	return &own->mappings;
}

/** Index of the first mapping that ends after @p address. */
static size_t first_ending_after(const struct mapping_vector *mappings, uint64_t address)
{
	size_t low = 0, high = mappings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mappings->items[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/** Make room for @p n_new items in the place of the @p n_old at @p position. */
static void splice(struct mapping_vector *mappings, size_t position, size_t n_old, size_t n_new)
{
	size_t n_after = mappings->count - position - n_old;

	if (mappings->count - n_old + n_new > mappings->capacity)
		mapping_vector_reserve(mappings, mappings->count * 2 + n_new);
	if (n_after)
		memmove(mappings->items + position + n_new, mappings->items + position + n_old,
			n_after * sizeof(*mappings->items));
	mappings->count = mappings->count - n_old + n_new;
}

/** Cut [start, end) out and put @p inserted there, unless it is NULL. */
static bool replace_range(struct process_entry *entry, uint64_t start, uint64_t end,
			  const struct mapping *inserted)
{
	const struct mapping_vector *old = &entry->process.mappings;
	struct mapping pieces[3];
	size_t first = first_ending_after(old, start), last = first, n_pieces = 0;
	struct mapping_vector *mappings;

	while (last < old->count && old->items[last].start < end)
		last++;
	if (first == last && !inserted)
		return false;

	if (first < last && old->items[first].start < start) {
		pieces[n_pieces] = old->items[first];
		pieces[n_pieces++].end = start;
	}
	if (inserted)
		pieces[n_pieces++] = *inserted;
	if (first < last && old->items[last - 1].end > end) {
		pieces[n_pieces] = old->items[last - 1];
		pieces[n_pieces].file_offset += end - pieces[n_pieces].start;
		pieces[n_pieces++].start = end;
	}
	if (old->count - (last - first) + n_pieces > PROCESS_MAPPINGS_MAX)
		return false;
	mappings = own_mappings(entry);
	splice(mappings, first, last - first, n_pieces);
	for (size_t i = 0; i < n_pieces; i++)
		mappings->items[first + i] = pieces[i];
	publish(entry);
	return true;
}

/** Whether @p mapping says nothing that is not known: JIT compilers protect the same range often.
 */
static bool is_known(const struct process_entry *entry, const struct mapping *mapping)
{
	const struct mapping *known = process_find_mapping(&entry->process, mapping->start);

	return known && known->object == mapping->object && known->end >= mapping->end &&
	       (mapping->object->kind == OBJECT_ANONYMOUS ||
		known->file_offset + (mapping->start - known->start) == mapping->file_offset);
}

bool process_mappings_insert(struct process_entry *entry, const struct mapping *mapping)
{
	if (is_known(entry, mapping))
		return false;
	return replace_range(entry, mapping->start, mapping->end, mapping);
}

bool process_mappings_remove(struct process_entry *entry, uint64_t start, uint64_t end)
{
	return replace_range(entry, start, end, NULL);
}

const struct mapping *process_find_mapping(const struct process *process, uint64_t runtime_address)
{
	size_t position = first_ending_after(&process->mappings, runtime_address);

	if (position == process->mappings.count ||
	    process->mappings.items[position].start > runtime_address)
		return NULL;
	return &process->mappings.items[position];
}
