#include "analyze/code_times.h"

#include "base/hash_map.h"

#include <string.h>

/** What was at one location, one after the other. */
struct replaced {
	uint32_t first_version, n_versions;
};

DEFINE_VECTOR(replaced_vector, struct replaced)

/** A stack between two times at which code was replaced: what it is then. */
DEFINE_HASH_MAP(stack_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct splitter {
	struct code_times *times;
	struct profile *profile;
	struct replaced_vector replaced;
	struct code_version_vector versions; /**< Of the replaced ones, in runs. */
	struct index_vector version_locations;
	struct index_vector replaced_of; /**< Number in replaced + 1, by location; 0: none. */
	bool *has_replaced;              /**< By stack. */
	size_t n_stacks;                 /**< That have this. */
	struct address_vector changes;   /**< Times at which code was replaced, ascending. */
	size_t n_changes_past;           /**< Before the tick at hand. */
	struct stack_map stacks;
};

/** The location of a version; the last one is the location that is there. */
static uint32_t version_location(struct splitter *splitter, uint32_t id, uint64_t elf_address)
{
	struct profile *profile = splitter->profile;
	const struct profile_location location = profile->locations.items[id];
	uint32_t made;

	if (location.elf_address == elf_address)
		return id;
	made = profile_add_location(profile, location.object, elf_address, location.kind,
				    location.flags);
	profile->locations.items[made].runtime_address = location.runtime_address;
	index_vector_append(&splitter->times->locations, made);
	return made;
}

static void find_replaced(struct splitter *splitter, const struct object_ids *ids,
			  struct symbolizer *symbolizer)
{
	struct code_version_vector *versions = &splitter->versions;
	size_t n_locations = splitter->profile->locations.count;

	for (uint32_t id = 0; id < n_locations; id++) {
		const struct profile_location location = splitter->profile->locations.items[id];
		struct object *object = location.object < ids->objects.count
						? ids->objects.items[location.object]
						: NULL;
		size_t first = versions->count;

		index_vector_append(&splitter->replaced_of, 0);
		if (location.n_frames || !object || object->kind != OBJECT_PERF_MAP)
			continue;
		symbolizer_versions(symbolizer, object, location.elf_address, versions);
		if (versions->count == first)
			continue;
		for (size_t i = first; i < versions->count; i++) {
			index_vector_append(
				&splitter->version_locations,
				version_location(splitter, id, versions->items[i].address));
			if (i > first)
				address_vector_append(&splitter->changes,
						      versions->items[i].start_ns);
		}
		replaced_vector_append(
			&splitter->replaced,
			(struct replaced){ .first_version = (uint32_t)first,
					   .n_versions = (uint32_t)(versions->count - first) });
		splitter->replaced_of.items[id] = (uint32_t)splitter->replaced.count;
	}
}

static int time_compare(const void *a_pointer, const void *b_pointer)
{
	uint64_t a = *(const uint64_t *)a_pointer, b = *(const uint64_t *)b_pointer;

	return a < b ? -1 : a > b;
}

static uint32_t location_at(const struct splitter *splitter, uint32_t location, uint64_t time_ns)
{
	uint32_t number = splitter->replaced_of.items[location];
	const struct replaced *replaced;
	uint32_t version;

	if (!number)
		return location;
	replaced = &splitter->replaced.items[number - 1];
	version = replaced->first_version + replaced->n_versions - 1;
	while (version > replaced->first_version &&
	       splitter->versions.items[version].start_ns > time_ns)
		version--;
	return splitter->version_locations.items[version];
}

/** The stack as it was at @p time_ns. */
static uint32_t stack_at(struct splitter *splitter, uint32_t stack, uint64_t time_ns)
{
	struct profile *profile = splitter->profile;
	struct index_vector locations = { 0 };
	uint32_t *known, then = stack;
	bool is_new;

	known = stack_map_insert(&splitter->stacks,
				 (uint64_t)stack << 32 | (uint32_t)splitter->n_changes_past,
				 &is_new);
	if (!is_new)
		return *known;
	for (; then && splitter->has_replaced[then]; then = profile->stacks.items[then].parent)
		index_vector_append(&locations, profile->stacks.items[then].location);
	for (size_t i = locations.count; i-- > 0;)
		then = profile_intern_stack(profile, then,
					    location_at(splitter, locations.items[i], time_ns));
	index_vector_deinit(&locations);
	*known = then;
	return then;
}

static void mark_stacks(struct splitter *splitter)
{
	const struct profile_stack_vector *stacks = &splitter->profile->stacks;

	splitter->n_stacks = stacks->count;
	splitter->has_replaced = memory_allocate(stacks->count, sizeof(bool));
	/* A parent comes before its children. */
	for (size_t i = 1; i < stacks->count; i++)
		splitter->has_replaced[i] =
			splitter->replaced_of.items[stacks->items[i].location] ||
			splitter->has_replaced[stacks->items[i].parent];
}

/** One sample less in @p old. */
static void take_from(struct profile_sample *old, uint64_t period)
{
	old->count -= MIN(old->count, UINT64_C(1));
	old->period -= MIN(old->period, period);
}

static void split_tick(struct splitter *splitter, struct profile_tick *tick)
{
	struct profile *profile = splitter->profile;
	const struct profile_sample sample = profile->samples.items[tick->sample];
	uint32_t stack;

	while (splitter->n_changes_past < splitter->changes.count &&
	       splitter->changes.items[splitter->n_changes_past] <= tick->time_ns)
		splitter->n_changes_past++;
	if (sample.stack >= splitter->n_stacks || !splitter->has_replaced[sample.stack])
		return;
	stack = stack_at(splitter, sample.stack, tick->time_ns);
	if (stack == sample.stack)
		return;
	take_from(&profile->samples.items[tick->sample], tick->period);
	tick->sample = profile_add_sample(profile, sample.thread, sample.event, stack, sample.end,
					  1, tick->period);
}

static void drop_empty_samples(struct profile *profile)
{
	bool *kept = memory_allocate(profile->samples.count + 1, sizeof(*kept));

	for (size_t i = 0; i < profile->samples.count; i++)
		kept[i] = profile->samples.items[i].count || profile->samples.items[i].period;
	profile_keep_samples(profile, kept);
	free(kept);
}

void code_times_split(struct code_times *times, struct profile *profile,
		      const struct object_ids *ids, struct symbolizer *symbolizer)
{
	struct splitter splitter = { .times = times, .profile = profile };

	find_replaced(&splitter, ids, symbolizer);
	if (splitter.replaced.count) {
		qsort(splitter.changes.items, splitter.changes.count,
		      sizeof(*splitter.changes.items), time_compare);
		mark_stacks(&splitter);
		for (size_t i = 0; i < profile->ticks.count; i++)
			split_tick(&splitter, &profile->ticks.items[i]);
		drop_empty_samples(profile);
	}
	replaced_vector_deinit(&splitter.replaced);
	code_version_vector_deinit(&splitter.versions);
	index_vector_deinit(&splitter.version_locations);
	index_vector_deinit(&splitter.replaced_of);
	address_vector_deinit(&splitter.changes);
	stack_map_deinit(&splitter.stacks);
	free(splitter.has_replaced);
}

void code_times_finish(struct code_times *times, struct profile *profile)
{
	for (size_t i = 0; i < times->locations.count; i++) {
		struct profile_location *location =
			&profile->locations.items[times->locations.items[i]];

		location->elf_address = location->runtime_address;
	}
	index_vector_deinit(&times->locations);
}
