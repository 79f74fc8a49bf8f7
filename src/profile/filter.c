#include "profile/filter.h"

#include <regex.h>

/** What of a profile's tables a filter keeps, by id. NULL: everything. */
struct kept {
	bool *threads;
	bool *stacks;
};

bool profile_filter_needs_ticks(const struct profile_filter *filter)
{
	return filter->cpus.count > 0 || filter->time_begin_ns || filter->time_end_ns ||
	       profile_grouping_is_by_cpu(filter->grouping);
}

static bool selects_code(const struct profile_filter *filter)
{
	return filter->objects.count || filter->symbols.count || filter->focus.count ||
	       filter->ignore.count;
}

bool profile_filter_is_empty(const struct profile_filter *filter)
{
	return !filter->comms.count && !filter->pids.count && !filter->tids.count &&
	       !filter->hide.count && filter->grouping == PROFILE_BY_COMM &&
	       !selects_code(filter) && !profile_filter_needs_ticks(filter);
}

void profile_filter_deinit(struct profile_filter *filter)
{
	string_vector_deinit(&filter->comms);
	string_vector_deinit(&filter->objects);
	string_vector_deinit(&filter->symbols);
	string_vector_deinit(&filter->focus);
	string_vector_deinit(&filter->ignore);
	string_vector_deinit(&filter->hide);
	id_vector_deinit(&filter->pids);
	id_vector_deinit(&filter->tids);
	id_vector_deinit(&filter->cpus);
}

/** An empty list has everything. */
static bool has_id(const struct id_vector *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->count; i++) {
		if (ids->items[i] == id)
			return true;
	}
	return ids->count == 0;
}

static bool has_text(const struct string_vector *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (strcmp(texts->items[i], text) == 0)
			return true;
	}
	return texts->count == 0;
}

static bool *select_threads(const struct profile_filter *filter, const struct profile *profile)
{
	bool *kept = memory_allocate(profile->threads.count + 1, sizeof(*kept));

	for (size_t i = 0; i < profile->threads.count; i++) {
		const struct profile_thread *thread = &profile->threads.items[i];

		kept[i] = has_text(&filter->comms, profile_text(profile, thread->comm)) &&
			  has_id(&filter->pids, thread->pid) && has_id(&filter->tids, thread->tid);
	}
	return kept;
}

static struct error *match_frames(const struct profile *profile, const char *expression,
				  bool *matches)
{
	regex_t compiled;
	int status = regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB);

	if (status != 0) {
		char reason[128];

		regerror(status, &compiled, reason, sizeof(reason));
		return error_new(ERROR_USAGE, "'%s' is no regular expression: %s", expression,
				 reason);
	}
	for (size_t i = 0; i < profile->frames.count; i++)
		matches[i] |=
			regexec(&compiled, profile_text(profile, profile->frames.items[i].name), 0,
				NULL, 0) == 0;
	regfree(&compiled);
	return NULL;
}

/** By frame id: whether one of the expressions matches its name. */
static struct error *match_all(const struct profile *profile,
			       const struct string_vector *expressions, bool **ret)
{
	bool *matches = memory_allocate(profile->frames.count, sizeof(*matches));

	for (size_t i = 0; i < expressions->count; i++) {
		struct error *error = match_frames(profile, expressions->items[i], matches);

		if (error) {
			free(matches);
			return error;
		}
	}
	*ret = matches;
	return NULL;
}

static bool has_frame(const struct profile *profile, uint32_t location_id, const bool *frames)
{
	const struct profile_location *location = &profile->locations.items[location_id];

	for (uint32_t i = 0; i < location->n_frames; i++) {
		if (frames[profile->location_frames.items[location->first_frame + i]])
			return true;
	}
	return false;
}

/** By stack id: whether any of its locations has one of the frames. */
static bool *stacks_with(const struct profile *profile, const bool *frames)
{
	bool *found = memory_allocate(profile->stacks.count, sizeof(*found));

	/* A parent comes before its children. */
	for (size_t i = 1; i < profile->stacks.count; i++) {
		const struct profile_stack *stack = &profile->stacks.items[i];

		found[i] = found[stack->parent] || has_frame(profile, stack->location, frames);
	}
	return found;
}

static bool is_wanted_leaf(const struct profile_filter *filter, const struct profile *profile,
			   uint32_t stack)
{
	uint32_t location = profile->stacks.items[stack].location;
	const struct profile_object *object;
	uint32_t n_frames;

	if (stack == 0)
		return !filter->objects.count && !filter->symbols.count;
	object = &profile->objects.items[profile->locations.items[location].object];
	if (!has_text(&filter->objects, profile_text(profile, object->path)) &&
	    !has_text(&filter->objects, profile_text(profile, object->name)))
		return false;
	n_frames = MAX(profile->locations.items[location].n_frames, 1u);
	for (uint32_t i = 0; i < n_frames; i++) {
		const struct profile_frame *frame = profile_location_frame(profile, location, i);

		if (has_text(&filter->symbols, profile_text(profile, frame->name)))
			return true;
	}
	return false;
}

static struct error *select_stacks(const struct profile_filter *filter,
				   const struct profile *profile, bool **ret)
{
	_cleanup_free_ bool *focused = NULL, *ignored = NULL;
	_cleanup_free_ bool *has_focused = NULL, *has_ignored = NULL;
	bool *kept;

	RETURN_IF_ERROR(match_all(profile, &filter->focus, &focused));
	RETURN_IF_ERROR(match_all(profile, &filter->ignore, &ignored));
	has_focused = stacks_with(profile, focused);
	has_ignored = stacks_with(profile, ignored);
	kept = memory_allocate(profile->stacks.count, sizeof(*kept));
	for (uint32_t i = 0; i < profile->stacks.count; i++)
		kept[i] = (!filter->focus.count || has_focused[i]) && !has_ignored[i] &&
			  is_wanted_leaf(filter, profile, i);
	*ret = kept;
	return NULL;
}

static bool is_kept(const struct kept *kept, const struct profile_sample *sample)
{
	return (!kept->threads || kept->threads[sample->thread]) &&
	       (!kept->stacks || kept->stacks[sample->stack]);
}

/** Drop ticks, and what they stand for from their samples. */
static void keep_ticks(const struct profile_filter *filter, struct profile *profile,
		       const struct kept *kept)
{
	struct profile_tick_vector *ticks = &profile->ticks;
	uint64_t first_ns = ticks->count ? ticks->items[0].time_ns : 0;
	size_t n_kept = 0;

	for (size_t i = 0; i < ticks->count; i++) {
		struct profile_tick *tick = &ticks->items[i];
		struct profile_sample *sample = &profile->samples.items[tick->sample];
		uint64_t since_ns = tick->time_ns - first_ns;

		if (!is_kept(kept, sample))
			continue;
		if (since_ns < filter->time_begin_ns ||
		    (filter->time_end_ns && since_ns > filter->time_end_ns) ||
		    !has_id(&filter->cpus, tick->cpu)) {
			sample->count--;
			sample->period -= MIN(tick->period, sample->period);
			continue;
		}
		ticks->items[n_kept++] = *tick;
	}
	ticks->count = n_kept;
}

static void keep_samples(struct profile *profile, const struct kept *kept)
{
	bool *samples = memory_allocate(profile->samples.count + 1, sizeof(*samples));

	for (size_t i = 0; i < profile->samples.count; i++)
		samples[i] = profile->samples.items[i].count > 0 &&
			     is_kept(kept, &profile->samples.items[i]);
	profile_keep_samples(profile, samples);
	free(samples);
}

static struct error *hide_frames(const struct profile_filter *filter, struct profile *profile)
{
	_cleanup_free_ bool *hidden = NULL;

	RETURN_IF_ERROR(match_all(profile, &filter->hide, &hidden));
	profile_hide_frames(profile, hidden);
	return NULL;
}

struct error *profile_filter_apply(const struct profile_filter *filter, struct profile *profile)
{
	struct kept kept = { 0 };

	if (profile_filter_is_empty(filter))
		return NULL;
	if (profile_filter_needs_ticks(filter) && !profile->ticks.count && profile->samples.count)
		return error_new(ERROR_UNSUPPORTED,
				 "this profile has no times and CPUs to choose by");
	if (selects_code(filter))
		RETURN_IF_ERROR(select_stacks(filter, profile, &kept.stacks));
	kept.threads = select_threads(filter, profile);
	keep_ticks(filter, profile, &kept);
	keep_samples(profile, &kept);
	free(kept.threads);
	free(kept.stacks);
	if (filter->hide.count)
		RETURN_IF_ERROR(hide_frames(filter, profile));
	return profile_group(profile, filter->grouping);
}
