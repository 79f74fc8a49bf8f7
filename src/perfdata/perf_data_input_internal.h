#pragma once

/**
 * The bytes of one file, front to back: a mapping of a regular file, or a buffer
 * over something that cannot be mapped (a pipe, a terminal's input).
 */

#include "base/bytes.h"
#include "base/file_mapping.h"

struct perf_data_input {
	char *name;
	int descriptor;
	struct file_mapping mapping; /**< Of a regular file; bytes stay until it is closed. */
	struct bytes bytes;          /**< The mapping, or what is buffered. */
	size_t position;             /**< In bytes. */
	size_t end;                  /**< Where reading stops; only when mapped. */
	size_t released;             /**< Pages before are not kept in memory; only when mapped. */
	uint64_t origin;             /**< Offset of bytes.data[0] in the file. */
	uint8_t *buffer;
	size_t capacity;
	bool is_swapped; /**< Of the other byte order; set by who reads the header. */
};

/** @param path  "-" is standard input. */
struct error *perf_data_input_open(const char *path, struct perf_data_input *ret) MUST_CHECK;
void perf_data_input_close(struct perf_data_input *input);

/** Offset in the file of the next byte. */
uint64_t perf_data_input_offset(const struct perf_data_input *input);

/**
 * The next @p size_bytes bytes, without going on; fewer only when the input ends
 * before. Valid until the next call.
 */
struct error *perf_data_input_peek(struct perf_data_input *input, size_t size_bytes,
				   struct bytes *ret) MUST_CHECK;

/** Go on by @p size_bytes, which were peeked before. */
void perf_data_input_advance(struct perf_data_input *input, size_t size_bytes);

/** Go on by any size. @p is_whole_ret: false when the input ended before. */
struct error *perf_data_input_skip(struct perf_data_input *input, uint64_t size_bytes,
				   bool *is_whole_ret) MUST_CHECK;
