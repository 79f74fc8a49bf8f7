#include "profile/merge.h"

#include <stdlib.h>

/** Ids of the one profile by those of the other. */
struct id_maps {
	uint32_t *objects, *frames, *locations, *stacks, *threads, *events, *samples;
};

static uint32_t *new_map(size_t count)
{
	return memory_allocate(count + 1, sizeof(uint32_t));
}

static string_id take_text(struct profile *into, const struct profile *from, string_id text)
{
	return profile_intern_text(into, profile_text(from, text));
}

static void merge_objects(struct profile *into, const struct profile *from, uint32_t *ret)
{
	for (size_t i = 0; i < from->objects.count; i++) {
		const struct profile_object *object = &from->objects.items[i];
		struct profile_object *own;

		ret[i] = profile_intern_object(into, profile_text(from, object->path),
					       object->build_id.size_bytes ? &object->build_id
									   : NULL);
		own = &into->objects.items[ret[i]];
		if (!own->problem && object->problem) {
			string_id problem = take_text(into, from, object->problem);
			string_id hint = take_text(into, from, object->problem_hint);

			own->problem = problem;
			own->problem_hint = hint;
		}
		if (!own->unwind_problem && object->unwind_problem) {
			string_id problem = take_text(into, from, object->unwind_problem);

			own->unwind_problem = problem;
		}
	}
}

static void merge_frames(struct profile *into, const struct profile *from, struct id_maps *ids)
{
	for (size_t i = 0; i < from->frames.count; i++) {
		struct profile_frame frame = from->frames.items[i];

		frame.name = take_text(into, from, frame.name);
		frame.file = take_text(into, from, frame.file);
		frame.object = ids->objects[frame.object];
		ids->frames[i] = profile_intern_frame(into, &frame);
	}
}

static bool has_same_frames(const struct profile *into, uint32_t own, const uint32_t *frames,
			    uint32_t n_frames)
{
	const struct profile_location *location = &into->locations.items[own];

	return location->n_frames == n_frames &&
	       memcmp(into->location_frames.items + location->first_frame, frames,
		      n_frames * sizeof(*frames)) == 0;
}

/**
 * Locations with an address are one when all is the same; what has none (text) or is called
 * otherwise is one of its own.
 */
static uint32_t merge_location(struct profile *into, const struct profile *from, uint32_t id,
			       const struct id_maps *ids, struct index_vector *frames)
{
	const struct profile_location *location = &from->locations.items[id];
	size_t n_before = into->locations.count;
	uint32_t object = ids->objects[location->object], own;

	index_vector_clear(frames);
	for (uint32_t i = 0; i < location->n_frames; i++)
		index_vector_append(
			frames,
			ids->frames[from->location_frames.items[location->first_frame + i]]);
	own = profile_intern_location(into, object, location->elf_address,
				      location->runtime_address, location->kind, location->flags);
	if (own < n_before && !has_same_frames(into, own, frames->items, (uint32_t)frames->count))
		own = profile_add_location(into, object, location->elf_address, location->kind,
					   location->flags);
	if (own >= n_before && frames->count > 0)
		profile_set_location_frames(into, own, frames->items, (uint32_t)frames->count,
					    location->symbol_offset);
	return own;
}

static void merge_stacks(struct profile *into, const struct profile *from, struct id_maps *ids)
{
	struct index_vector frames = { 0 };

	for (uint32_t i = 0; i < from->locations.count; i++)
		ids->locations[i] = merge_location(into, from, i, ids, &frames);
	index_vector_deinit(&frames);
	for (size_t i = 1; i < from->stacks.count; i++) {
		const struct profile_stack *stack = &from->stacks.items[i];

		ids->stacks[i] = profile_intern_stack(into, ids->stacks[stack->parent],
						      ids->locations[stack->location]);
	}
}

static void merge_threads(struct profile *into, const struct profile *from, struct id_maps *ids)
{
	for (size_t i = 0; i < from->threads.count; i++) {
		const struct profile_thread *thread = &from->threads.items[i];

		ids->threads[i] = profile_intern_thread(into, thread->pid, thread->tid,
							profile_text(from, thread->comm),
							profile_text(from, thread->process_comm));
	}
}

static uint32_t merge_event(struct profile *into, const struct profile *from, uint32_t id)
{
	const struct profile_event *event = &from->events.items[id];
	string_id name = take_text(into, from, event->name), unit = take_text(into, from,
									      event->unit);
	uint32_t own;

	for (uint32_t i = 0; i < into->events.count; i++) {
		if (into->events.items[i].name == name && into->events.items[i].unit == unit)
			return i;
	}
	own = profile_add_event(into, profile_text(from, event->name),
				profile_text(from, event->unit));
	into->events.items[own].frequency_hz = event->frequency_hz;
	into->events.items[own].period = event->period;
	return own;
}

static int compare_ticks(const void *left, const void *right)
{
	const struct profile_tick *a = left, *b = right;

	return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}

static void merge_samples(struct profile *into, const struct profile *from, struct id_maps *ids)
{
	size_t n_ticks = into->ticks.count;

	for (size_t i = 0; i < from->samples.count; i++) {
		const struct profile_sample *sample = &from->samples.items[i];

		ids->samples[i] = profile_add_sample(into, ids->threads[sample->thread],
						     ids->events[sample->event],
						     ids->stacks[sample->stack], sample->end,
						     sample->count, sample->period);
	}
	for (size_t i = 0; i < from->ticks.count; i++) {
		const struct profile_tick *tick = &from->ticks.items[i];

		profile_add_tick(into, ids->samples[tick->sample], tick->time_ns, tick->cpu,
				 tick->period);
	}
	if (n_ticks > 0 && from->ticks.count > 0 &&
	    from->ticks.items[0].time_ns < into->ticks.items[n_ticks - 1].time_ns)
		qsort(into->ticks.items, into->ticks.count, sizeof(*into->ticks.items),
		      compare_ticks);
}

static void merge_losses(struct profile_losses *into, const struct profile_losses *from)
{
	into->lost_records += from->lost_records;
	into->lost_samples += from->lost_samples;
	into->throttles += from->throttles;
	into->unreadable_records += from->unreadable_records;
}

void profile_merge(struct profile *into, const struct profile *from)
{
	struct id_maps ids = {
		.objects = new_map(from->objects.count),
		.frames = new_map(from->frames.count),
		.locations = new_map(from->locations.count),
		.stacks = new_map(from->stacks.count),
		.threads = new_map(from->threads.count),
		.events = new_map(from->events.count),
		.samples = new_map(from->samples.count),
	};

	merge_objects(into, from, ids.objects);
	merge_frames(into, from, &ids);
	merge_stacks(into, from, &ids);
	merge_threads(into, from, &ids);
	for (uint32_t i = 0; i < from->events.count; i++)
		ids.events[i] = merge_event(into, from, i);
	merge_samples(into, from, &ids);
	merge_losses(&into->losses, &from->losses);
	into->info.has_kernel_samples |= from->info.has_kernel_samples;
	into->info.wall_ns += from->info.wall_ns;
	into->info.user_cpu_ns += from->info.user_cpu_ns;
	into->info.system_cpu_ns += from->info.system_cpu_ns;

	free(ids.objects);
	free(ids.frames);
	free(ids.locations);
	free(ids.stacks);
	free(ids.threads);
	free(ids.events);
	free(ids.samples);
}
