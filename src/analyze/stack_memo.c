#include "analyze/stack_memo.h"

#include "base/memory.h"
#include "base/text_hash.h"

#include <linux/perf_event.h>

/** A power of two: 3 MiB. */
#define N_ENTRIES ((size_t)1 << 16)

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

bool stack_memo_find(struct stack_memo *memo, const struct record *record,
		     struct stack_memo_entry **ret)
{
	const struct sample_record *sample = &record->sample;
	uint64_t hash = text_hash((const char *)sample->callchain, size_bytes_of(record));
	struct stack_memo_entry *entry;

	if (!memo->entries) {
		memo->entries = memory_allocate(N_ENTRIES, sizeof(*memo->entries));
		memo->generation = 1;
	}
	hash = text_hash_mix(hash ^ record->pid, TEXT_HASH_MULTIPLIER ^ misc_of(record));
	entry = &memo->entries[hash & (N_ENTRIES - 1)];
	*ret = entry;
	if (entry->generation == memo->generation && entry->hash == hash &&
	    entry->n_addresses == sample->n_callchain && entry->pid == record->pid &&
	    entry->misc == misc_of(record) &&
	    memcmp(memo->addresses.items + entry->first, sample->callchain,
		   size_bytes_of(record)) == 0)
		return true;
	entry->hash = hash;
	entry->generation = 0;
	return false;
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
		.first = memo->addresses.count,
		.n_addresses = (uint32_t)sample->n_callchain,
		.pid = record->pid,
		.misc = misc_of(record),
		.stack = stack,
		.end = end,
	};
	for (uint64_t i = 0; i < sample->n_callchain; i++)
		address_vector_append(&memo->addresses, sample->callchain[i]);
}
