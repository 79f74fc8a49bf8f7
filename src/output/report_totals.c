#include "base/escape.h"
#include "output/report_internal.h"

#include <inttypes.h>
#include <stdlib.h>

/** A row of either table. */
struct total {
	uint32_t id; /**< Of the thread or object. */
	uint64_t weight;
	uint64_t count;
	uint64_t n_named; /**< Samples whose innermost frame has a name. */
};

static int compare_totals(const void *left, const void *right)
{
	const struct total *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return (a->id > b->id) - (a->id < b->id);
}

static struct total *totals_create(size_t count)
{
	struct total *totals = memory_allocate(count, sizeof(*totals));

	for (size_t i = 0; i < count; i++)
		totals[i].id = (uint32_t)i;
	return totals;
}

static void total_add(const struct report *report, struct total *total,
		      const struct profile_sample *sample, bool is_named)
{
	total->weight += report->quality.period_total ? sample->period : sample->count;
	total->count += sample->count;
	if (is_named)
		total->n_named += sample->count;
}

static void write_threads(const struct report *report, struct total *threads, FILE *file)
{
	const struct profile *profile = report->profile;

	qsort(threads, profile->threads.count, sizeof(*threads), compare_totals);
	fputs("#\n# Threads\n#\n"
	      "# Overhead     Samples      Pid      Tid  Command\n"
	      "# ........  ..........  .......  .......  .......\n",
	      file);
	for (size_t i = 0; i < profile->threads.count && threads[i].weight >= report->limit; i++) {
		const struct profile_thread *thread = &profile->threads.items[threads[i].id];

		fprintf(file, "  %7.2f%%  %10" PRIu64 "  %7" PRIu32 "  %7" PRIu32 "  ",
			report_percent(report, threads[i].weight), threads[i].count, thread->pid,
			thread->tid);
		escape_write_plain(file, profile_text(profile, thread->comm));
		fputc('\n', file);
	}
}

/** Why an object has no names, or not all, and what mends it. */
static void write_problem(const struct profile *profile, const struct profile_object *object,
			  FILE *file)
{
	if (!object->problem)
		return;
	fputs("#                                 ", file);
	escape_write_plain(file, profile_text(profile, object->problem));
	if (object->problem_hint) {
		fputs("; ", file);
		escape_write_plain(file, profile_text(profile, object->problem_hint));
	}
	fputc('\n', file);
}

static void write_objects(const struct report *report, struct total *objects, FILE *file)
{
	const struct profile *profile = report->profile;

	qsort(objects, profile->objects.count, sizeof(*objects), compare_totals);
	fputs("#\n# Programs and libraries (self)\n#\n"
	      "# Overhead     Samples    Named  Shared Object\n"
	      "# ........  ..........  .......  .............\n",
	      file);
	for (size_t i = 0; i < profile->objects.count && objects[i].weight >= report->limit; i++) {
		const struct profile_object *object = &profile->objects.items[objects[i].id];
		char named[PROFILE_NUMBER_SIZE_BYTES];

		profile_format_share((double)objects[i].n_named / (double)objects[i].count, named);
		fprintf(file, "  %7.2f%%  %10" PRIu64 "  %7s  ",
			report_percent(report, objects[i].weight), objects[i].count, named);
		escape_write_plain(file, profile_text(profile, object->path));
		fputc('\n', file);
		write_problem(profile, object, file);
	}
}

void report_write_totals(const struct report *report, FILE *file)
{
	const struct profile *profile = report->profile;
	struct total *threads = totals_create(profile->threads.count);
	struct total *objects = totals_create(profile->objects.count);

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		uint32_t location;

		if (sample->event != report->event)
			continue;
		total_add(report, &threads[sample->thread], sample, true);
		if (sample->stack == 0)
			continue;
		location = profile->stacks.items[sample->stack].location;
		total_add(
			report, &objects[profile->locations.items[location].object], sample,
			!(profile_location_frame(profile, location, 0)->flags & FRAME_IS_UNKNOWN));
	}
	write_threads(report, threads, file);
	write_objects(report, objects, file);
	free(objects);
	free(threads);
}
