#pragma once

/**
 * Performance monitoring units as the kernel describes them in sysfs: what they are called,
 * which events and terms they know, on which CPUs they count. Source: kernel
 * Documentation/ABI/testing/sysfs-bus-event_source-devices-{events,format}.
 */

#include "base/error.h"
#include "base/vector.h"

/** Where the kernel tells about events; made-up trees in tests. */
struct event_places {
	const char *sys_path;     /**< "/sys" */
	const char *tracefs_path; /**< "/sys/kernel/tracing" */
};

extern const struct event_places event_places_of_kernel;

/** Longest name of a unit here; longer ones are not found. */
#define PMU_NAME_SIZE_BYTES 48

/** Longest unit text ("Joules") of an event. */
#define PMU_UNIT_SIZE_BYTES 16

/** What a description of an event comes to. */
struct pmu_event {
	uint32_t type;
	uint64_t config[3];             /**< config, config1 and config2 of perf_event_attr. */
	double scale;                   /**< Of the count, for people; 1 unless the kernel says. */
	char unit[PMU_UNIT_SIZE_BYTES]; /**< "" unless the kernel says. */
};

/**
 * Find @p length bytes of @p terms ("event=0x3c,umask=1" or the name of one of its events) on the
 * unit @p pmu.
 *
 * @return ERROR_USAGE for an unknown unit, event or term, with the nearest one as its hint.
 */
struct error *pmu_event_parse(const struct event_places *places, const char *pmu, const char *terms,
			      size_t length, struct pmu_event *ret) MUST_CHECK;

bool pmu_exists(const struct event_places *places, const char *pmu);

/** Whether the kernel names @p event among those of @p pmu. */
bool pmu_has_event(const struct event_places *places, const char *pmu, const char *event);

/** The number for perf_event_attr.type. False: there is no such unit. */
bool pmu_read_type(const struct event_places *places, const char *pmu, uint32_t *ret);

/**
 * The CPUs on which @p pmu wants to be opened: those of a kind ("cpus", hybrid processors) or one
 * per package ("cpumask"). Left empty when the kernel does not restrict it.
 */
void pmu_read_cpus(const struct event_places *places, const char *pmu,
		   struct index_vector *cpus_ret);

/** The CPUs that are online; where sysfs does not say, those that this process may run on. */
void online_cpus_read(const struct event_places *places, struct index_vector *cpus_ret);

/** The number of @p category:@p event in tracefs. */
struct error *tracepoint_read_id(const struct event_places *places, const char *category,
				 const char *event, uint64_t *ret) MUST_CHECK;
