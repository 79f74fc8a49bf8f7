#pragma once

/** The cgroup or container that a process is in, for people. */

#include "base/attributes.h"

/**
 * What the process is in, for people: "docker 0123456789ab", "nginx.service", "/lxc/web".
 *
 * @param cgroups  The text of /proc/PID/cgroup: "ID:CONTROLLERS:PATH" lines (cgroups(7)).
 * @return NULL: in nothing; to be freed.
 */
char *proc_container_label(const char *cgroups);

/** The same for a process that runs here now. */
char *proc_container_of(uint32_t pid);
