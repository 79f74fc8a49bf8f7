#pragma once

/** What checks read from /proc and /sys (or from a test's tree), and how they answer. */

#include "check/check.h"

/* Capabilities by number (linux/capability.h): CAP_PERFMON is newer than some headers. */
#define CAPABILITY_IPC_LOCK  14
#define CAPABILITY_SYS_ADMIN 21
#define CAPABILITY_PERFMON   38
#define CAPABILITY_BPF       39

/** Longer facts are cut; none of those read here is near it. */
#define FACT_SIZE_MAX_BYTES ((size_t)256 * 1024)

/** Whether ROOT/PATH is there, whatever it is. */
bool facts_exists(const char *root, const char *path);

/** The text of ROOT/PATH without white space at its ends; NULL: cannot be read. free() it. */
char *facts_read(const char *root, const char *path);

/** The number in ROOT/PATH; false: cannot be read or is none. */
bool facts_read_integer(const char *root, const char *path, int64_t *ret);

/** What follows "KEY:" in PROC/self/status; NULL: no such line. free() it. */
char *facts_status(const struct check_context *context, const char *key);

/**
 * Whether this process has a capability over the whole machine (a root user of
 * a container's user namespace has not).
 */
bool facts_has_capability(const struct check_context *context, unsigned int capability);

/** CAP_PERFMON or CAP_SYS_ADMIN: the kernel's perfmon_capable() (linux/capability.h). */
bool facts_is_privileged(const struct check_context *context);

/** Number of folders SYS/devices/system/cpu/cpuN that are online; at least 1. */
uint32_t facts_cpu_count(const struct check_context *context);

/** Seccomp filters bind this process (proc(5): Seccomp is 2). */
bool facts_has_seccomp_filter(const struct check_context *context);

/** Name of the container kind this process runs in ("docker", "container"...), or NULL. Static. */
const char *facts_container(const struct check_context *context);

/** Name of the hypervisor ("KVM", "a virtual machine"...), or NULL: none seen. Static. */
const char *facts_hypervisor(const struct check_context *context);

/** The persistent form of a sysctl line, for the text of a loss. */
#define KEEP_SYSCTL(setting)                                                                       \
	"; to keep it after a reboot: echo " setting                                               \
	" | sudo tee -a /etc/sysctl.d/99-perf-profile.conf"
