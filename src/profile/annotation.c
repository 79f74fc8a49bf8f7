#include "profile/annotation.h"

#include "base/hash_map.h"
#include "profile/label.h"

#include <stdlib.h>

/** By object and start address: index + 1. */
struct place_key {
	uint32_t object;
	string_id name;
	uint64_t start;
};

static uint64_t place_hash(struct place_key key)
{
	return hash_u64(key.start ^ hash_u64((uint64_t)key.object << 32 | key.name));
}

static bool place_equal(struct place_key a, struct place_key b)
{
	return a.object == b.object && a.name == b.name && a.start == b.start;
}

DEFINE_HASH_MAP(place_map, struct place_key, uint32_t, place_hash, place_equal)

static struct annotated_function *find_function(struct annotation *annotation,
						struct place_map *places, struct place_key key)
{
	uint32_t *index = place_map_insert(places, key, NULL);

	if (*index == 0) {
		struct annotated_function *made =
			annotated_function_vector_append_new(&annotation->functions);

		*index = (uint32_t)annotation->functions.count;
		made->object = key.object;
		made->name = key.name;
		made->start_elf_address = key.start;
	}
	return &annotation->functions.items[*index - 1];
}

static void add_sample(struct annotation *annotation, struct place_map *places,
		       const struct profile *profile, const struct profile_sample *sample)
{
	uint64_t weight = annotation->has_periods ? sample->period : sample->count;
	const struct profile_location *location;
	const struct profile_frame *outer, *inner;
	struct annotated_function *function;
	uint32_t id;

	annotation->weight += weight;
	if (sample->stack == 0)
		return;
	id = profile->stacks.items[sample->stack].location;
	location = &profile->locations.items[id];
	outer = profile_location_frame(profile, id, MAX(location->n_frames, 1u) - 1);
	inner = profile_location_frame(profile, id, 0);
	function = find_function(
		annotation, places,
		(struct place_key){ .object = location->object,
				    .name = outer->name,
				    .start = profile_is_nameless(profile, outer->name)
						     ? 0
						     : location->elf_address -
							       location->symbol_offset });
	function->weight += weight;
	function->count += sample->count;
	annotated_address_vector_append(&function->addresses,
					(struct annotated_address){
						.elf_address = location->elf_address,
						.weight = weight,
						.count = sample->count,
						.file = inner->file,
						.line = inner->line,
					});
}

static int compare_addresses(const void *left, const void *right)
{
	const struct annotated_address *a = left, *b = right;

	return (a->elf_address > b->elf_address) - (a->elf_address < b->elf_address);
}

static void sum_addresses(struct annotated_function *function)
{
	struct annotated_address *items = function->addresses.items;
	size_t n = 0;

	qsort(items, function->addresses.count, sizeof(*items), compare_addresses);
	for (size_t i = 0; i < function->addresses.count; i++) {
		if (n > 0 && items[n - 1].elf_address == items[i].elf_address) {
			items[n - 1].weight += items[i].weight;
			items[n - 1].count += items[i].count;
		} else {
			items[n++] = items[i];
		}
	}
	function->addresses.count = n;
	if (function->start_elf_address == 0 && n > 0)
		function->start_elf_address = items[0].elf_address;
}

static int compare_functions(const void *left, const void *right)
{
	const struct annotated_function *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return (a->start_elf_address > b->start_elf_address) -
	       (a->start_elf_address < b->start_elf_address);
}

void annotation_init(struct annotation *ret, const struct profile *profile, uint32_t event)
{
	struct annotation annotation = { 0 };
	struct place_map places = { 0 };

	for (size_t i = 0; i < profile->samples.count; i++)
		annotation.has_periods |= profile->samples.items[i].event == event &&
					  profile->samples.items[i].period > 0;
	for (size_t i = 0; i < profile->samples.count; i++) {
		if (profile->samples.items[i].event == event)
			add_sample(&annotation, &places, profile, &profile->samples.items[i]);
	}
	for (size_t i = 0; i < annotation.functions.count; i++)
		sum_addresses(&annotation.functions.items[i]);
	if (annotation.functions.count > 0)
		qsort(annotation.functions.items, annotation.functions.count,
		      sizeof(*annotation.functions.items), compare_functions);
	place_map_deinit(&places);
	*ret = annotation;
}

void annotation_deinit(struct annotation *annotation)
{
	for (size_t i = 0; i < annotation->functions.count; i++)
		annotated_address_vector_deinit(&annotation->functions.items[i].addresses);
	annotated_function_vector_deinit(&annotation->functions);
}

static int compare_lines(const void *left, const void *right)
{
	const struct annotated_line *a = left, *b = right;

	if (a->file != b->file)
		return a->file > b->file ? 1 : -1;
	return (a->line > b->line) - (a->line < b->line);
}

void annotation_lines(const struct annotated_function *function, struct annotated_line_vector *ret)
{
	size_t n = 0;

	annotated_line_vector_clear(ret);
	for (size_t i = 0; i < function->addresses.count; i++) {
		const struct annotated_address *address = &function->addresses.items[i];

		if (address->file)
			annotated_line_vector_append(
				ret, (struct annotated_line){ .file = address->file,
							      .line = address->line,
							      .weight = address->weight });
	}
	if (ret->count == 0)
		return;
	qsort(ret->items, ret->count, sizeof(*ret->items), compare_lines);
	for (size_t i = 0; i < ret->count; i++) {
		if (n > 0 && compare_lines(&ret->items[n - 1], &ret->items[i]) == 0)
			ret->items[n - 1].weight += ret->items[i].weight;
		else
			ret->items[n++] = ret->items[i];
	}
	ret->count = n;
}
