#pragma once

/** The records that the kernel would have written, made from what ptrace(2) and /proc tell. */

#include "base/vector.h"
#include "capture/ptrace/tracees.h"
#include "capture/sampler.h"

/** The id of the one event there is. */
#define TRACED_EVENT_ID 1

/** A mapping that has been told. */
struct told_mapping {
	pid_t pid;
	uint64_t start, size_bytes, file_offset;
};

DEFINE_VECTOR(told_mapping_vector, struct told_mapping)

struct traced_records {
	struct perf_event_attr attr;
	struct record_layout layout;
	sampler_process_reader *read_process;
	struct told_mapping_vector told;
	uint8_t *buffer; /**< RECORD_SIZE_MAX_BYTES. */
};

/** @param stack_copy_bytes  The most that one sample holds. */
void traced_records_init(struct traced_records *records, uint64_t frequency_hz,
			 uint32_t stack_copy_bytes, sampler_process_reader *read_process);
void traced_records_deinit(struct traced_records *records);

/** FORK, EXIT, or after an exec COMM and all mappings. */
void traced_records_append_event(struct traced_records *records, const struct tracee_event *event,
				 struct byte_vector *ret);

/** Mappings of @p pid that have come since. */
void traced_records_append_mappings(struct traced_records *records, pid_t pid,
				    struct byte_vector *ret);

/** The thread calls itself tracee->name now. */
void traced_records_append_name(struct traced_records *records, const struct tracee *tracee,
				struct byte_vector *ret);

/** One sample of a thread that is stopped. False: its registers or its stack cannot be read. */
bool traced_records_append_sample(struct traced_records *records, const struct tracee *tracee,
				  uint32_t cpu, uint64_t period_ns, struct byte_vector *ret);
