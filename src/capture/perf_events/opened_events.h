#pragma once

/** The events of a session: one ring per CPU, one event per CPU and task writing into it. */

#include "base/vector.h"
#include "capture/perf_events/ring.h"
#include "capture/sampler.h"

DEFINE_VECTOR(descriptor_vector, int)

struct opened_events {
	struct perf_event_attr attr;
	struct ring *rings; /**< One per CPU; each owns the descriptor of its first event. */
	size_t n_rings;
	struct descriptor_vector more_events; /**< Events that write into another one's ring. */
	struct address_vector ids;            /**< Event ids; all of them belong to attr. */
};

/** Where opening broke off. */
struct open_failure {
	enum {
		OPEN_FAILED_EVENT,
		OPEN_FAILED_RING
	} step;

	int errno_value;
};

/**
 * Open @p attr on every CPU of @p cpus for the target of @p options. CPUs that went offline
 * and tasks that ended meanwhile are skipped.
 *
 * @return false: nothing is open, *failure_ret says where it broke.
 */
bool opened_events_open(const struct perf_event_attr *attr, const struct sampler_options *options,
			const struct index_vector *cpus, uint64_t ring_size_bytes,
			struct opened_events *ret, struct open_failure *failure_ret);

/** Start counting (not needed with enable_on_exec). */
void opened_events_enable(const struct opened_events *opened);

void opened_events_deinit(struct opened_events *opened);
