#pragma once

/** Control groups as perf_event_open(2) takes them. */

#include "base/error.h"

/**
 * Open the folder of the cgroup @p name, below the hierarchy that has perf_event: a version 1
 * hierarchy of that controller, or else version 2, where it always is (cgroups(7)).
 *
 * @param name      "system.slice/nginx.service", or a whole path below the mount point.
 * @param mountinfo The text of /proc/self/mountinfo.
 * @param fd_ret    To be closed.
 * @return ERROR_NOT_FOUND, with where it was looked for, ERROR_UNSUPPORTED without a hierarchy.
 */
struct error *cgroup_open_in(const char *mountinfo, const char *name, int *fd_ret) MUST_CHECK;

/** The same on this machine. */
struct error *cgroup_open(const char *name, int *fd_ret) MUST_CHECK;
