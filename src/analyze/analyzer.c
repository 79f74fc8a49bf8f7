#include "analyze/analyzer.h"

#include "analyze/naming.h"
#include "analyze/sample_stack.h"
#include "arch/architecture.h"
#include "base/clock.h"
#include "base/memory.h"

struct analyzer {
	struct profile *profile;
	struct object_registry *objects;
	struct process_table *processes;
	struct symbolizer *symbolizer;
	struct sample_stack stacks;
	struct origin origin;
	struct perf_event_attr
		*attrs; /**< By event. A copy: --repeat goes through several sources. */
	bool has_origin;
	struct object_ids object_ids;
	struct analyzer_statistics statistics;
	bool keeps_ticks;
};

/** Name and unit of the period of each event, as the sources know them. */
static void add_events(struct profile *profile, const struct record_source *source)
{
	for (uint32_t i = 0; i < source->layouts->n_layouts; i++) {
		const struct perf_event_attr *attr = &source->attrs[i];
		bool is_clock = attr->type == PERF_TYPE_SOFTWARE &&
				(attr->config == PERF_COUNT_SW_CPU_CLOCK ||
				 attr->config == PERF_COUNT_SW_TASK_CLOCK);
		bool is_cycles = attr->type == PERF_TYPE_HARDWARE &&
				 attr->config == PERF_COUNT_HW_CPU_CYCLES;
		uint32_t event = profile_add_event(profile, source->event_names[i],
						   is_clock    ? "ns"
						   : is_cycles ? "cycles"
							       : "events");

		if (attr->freq)
			profile->events.items[event].frequency_hz = attr->sample_freq;
		else
			profile->events.items[event].period = attr->sample_period;
	}
}

struct analyzer *analyzer_create(const struct record_source *source,
				 const struct analyzer_options *options)
{
	struct analyzer *analyzer = memory_allocate(1, sizeof(*analyzer));
	const struct architecture *architecture = architecture_native();

	if (options->origin && !origin_is_native(options->origin))
		architecture = NULL;
	analyzer->profile = profile_create();
	analyzer->objects = object_registry_create(options->symfs_path);
	analyzer->processes = process_table_create(analyzer->objects);
	analyzer->symbolizer = symbolizer_create(options->symbols);
	analyzer->keeps_ticks = !options->is_without_ticks;
	analyzer->attrs = memory_duplicate(source->attrs,
					   source->layouts->n_layouts * sizeof(*source->attrs));
	analyzer->has_origin = options->origin;
	if (options->origin)
		origin_init(&analyzer->origin, options->origin, analyzer->objects,
			    options->symfs_path && options->symfs_path[0]);
	analyzer->stacks = (struct sample_stack){
		.architecture = architecture,
		.objects = analyzer->objects,
		.processes = analyzer->processes,
		.unwinder = architecture ? unwinder_create(architecture) : NULL,
		.origin = options->origin ? &analyzer->origin : NULL,
	};
	if (analyzer->stacks.unwinder)
		unwinder_set_cache(analyzer->stacks.unwinder, options->symbols->cache);
	add_events(analyzer->profile, source);
	return analyzer;
}

void analyzer_destroy(struct analyzer *analyzer)
{
	if (!analyzer)
		return;
	sample_stack_deinit(&analyzer->stacks);
	unwinder_destroy(analyzer->stacks.unwinder);
	symbolizer_destroy(analyzer->symbolizer);
	process_table_destroy(analyzer->processes);
	object_registry_destroy(analyzer->objects);
	object_ids_deinit(&analyzer->object_ids);
	if (analyzer->has_origin)
		origin_deinit(&analyzer->origin);
	profile_destroy(analyzer->profile);
	free(analyzer->attrs);
	free(analyzer);
}

static uint32_t intern_location(struct analyzer *analyzer, const struct address_frame *frame,
				uint32_t pid)
{
	uint32_t object = object_ids_of_frame(&analyzer->object_ids, analyzer->profile,
					      analyzer->objects, frame, pid);
	uint64_t back = frame->flags & ADDRESS_FRAME_IS_RETURN ? 1 : 0;
	uint32_t flags = 0;

	if (back)
		flags |= LOCATION_IS_CALL_SITE;
	if (frame->flags & ADDRESS_FRAME_IS_RECOVERED)
		flags |= LOCATION_IS_RECOVERED;
	return profile_intern_location(
		analyzer->profile, object, frame->elf_address - back, frame->runtime_address - back,
		frame->flags & ADDRESS_FRAME_IS_KERNEL ? LOCATION_KERNEL : LOCATION_USER, flags);
}

/** What the sample stands for: a fixed period is not repeated in every record. */
static uint64_t sample_period(const struct analyzer *analyzer, const struct record *record)
{
	const struct perf_event_attr *attr = &analyzer->attrs[record->event_index];

	if (attr->sample_type & PERF_SAMPLE_PERIOD)
		return record->sample.period;
	return attr->freq || !attr->sample_period ? 1 : attr->sample_period;
}

static void apply_sample(struct analyzer *analyzer, const struct record *record)
{
	uint64_t period = sample_period(analyzer, record);
	const struct address_frame_vector *frames = &analyzer->stacks.stack.frames;
	uint64_t start_ns = clock_monotonic_ns();
	uint32_t thread, sample, stack = 0;

	sample_stack_resolve(&analyzer->stacks, record);
	for (size_t i = frames->count; i-- > 0;)
		stack = profile_intern_stack(
			analyzer->profile, stack,
			intern_location(analyzer, &frames->items[i], record->pid));
	thread = profile_intern_thread(
		analyzer->profile, record->pid, record->tid,
		process_table_comm(analyzer->processes, record->pid, record->tid),
		process_table_comm(analyzer->processes, record->pid, record->pid));
	sample = profile_add_sample(analyzer->profile, thread, record->event_index, stack,
				    analyzer->stacks.stack.end, 1, period);
	if (analyzer->keeps_ticks)
		profile_add_tick(analyzer->profile, sample, record->time_ns, record->cpu, period);
	analyzer->statistics.n_samples++;
	analyzer->statistics.n_user_frames += frames->count;
	analyzer->statistics.unwind_ns += clock_monotonic_ns() - start_ns;
}

static void apply_process_record(struct analyzer *analyzer, const struct record *record)
{
	bool is_mapping = record->type == PERF_RECORD_MMAP || record->type == PERF_RECORD_MMAP2;
	struct record completed;

	if (analyzer->has_origin) {
		origin_apply(&analyzer->origin, record);
		if (is_mapping) {
			completed = *record;
			origin_complete_mapping(&analyzer->origin, &completed.mapping);
			record = &completed;
		}
	}
	process_table_apply(analyzer->processes, record);
}

struct error *analyzer_apply(struct analyzer *analyzer, const struct record *record)
{
	struct profile_losses *losses = &analyzer->profile->losses;

	switch (record->type) {
	case PERF_RECORD_SAMPLE:
		apply_sample(analyzer, record);
		break;
	case PERF_RECORD_LOST:
		losses->lost_records += record->lost.count;
		break;
	case PERF_RECORD_LOST_SAMPLES:
		losses->lost_samples += record->lost.count;
		break;
	case PERF_RECORD_THROTTLE:
		losses->throttles++;
		break;
	default:
		apply_process_record(analyzer, record);
	}
	return NULL;
}

const struct address_vector *analyzer_callchain(const struct analyzer *analyzer)
{
	return &analyzer->stacks.callchain;
}

struct error *analyzer_finish(struct analyzer *analyzer)
{
	uint64_t start_ns = clock_monotonic_ns();

	naming_run(analyzer->profile, &analyzer->object_ids, analyzer->symbolizer);
	analyzer->statistics.symbols_ns = clock_monotonic_ns() - start_ns;
	return NULL;
}

void analyzer_keep(struct analyzer *analyzer)
{
	symbolizer_keep(analyzer->symbolizer);
	if (analyzer->stacks.unwinder)
		unwinder_keep(analyzer->stacks.unwinder);
}

struct profile *analyzer_profile(struct analyzer *analyzer)
{
	return analyzer->profile;
}

struct object_registry *analyzer_objects(struct analyzer *analyzer)
{
	return analyzer->objects;
}

struct analyzer_statistics analyzer_statistics(const struct analyzer *analyzer)
{
	struct analyzer_statistics statistics = analyzer->statistics;

	if (analyzer->stacks.unwinder)
		statistics.unwinder = unwinder_statistics(analyzer->stacks.unwinder);
	return statistics;
}
