#include "output/report_internal.h"
#include "profile/activity_text.h"

#include "base/memory.h"

/** What was sampled; of waits alone there is no CPU time to speak of. */
static uint32_t sampled_event(const struct profile *profile, uint32_t event)
{
	if (event >= profile->events.count ||
	    profile->events.items[event].measure == PROFILE_SAMPLED)
		return event;
	return profile_find_measure(profile, PROFILE_SAMPLED);
}

static void write_waits(const struct profile *profile, FILE *file)
{
	struct waits waits;

	waits_init(&waits, profile, profile_find_measure(profile, PROFILE_OFF_CPU));
	if (waits.count) {
		_cleanup_free_ char *how = waits_describe(&waits, profile);

		fprintf(file, "#\n# Waits\n#\n# %s\n#\n", how);
		waits_write(&waits, profile, "# ", file);
	}
	waits_deinit(&waits);
}

void report_write_activity(const struct report *report, FILE *file)
{
	struct activity activity;

	activity_init(&activity, report->profile, sampled_event(report->profile, report->event));
	/* One thread's share is all of it, and when it ran is when the program ran. */
	if (activity.threads.count > 1 && (activity.has_times || activity.is_exact)) {
		fputs("#\n# Threads by pool, and when they ran\n#\n", file);
		activity_write(&activity, report->profile, "# ", file);
	}
	activity_deinit(&activity);
	write_waits(report->profile, file);
}
