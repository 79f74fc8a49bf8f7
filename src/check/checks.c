#include "check/checks_internal.h"

#include <stdlib.h>

const struct check *const checks[] = {
	&check_perf_events,
	&check_paranoid,
	&check_kptr_restrict,
	&check_mlock_limit,
	&check_sample_rate,
	&check_stack_depth,
	&check_pmu,
	&check_governor,
	&check_turbo,
	&check_smt,
	&check_virtual_machine,
	&check_container,
	&check_seccomp,
	&check_tracefs,
	&check_bpf,
	&check_command_symbols,
	&check_command_build_id,
	&check_command_frame_pointers,
	NULL,
};

void check_result_deinit(struct check_result *result)
{
	free(result->fact);
	free(result->loss);
	free(result->mend);
	*result = (struct check_result){ 0 };
}
