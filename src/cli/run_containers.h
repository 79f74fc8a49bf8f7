#pragma once

/**
 * Which cgroup or container each process of the machine is in, asked when it is first met: a
 * process that has ended cannot be asked any more, but it was in that of its parent.
 */

#include "profile/profile.h"
#include "record/record.h"

struct run_containers;

struct run_containers *run_containers_create(void);

/** Look at FORK and COMM records, in time order. */
void run_containers_note(struct run_containers *containers, const struct record *record);

/** "nginx" becomes "nginx [docker 0123456789ab]" in all reports. */
void run_containers_label(const struct run_containers *containers, struct profile *profile);
void run_containers_destroy(struct run_containers *containers);
