#pragma once

/** What is to be counted: perf's event lists, taken apart and fitted to this processor. */

#include "capture/perf_events/event_name.h"

/** More events than anyone can read; each takes a descriptor per CPU or thread. */
#define COUNTERS_MAX 512

#define COUNTER_WITHOUT_GROUP UINT32_MAX

/** One event to count. */
struct counter_request {
	char *name;                   /**< As asked for, modifiers included; owned. */
	struct event_selection event; /**< Its name is borrowed from name. */
	uint32_t group; /**< Events of one group count at the same times or not at all. */
};

DEFINE_VECTOR(counter_request_vector, struct counter_request)

struct counter_list {
	struct counter_request_vector requests;
	uint32_t n_groups;
};

/**
 * Add events: "cycles,{instructions,branches}:u,cpu/event=0x3c,umask=1/". A generic hardware
 * event becomes one event per kind of core on processors with several (their units must not
 * share a group, so each kind has its own).
 *
 * @return ERROR_USAGE about the first event that is none; @p list is as before then.
 */
struct error *counter_list_add(struct counter_list *list, const struct event_places *places,
			       const char *text) MUST_CHECK;

void counter_list_deinit(struct counter_list *list);
