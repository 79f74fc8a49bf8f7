#pragma once

/** What kind of code an object holds, by its path as tools write it. */

#include "base/attributes.h"

/** "[kernel.kallsyms]", "[nf_conntrack]", vmlinux, "/lib/modules/.../x.ko". */
bool object_path_is_kernel(const char *path);

/** The map of a just-in-time compiler: /tmp/perf-PID.map. */
bool object_path_is_jit(const char *path);
