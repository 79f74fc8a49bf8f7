#pragma once

/**
 * The bytes of a perf.data file, shared by reader and writer.
 *
 * Source: tools/perf/Documentation/perf.data-file-format.txt and
 * tools/perf/util/header.h of the kernel. All numbers are in the byte order of
 * the machine that recorded; the magic, which is a number too, tells which.
 */

#include "base/attributes.h"

/** "PERFILE2" as a number. */
#define PERF_DATA_MAGIC UINT64_C(0x32454c4946524550)

/** "PERFFILE": perf before 2012, the same header. */
#define PERF_DATA_MAGIC_OLD UINT64_C(0x454c494646524550)

/** header.size of pipe mode: magic and size, nothing else. */
#define PERF_DATA_PIPE_HEADER_SIZE_BYTES 16

/** header.size of perf before 2.6.32: no feature bits. */
#define PERF_DATA_OLD_HEADER_SIZE_BYTES 72

#define PERF_DATA_N_FEATURES 256

/** Header strings and build id paths are padded with zeros to this. */
#define PERF_DATA_STRING_ALIGNMENT_BYTES 64

/** misc bit of a build id: the size byte is valid. */
#define PERF_DATA_MISC_BUILD_ID_SIZE (1 << 15)

struct perf_data_section {
	uint64_t offset;
	uint64_t size_bytes;
};

struct perf_data_file_header {
	uint64_t magic;
	uint64_t size_bytes;      /**< Of this header. */
	uint64_t attr_size_bytes; /**< Of one entry of attrs: the attr and its ids section. */
	struct perf_data_section attrs;
	struct perf_data_section data; /**< Size 0: the writer did not finish. */
	struct perf_data_section event_types;
	uint64_t feature_bits[PERF_DATA_N_FEATURES / 64];
};

/** What the feature table after the data has one section for, in this order. */
enum perf_data_feature {
	PERF_DATA_FEATURE_BUILD_ID = 2,
	PERF_DATA_FEATURE_HOSTNAME = 3,
	PERF_DATA_FEATURE_OS_RELEASE = 4,
	PERF_DATA_FEATURE_VERSION = 5,
	PERF_DATA_FEATURE_ARCH = 6,
	PERF_DATA_FEATURE_N_CPUS = 7,
	PERF_DATA_FEATURE_CPU_DESCRIPTION = 8,
	PERF_DATA_FEATURE_CPU_ID = 9,
	PERF_DATA_FEATURE_TOTAL_MEMORY = 10,
	PERF_DATA_FEATURE_COMMAND_LINE = 11,
	PERF_DATA_FEATURE_EVENT_DESCRIPTIONS = 12,
	PERF_DATA_FEATURE_SAMPLE_TIME = 21,
	PERF_DATA_FEATURE_CLOCK_ID = 23,
	PERF_DATA_FEATURE_COMPRESSED = 27,
	PERF_DATA_FEATURE_CLOCK_DATA = 29,
};
