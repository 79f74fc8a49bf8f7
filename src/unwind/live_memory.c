#include "unwind/live_memory.h"

#include "base/clock.h"

#include <string.h>
#include <sys/uio.h>

void live_memory_start(struct live_memory *memory, const struct memory_reader *reader)
{
	memory->reader = reader;
	memory->n_words = 0;
	if (!reader)
		return;
	for (size_t i = 0; i < LIVE_MEMORY_N_CHUNKS; i++)
		memory->chunks[i].address = 0;
}

static const struct live_memory_chunk *find_chunk(struct live_memory *memory, uint64_t address)
{
	struct live_memory_chunk *chunk;

	for (size_t i = 0; i < LIVE_MEMORY_N_CHUNKS; i++) {
		if (memory->chunks[i].address == address)
			return &memory->chunks[i];
	}
	chunk = &memory->chunks[memory->next++ % LIVE_MEMORY_N_CHUNKS];
	chunk->address = address;
	chunk->size_bytes = memory->reader->read(memory->reader->context, address, chunk->bytes,
						 sizeof(chunk->bytes));
	memory->n_reads++;
	return chunk;
}

bool live_memory_read_word(struct live_memory *memory, uint64_t address, size_t size_bytes,
			   uint64_t *ret)
{
	const uint64_t start = address & ~(uint64_t)(LIVE_MEMORY_CHUNK_SIZE_BYTES - 1);
	const struct live_memory_chunk *chunk;
	uint64_t value = 0;

	/* Words on a stack are aligned; so none lies in two chunks. */
	if (!memory->reader || !start || address % size_bytes)
		return false;
	chunk = find_chunk(memory, start);
	if (address - start + size_bytes > chunk->size_bytes)
		return false;
	memory->n_words++;
	memcpy(&value, chunk->bytes + (address - start), size_bytes);
	*ret = value;
	return true;
}

static size_t read_thread(void *context, uint64_t address, void *buffer, size_t size_bytes)
{
	const struct iovec here = { buffer, size_bytes };
	const struct iovec there = { (void *)(uintptr_t)address, size_bytes };
	ssize_t n_read = process_vm_readv((pid_t)(uintptr_t)context, &here, 1, &there, 1, 0);

	return n_read < 0 ? 0 : (size_t)n_read;
}

struct memory_reader memory_reader_of_thread(uint32_t tid, uint64_t copied_ns)
{
	return (struct memory_reader){ .read = read_thread,
				       .context = (void *)(uintptr_t)tid,
				       .copied_ns = copied_ns,
				       .now_ns = clock_monotonic_ns() };
}
