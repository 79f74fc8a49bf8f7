#pragma once

/** Facts about this machine for the profile's info and the perf.data header. */

#include "base/attributes.h"

/** Strings are owned; NULL when unknown. */
struct machine {
	char *hostname;
	char *kernel_release;
	char *architecture;
	char *cpu_model;
	char *cpu_id;   /**< "vendor,family,model,stepping", as perf writes it. */
	char *governor; /**< Of the first CPU's frequency. */
	uint32_t n_cpus_online;
	uint32_t n_cpus_available;
	uint64_t memory_total_kib;
};

void machine_init(struct machine *machine);
void machine_deinit(struct machine *machine);

/**
 * CPU time that its online CPUs have not been idle for, since it started, in ticks of a hundredth
 * of a second; time that a hypervisor gave to others is in it (proc(5), /proc/stat). 0: unknown.
 */
uint64_t machine_busy_ns(void);
