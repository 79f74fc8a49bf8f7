#include "capture/perf_events/ring.h"

#include "base/memory.h"
#include "record/record.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

struct error *ring_init(struct ring *ring, int fd, uint32_t cpu, size_t size_bytes)
{
	size_t page_size_bytes = (size_t)sysconf(_SC_PAGESIZE);
	void *memory =
		mmap(NULL, page_size_bytes + size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return error_from_errno(errno, "cannot map a ring of %zu KiB for CPU %u",
					size_bytes / 1024, cpu);
	*ring = (struct ring){
		.fd = fd,
		.cpu = cpu,
		.control = memory,
		.data = (uint8_t *)memory + page_size_bytes,
		.size_bytes = size_bytes,
		.bounce = memory_allocate(1, RECORD_SIZE_MAX_BYTES + 8),
	};
	return NULL;
}

void ring_deinit(struct ring *ring)
{
	if (!ring->control)
		return;
	munmap(ring->control, (size_t)sysconf(_SC_PAGESIZE) + ring->size_bytes);
	close(ring->fd);
	free(ring->bounce);
	*ring = (struct ring){ 0 };
}

void ring_snapshot(struct ring *ring)
{
	/* Pairs with the kernel's release of data_head: the records are visible after it. */
	ring->head = __atomic_load_n(&ring->control->data_head, __ATOMIC_ACQUIRE);
}

struct bytes ring_peek(struct ring *ring)
{
	size_t offset = ring->position & (ring->size_bytes - 1);
	uint64_t left = ring->head - ring->position;
	const struct perf_event_header *header;
	size_t first_bytes;

	if (left < sizeof(*header))
		return (struct bytes){ 0 };
	/* Records are multiples of 8 bytes, so a header never wraps. */
	header = (const void *)(ring->data + offset);
	if (header->size < sizeof(*header) || header->size > left)
		return (struct bytes){ 0 };
	first_bytes = ring->size_bytes - offset;
	if (header->size <= first_bytes)
		return (struct bytes){ .data = ring->data + offset, .size = header->size };
	memcpy(ring->bounce, ring->data + offset, first_bytes);
	memcpy(ring->bounce + first_bytes, ring->data, header->size - first_bytes);
	return (struct bytes){ .data = ring->bounce, .size = header->size };
}

void ring_skip(struct ring *ring, size_t size_bytes)
{
	ring->position += size_bytes;
}

void ring_release(struct ring *ring)
{
	/* Our reads are done before the kernel may write there again. */
	__atomic_store_n(&ring->control->data_tail, ring->position, __ATOMIC_RELEASE);
}
