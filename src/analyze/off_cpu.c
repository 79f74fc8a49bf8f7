#include "analyze/off_cpu.h"

#include "analyze/wait_classes_internal.h"
#include "base/clock.h"
#include "base/memory.h"
#include "schedule/schedule.h"
#include "schedule/turn_count.h"

/** Waits without a stack are added to others this often: they appear about when they were. */
#define SHARE_OUT_PERIOD_NS (NS_PER_S / 10)

/** A wait this long without a known stack is looked up in /proc. */
#define SLEEPER_LEAST_NS (10 * NS_PER_MS)

/** What is known of a sample of the event; by its id. */
struct place {
	bool is_known;
	uint32_t pid, tid;
	enum wait_reason reason;
	uint32_t preempted; /**< The same place with the CPU as reason; its sample id + 1. */
	struct address_vector callchain;
};

DEFINE_VECTOR(place_vector, struct place)

struct off_cpu {
	struct profile *profile;
	struct off_cpu_options options;
	struct schedule *schedule;
	struct place_vector places;
	struct wait_classes classes;
	struct off_cpu_sample_vector samples;
	uint64_t shared_out_ns;
	bool is_paused;
};

static void take_stretch(void *context, const struct off_cpu_stretch *stretch);

struct off_cpu *off_cpu_create(struct profile *profile, const struct off_cpu_options *options)
{
	struct off_cpu *off_cpu = memory_allocate(1, sizeof(*off_cpu));

	off_cpu->profile = profile;
	off_cpu->options = *options;
	off_cpu->schedule = schedule_create(take_stretch, off_cpu, options->is_of_cpus,
					    options->sample_interval_ns);
	if (options->is_live)
		schedule_set_counter(off_cpu->schedule, turn_count_read);
	profile->schedule.least_ns = options->least_ns;
	return off_cpu;
}

void off_cpu_destroy(struct off_cpu *off_cpu)
{
	if (!off_cpu)
		return;
	wait_classes_deinit(&off_cpu->classes);
	for (size_t i = 0; i < off_cpu->places.count; i++)
		address_vector_deinit(&off_cpu->places.items[i].callchain);
	place_vector_deinit(&off_cpu->places);
	off_cpu_sample_vector_deinit(&off_cpu->samples);
	schedule_destroy(off_cpu->schedule);
	free(off_cpu);
}

/** The entry of a sample id; its pointer is valid until the next call. */
static struct place *place_at(struct off_cpu *off_cpu, uint32_t sample)
{
	while (off_cpu->places.count <= sample)
		place_vector_append_new(&off_cpu->places);
	return &off_cpu->places.items[sample];
}

/** The sample id of a place. */
static uint32_t intern_place(struct off_cpu *off_cpu, const struct off_cpu_place *wanted)
{
	struct profile *profile = off_cpu->profile;
	uint32_t stack = wanted->stack, sample;
	struct place *place;

	if (wanted->reason != WAIT_UNKNOWN)
		stack = profile_intern_stack(profile, stack,
					     off_cpu_reason_location(profile, wanted->reason));
	sample = profile_add_sample(profile, wanted->thread, off_cpu->options.event, stack,
				    wanted->end, 0, 0);
	place = place_at(off_cpu, sample);
	if (place->is_known)
		return sample;
	place->is_known = true;
	place->pid = wanted->pid;
	place->tid = wanted->tid;
	place->reason = wanted->reason;
	for (size_t i = 0; wanted->callchain && i < wanted->callchain->count; i++)
		address_vector_append(&place->callchain, wanted->callchain->items[i]);
	return sample;
}

/** The same place for a thread that was made to leave. */
static uint32_t preempted_place(struct off_cpu *off_cpu, uint32_t sample)
{
	const struct profile_sample *plain = &off_cpu->profile->samples.items[sample];
	struct place *place = place_at(off_cpu, sample);
	struct address_vector callchain = place->callchain;
	const struct off_cpu_place wanted = {
		.pid = place->pid,
		.tid = place->tid,
		.thread = plain->thread,
		.stack = plain->stack,
		.end = plain->end,
		.reason = WAIT_CPU,
		.callchain = &callchain,
	};
	uint32_t preempted;

	if (place->preempted)
		return place->preempted - 1;
	if (place->reason != WAIT_UNKNOWN)
		return sample;
	preempted = intern_place(off_cpu, &wanted);
	place_at(off_cpu, sample)->preempted = preempted + 1;
	return preempted;
}

void off_cpu_set_place(struct off_cpu *off_cpu, const struct off_cpu_place *place)
{
	schedule_set_stack(off_cpu->schedule, place->pid, place->tid, place->time_ns,
			   intern_place(off_cpu, place));
}

static void add_waits(struct off_cpu *off_cpu, uint32_t sample_id, uint64_t time_ns, uint32_t cpu,
		      uint64_t count, uint64_t period_ns)
{
	struct profile_sample *sample = &off_cpu->profile->samples.items[sample_id];
	const struct place *place = place_at(off_cpu, sample_id);

	sample->count += count;
	sample->period += period_ns;
	if (off_cpu->options.keeps_ticks)
		profile_insert_tick(off_cpu->profile, sample_id, time_ns, cpu, period_ns);
	if (off_cpu->options.keeps_samples)
		off_cpu_sample_vector_append(&off_cpu->samples,
					     (struct off_cpu_sample){ .pid = place->pid,
								      .tid = place->tid,
								      .cpu = cpu,
								      .time_ns = time_ns,
								      .period_ns = period_ns,
								      .count = count,
								      .reason = place->reason,
								      .place = sample_id });
}

/** Add the waits without a stack to the donors, in proportion. */
static void share_out(struct off_cpu *off_cpu, struct wait_class *class,
		      const struct donor_vector *donors, uint64_t time_ns)
{
	uint64_t count_left = class->count, period_left_ns = class->period_ns, total_ns = 0;

	for (size_t i = 0; i < donors->count; i++)
		total_ns += MAX(donors->items[i].period_ns, UINT64_C(1));
	for (size_t i = 0; i < donors->count; i++) {
		const struct donor *donor = &donors->items[i];
		bool is_last = i + 1 == donors->count;
		double share = (double)MAX(donor->period_ns, UINT64_C(1)) / (double)total_ns;
		uint64_t count = MIN((uint64_t)(share * (double)class->count), count_left);
		uint64_t period_ns =
			MIN((uint64_t)(share * (double)class->period_ns), period_left_ns);

		if (is_last) {
			count = count_left;
			period_ns = period_left_ns;
		}
		count_left -= count;
		period_left_ns -= period_ns;
		if (count || period_ns)
			add_waits(off_cpu, donor->sample, time_ns, class->cpu, count, period_ns);
	}
	class->count = class->period_ns = 0;
}

static void share_out_all(struct off_cpu *off_cpu, uint64_t time_ns)
{
	struct class_vector *waiting = &off_cpu->classes.waiting;
	size_t n_kept = 0;

	for (size_t i = 0; i < waiting->count; i++) {
		struct wait_class *class = waiting->items[i];

		if (class->donors.count) {
			share_out(off_cpu, class, &class->donors, time_ns);
			class->is_shared_out = true;
			class->is_waiting = false;
		} else {
			waiting->items[n_kept++] = class;
		}
	}
	waiting->count = n_kept;
	off_cpu->shared_out_ns = time_ns;
}

static uint32_t place_without_stack(struct off_cpu *off_cpu, uint32_t pid, uint32_t tid,
				    enum wait_reason reason)
{
	const struct off_cpu_place place = {
		.pid = pid,
		.tid = tid,
		.thread = off_cpu->options.thread_of(off_cpu->options.context, pid, tid),
		.end = STACK_END_NONE,
		.reason = reason,
	};

	return intern_place(off_cpu, &place);
}

static void take_stretch(void *context, const struct off_cpu_stretch *stretch)
{
	struct off_cpu *off_cpu = context;
	struct profile_schedule *figures = &off_cpu->profile->schedule;
	uint64_t duration_ns = stretch->end_ns - stretch->start_ns;
	uint64_t count = !stretch->goes_on;
	struct wait_class *class;
	uint32_t sample = stretch->stack;

	figures->n_waits += count;
	figures->waits_ns += stretch->seen_ns;
	if (duration_ns < off_cpu->options.least_ns) {
		figures->n_short += count;
		figures->short_ns += stretch->seen_ns;
		return;
	}
	class = wait_classes_find(&off_cpu->classes, stretch->pid, stretch->tid, duration_ns,
				  stretch->is_preempted);
	class->cpu = stretch->cpu;
	class->lately_count += count;
	class->lately_ns += stretch->lately_ns;
	if (sample == SCHEDULE_NO_STACK && stretch->is_new)
		sample = place_without_stack(off_cpu, stretch->pid, stretch->tid, WAIT_CPU);
	if (sample != SCHEDULE_NO_STACK) {
		figures->n_with_stack += count;
		figures->with_stack_ns += stretch->seen_ns;
		if (stretch->is_preempted)
			sample = preempted_place(off_cpu, sample);
		if (!stretch->is_new)
			wait_class_add_donor(class, sample, stretch->seen_ns);
		add_waits(off_cpu, sample, stretch->end_ns, stretch->cpu, count, stretch->seen_ns);
		return;
	}
	wait_classes_add_waiting(&off_cpu->classes, class, count, stretch->seen_ns);
}

void off_cpu_begin(struct off_cpu *off_cpu, uint64_t time_ns)
{
	struct wait_class *class;
	size_t cursor = 0;

	schedule_begin(off_cpu->schedule, time_ns);
	off_cpu->shared_out_ns = time_ns;
	off_cpu->is_paused = false;
	while ((class = wait_classes_next(&off_cpu->classes, &cursor)))
		class->lately_count = class->lately_ns = 0;
}

void off_cpu_pause(struct off_cpu *off_cpu, uint64_t time_ns)
{
	schedule_pause(off_cpu->schedule, time_ns);
	off_cpu->is_paused = true;
}

void off_cpu_resume(struct off_cpu *off_cpu, uint64_t time_ns)
{
	double factor = schedule_resume(off_cpu->schedule, time_ns);
	struct profile_schedule *figures = &off_cpu->profile->schedule;
	struct wait_class *class;
	size_t cursor = 0;

	off_cpu->is_paused = false;
	while ((class = wait_classes_next(&off_cpu->classes, &cursor))) {
		double count_factor =
			schedule_count_factor(off_cpu->schedule, class->pid, class->tid);
		uint64_t count = (uint64_t)((double)class->lately_count * count_factor + 0.5);
		uint64_t period_ns = (uint64_t)((double)class->lately_ns * factor);

		if (!period_ns)
			continue;
		figures->n_waits += count;
		figures->waits_ns += period_ns;
		figures->n_estimated += count;
		figures->estimated_ns += period_ns;
		wait_classes_add_waiting(&off_cpu->classes, class, count, period_ns);
	}
}

void off_cpu_note_running(struct off_cpu *off_cpu, const struct record *record)
{
	schedule_note_running(off_cpu->schedule, record->pid, record->tid, record->time_ns);
}

void off_cpu_apply(struct off_cpu *off_cpu, const struct record *record)
{
	schedule_apply(off_cpu->schedule, record);
	if (record->time_ns <= off_cpu->shared_out_ns + SHARE_OUT_PERIOD_NS)
		return;
	share_out_all(off_cpu, record->time_ns);
	/* Older waits say less of what is now. */
	schedule_forget(off_cpu->schedule);
	wait_classes_age(&off_cpu->classes);
}

/** At the end there will be no better donors. */
static void settle(struct off_cpu *off_cpu, struct wait_class *class, uint64_t time_ns)
{
	const struct donor_vector *donors = wait_classes_nearest_donors(&off_cpu->classes, class);
	uint32_t sample;

	if (donors) {
		share_out(off_cpu, class, donors, time_ns);
		return;
	}
	off_cpu->profile->schedule.n_without_stack += class->count;
	sample = place_without_stack(off_cpu, class->pid, class->tid,
				     class->is_preempted ? WAIT_CPU : WAIT_NO_STACK);
	add_waits(off_cpu, sample, time_ns, class->cpu, class->count, class->period_ns);
	class->count = class->period_ns = 0;
}

void off_cpu_end(struct off_cpu *off_cpu, uint64_t time_ns)
{
	struct class_vector *waiting = &off_cpu->classes.waiting;

	if (off_cpu->is_paused)
		off_cpu_resume(off_cpu, time_ns);
	schedule_end(off_cpu->schedule, time_ns);
	share_out_all(off_cpu, time_ns);
	for (size_t i = 0; i < waiting->count; i++) {
		settle(off_cpu, waiting->items[i], time_ns);
		waiting->items[i]->is_waiting = false;
	}
	class_vector_clear(waiting);
}

void off_cpu_find_sleepers(struct off_cpu *off_cpu, uint64_t now_ns,
			   struct off_cpu_sleeper_vector *ret)
{
	struct sleeping_thread_vector threads = { 0 };

	if (now_ns > SLEEPER_LEAST_NS)
		schedule_list_sleepers(off_cpu->schedule, now_ns - SLEEPER_LEAST_NS, &threads);
	for (size_t i = 0; i < threads.count; i++) {
		const struct sleeping_thread *thread = &threads.items[i];
		struct sleeper state = sleeper_read(thread->pid, thread->tid);

		if (!state.is_asleep)
			continue;
		schedule_note_asleep(off_cpu->schedule, thread->pid, thread->tid);
		off_cpu_sleeper_vector_append(
			ret, (struct off_cpu_sleeper){ thread->pid, thread->tid, state });
	}
	sleeping_thread_vector_deinit(&threads);
}

const struct off_cpu_sample_vector *off_cpu_samples(const struct off_cpu *off_cpu)
{
	return &off_cpu->samples;
}

const struct address_vector *off_cpu_callchain(const struct off_cpu *off_cpu, uint32_t place)
{
	return &off_cpu->places.items[place].callchain;
}

enum stack_end off_cpu_stack_end(const struct off_cpu *off_cpu, uint32_t place)
{
	return off_cpu->profile->samples.items[place].end;
}

void off_cpu_samples_clear(struct off_cpu *off_cpu)
{
	off_cpu_sample_vector_clear(&off_cpu->samples);
}

static void drop_empty_samples(struct profile *profile, uint32_t event)
{
	_cleanup_free_ bool *kept = memory_allocate(profile->samples.count, sizeof(*kept));

	for (size_t i = 0; i < profile->samples.count; i++)
		kept[i] = profile->samples.items[i].event != event ||
			  profile->samples.items[i].count || profile->samples.items[i].period;
	profile_keep_samples(profile, kept);
}

void off_cpu_finish(struct off_cpu *off_cpu)
{
	const struct schedule_figures *figures = schedule_figures(off_cpu->schedule);
	struct profile_schedule *schedule = &off_cpu->profile->schedule;

	schedule->watched_ns = figures->watched_ns;
	schedule->n_switches = figures->n_switches;
	for (size_t i = 0; i < figures->concurrency_ns.count; i++)
		address_vector_append(&schedule->concurrency_ns, figures->concurrency_ns.items[i]);
	for (size_t i = 0; i < figures->threads.count; i++) {
		const struct schedule_thread *thread = &figures->threads.items[i];

		profile_thread_time_vector_append(
			&schedule->threads,
			(struct profile_thread_time){ .pid = thread->pid,
						      .tid = thread->tid,
						      .running_ns = thread->running_ns,
						      .off_cpu_ns = thread->off_cpu_ns,
						      .n_switches = thread->n_switches,
						      .n_preempted = thread->n_preempted });
	}
	drop_empty_samples(off_cpu->profile, off_cpu->options.event);
}
