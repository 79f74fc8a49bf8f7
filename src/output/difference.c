#include "output/difference.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

#define NS_PER_SECOND 1e9

/** An empty profile has no events. */
static const struct profile_event *event_of(const struct difference_side *side)
{
	static const struct profile_event none;
	const struct profile_event_vector *events = &side->profile->events;

	return side->event < events->count ? &events->items[side->event] : &none;
}

static const char *event_unit(const struct difference_side *side)
{
	return profile_text(side->profile, event_of(side)->unit);
}

/** Sums, and what the side's own unit is: time in seconds, whatever else as it is. */
static void fill_side(struct difference_side *side)
{
	const struct profile *profile = side->profile;
	const bool is_time = strcmp(event_unit(side), "ns") == 0;

	side->event_name = profile_text(profile, event_of(side)->name);
	side->n_samples = 0;
	side->total = 0;
	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];

		if (sample->event != side->event)
			continue;
		side->n_samples += sample->count;
		side->total += (double)sample->period / (is_time ? NS_PER_SECOND : 1);
	}
	side->wall_s = (double)profile->info.wall_ns / NS_PER_SECOND;
}

static const char *unit_of(const struct difference_side *side)
{
	const char *unit = event_unit(side);

	if (strcmp(unit, "ns") == 0)
		return "s";
	return *unit ? unit : "samples";
}

struct error *difference_check_time(const struct difference_side *before,
				    const struct difference_side *after)
{
	const struct difference_side *silent = before->profile->info.wall_ns ? after : before;

	if (silent->profile->info.wall_ns)
		return NULL;
	return error_with_hint(error_new(ERROR_UNSUPPORTED,
					 "%s does not say how long the recording took",
					 silent->path),
			       "--normalize=total compares shares");
}

static struct error *check_basis(const struct difference *difference)
{
	const struct difference_side *before = &difference->before, *after = &difference->after;

	if (difference->basis == DIFFERENCE_BY_TOTAL)
		return NULL;
	if (strcmp(unit_of(before), unit_of(after)) != 0)
		return error_with_hint(error_new(ERROR_UNSUPPORTED,
						 "%s counts %s (%s) and %s counts %s (%s)",
						 before->path, unit_of(before), before->event_name,
						 after->path, unit_of(after), after->event_name),
				       "-n compares shares; -e chooses the event");
	return difference->basis == DIFFERENCE_BY_TIME ? difference_check_time(before, after)
						       : NULL;
}

static double whole_of(const struct difference_side *side, enum difference_basis basis)
{
	switch (basis) {
	case DIFFERENCE_BY_TOTAL:
		return 1;
	case DIFFERENCE_BY_TIME:
		return side->total / side->wall_s;
	default:
		return side->total;
	}
}

struct error *difference_init(struct difference *ret, const struct difference_side *before,
			      const struct difference_side *after,
			      const struct difference_options *options)
{
	struct difference difference = {
		.before = *before,
		.after = *after,
		.basis = options->basis,
	};
	struct diff_side reference, changed;

	fill_side(&difference.before);
	fill_side(&difference.after);
	difference.unit = unit_of(&difference.before);
	RETURN_IF_ERROR(check_basis(&difference));
	difference.before_whole = whole_of(&difference.before, options->basis);
	difference.after_whole = whole_of(&difference.after, options->basis);
	reference = (struct diff_side){
		.profile = before->profile,
		.event = before->event,
		.time_s = difference.before_whole,
		.n_runs = 1,
		.is_hex_stripped = options->is_hex_stripped,
	};
	changed = (struct diff_side){
		.profile = after->profile,
		.event = after->event,
		.time_s = difference.after_whole,
		.n_runs = 1,
		.is_hex_stripped = options->is_hex_stripped,
	};
	profile_diff(&reference, &changed, &difference.functions);
	*ret = difference;
	return NULL;
}

void difference_deinit(struct difference *difference)
{
	function_changes_deinit(&difference->functions);
	*difference = (struct difference){ 0 };
}

bool difference_is_shown(const struct difference *difference,
			 const struct function_change *function, double percent_limit)
{
	const double least =
		percent_limit / 100 * fmax(difference->before_whole, difference->after_whole);
	const double change = fabs(function->change_s);
	const double children = fabs(function->changed_children_s - function->reference_children_s);

	return fmax(change, children) > 0 && fmax(change, children) >= least;
}

char *difference_format_amount(const struct difference *difference, double amount, bool is_signed)
{
	const bool is_share = difference->basis == DIFFERENCE_BY_TOTAL;
	const bool is_time = strcmp(difference->unit, "s") == 0;
	const int n_decimals = is_share                                             ? 2
			       : is_time || difference->basis == DIFFERENCE_BY_TIME ? 3
										    : 0;

	return is_signed ? memory_format_text("%+.*f", n_decimals, is_share ? 100 * amount : amount)
			 : memory_format_text("%.*f", n_decimals, is_share ? 100 * amount : amount);
}

const char *difference_amount_unit(const struct difference *difference)
{
	const bool is_time = strcmp(difference->unit, "s") == 0;

	if (difference->basis == DIFFERENCE_BY_TOTAL)
		return " %";
	if (difference->basis == DIFFERENCE_BY_TIME)
		return is_time ? " s/s" : "/s";
	return is_time ? " s" : "";
}
