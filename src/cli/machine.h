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
