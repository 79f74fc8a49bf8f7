#include "analyze/stack_memo.h"

#include "base/memory.h"
#include "base/text_hash.h"

#include <linux/perf_event.h>

/** Powers of two; the most is 8 MiB. Small ones stay in the caches of the processor. */
#define CAPACITY_FIRST ((size_t)1 << 10)
#define CAPACITY_MAX   ((size_t)1 << 18)

/** Of addresses, all chains together: 32 MiB. */
#define ADDRESSES_MAX ((size_t)1 << 22)

void stack_memo_deinit(struct stack_memo *memo)
{
	free(memo->entries);
	address_vector_deinit(&memo->addresses);
	*memo = (struct stack_memo){ 0 };
}

void stack_memo_forget(struct stack_memo *memo)
{
	memo->generation++;
	memo->n_entries = 0;
	address_vector_clear(&memo->addresses);
}

/** Side of the first address, and why the stack ended. */
static uint16_t misc_of(const struct record *record)
{
	return record->misc & (PERF_RECORD_MISC_CPUMODE_MASK | RECORD_MISC_STACK_END_MASK);
}

static size_t size_bytes_of(const struct record *record)
{
	return record->sample.n_callchain * sizeof(*record->sample.callchain);
}

static uint32_t hash_of(const struct record *record)
{
	const char *bytes = (const char *)record->sample.callchain;

	return (uint32_t)text_hash_mix(text_hash(bytes, size_bytes_of(record)) ^ record->pid,
				       TEXT_HASH_MULTIPLIER ^ misc_of(record));
}

static bool is_of(const struct stack_memo *memo, const struct stack_memo_entry *entry,
		  const struct record *record)
{
	return entry->n_addresses == record->sample.n_callchain && entry->pid == record->pid &&
	       entry->misc == misc_of(record) &&
	       memcmp(memo->addresses.items + entry->first, record->sample.callchain,
		      size_bytes_of(record)) == 0;
}

static struct stack_memo_entry *entry_at(const struct stack_memo *memo, size_t index)
{
	return &memo->entries[index & (memo->capacity - 1)];
}

static void grow(struct stack_memo *memo)
{
	const struct stack_memo old = *memo;

	memo->capacity = MAX(2 * old.capacity, CAPACITY_FIRST);
	memo->generation = MAX(old.generation, (uint64_t)1);
	memo->entries = memory_allocate(memo->capacity, sizeof(*memo->entries));
	for (size_t i = 0; i < old.capacity; i++) {
		size_t index = old.entries[i].hash;

		if (old.entries[i].generation != memo->generation)
			continue;
		while (entry_at(memo, index)->generation == memo->generation)
			index++;
		*entry_at(memo, index) = old.entries[i];
	}
	free(old.entries);
}

/** For one more; at most half of the entries are taken. */
static void make_room(struct stack_memo *memo)
{
	if (memo->n_entries < memo->capacity / 2)
		return;
	if (memo->capacity < CAPACITY_MAX)
		grow(memo);
	else
		stack_memo_forget(memo);
}

bool stack_memo_find(struct stack_memo *memo, const struct record *record,
		     struct stack_memo_entry **ret)
{
	const uint32_t hash = hash_of(record);

	make_room(memo);
	for (size_t index = hash;; index++) {
		struct stack_memo_entry *entry = entry_at(memo, index);

		*ret = entry;
		if (entry->generation != memo->generation) {
			entry->hash = hash;
			return false;
		}
		if (entry->hash == hash && is_of(memo, entry, record))
			return true;
	}
}

void stack_memo_keep(struct stack_memo *memo, const struct record *record,
		     struct stack_memo_entry *entry, uint32_t stack, enum stack_end end)
{
	const struct sample_record *sample = &record->sample;

	if (memo->addresses.count + sample->n_callchain > ADDRESSES_MAX)
		stack_memo_forget(memo);
	*entry = (struct stack_memo_entry){
		.hash = entry->hash,
		.generation = memo->generation,
		.first = (uint32_t)memo->addresses.count,
		.n_addresses = (uint32_t)sample->n_callchain,
		.pid = record->pid,
		.misc = misc_of(record),
		.stack = stack,
		.end = (uint16_t)end,
	};
	memo->n_entries++;
	for (uint64_t i = 0; i < sample->n_callchain; i++)
		address_vector_append(&memo->addresses, sample->callchain[i]);
}
