#pragma once

/** Threads, their work over time and their waits as plain text: the same in every report. */

#include "profile/activity.h"
#include "profile/waits.h"

#include <stdio.h>

/** Pools of threads, CPUs busy at once, a timeline. @p prefix  Of every line: "# ". */
void activity_write(const struct activity *activity, const struct profile *profile,
		    const char *prefix, FILE *file);

/** Waits by reason, thread and call path. Nothing when there are none. */
void waits_write(const struct waits *waits, const struct profile *profile, const char *prefix,
		 FILE *file);

/** One sentence on how the waits were found, what is exact and what is not; free() it. */
char *waits_describe(const struct waits *waits, const struct profile *profile);
