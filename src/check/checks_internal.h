#pragma once

/** One check per file; checks.c has the list. */

#include "check/check.h"

extern const struct check check_perf_events;
extern const struct check check_paranoid;
extern const struct check check_kptr_restrict;
extern const struct check check_mlock_limit;
extern const struct check check_sample_rate;
extern const struct check check_stack_depth;
extern const struct check check_pmu;
extern const struct check check_governor;
extern const struct check check_turbo;
extern const struct check check_smt;
extern const struct check check_container;
extern const struct check check_virtual_machine;
extern const struct check check_seccomp;
extern const struct check check_tracefs;
extern const struct check check_bpf;
extern const struct check check_command_symbols;
extern const struct check check_command_build_id;
extern const struct check check_command_frame_pointers;
