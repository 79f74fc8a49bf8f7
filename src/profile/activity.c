#include "profile/activity.h"

#include "base/clock.h"
#include "base/hash_map.h"

#include <ctype.h>

/** CPUs busy at once are told over windows of so many samples of one CPU. */
#define WINDOW_SAMPLES  10
#define WINDOW_LEAST_NS (5 * NS_PER_MS)
#define WINDOWS_MAX     1000000

/** Linux has no more CPUs (NR_CPUS of x86-64). */
#define BUSY_CPUS_MAX 8192

/** Where nothing says how far apart samples were. */
#define INTERVAL_DEFAULT_NS NS_PER_MS

/** A thread of a pool with this many times its even part makes the pool uneven. */
#define UNEVEN_FACTOR 1.5

DEFINE_HASH_MAP(thread_place_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct activity_maker {
	struct activity *activity;
	const struct profile *profile;
	uint32_t event;
	struct thread_place_map places; /**< By tid << 32 | pid: index in activity->threads. */
	uint64_t interval_ns;           /**< Between two samples of a busy CPU. */
	bool is_time;                   /**< Periods are nanoseconds. */
};

static struct activity_thread *find_thread(struct activity_maker *maker, uint32_t pid, uint32_t tid)
{
	bool is_new;
	uint32_t *index =
		thread_place_map_insert(&maker->places, (uint64_t)tid << 32 | pid, &is_new);
	struct activity_thread *thread;

	if (!is_new)
		return &maker->activity->threads.items[*index];
	*index = (uint32_t)maker->activity->threads.count;
	thread = activity_thread_vector_append_new(&maker->activity->threads);
	thread->pid = pid;
	thread->tid = tid;
	return thread;
}

static struct activity_thread *thread_of_sample(struct activity_maker *maker,
						const struct profile_sample *sample)
{
	const struct profile_thread *named = &maker->profile->threads.items[sample->thread];
	struct activity_thread *thread = find_thread(maker, named->pid, named->tid);

	thread->comm = named->comm;
	thread->process_comm = named->process_comm;
	return thread;
}

static uint64_t time_of(const struct activity_maker *maker, uint64_t count, uint64_t period)
{
	return maker->is_time ? period : count * maker->interval_ns;
}

static void choose_interval(struct activity_maker *maker)
{
	const struct profile_event *event = maker->event < maker->profile->events.count
						    ? &maker->profile->events.items[maker->event]
						    : NULL;

	maker->interval_ns = INTERVAL_DEFAULT_NS;
	if (!event)
		return;
	maker->is_time = strcmp(profile_text(maker->profile, event->unit), "ns") == 0;
	if (event->frequency_hz)
		maker->interval_ns = MAX(NS_PER_S / event->frequency_hz, UINT64_C(1));
	else if (maker->is_time && event->period)
		maker->interval_ns = event->period;
}

static void sum_samples(struct activity_maker *maker)
{
	const struct profile *profile = maker->profile;

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		enum profile_measure measure =
			sample->event < profile->events.count
				? profile->events.items[sample->event].measure
				: PROFILE_SAMPLED;

		if (sample->event == maker->event && measure == PROFILE_SAMPLED)
			thread_of_sample(maker, sample)->cpu_ns +=
				time_of(maker, sample->count, sample->period);
		else if (measure == PROFILE_OFF_CPU)
			thread_of_sample(maker, sample)->off_cpu_ns += sample->period;
	}
}

/** What context switches say is better than samples. */
static void take_schedule(struct activity_maker *maker)
{
	const struct profile_schedule *schedule = &maker->profile->schedule;
	struct activity *activity = maker->activity;

	if (!schedule->watched_ns)
		return;
	activity->is_exact = true;
	for (size_t i = 0; i < activity->threads.count; i++)
		activity->threads.items[i].cpu_ns = 0;
	for (size_t i = 0; i < schedule->threads.count; i++) {
		const struct profile_thread_time *known = &schedule->threads.items[i];
		struct activity_thread *thread;

		if (!known->running_ns && !known->off_cpu_ns)
			continue;
		thread = find_thread(maker, known->pid, known->tid);
		thread->cpu_ns = known->running_ns;
		thread->off_cpu_ns = known->off_cpu_ns;
	}
	for (size_t i = 0; i < schedule->concurrency_ns.count; i++)
		address_vector_append(&activity->concurrency_ns, schedule->concurrency_ns.items[i]);
}

static bool is_of_event(const struct activity_maker *maker, const struct profile_tick *tick)
{
	return maker->profile->samples.items[tick->sample].event == maker->event;
}

/** False: there is no time axis. */
static bool find_span(struct activity_maker *maker)
{
	const struct profile *profile = maker->profile;
	uint64_t first_ns = UINT64_MAX, last_ns = 0;

	for (size_t i = 0; i < profile->ticks.count; i++) {
		if (!is_of_event(maker, &profile->ticks.items[i]))
			continue;
		first_ns = MIN(first_ns, profile->ticks.items[i].time_ns);
		last_ns = MAX(last_ns, profile->ticks.items[i].time_ns);
	}
	if (last_ns <= first_ns)
		return false;
	/* The first sample stands for what came before it. */
	maker->activity->start_ns =
		first_ns > maker->interval_ns ? first_ns - maker->interval_ns : 0;
	maker->activity->span_ns = last_ns - maker->activity->start_ns;
	return true;
}

static void fill_slots(struct activity_maker *maker)
{
	struct activity *activity = maker->activity;
	const struct profile *profile = maker->profile;

	for (size_t i = 0; i < profile->ticks.count; i++) {
		const struct profile_tick *tick = &profile->ticks.items[i];
		uint64_t time_ns = time_of(maker, 1, tick->period);
		uint64_t slot;

		if (!is_of_event(maker, tick))
			continue;
		slot = (uint64_t)((double)(tick->time_ns - activity->start_ns) * ACTIVITY_SLOTS /
				  (double)activity->span_ns);
		slot = MIN(slot, (uint64_t)ACTIVITY_SLOTS - 1);
		activity->slots_ns[slot] += time_ns;
		thread_of_sample(maker, &profile->samples.items[tick->sample])->slots_ns[slot] +=
			time_ns;
	}
}

static void count_window(struct activity *activity, uint64_t busy_ns, uint64_t window_ns)
{
	/* More than there can be: samples of a strange file that say they stand for years. */
	uint64_t n_busy = MIN((busy_ns + window_ns / 2) / window_ns, (uint64_t)BUSY_CPUS_MAX);

	while (activity->concurrency_ns.count <= n_busy)
		address_vector_append(&activity->concurrency_ns, 0);
	activity->concurrency_ns.items[n_busy] += window_ns;
}

/** How many CPUs were busy, window by window, and which samples were alone in theirs. */
static void fill_windows(struct activity_maker *maker)
{
	struct activity *activity = maker->activity;
	const struct profile_tick_vector *ticks = &maker->profile->ticks;
	uint64_t window_ns = MAX(maker->interval_ns * WINDOW_SAMPLES, WINDOW_LEAST_NS);
	_cleanup_free_ uint64_t *busy_ns = NULL;
	uint64_t n_windows;

	window_ns = MAX(window_ns, activity->span_ns / WINDOWS_MAX + 1);
	n_windows = activity->span_ns / window_ns + 1;
	busy_ns = memory_allocate(n_windows, sizeof(*busy_ns));
	activity->is_alone = memory_allocate(ticks->count, sizeof(bool));
	for (size_t i = 0; i < ticks->count; i++) {
		if (is_of_event(maker, &ticks->items[i]))
			busy_ns[(ticks->items[i].time_ns - activity->start_ns) / window_ns] +=
				time_of(maker, 1, ticks->items[i].period);
	}
	/* The last one is not whole. */
	for (uint64_t i = 0; i + 1 < n_windows && !activity->is_exact; i++)
		count_window(activity, busy_ns[i], window_ns);
	for (size_t i = 0; i < ticks->count; i++) {
		const struct profile_tick *tick = &ticks->items[i];
		uint64_t window = is_of_event(maker, tick)
					  ? (tick->time_ns - activity->start_ns) / window_ns
					  : 0;

		if (!is_of_event(maker, tick) || busy_ns[window] > window_ns * 5 / 4 ||
		    busy_ns[window] < window_ns * 3 / 4)
			continue;
		activity->is_alone[i] = true;
		activity->alone_ns += time_of(maker, 1, tick->period);
	}
}

static int compare_threads(const void *left, const void *right)
{
	const struct activity_thread *a = left, *b = right;

	if (a->cpu_ns != b->cpu_ns)
		return a->cpu_ns < b->cpu_ns ? 1 : -1;
	if (a->off_cpu_ns != b->off_cpu_ns)
		return a->off_cpu_ns < b->off_cpu_ns ? 1 : -1;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

static int compare_groups(const void *left, const void *right)
{
	const struct activity_group *a = left, *b = right;

	if (a->cpu_ns != b->cpu_ns)
		return a->cpu_ns < b->cpu_ns ? 1 : -1;
	if (a->off_cpu_ns != b->off_cpu_ns)
		return a->off_cpu_ns < b->off_cpu_ns ? 1 : -1;
	return strcmp(a->name, b->name);
}

/** Every run of digits as one '#'. */
static char *pool_name(const char *comm)
{
	char *name = memory_duplicate_text(comm);
	size_t length = 0;

	for (const char *letter = comm; *letter; letter++) {
		bool is_digit = isdigit((unsigned char)*letter);

		if (is_digit && length && name[length - 1] == '#')
			continue;
		name[length++] = is_digit ? '#' : *letter;
	}
	name[length] = '\0';
	return name;
}

static struct activity_group *find_group(struct activity *activity,
					 const struct activity_thread *thread, const char *name)
{
	for (size_t i = 0; i < activity->groups.count; i++) {
		struct activity_group *group = &activity->groups.items[i];

		if (group->process_comm == thread->process_comm && strcmp(group->name, name) == 0)
			return group;
	}
	return NULL;
}

/** A group of one keeps its name as it is. */
static void group_threads(struct activity *activity, const struct profile *profile)
{
	for (size_t i = 0; i < activity->threads.count; i++) {
		const struct activity_thread *thread = &activity->threads.items[i];
		_cleanup_free_ char *name = pool_name(profile_text(profile, thread->comm));
		struct activity_group *group = find_group(activity, thread, name);

		if (!group) {
			group = activity_group_vector_append_new(&activity->groups);
			group->name = memory_duplicate_text(name);
			group->process_comm = thread->process_comm;
			group->busiest = (uint32_t)i;
		}
		group->n_threads++;
		group->cpu_ns += thread->cpu_ns;
		group->off_cpu_ns += thread->off_cpu_ns;
		if (thread->cpu_ns > group->cpu_most_ns) {
			group->cpu_most_ns = thread->cpu_ns;
			group->busiest = (uint32_t)i;
		}
	}
	for (size_t i = 0; i < activity->groups.count; i++) {
		struct activity_group *group = &activity->groups.items[i];
		string_id comm = activity->threads.items[group->busiest].comm;

		if (group->n_threads > 1)
			continue;
		free(group->name);
		group->name = memory_duplicate_text(profile_text(profile, comm));
	}
	if (activity->groups.count)
		qsort(activity->groups.items, activity->groups.count,
		      sizeof(*activity->groups.items), compare_groups);
}

bool activity_group_is_uneven(const struct activity_group *group)
{
	double even_ns = (double)group->cpu_ns / MAX(group->n_threads, 1u);

	return group->n_threads > 1 && (double)group->cpu_most_ns > UNEVEN_FACTOR * even_ns;
}

void activity_init(struct activity *activity, const struct profile *profile, uint32_t event)
{
	struct activity_maker maker = { .activity = activity, .profile = profile, .event = event };

	*activity = (struct activity){ 0 };
	choose_interval(&maker);
	sum_samples(&maker);
	take_schedule(&maker);
	activity->has_times = find_span(&maker);
	if (activity->has_times) {
		fill_slots(&maker);
		fill_windows(&maker);
	}
	for (size_t i = 0; i < activity->threads.count; i++)
		activity->cpu_ns += activity->threads.items[i].cpu_ns;
	if (activity->threads.count)
		qsort(activity->threads.items, activity->threads.count,
		      sizeof(*activity->threads.items), compare_threads);
	group_threads(activity, profile);
	thread_place_map_deinit(&maker.places);
}

void activity_deinit(struct activity *activity)
{
	for (size_t i = 0; i < activity->groups.count; i++)
		free(activity->groups.items[i].name);
	activity_group_vector_deinit(&activity->groups);
	activity_thread_vector_deinit(&activity->threads);
	address_vector_deinit(&activity->concurrency_ns);
	free(activity->is_alone);
}
