#include "profile/rewrite.h"

#include <inttypes.h>

/** Stack ids from here on are new; ids of the old ones stay valid. */
static uint32_t *map_stacks(struct profile *profile, const uint32_t *location_of, size_t n_stacks)
{
	uint32_t *stack_of = memory_allocate(n_stacks, sizeof(*stack_of));

	/* A parent comes before its children. */
	for (uint32_t i = 1; i < n_stacks; i++) {
		const struct profile_stack stack = profile->stacks.items[i];
		uint32_t location = location_of[stack.location];

		stack_of[i] = stack_of[stack.parent];
		if (location != UINT32_MAX)
			stack_of[i] = profile_intern_stack(profile, stack_of[i], location);
	}
	return stack_of;
}

/** Add every sample again under its new thread and stack; NULL: that stays. */
static void rewrite_samples(struct profile *profile, const uint32_t *thread_of,
			    const uint32_t *stack_of)
{
	struct profile_sample_vector old = profile_take_samples(profile);
	uint32_t *sample_of = memory_allocate(old.count + 1, sizeof(*sample_of));

	for (size_t i = 0; i < old.count; i++) {
		const struct profile_sample *sample = &old.items[i];

		sample_of[i] = profile_add_sample(
			profile, thread_of ? thread_of[sample->thread] : sample->thread,
			sample->event, stack_of ? stack_of[sample->stack] : sample->stack,
			sample->end, sample->count, sample->period);
	}
	for (size_t i = 0; i < profile->ticks.count; i++)
		profile->ticks.items[i].sample = sample_of[profile->ticks.items[i].sample];
	free(sample_of);
	profile_sample_vector_deinit(&old);
}

/** UINT32_MAX when nothing is left of it. */
static uint32_t hide_in_location(struct profile *profile, uint32_t id, const bool *hidden)
{
	const struct profile_location location = profile->locations.items[id];
	struct index_vector kept = { 0 };
	uint32_t shown = id;

	for (uint32_t i = 0; i < location.n_frames; i++) {
		uint32_t frame = profile->location_frames.items[location.first_frame + i];

		if (!hidden[frame])
			index_vector_append(&kept, frame);
	}
	if (location.n_frames == 0 && hidden[PROFILE_FRAME_UNKNOWN]) {
		shown = UINT32_MAX;
	} else if (kept.count < location.n_frames) {
		shown = UINT32_MAX;
		if (kept.count > 0) {
			shown = profile_add_location(profile, location.object, location.elf_address,
						     location.kind, location.flags);
			profile_set_location_frames(profile, shown, kept.items,
						    (uint32_t)kept.count, location.symbol_offset);
		}
	}
	index_vector_deinit(&kept);
	return shown;
}

void profile_hide_frames(struct profile *profile, const bool *hidden)
{
	size_t n_locations = profile->locations.count;
	uint32_t *location_of = memory_allocate(n_locations + 1, sizeof(*location_of));
	uint32_t *stack_of;

	for (uint32_t i = 0; i < n_locations; i++)
		location_of[i] = hide_in_location(profile, i, hidden);
	stack_of = map_stacks(profile, location_of, profile->stacks.count);
	rewrite_samples(profile, NULL, stack_of);
	free(stack_of);
	free(location_of);
}

/** The location without what its innermost such frame was inlined into; UINT32_MAX: it has none. */
static uint32_t first_of_location(struct profile *profile, uint32_t id, const bool *is_first)
{
	const struct profile_location location = profile->locations.items[id];
	_cleanup_free_ uint32_t *frames = memory_allocate(location.n_frames, sizeof(*frames));
	uint32_t n_kept = 0, first;

	while (n_kept < location.n_frames) {
		frames[n_kept] = profile->location_frames.items[location.first_frame + n_kept];
		if (is_first[frames[n_kept++]])
			break;
	}
	if (n_kept == 0 || !is_first[frames[n_kept - 1]])
		return UINT32_MAX;
	if (n_kept == location.n_frames)
		return id;
	first = profile_add_location(profile, location.object, location.elf_address, location.kind,
				     location.flags);
	profile_set_location_frames(profile, first, frames, n_kept, location.symbol_offset);
	return first;
}

void profile_begin_stacks_at(struct profile *profile, const bool *is_first)
{
	const size_t n_locations = profile->locations.count, n_stacks = profile->stacks.count;
	_cleanup_free_ uint32_t *first_of = memory_allocate(n_locations + 1, sizeof(*first_of));
	_cleanup_free_ uint32_t *stack_of = memory_allocate(n_stacks, sizeof(*stack_of));

	for (uint32_t i = 0; i < n_locations; i++)
		first_of[i] = first_of_location(profile, i, is_first);
	/* A parent comes before its children. */
	for (uint32_t i = 1; i < n_stacks; i++) {
		const struct profile_stack stack = profile->stacks.items[i];
		const uint32_t first = first_of[stack.location];

		stack_of[i] = first == UINT32_MAX
				      ? profile_intern_stack(profile, stack_of[stack.parent],
							     stack.location)
				      : profile_intern_stack(profile, 0, first);
	}
	rewrite_samples(profile, NULL, stack_of);
}

/** The thread that stands for the group of @p thread. */
static uint32_t group_of(struct profile *profile, const struct profile_thread *thread,
			 enum profile_grouping grouping)
{
	bool is_process = grouping == PROFILE_BY_PROCESS;
	const char *process_comm = profile_text(profile, thread->process_comm);
	const char *comm =
		is_process && *process_comm ? process_comm : profile_text(profile, thread->comm);
	uint32_t id = is_process ? thread->pid : thread->tid;
	_cleanup_free_ char *name = memory_format_text("%s (%" PRIu32 ")", comm, id);

	return profile_intern_thread(profile, thread->pid, id, name, process_comm);
}

static uint32_t group_of_cpu(struct profile *profile, uint32_t thread_id, uint32_t cpu,
			     enum profile_grouping grouping)
{
	const struct profile_thread thread = profile->threads.items[thread_id];
	_cleanup_free_ char *name = NULL;

	if (grouping == PROFILE_BY_CPU) {
		name = memory_format_text("CPU %" PRIu32, cpu);
		return profile_intern_thread(profile, 0, cpu, name, name);
	}
	name = memory_format_text("%03" PRIu32 " %s", cpu, profile_text(profile, thread.comm));
	return profile_intern_thread(profile, thread.pid, thread.tid, name, "");
}

/** Each tick is a sample of its CPU. */
static void group_by_cpu(struct profile *profile, enum profile_grouping grouping)
{
	struct profile_sample_vector old = profile_take_samples(profile);

	for (size_t i = 0; i < profile->ticks.count; i++) {
		struct profile_tick *tick = &profile->ticks.items[i];
		const struct profile_sample *sample = &old.items[tick->sample];
		uint32_t thread = group_of_cpu(profile, sample->thread, tick->cpu, grouping);

		tick->sample = profile_add_sample(profile, thread, sample->event, sample->stack,
						  sample->end, 1, tick->period);
	}
	profile_sample_vector_deinit(&old);
}

struct error *profile_group(struct profile *profile, enum profile_grouping grouping)
{
	size_t n_threads = profile->threads.count;
	uint32_t *thread_of;

	if (grouping == PROFILE_BY_COMM)
		return NULL;
	if (profile_grouping_is_by_cpu(grouping)) {
		if (profile->ticks.count == 0 && profile->samples.count > 0)
			return error_new(ERROR_UNSUPPORTED,
					 "this profile does not say which CPU a sample is of");
		group_by_cpu(profile, grouping);
		return NULL;
	}
	thread_of = memory_allocate(n_threads + 1, sizeof(*thread_of));
	for (uint32_t i = 0; i < n_threads; i++) {
		const struct profile_thread thread = profile->threads.items[i];

		thread_of[i] = group_of(profile, &thread, grouping);
	}
	rewrite_samples(profile, thread_of, NULL);
	free(thread_of);
	return NULL;
}
