#include "analyze/analyzer.h"

#include "analyze/analyzer_internal.h"
#include "analyze/code_times.h"
#include "arch/architecture.h"
#include "base/clock.h"
#include "base/memory.h"
#include "unwind/live_memory.h"

#include <string.h>
#include <time.h>

/** Read of a sleeping thread's stack at once; what lies beyond is read as it is needed. */
#define SLEEPER_STACK_BYTES 16384

struct analyzer *analyzer_create(const struct record_source *source,
				 const struct analyzer_options *options)
{
	struct analyzer *analyzer = memory_allocate(1, sizeof(*analyzer));
	const struct architecture *architecture = architecture_native();

	if (options->origin && !origin_is_native(options->origin))
		architecture = NULL;
	analyzer->profile = profile_create();
	analyzer->objects = object_registry_create(options->symfs_path);
	for (size_t i = 0; options->debug_folders && i < options->debug_folders->count; i++)
		object_registry_add_debug_folder(analyzer->objects,
						 options->debug_folders->items[i]);
	analyzer->servers = options->servers;
	/* Records of another time wait for no one. */
	if (options->origin)
		object_registry_set_servers(analyzer->objects, options->servers);
	analyzer->processes = process_table_create(analyzer->objects);
	analyzer->symbolizer = symbolizer_create(options->symbols);
	analyzer->keeps_ticks = !options->is_without_ticks;
	analyzer->is_for_callchains = options->is_for_callchains;
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
		.completes_stacks = options->completes_stacks,
	};
	if (analyzer->stacks.unwinder)
		unwinder_set_cache(analyzer->stacks.unwinder, options->symbols->cache);
	analyzer_add_events(analyzer, source, options);
	return analyzer;
}

void analyzer_destroy(struct analyzer *analyzer)
{
	if (!analyzer)
		return;
	sample_stack_deinit(&analyzer->stacks);
	stack_memo_deinit(&analyzer->memo);
	unwinder_destroy(analyzer->stacks.unwinder);
	symbolizer_destroy(analyzer->symbolizer);
	process_table_destroy(analyzer->processes);
	object_registry_destroy(analyzer->objects);
	object_ids_deinit(&analyzer->object_ids);
	if (analyzer->has_origin)
		origin_deinit(&analyzer->origin);
	off_cpu_destroy(analyzer->off_cpu);
	profile_destroy(analyzer->profile);
	free(analyzer->event_ids);
	free(analyzer->attrs);
	free(analyzer);
}

/** Records on another clock than runtimes' times cannot be compared with these. */
static bool is_on_monotonic_clock(const struct perf_event_attr *attr)
{
	return attr->use_clockid && attr->clockid == CLOCK_MONOTONIC;
}

static void note_run_time_code(struct analyzer *analyzer, struct object *object)
{
	if (!object || !object->process)
		return;
	if (!analyzer->has_origin)
		symbolizer_watch(analyzer->symbolizer, object);
	if (!analyzer->has_origin || object->process->dump_path)
		analyzer->has_timed_code |= is_on_monotonic_clock(&analyzer->attrs[0]);
}

static uint32_t intern_location(struct analyzer *analyzer, const struct address_frame *frame,
				uint32_t pid)
{
	uint32_t object = object_ids_of_frame(&analyzer->object_ids, analyzer->profile,
					      analyzer->objects, frame, pid);
	uint64_t back = frame->flags & ADDRESS_FRAME_IS_RETURN ? 1 : 0;
	uint32_t flags = 0;

	if (frame->object && frame->object->kind == OBJECT_ANONYMOUS)
		note_run_time_code(analyzer, analyzer->object_ids.objects.items[object]);
	if (back)
		flags |= LOCATION_IS_CALL_SITE;
	if (back && analyzer->has_origin &&
	    !(frame->flags & (ADDRESS_FRAME_IS_RECORDED | ADDRESS_FRAME_IS_KERNEL)))
		flags |= LOCATION_IS_SHOWN_AS_CALL;
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

/** The stack in the profile of the sample that was just resolved. */
static uint32_t intern_resolved(struct analyzer *analyzer, uint32_t pid)
{
	const struct address_frame_vector *frames = &analyzer->stacks.stack.frames;
	uint32_t stack = 0;

	for (size_t i = frames->count; i-- > 0;)
		stack = profile_intern_stack(analyzer->profile, stack,
					     intern_location(analyzer, &frames->items[i], pid));
	return stack;
}

/** A thread leaves the CPU, or sleeps, where the sample is. */
static void apply_place(struct analyzer *analyzer, const struct record *record,
			enum wait_reason reason)
{
	const struct off_cpu_place place = {
		.pid = record->pid,
		.tid = record->tid,
		.time_ns = record->time_ns,
		.thread = analyzer_intern_thread(analyzer, record->pid, record->tid),
		.stack = intern_resolved(analyzer, record->pid),
		.end = analyzer->stacks.stack.end,
		.reason = reason,
		.callchain = &analyzer->stacks.callchain,
	};

	off_cpu_set_place(analyzer->off_cpu, &place);
}

static bool is_tick_kept(const struct analyzer *analyzer)
{
	return analyzer->keeps_ticks || analyzer->has_timed_code;
}

/** Waits that somebody else paired: how many they were and what is known of why. */
static void add_ready_made(struct analyzer *analyzer, const struct record *record, uint32_t thread,
			   uint32_t stack, enum stack_end end)
{
	bool has_count = analyzer->attrs[record->event_index].sample_type & PERF_SAMPLE_WEIGHT;
	uint64_t count = has_count ? record->sample.weight : 1;
	uint64_t reason = record->sample.address;
	uint32_t sample;

	if (reason > WAIT_UNKNOWN && reason < N_WAIT_REASONS)
		stack = profile_intern_stack(
			analyzer->profile, stack,
			off_cpu_reason_location(analyzer->profile, (enum wait_reason)reason));
	sample = profile_add_sample(analyzer->profile, thread, analyzer->off_cpu_event, stack, end,
				    count, record->sample.period);
	if (is_tick_kept(analyzer))
		profile_insert_tick(analyzer->profile, sample, record->time_ns, record->cpu,
				    record->sample.period);
}

static void add_to_profile(struct analyzer *analyzer, const struct record *record, uint32_t stack,
			   enum stack_end end)
{
	uint32_t event = analyzer->event_ids[record->event_index];
	uint64_t period = sample_period(analyzer, record);
	uint32_t thread = analyzer_intern_thread(analyzer, record->pid, record->tid);
	uint32_t sample;

	if (event == analyzer->off_cpu_event) {
		add_ready_made(analyzer, record, thread, stack, end);
		return;
	}
	sample = profile_add_sample(analyzer->profile, thread, event, stack, end, 1, period);
	if (is_tick_kept(analyzer))
		profile_insert_tick(analyzer->profile, sample, record->time_ns, record->cpu,
				    period);
}

/** Resolve the stack of a sample and add it to what the event is for. */
static void apply_new_stack(struct analyzer *analyzer, const struct record *record,
			    uint32_t *stack_ret)
{
	uint64_t start_ns = clock_monotonic_ns();

	analyzer->stacks.branch_sample_type =
		analyzer->attrs[record->event_index].branch_sample_type;
	sample_stack_resolve(&analyzer->stacks, record);
	if (analyzer->off_cpu && record->event_index == analyzer->stacks_event)
		apply_place(analyzer, record, WAIT_UNKNOWN);
	else if (analyzer->off_cpu)
		off_cpu_note_running(analyzer->off_cpu, record);
	if (analyzer->event_ids[record->event_index] != EVENT_NONE &&
	    !analyzer->is_for_callchains) {
		*stack_ret = intern_resolved(analyzer, record->pid);
		add_to_profile(analyzer, record, *stack_ret, analyzer->stacks.stack.end);
	}
	analyzer->statistics.n_user_frames += analyzer->stacks.stack.frames.count;
	analyzer->statistics.unwind_ns += clock_monotonic_ns() - start_ns;
}

static bool ends_with_addresses(const struct sample_record *sample, uint64_t n_addresses)
{
	if (sample->n_callchain < n_addresses)
		return false;
	for (uint64_t i = 1; i <= n_addresses; i++)
		if (sample->callchain[sample->n_callchain - i] >= CALLCHAIN_MARKER_LEAST)
			return false;
	return true;
}

/**
 * The stack of a sample is its call chain, which is written already, and nobody else wants its
 * parts. (To a lone frame branches add others.)
 */
static bool has_memorable_stack(const struct analyzer *analyzer, const struct record *record)
{
	const struct sample_record *sample = &record->sample;

	return analyzer->has_origin && !analyzer->off_cpu && !analyzer->is_for_callchains &&
	       ends_with_addresses(sample, sample->n_branches > 0 ? 2 : 1) &&
	       !sample->has_user_registers &&
	       analyzer->event_ids[record->event_index] != EVENT_NONE;
}

static void apply_sample(struct analyzer *analyzer, const struct record *record)
{
	struct stack_memo_entry *entry;
	uint32_t stack = 0;

	analyzer->statistics.n_samples++;
	if (!has_memorable_stack(analyzer, record)) {
		apply_new_stack(analyzer, record, &stack);
		return;
	}
	if (stack_memo_find(&analyzer->memo, record, &entry)) {
		analyzer->statistics.n_user_frames +=
			analyzer->profile->stacks.items[entry->stack].depth;
		add_to_profile(analyzer, record, entry->stack, (enum stack_end)entry->end);
		return;
	}
	apply_new_stack(analyzer, record, &stack);
	stack_memo_keep(&analyzer->memo, record, entry, stack, analyzer->stacks.stack.end);
}

static void apply_process_record(struct analyzer *analyzer, const struct record *record)
{
	bool is_mapping = record->type == PERF_RECORD_MMAP || record->type == PERF_RECORD_MMAP2;
	struct record completed;

	stack_memo_forget(&analyzer->memo);
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

static void apply_lost(struct analyzer *analyzer, const struct record *record)
{
	struct profile *profile = analyzer->profile;

	/* Only a stack less: the wait itself is in other records. */
	if (analyzer->off_cpu && record->event_index == analyzer->stacks_event &&
	    analyzer->event_ids[record->event_index] == EVENT_NONE)
		profile->schedule.n_stacks_lost += record->lost.count;
	else if (record->type == PERF_RECORD_LOST)
		profile->losses.lost_records += record->lost.count;
	else
		profile->losses.lost_samples += record->lost.count;
}

/** Whether it is us who held an event back, and not the kernel. */
static bool is_own_throttle(const struct analyzer *analyzer, const struct record *record)
{
	return (record->type == PERF_RECORD_THROTTLE || record->type == PERF_RECORD_UNTHROTTLE) &&
	       analyzer_is_off_cpu_source(analyzer, record->event_index);
}

/** What the schedule is to know of; files have no beginning but their first record. */
static void apply_to_schedule(struct analyzer *analyzer, const struct record *record)
{
	if (!analyzer->has_begun && record->time_ns)
		analyzer_begin_run(analyzer, record->time_ns);
	analyzer->last_time_ns = MAX(analyzer->last_time_ns, record->time_ns);
	if (!is_own_throttle(analyzer, record))
		off_cpu_apply(analyzer->off_cpu, record);
	else if (record->type == PERF_RECORD_THROTTLE)
		off_cpu_pause(analyzer->off_cpu, record->time_ns);
	else
		off_cpu_resume(analyzer->off_cpu, record->time_ns);
}

struct error *analyzer_apply(struct analyzer *analyzer, const struct record *record)
{
	if (analyzer->off_cpu)
		apply_to_schedule(analyzer, record);
	switch (record->type) {
	case PERF_RECORD_SAMPLE:
		apply_sample(analyzer, record);
		break;
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		apply_lost(analyzer, record);
		break;
	case PERF_RECORD_THROTTLE:
		analyzer->profile->losses.throttles += !is_own_throttle(analyzer, record);
		break;
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		break;
	default:
		apply_process_record(analyzer, record);
	}
	return NULL;
}

void analyzer_begin_run(struct analyzer *analyzer, uint64_t time_ns)
{
	analyzer->has_begun = true;
	if (analyzer->off_cpu)
		off_cpu_begin(analyzer->off_cpu, time_ns);
}

void analyzer_end_run(struct analyzer *analyzer, uint64_t time_ns)
{
	if (analyzer->off_cpu && analyzer->has_begun)
		off_cpu_end(analyzer->off_cpu, MAX(time_ns, analyzer->last_time_ns));
	analyzer->has_begun = false;
}

struct off_cpu *analyzer_off_cpu(struct analyzer *analyzer)
{
	return analyzer->off_cpu;
}

bool analyzer_is_off_cpu_source(const struct analyzer *analyzer, uint32_t event_index)
{
	return analyzer->off_cpu && analyzer->event_ids[event_index] == EVENT_NONE;
}

/** What a sample would have held: two registers and the stack above them. */
static void apply_sleeper(struct analyzer *analyzer, const struct off_cpu_sleeper *sleeper,
			  uint64_t now_ns)
{
	const struct architecture *architecture = analyzer->stacks.architecture;
	const struct memory_reader memory = memory_reader_of_thread(sleeper->tid, now_ns);
	struct record record = { .type = PERF_RECORD_SAMPLE,
				 .misc = PERF_RECORD_MISC_USER,
				 .pid = sleeper->pid,
				 .tid = sleeper->tid,
				 .time_ns = now_ns };
	uint8_t stack[SLEEPER_STACK_BYTES];

	if (sleeper->state.has_registers && architecture)
		sample_stack_resolve_sleeper(
			&analyzer->stacks, &record, sleeper->state.stack_pointer,
			sleeper->state.instruction_pointer,
			(struct bytes){ stack,
					memory.read(memory.context, sleeper->state.stack_pointer,
						    stack, sizeof(stack)) });
	else
		sample_stack_clear(&analyzer->stacks);
	apply_place(analyzer, &record, sleeper->state.reason);
}

void analyzer_look_at_sleepers(struct analyzer *analyzer, uint64_t now_ns)
{
	struct off_cpu_sleeper_vector sleepers = { 0 };

	if (!analyzer->off_cpu || !analyzer->has_begun)
		return;
	off_cpu_find_sleepers(analyzer->off_cpu, now_ns, &sleepers);
	for (size_t i = 0; i < sleepers.count; i++)
		apply_sleeper(analyzer, &sleepers.items[i], now_ns);
	off_cpu_sleeper_vector_deinit(&sleepers);
}

const struct address_vector *analyzer_callchain(const struct analyzer *analyzer)
{
	return &analyzer->stacks.callchain;
}

enum stack_end analyzer_stack_end(const struct analyzer *analyzer)
{
	return analyzer->stacks.stack.end;
}

struct stack_extent analyzer_stack_extent(const struct analyzer *analyzer)
{
	if (!analyzer->stacks.unwinder)
		return (struct stack_extent){ 0 };
	return unwinder_extent(analyzer->stacks.unwinder);
}

/** Say in the profile whose unwind information is missing or damaged. */
static void note_unwind_problems(struct analyzer *analyzer)
{
	const struct object_vector *objects = &analyzer->object_ids.objects;
	struct profile *profile = analyzer->profile;

	for (size_t id = 0; analyzer->stacks.unwinder && id < objects->count; id++) {
		const char *problem = objects->items[id]
					      ? unwinder_object_problem(analyzer->stacks.unwinder,
									objects->items[id])
					      : NULL;

		if (!problem)
			continue;
		profile->objects.items[id].unwind_problem = profile_intern_text(profile, problem);
		if (!profile->objects.items[id].problem &&
		    unwinder_object_is_damaged(analyzer->stacks.unwinder, objects->items[id]))
			profile->objects.items[id].problem =
				profile->objects.items[id].unwind_problem;
	}
}

struct error *analyzer_finish(struct analyzer *analyzer)
{
	uint64_t start_ns = clock_monotonic_ns();
	struct code_times times = { 0 };

	analyzer_end_run(analyzer, 0);
	if (analyzer->off_cpu)
		off_cpu_finish(analyzer->off_cpu);
	object_registry_set_servers(analyzer->objects, analyzer->servers);
	if (analyzer->has_timed_code)
		code_times_split(&times, analyzer->profile, &analyzer->object_ids,
				 analyzer->symbolizer);
	naming_run(analyzer->profile, &analyzer->object_ids, analyzer->symbolizer);
	code_times_finish(&times, analyzer->profile);
	if (!analyzer->keeps_ticks)
		analyzer->profile->ticks.count = 0;
	note_unwind_problems(analyzer);
	if (analyzer->off_cpu_event != EVENT_NONE)
		off_cpu_name_reasons(analyzer->profile, analyzer->off_cpu_event);
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

const struct process_table *analyzer_processes(const struct analyzer *analyzer)
{
	return analyzer->processes;
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
