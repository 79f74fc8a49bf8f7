#include "profile/profile.h"

#include "profile/id_set_internal.h"

#include <assert.h>
#include <string.h>

#define UNKNOWN_NAME "[unknown]"

struct profile_index {
	struct id_set objects;
	struct id_set frames;
	struct id_set locations;
	struct id_set stacks;
	struct id_set threads;
	struct id_set samples;
};

struct profile *profile_create(void)
{
	struct profile *profile = memory_allocate(1, sizeof(*profile));
	struct profile_frame unknown = { .flags = FRAME_IS_UNKNOWN };

	profile->index = memory_allocate(1, sizeof(*profile->index));
	string_table_init(&profile->strings);
	profile_stack_vector_append(&profile->stacks, (struct profile_stack){ 0 });
	unknown.object = profile_intern_object(profile, UNKNOWN_NAME, NULL);
	unknown.name = profile_intern_text(profile, UNKNOWN_NAME);
	profile_intern_frame(profile, &unknown);
	return profile;
}

static void profile_info_deinit(struct profile_info *info)
{
	free(info->command);
	free(info->program);
	free(info->hostname);
	free(info->kernel_release);
	free(info->architecture);
	free(info->cpu_model);
	free(info->tool_version);
	for (size_t i = 0; i < info->degradations.count; i++)
		free((char *)info->degradations.items[i]);
	string_vector_deinit(&info->degradations);
}

static void profile_index_destroy(struct profile_index *index)
{
	id_set_deinit(&index->objects);
	id_set_deinit(&index->frames);
	id_set_deinit(&index->locations);
	id_set_deinit(&index->stacks);
	id_set_deinit(&index->threads);
	id_set_deinit(&index->samples);
	free(index);
}

void profile_destroy(struct profile *profile)
{
	if (!profile)
		return;
	profile_index_destroy(profile->index);
	profile_info_deinit(&profile->info);
	spill_memory_deinit(&profile->ticks.memory);
	address_vector_deinit(&profile->schedule.concurrency_ns);
	profile_thread_time_vector_deinit(&profile->schedule.threads);
	profile_sample_vector_deinit(&profile->samples);
	profile_event_vector_deinit(&profile->events);
	profile_thread_vector_deinit(&profile->threads);
	profile_stack_vector_deinit(&profile->stacks);
	index_vector_deinit(&profile->location_frames);
	profile_location_vector_deinit(&profile->locations);
	profile_frame_vector_deinit(&profile->frames);
	profile_object_vector_deinit(&profile->objects);
	string_table_deinit(&profile->strings);
	free(profile);
}

const char *profile_text(const struct profile *profile, string_id id)
{
	return string_table_text(&profile->strings, id);
}

string_id profile_intern_text(struct profile *profile, const char *text)
{
	return string_table_intern(&profile->strings, text);
}

/** Two words of 32 bits as one to hash. */
static uint64_t pair(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

/** The id a new entry will get; the last one is kept free for ID_NONE. */
static uint32_t next_id(size_t count)
{
	assert(count < ID_NONE);
	return (uint32_t)count;
}

/** "libc.so.6" of "/usr/lib/libc.so.6"; names that are no paths ("[anon:a/b]") stay whole. */
static const char *object_name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash[1] == '\0' || path[0] == '[')
		return path;
	return slash + 1;
}

uint32_t profile_intern_object(struct profile *profile, const char *path,
			       const struct build_id *build_id)
{
	struct profile_object object = { .path = profile_intern_text(profile, path) };
	struct id_set *set = &profile->index->objects;
	uint64_t hash;
	uint32_t id;

	if (build_id) {
		assert(build_id->size_bytes <= BUILD_ID_SIZE_MAX_BYTES);
		object.build_id.size_bytes = build_id->size_bytes;
		memcpy(object.build_id.bytes, build_id->bytes, build_id->size_bytes);
	}
	hash = hash_combine(hash_bytes(&object.build_id, sizeof(object.build_id)), object.path);

	struct id_probe probe = id_set_probe(set, hash);
	while ((id = id_probe_next(&probe)) != ID_NONE) {
		const struct profile_object *other = &profile->objects.items[id];

		if (other->path == object.path &&
		    memcmp(&other->build_id, &object.build_id, sizeof(object.build_id)) == 0)
			return id;
	}
	id = next_id(profile->objects.count);
	object.name = profile_intern_text(profile, object_name_of(path));
	profile_object_vector_append(&profile->objects, object);
	id_set_add(set, hash, id);
	return id;
}

uint32_t profile_intern_frame(struct profile *profile, const struct profile_frame *frame)
{
	struct id_set *set = &profile->index->frames;
	uint64_t hash = hash_combine(hash_combine(hash_u64(pair(frame->name, frame->object)),
						  pair(frame->file, frame->line)),
				     frame->flags);
	struct id_probe probe = id_set_probe(set, hash);
	uint32_t id;

	while ((id = id_probe_next(&probe)) != ID_NONE) {
		const struct profile_frame *other = &profile->frames.items[id];

		if (other->name == frame->name && other->object == frame->object &&
		    other->file == frame->file && other->line == frame->line &&
		    other->flags == frame->flags)
			return id;
	}
	assert(frame->name != 0 && frame->name < profile->strings.texts.count);
	assert(frame->file < profile->strings.texts.count);
	assert(frame->object < profile->objects.count);
	id = next_id(profile->frames.count);
	profile_frame_vector_append(&profile->frames, *frame);
	id_set_add(set, hash, id);
	return id;
}

uint32_t profile_intern_location(struct profile *profile, uint32_t object, uint64_t elf_address,
				 uint64_t runtime_address, enum location_kind kind, uint32_t flags)
{
	struct id_set *set = &profile->index->locations;
	uint64_t hash = hash_u64(elf_address ^ hash_u64(pair(object, flags << 1 | kind)));
	struct id_probe probe = id_set_probe(set, hash);
	uint32_t id;

	while ((id = id_probe_next(&probe)) != ID_NONE) {
		const struct profile_location *other = &profile->locations.items[id];

		if (other->elf_address == elf_address && other->object == object &&
		    other->kind == kind && other->flags == flags)
			return id;
	}
	assert(object < profile->objects.count);
	id = next_id(profile->locations.count);
	profile_location_vector_append(&profile->locations,
				       (struct profile_location){
					       .runtime_address = runtime_address,
					       .elf_address = elf_address,
					       .object = object,
					       .kind = kind,
					       .flags = flags,
				       });
	id_set_add(set, hash, id);
	return id;
}

uint32_t profile_add_location(struct profile *profile, uint32_t object, uint64_t elf_address,
			      enum location_kind kind, uint32_t flags)
{
	uint32_t id = next_id(profile->locations.count);

	assert(object < profile->objects.count);
	profile_location_vector_append(&profile->locations, (struct profile_location){
								    .runtime_address = elf_address,
								    .elf_address = elf_address,
								    .object = object,
								    .kind = kind,
								    .flags = flags,
							    });
	return id;
}

void profile_set_location_frames(struct profile *profile, uint32_t location,
				 const uint32_t *frame_ids, uint32_t n_frames,
				 uint64_t symbol_offset)
{
	struct profile_location *target;

	assert(location < profile->locations.count && n_frames > 0);
	target = &profile->locations.items[location];
	target->symbol_offset = symbol_offset;
	target->first_frame = next_id(profile->location_frames.count);
	target->n_frames = n_frames;
	for (uint32_t i = 0; i < n_frames; i++) {
		assert(frame_ids[i] < profile->frames.count);
		index_vector_append(&profile->location_frames, frame_ids[i]);
	}
}

/**
 * What is hashed is the path and not the parent's id: the places of a whole stack are then
 * known before any of them was looked at, and can be fetched from memory together. With the
 * depth, or the hashes of a deep recursion would begin to repeat.
 */
static uint32_t stack_hash(uint32_t parent_hash, uint32_t location, size_t depth)
{
	return (uint32_t)hash_combine(pair(parent_hash, location), depth);
}

/** All stacks but the empty one; what was released is made again. */
static struct id_set *stack_set(struct profile *profile)
{
	const struct profile_stack_vector *stacks = &profile->stacks;
	struct id_set *set = &profile->index->stacks;

	for (size_t id = set->count + 1; id < stacks->count; id++)
		id_set_add(set, stacks->items[id].hash, (uint32_t)id);
	return set;
}

static uint32_t find_or_add_stack(struct profile *profile, struct id_set *set, uint32_t parent,
				  uint32_t location, uint32_t hash)
{
	struct id_probe probe = id_set_probe(set, hash);
	uint32_t id;

	while ((id = id_probe_next(&probe)) != ID_NONE) {
		const struct profile_stack *other = &profile->stacks.items[id];

		if (other->parent == parent && other->location == location)
			return id;
	}
	assert(parent < profile->stacks.count && location < profile->locations.count);
	id = next_id(profile->stacks.count);
	profile_stack_vector_append(&profile->stacks,
				    (struct profile_stack){
					    .parent = parent,
					    .location = location,
					    .depth = profile->stacks.items[parent].depth + 1,
					    .hash = hash,
				    });
	id_set_add(set, hash, id);
	return id;
}

uint32_t profile_intern_stack(struct profile *profile, uint32_t parent, uint32_t location)
{
	const struct profile_stack *outer = &profile->stacks.items[parent];

	return find_or_add_stack(profile, stack_set(profile), parent, location,
				 stack_hash(outer->hash, location, outer->depth));
}

void profile_intern_stacks(struct profile *profile, uint32_t parent, const uint32_t *locations,
			   size_t n_locations, uint32_t *stacks_ret)
{
	struct id_set *set = stack_set(profile);
	uint32_t hash = profile->stacks.items[parent].hash;
	uint32_t depth = profile->stacks.items[parent].depth;

	/* The hashes lie where the stacks will: of each, one is needed after the other. */
	for (size_t i = 0; i < n_locations; i++) {
		hash = stack_hash(hash, locations[i], depth + i);
		id_set_prefetch(set, hash);
		stacks_ret[i] = hash;
	}
	for (size_t i = 0; i < n_locations; i++) {
		parent = find_or_add_stack(profile, set, parent, locations[i], stacks_ret[i]);
		stacks_ret[i] = parent;
	}
}

uint32_t profile_intern_thread(struct profile *profile, uint32_t pid, uint32_t tid,
			       const char *comm, const char *process_comm)
{
	struct id_set *set = &profile->index->threads;
	string_id comm_id = profile_intern_text(profile, comm);
	uint64_t hash = hash_combine(hash_u64(pair(pid, tid)), comm_id);
	struct id_probe probe = id_set_probe(set, hash);
	struct profile_thread *thread;
	uint32_t id;

	while ((id = id_probe_next(&probe)) != ID_NONE) {
		thread = &profile->threads.items[id];
		if (thread->pid != pid || thread->tid != tid || thread->comm != comm_id)
			continue;
		if (!thread->process_comm)
			thread->process_comm = profile_intern_text(profile, process_comm);
		return id;
	}
	id = next_id(profile->threads.count);
	profile_thread_vector_append(&profile->threads, (struct profile_thread){
								.pid = pid,
								.tid = tid,
								.comm = comm_id,
								.process_comm = profile_intern_text(
									profile, process_comm),
							});
	id_set_add(set, hash, id);
	return id;
}

uint32_t profile_add_event(struct profile *profile, const char *name, const char *unit)
{
	uint32_t id = next_id(profile->events.count);

	profile_event_vector_append(&profile->events,
				    (struct profile_event){
					    .name = profile_intern_text(profile, name),
					    .unit = profile_intern_text(profile, unit),
				    });
	return id;
}

static uint64_t sample_hash(uint32_t thread, uint32_t event, uint32_t stack, enum stack_end end)
{
	return hash_u64(pair(stack, thread) ^ hash_u64(pair(event, (uint32_t)end)));
}

/** All samples; what was released is made again. */
static struct id_set *sample_set(struct profile *profile)
{
	const struct profile_sample_vector *samples = &profile->samples;
	struct id_set *set = &profile->index->samples;

	for (size_t id = set->count; id < samples->count; id++) {
		const struct profile_sample *sample = &samples->items[id];

		id_set_add(set,
			   sample_hash(sample->thread, sample->event, sample->stack, sample->end),
			   (uint32_t)id);
	}
	return set;
}

uint32_t profile_add_sample(struct profile *profile, uint32_t thread, uint32_t event,
			    uint32_t stack, enum stack_end end, uint64_t count, uint64_t period)
{
	struct id_set *set = sample_set(profile);
	uint64_t hash = sample_hash(thread, event, stack, end);
	struct id_probe probe = id_set_probe(set, hash);
	struct profile_sample *sample;
	uint32_t id;

	while ((id = id_probe_next(&probe)) != ID_NONE) {
		sample = &profile->samples.items[id];
		if (sample->stack != stack || sample->thread != thread || sample->event != event ||
		    sample->end != end)
			continue;
		sample->count += count;
		sample->period += period;
		return id;
	}
	assert(thread < profile->threads.count && event < profile->events.count);
	assert(stack < profile->stacks.count && end < N_STACK_ENDS);
	id = next_id(profile->samples.count);
	profile_sample_vector_append(&profile->samples, (struct profile_sample){
								.thread = thread,
								.event = event,
								.stack = stack,
								.end = end,
								.count = count,
								.period = period,
							});
	id_set_add(set, hash, id);
	return id;
}

void profile_add_tick(struct profile *profile, uint32_t sample, uint64_t time_ns, uint32_t cpu,
		      uint64_t period)
{
	struct profile_tick_vector *ticks = &profile->ticks;
	const size_t size_bytes = (ticks->count + 1) * sizeof(*ticks->items);

	assert(sample < profile->samples.count);
	if (size_bytes > ticks->memory.capacity_bytes) {
		spill_memory_grow(&ticks->memory, size_bytes);
		ticks->items = ticks->memory.bytes;
	}
	ticks->items[ticks->count++] = (struct profile_tick){
		.time_ns = time_ns,
		.period = period,
		.sample = sample,
		.cpu = cpu,
	};
}

/** One that comes after more than so many later ones stays there. */
#define LATER_TICKS_MAX ((size_t)1024)

void profile_insert_tick(struct profile *profile, uint32_t sample, uint64_t time_ns, uint32_t cpu,
			 uint64_t period)
{
	struct profile_tick_vector *ticks = &profile->ticks;
	size_t place = ticks->count, place_least = place - MIN(place, LATER_TICKS_MAX);
	struct profile_tick tick;

	profile_add_tick(profile, sample, time_ns, cpu, period);
	tick = ticks->items[place];
	for (; place > place_least && ticks->items[place - 1].time_ns > time_ns; place--)
		ticks->items[place] = ticks->items[place - 1];
	ticks->items[place] = tick;
}

void profile_release_indexes(struct profile *profile)
{
	id_set_deinit(&profile->index->stacks);
	id_set_deinit(&profile->index->samples);
}

void profile_release_ticks(const struct profile *profile)
{
	spill_memory_release_pages(&profile->ticks.memory);
}

struct profile_sample_vector profile_take_samples(struct profile *profile)
{
	struct profile_sample_vector samples = profile->samples;

	profile->samples = (struct profile_sample_vector){ 0 };
	id_set_deinit(&profile->index->samples);
	return samples;
}

void profile_keep_samples(struct profile *profile, const bool *kept)
{
	struct profile_sample_vector *samples = &profile->samples;
	uint32_t *new_ids = memory_allocate(samples->count + 1, sizeof(*new_ids));
	uint32_t n_samples = 0;
	size_t n_ticks = 0;

	id_set_deinit(&profile->index->samples);
	for (size_t i = 0; i < samples->count; i++) {
		const struct profile_sample sample = samples->items[i];

		new_ids[i] = ID_NONE;
		if (!kept[i])
			continue;
		new_ids[i] = n_samples;
		samples->items[n_samples++] = sample;
	}
	samples->count = n_samples;
	for (size_t i = 0; i < profile->ticks.count; i++) {
		struct profile_tick tick = profile->ticks.items[i];

		tick.sample = new_ids[tick.sample];
		if (tick.sample != ID_NONE)
			profile->ticks.items[n_ticks++] = tick;
	}
	profile->ticks.count = n_ticks;
	free(new_ids);
}

static bool is_shown_behind_call(const struct profile_location *location)
{
	const uint32_t call_flags = LOCATION_IS_CALL_SITE | LOCATION_IS_SHOWN_AS_CALL;

	return (location->flags & call_flags) == LOCATION_IS_CALL_SITE;
}

uint64_t profile_location_shown_address(const struct profile_location *location)
{
	const bool is_object_address =
		location->kind == LOCATION_USER && location->object != PROFILE_OBJECT_UNKNOWN;
	const uint64_t address =
		is_object_address ? location->elf_address : location->runtime_address;

	return address + (is_shown_behind_call(location) ? 1 : 0);
}

const struct profile_frame *profile_location_frame(const struct profile *profile, uint32_t location,
						   uint32_t index)
{
	const struct profile_location *found;

	assert(location < profile->locations.count);
	found = &profile->locations.items[location];
	if (index >= found->n_frames)
		return &profile->frames.items[PROFILE_FRAME_UNKNOWN];
	return &profile->frames.items[profile->location_frames.items[found->first_frame + index]];
}

void profile_expand_stack(const struct profile *profile, uint32_t stack,
			  struct index_vector *frames_ret)
{
	uint32_t *frames;

	assert(stack < profile->stacks.count);
	index_vector_clear(frames_ret);
	while (stack != 0) {
		const struct profile_stack *node = &profile->stacks.items[stack];
		const struct profile_location *location = &profile->locations.items[node->location];
		const uint32_t *all_ids = profile->location_frames.items;

		if (location->n_frames == 0)
			index_vector_append(frames_ret, PROFILE_FRAME_UNKNOWN);
		for (uint32_t i = 0; i < location->n_frames; i++)
			index_vector_append(frames_ret, all_ids[location->first_frame + i]);
		stack = node->parent;
	}

	frames = frames_ret->items;
	for (size_t i = 0, j = frames_ret->count; i + 1 < j; i++) {
		uint32_t frame = frames[i];

		frames[i] = frames[--j];
		frames[j] = frame;
	}
}
