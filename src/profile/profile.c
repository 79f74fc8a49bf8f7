#include "profile/profile.h"

#include "profile/profile_index_internal.h"

#include <assert.h>
#include <string.h>

#define UNKNOWN_NAME "[unknown]"

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
	free(info->target);
	free(info->program);
	free(info->hostname);
	free(info->kernel_release);
	free(info->architecture);
	free(info->cpu_model);
	free(info->tool_version);
	string_vector_destroy_items(&info->degradations);
}

static void profile_index_destroy(struct profile_index *index)
{
	id_set_deinit(&index->objects);
	id_set_deinit(&index->frames);
	id_set_deinit(&index->locations);
	stack_set_deinit(&index->stacks);
	id_set_deinit(&index->threads);
	sample_index_deinit(&index->samples);
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
	id = id_next(profile->objects.count);
	object.name = profile_intern_text(profile, object_name_of(path));
	profile_object_vector_append(&profile->objects, object);
	id_set_add(set, hash, id);
	return id;
}

uint32_t profile_intern_frame(struct profile *profile, const struct profile_frame *frame)
{
	struct id_set *set = &profile->index->frames;
	uint64_t hash = hash_combine(hash_combine(hash_u64(id_pair(frame->name, frame->object)),
						  id_pair(frame->file, frame->line)),
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
	id = id_next(profile->frames.count);
	profile_frame_vector_append(&profile->frames, *frame);
	id_set_add(set, hash, id);
	return id;
}

uint32_t profile_intern_location(struct profile *profile, uint32_t object, uint64_t elf_address,
				 uint64_t runtime_address, enum location_kind kind, uint32_t flags)
{
	struct id_set *set = &profile->index->locations;
	uint64_t hash = hash_u64(elf_address ^ hash_u64(id_pair(object, flags << 1 | kind)));
	struct id_probe probe = id_set_probe(set, hash);
	uint32_t id;

	while ((id = id_probe_next(&probe)) != ID_NONE) {
		const struct profile_location *other = &profile->locations.items[id];

		if (other->elf_address == elf_address && other->object == object &&
		    other->kind == kind && other->flags == flags)
			return id;
	}
	assert(object < profile->objects.count);
	id = id_next(profile->locations.count);
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
	uint32_t id = id_next(profile->locations.count);

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
	target->first_frame = id_next(profile->location_frames.count);
	target->n_frames = n_frames;
	for (uint32_t i = 0; i < n_frames; i++) {
		assert(frame_ids[i] < profile->frames.count);
		index_vector_append(&profile->location_frames, frame_ids[i]);
	}
}

uint32_t profile_intern_thread(struct profile *profile, uint32_t pid, uint32_t tid,
			       const char *comm, const char *process_comm)
{
	struct id_set *set = &profile->index->threads;
	string_id comm_id = profile_intern_text(profile, comm);
	uint64_t hash = hash_combine(hash_u64(id_pair(pid, tid)), comm_id);
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
	id = id_next(profile->threads.count);
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
	uint32_t id = id_next(profile->events.count);

	profile_event_vector_append(&profile->events,
				    (struct profile_event){
					    .name = profile_intern_text(profile, name),
					    .unit = profile_intern_text(profile, unit),
				    });
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
	stack_set_deinit(&profile->index->stacks);
	sample_index_deinit(&profile->index->samples);
}

void profile_release_ticks(const struct profile *profile)
{
	spill_memory_release_pages(&profile->ticks.memory);
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
