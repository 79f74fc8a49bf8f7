#pragma once

/**
 * One perf ring buffer: the kernel writes records at the head, we read from the
 * tail. Source: perf_event_open(2), "MMAP layout". One reader only.
 */

#include "base/bytes.h"

struct perf_event_mmap_page;

struct ring {
	int fd; /**< Owned. */
	uint32_t cpu;
	struct perf_event_mmap_page *control;
	uint8_t *data;
	size_t size_bytes; /**< Of data; a power of two. */
	uint64_t position; /**< Next record to read. */
	uint64_t head;     /**< Snapshot of the kernel's position. */
	uint8_t *bounce;   /**< A record that wraps around the end is put together here. */
};

/**
 * Map the buffer of @p fd.
 *
 * @param size_bytes A power of two, at least a page.
 * @return On EPERM (over the mlock limit) an ERROR_PERMISSION; @p fd stays the caller's then.
 */
struct error *ring_init(struct ring *ring, int fd, uint32_t cpu, size_t size_bytes) MUST_CHECK;
void ring_deinit(struct ring *ring);

/** See what the kernel has written up to now. */
void ring_snapshot(struct ring *ring);

/**
 * The record at the present position, in one piece; empty: nothing there.
 * Valid until the next call or ring_release().
 */
struct bytes ring_peek(struct ring *ring);

/** Go on to the next record. */
void ring_skip(struct ring *ring, size_t size_bytes);

/** Give everything before the present position back to the kernel. */
void ring_release(struct ring *ring);
