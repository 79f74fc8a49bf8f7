#include "cache/cache_internal.h"

#include "base/hash_map.h"

/** Independent sums, so that one multiplication does not wait for another. */
#define N_LANES 4

static uint64_t lane_add(uint64_t sum, const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 32;
}

uint64_t cache_checksum(struct bytes bytes)
{
	uint64_t lanes[N_LANES] = { 1, 2, 3, 4 };
	const size_t word_size_bytes = sizeof(uint64_t);
	const size_t stride = N_LANES * word_size_bytes;
	uint8_t rest[N_LANES * sizeof(uint64_t)] = { 0 };
	uint64_t sum = bytes.size;
	size_t position = 0;

	for (; bytes.size - position >= stride; position += stride) {
		for (size_t i = 0; i < N_LANES; i++)
			lanes[i] = lane_add(lanes[i], bytes.data + position + i * word_size_bytes);
	}
	if (bytes.size > position)
		memcpy(rest, bytes.data + position, bytes.size - position);
	for (size_t i = 0; i < N_LANES; i++)
		sum = hash_combine(sum, lane_add(lanes[i], rest + i * word_size_bytes));
	return sum;
}
