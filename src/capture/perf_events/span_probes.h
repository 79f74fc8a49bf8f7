#pragma once

/**
 * The events behind --begin and --end: uprobes on the functions' code, through the uprobe PMU of
 * perf_event_open(2) (kernel Documentation/ABI/testing/sysfs-bus-event_source-devices-uprobe), so
 * that nothing is left set when we end, however we end. Need CAP_PERFMON.
 *
 * They are of whole CPUs: a probe of a thread that its children inherit reads its path in the
 * child's memory (perf_uprobe_init() of the kernel), and then the target cannot start a thread.
 * Whoever else runs the code hits them too, and is told apart by who reads the records.
 *
 * Ends at a return are probed at the instructions that return. The kernel's own probes of returns
 * put their address into the place of the caller's, which breaks exceptions, Go, and stacks.
 */

#include "capture/perf_events/opened_events.h"

/** The event that has the probe of @p edge; @p sampled as of switch_times_request(). */
struct event_request span_probe_request(const struct event_request *sampled,
					const struct span_edge *edge, uint32_t uprobe_type);

/** The number of the PMU; false: this kernel has none. */
bool span_probes_find_type(uint32_t *ret);

/** Why the probe of @p edge could not be set. */
struct error *span_probe_refusal(const struct span_edge *edge, int errno_value);
