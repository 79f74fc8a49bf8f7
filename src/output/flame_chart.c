#include "output/flame_tree_internal.h"

/** A thread's stack as it stands: node by depth from the thread's own on. */
struct chart_thread {
	struct index_vector nodes;
};

struct chart {
	struct flame_builder builder;
	struct chart_thread *threads;   /**< By thread id. */
	struct index_vector last_child; /**< By node; 0: it has none. */
	struct index_vector path;       /**< Frames of the stack at hand, outermost first. */
	struct index_vector locations;
	uint32_t gap_frame;
};

static uint32_t chart_add_node(struct chart *chart, uint32_t parent, uint32_t frame)
{
	uint32_t index = flame_tree_add_node(chart->builder.tree, parent, frame);

	index_vector_append(&chart->last_child, 0);
	chart->last_child.items[parent] = index;
	return index;
}

/** "worker-12/15": threads of one name are told apart. */
static uint32_t chart_thread_frame(struct chart *chart, uint32_t thread)
{
	const struct profile *profile = chart->builder.tree->profile;
	const struct profile_thread *values = &profile->threads.items[thread];
	const char *comm = profile_text(profile, values->comm);
	_cleanup_free_ char *name = NULL;

	if (!*comm)
		comm = "[no name]";
	name = values->tid ? memory_format_text("%s-%u/%u", comm, values->pid, values->tid)
			   : memory_duplicate_text(comm);
	return flame_builder_frame(
		&chart->builder, (struct frame_key){ FLAME_FRAME_THREAD, 0, thread },
		&(struct flame_frame){ .kind = FLAME_FRAME_THREAD,
				       .name = arena_duplicate_text(&chart->builder.tree->names,
								    name, strlen(name)) });
}

/** chart->path of a sample: what stands on its thread's frame. */
static void chart_find_path(struct chart *chart, const struct profile_sample *sample)
{
	const struct profile *profile = chart->builder.tree->profile;

	index_vector_clear(&chart->path);
	index_vector_clear(&chart->locations);
	if (flame_end_is_incomplete(sample->end))
		index_vector_append(&chart->path, flame_builder_incomplete_frame(&chart->builder));
	for (uint32_t i = sample->stack; i != 0; i = profile->stacks.items[i].parent)
		index_vector_append(&chart->locations, profile->stacks.items[i].location);
	for (size_t k = chart->locations.count; k-- > 0;) {
		uint32_t location = chart->locations.items[k];

		for (uint32_t i = MAX(profile->locations.items[location].n_frames, 1u); i-- > 0;) {
			const struct profile_frame *frame =
				profile_location_frame(profile, location, i);

			index_vector_append(&chart->path,
					    flame_builder_code_frame(
						    &chart->builder,
						    (uint32_t)(frame - profile->frames.items)));
		}
	}
}

/** A node's own samples are drawn before its children; later ones need a place of their own. */
static void chart_add_count(struct chart *chart, uint32_t node, uint64_t count)
{
	struct flame_node_vector *nodes = &chart->builder.tree->nodes;
	uint32_t last = chart->last_child.items[node];

	if (last && nodes->items[last].frame != chart->gap_frame)
		last = chart_add_node(chart, node, chart->gap_frame);
	nodes->items[last ? last : node].self_count += count;
}

static void chart_add(struct chart *chart, const struct profile_sample *sample, uint64_t count)
{
	struct index_vector *open = &chart->threads[sample->thread].nodes;
	const struct flame_node_vector *nodes = &chart->builder.tree->nodes;
	size_t n_same = 0;

	if (open->count == 0)
		index_vector_append(open,
				    chart_add_node(chart, FLAME_NODE_ROOT,
						   chart_thread_frame(chart, sample->thread)));
	chart_find_path(chart, sample);
	while (n_same < chart->path.count && n_same + 1 < open->count &&
	       nodes->items[open->items[n_same + 1]].frame == chart->path.items[n_same])
		n_same++;
	open->count = n_same + 1;
	for (size_t i = n_same; i < chart->path.count; i++)
		index_vector_append(open,
				    chart_add_node(chart, open->items[i], chart->path.items[i]));
	chart_add_count(chart, open->items[open->count - 1], count);
}

/** Text may have had counts; they are in the tick's period then. Waits count by their time. */
static uint64_t tick_weight(const struct profile *profile, const struct profile_tick *tick,
			    const uint64_t *n_ticks)
{
	struct profile_sample sample = profile->samples.items[tick->sample];

	if (n_ticks[tick->sample] < sample.count)
		return tick->period;
	sample.count = 1;
	sample.period = tick->period;
	return profile_sample_weight(profile, &sample);
}

static void chart_add_ticks(struct chart *chart, uint32_t event)
{
	const struct profile *profile = chart->builder.tree->profile;
	_cleanup_free_ uint64_t *n_ticks =
		memory_allocate(profile->samples.count + 1, sizeof(*n_ticks));

	for (size_t i = 0; i < profile->ticks.count; i++)
		n_ticks[profile->ticks.items[i].sample]++;
	for (size_t i = 0; i < profile->ticks.count; i++) {
		const struct profile_tick *tick = &profile->ticks.items[i];
		const struct profile_sample *sample = &profile->samples.items[tick->sample];

		if (sample->event == event)
			chart_add(chart, sample, tick_weight(profile, tick, n_ticks));
	}
}

void flame_tree_init_chart(struct flame_tree *ret, const struct profile *profile, uint32_t event)
{
	struct chart chart = { .builder.tree = ret };

	*ret = (struct flame_tree){ .profile = profile, .is_in_order = true, .is_chart = true };
	flame_tree_add_root(ret);
	index_vector_append(&chart.last_child, 0);
	chart.threads = memory_allocate(profile->threads.count + 1, sizeof(*chart.threads));
	chart.gap_frame = flame_builder_frame(
		&chart.builder, (struct frame_key){ FLAME_FRAME_GAP, 0, 0 },
		&(struct flame_frame){ .kind = FLAME_FRAME_GAP, .name = "[itself]" });
	if (profile->ticks.count > 0) {
		chart_add_ticks(&chart, event);
	} else {
		for (size_t i = 0; i < profile->samples.count; i++) {
			if (profile->samples.items[i].event == event)
				chart_add(
					&chart, &profile->samples.items[i],
					profile_sample_weight(profile, &profile->samples.items[i]));
		}
	}
	for (size_t i = 0; i < profile->threads.count; i++)
		index_vector_deinit(&chart.threads[i].nodes);
	free(chart.threads);
	index_vector_deinit(&chart.last_child);
	index_vector_deinit(&chart.path);
	index_vector_deinit(&chart.locations);
	flame_builder_deinit(&chart.builder);
	flame_tree_finish(ret);
}
