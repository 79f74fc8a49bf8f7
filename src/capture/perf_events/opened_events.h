#pragma once

/** The events of a session: each once per CPU and task, writing into rings per CPU. */

#include "base/vector.h"
#include "capture/perf_events/ring.h"
#include "capture/sampler.h"

DEFINE_VECTOR(descriptor_vector, int)

/**
 * Events of the same group write into the same rings, whose size is that of the first of them.
 * An event whose records may come in floods has a group of its own, and is turned off while it
 * is too much: event_gate.h.
 */
enum ring_group {
	RING_GROUP_SAMPLES,
	RING_GROUP_SWITCH_STACKS,
	RING_GROUP_SWITCH_TIMES,
	N_RING_GROUPS,
};

/** One event to open everywhere. */
struct event_request {
	struct perf_event_attr attr;
	enum ring_group ring_group;
	uint64_t ring_size_bytes;
	bool is_always_on; /**< It only tells the rest when and of whom: never held back. */
	bool is_of_all;    /**< Opened for whatever runs on the CPU, whoever the target is. */
};

struct opened_events {
	struct perf_event_attr *attrs; /**< n_attrs of them. */
	size_t n_attrs;
	bool *is_always_on; /**< By attr. */
	bool *is_of_all;    /**< By attr. */
	struct ring *rings; /**< Per group and CPU; each owns the descriptor of its first event. */
	enum ring_group *ring_groups; /**< By ring. */
	size_t n_rings;
	/** By group: all its events, owned elsewhere, and which of attrs the last of them is. */
	struct descriptor_vector group_events[N_RING_GROUPS];
	uint32_t group_attr[N_RING_GROUPS];
	struct descriptor_vector more_events; /**< Events that write into another one's ring. */
	struct index_vector more_attrs;       /**< Which of attrs each of them is. */
	struct address_vector ids;            /**< Event ids. */
	struct index_vector attr_of_id;       /**< Which of attrs each belongs to. */
};

/** Where opening broke off. */
struct open_failure {
	enum {
		OPEN_FAILED_EVENT,
		OPEN_FAILED_RING
	} step;

	int errno_value;
	size_t event_index; /**< Of attrs. */
};

/**
 * Open all of @p requests on every CPU of @p cpus for the target of @p options. CPUs that went
 * offline and tasks that ended meanwhile are skipped.
 *
 * @return false: nothing is open, *failure_ret says where it broke.
 */
bool opened_events_open(const struct event_request *requests, size_t n_requests,
			const struct sampler_options *options, const struct index_vector *cpus,
			struct opened_events *ret, struct open_failure *failure_ret);

/** Start the events that are always on. Not needed with enable_on_exec. */
void opened_events_track(const struct opened_events *opened);

/** Let all other events count, or none of them. Not needed at first with enable_on_exec. */
void opened_events_set_enabled(const struct opened_events *opened, bool is_enabled);

void opened_events_deinit(struct opened_events *opened);
