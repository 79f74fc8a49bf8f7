#pragma once

/** What must hold of a map of run-time code, whatever it was read from. */

#include "fuzz_target.h"
#include "runtime/code_map.h"

/** Builds the map and frees it. */
static inline void fuzz_code_map_check(struct code_map_builder *builder)
{
	struct code_map map;
	uint64_t last_end = 0;

	code_map_build(builder, &map);
	for (size_t i = 0; i < map.ranges.count; i++) {
		const struct code_range *range = &map.ranges.items[i];

		FUZZ_CHECK(range->start >= last_end && range->end > range->start);
		FUZZ_CHECK(range->name_offset < map.text.count);
		last_end = range->end;
	}
	for (size_t i = 0; i < map.places.count; i++) {
		FUZZ_CHECK(!i || map.places.items[i - 1].address <= map.places.items[i].address);
		FUZZ_CHECK(!map.places.items[i].line ||
			   map.places.items[i].file_offset < map.text.count);
	}
	FUZZ_CHECK(!map.text.count || !map.text.items[map.text.count - 1]);
	code_map_deinit(&map);
}
