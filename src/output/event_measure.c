#include "output/event_measure_internal.h"

#include "base/clock.h"

#include <string.h>

/** Where nothing says how far apart samples were. */
#define INTERVAL_DEFAULT_NS NS_PER_MS

struct event_measure event_measure_of(const struct profile *profile, uint32_t event)
{
	struct event_measure measure = { .name = "samples", .unit = "" };
	uint64_t frequency_hz = 0, count = 0, period = 0;

	for (size_t i = 0; i < profile->samples.count; i++) {
		if (profile->samples.items[i].event != event)
			continue;
		count += profile->samples.items[i].count;
		period += profile->samples.items[i].period;
	}
	measure.has_periods = period > 0;
	if (event < profile->events.count) {
		const struct profile_event *found = &profile->events.items[event];

		measure.name = profile_text(profile, found->name);
		measure.unit = profile_text(profile, found->unit);
		measure.period = found->period;
		frequency_hz = found->frequency_hz;
	}
	measure.is_time = measure.has_periods && strcmp(measure.unit, "ns") == 0;
	if (!measure.period && measure.is_time && frequency_hz)
		measure.period = NS_PER_S / frequency_hz;
	if (!measure.period && count)
		measure.period = period / count;

	if (measure.is_time && measure.period)
		measure.interval_ns = measure.period;
	else if (frequency_hz)
		measure.interval_ns = NS_PER_S / frequency_hz;
	else
		measure.interval_ns = INTERVAL_DEFAULT_NS;
	return measure;
}
