#include "base/clock.h"
#include "base/count_noun.h"
#include "base/rounding.h"
#include "base/text.h"
#include "base/text_stream.h"
#include "output/flamegraph_internal.h"
#include "profile/unnamed.h"

#include <inttypes.h>

/** Below this share of complete stacks the graph says so in colour. */
#define COMPLETE_SHARE_GOOD 0.95

#define ROW_HEIGHT_PX 18
#define FONT_SIZE_PX  12

/** Counts are microseconds: profile_sample_weight(). */
static bool is_time(const struct flamegraph *graph)
{
	const struct profile_event_vector *events = &graph->profile->events;
	uint32_t event = graph->options->event;

	return event < events->count && events->items[event].measure != PROFILE_SAMPLED;
}

const char *flamegraph_count_name(const struct flamegraph *graph)
{
	if (graph->options->count_name)
		return graph->options->count_name;
	if (!is_time(graph))
		return "samples";
	return graph->look->factor > 0 ? "us" : "ms";
}

double flamegraph_count_factor(const struct flamegraph *graph)
{
	bool is_own_unit = graph->look->factor > 0 || graph->options->count_name;

	return is_time(graph) && !is_own_unit ? 0.001 : graph->look->factor;
}

void flamegraph_format_count(const struct flamegraph *graph, uint64_t count, char text_ret[32])
{
	double shown = (double)count * graph->factor;

	if (graph->factor > 0)
		count = round_u64(shown);
	profile_format_count(count, text_ret);
}

char *flamegraph_format_change(const struct flamegraph *graph, double change)
{
	struct flame_change root = flame_tree_change(&graph->tree, FLAME_NODE_ROOT);
	double all = MAX((double)root.after_total_count,
			 (double)root.before_total_count * graph->tree.before_factor);

	return memory_format_text("%+.2f %%", all > 0 ? 100 * change / all : 0.0);
}

double flamegraph_row_height_px(const struct flamegraph *graph)
{
	return graph->look->row_height_px ? graph->look->row_height_px : ROW_HEIGHT_PX;
}

double flamegraph_font_size_px(const struct flamegraph *graph)
{
	return graph->look->font_size_px > 0 ? graph->look->font_size_px : FONT_SIZE_PX;
}

char *flamegraph_make_title(const struct flamegraph *graph)
{
	const char *command = graph->profile->info.command;

	if (graph->options->title)
		return memory_duplicate_text(graph->options->title);
	if (graph->before && graph->before->info.command && command)
		return strcmp(graph->before->info.command, command) == 0
			       ? memory_duplicate_text(command)
			       : memory_format_text("%s \xe2\x86\x92 %s",
						    graph->before->info.command, command);
	if (command && *command)
		return memory_duplicate_text(command);
	if (graph->before)
		return memory_duplicate_text("Flame Graph of Differences");
	if (graph->look->is_chart)
		return memory_duplicate_text("Flame Chart");
	return memory_duplicate_text(graph->options->is_inverted ? "Icicle Graph" : "Flame Graph");
}

/** " · 5.0 s of CPU time": what the samples stand for, when the event's unit tells. */
static void write_period(const struct flamegraph *graph, const struct profile_event *event,
			 FILE *file)
{
	const char *unit = profile_text(graph->profile, event->unit);
	const char *name = profile_text(graph->profile, event->name);
	uint64_t total = graph->quality.period_total;
	bool is_cpu_time =
		text_begins_with(name, "cpu-clock") || text_begins_with(name, "task-clock");
	char count_text[32];

	if (!total || !*unit)
		return;
	if (strcmp(unit, "ns") != 0) {
		profile_format_count(total, count_text);
		fprintf(file, FLAMEGRAPH_SEPARATOR "%s %s", count_text, unit);
	} else if (total < 10 * NS_PER_S) {
		profile_format_count((total + NS_PER_MS / 2) / NS_PER_MS, count_text);
		fprintf(file, FLAMEGRAPH_SEPARATOR "%s ms%s", count_text,
			is_cpu_time ? " of CPU time" : "");
	} else {
		fprintf(file, FLAMEGRAPH_SEPARATOR "%.1f s%s", (double)total / (double)NS_PER_S,
			is_cpu_time ? " of CPU time" : "");
	}
}

/** Folded stacks do not say what was counted: their event is called "samples". */
static bool is_event_named(const struct profile *profile, const struct profile_event *event)
{
	return event->name && strcmp(profile_text(profile, event->name), "samples") != 0;
}

/** "5.0 s off the CPU · 1,203 waits": what is not counted in samples. */
static void write_waits(const struct flamegraph *graph, const struct profile_event *event,
			FILE *file)
{
	char count_text[32];

	profile_format_count(graph->quality.n_samples, count_text);
	fprintf(file, "%.3f s %s" FLAMEGRAPH_SEPARATOR "%s %s" FLAMEGRAPH_SEPARATOR "%s",
		(double)graph->quality.period_total / (double)NS_PER_S,
		event->measure == PROFILE_OFF_CPU ? "off the CPU" : "on and off the CPU",
		count_text, event->measure == PROFILE_OFF_CPU ? "waits" : "samples and waits",
		profile_text(graph->profile, event->name));
}

/** "4,991 samples · 5.0 s of CPU time · cpu-clock at 997 Hz". */
static void write_samples(const struct flamegraph *graph, uint64_t count, FILE *file)
{
	const struct profile *profile = graph->profile;
	const struct profile_event *event = graph->options->event < profile->events.count
						    ? &profile->events.items[graph->options->event]
						    : NULL;
	char count_text[32];

	if (event && event->measure != PROFILE_SAMPLED && !graph->options->count_name) {
		write_waits(graph, event, file);
		return;
	}
	flamegraph_format_count(graph, count, count_text);
	fprintf(file, "%s %s", count_text, flamegraph_count_name(graph));
	if (event) {
		write_period(graph, event, file);
		if (is_event_named(profile, event))
			fprintf(file, FLAMEGRAPH_SEPARATOR "%s",
				profile_text(profile, event->name));
		if (event->frequency_hz)
			fprintf(file, " at %" PRIu64 " Hz", event->frequency_hz);
	}
}

/** "before: 1,000 samples · after: 1,200 samples · compared by share". */
static void write_both_samples(const struct flamegraph *graph, FILE *file)
{
	struct flame_change root = flame_tree_change(&graph->tree, FLAME_NODE_ROOT);
	char before_text[32], after_text[32];

	flamegraph_format_count(graph, root.before_total_count, before_text);
	flamegraph_format_count(graph, root.after_total_count, after_text);
	fprintf(file,
		"before: %s %s" FLAMEGRAPH_SEPARATOR "after: %s %s" FLAMEGRAPH_SEPARATOR
		"compared by %s",
		before_text, flamegraph_count_name(graph), after_text, flamegraph_count_name(graph),
		graph->compared_by);
}

char *flamegraph_make_subtitle(const struct flamegraph *graph)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *file;

	if (graph->options->subtitle)
		return memory_duplicate_text(graph->options->subtitle);
	file = text_stream_open(&text, &size_bytes);
	if (graph->before)
		write_both_samples(graph, file);
	else
		write_samples(graph, graph->tree.nodes.items[FLAME_NODE_ROOT].total_count, file);
	if (graph->look->is_chart)
		fputs(FLAMEGRAPH_SEPARATOR "in order of time, thread by thread", file);
	text_stream_close(file, &text);
	return text;
}

/** What stacks and losses say about how far a profile can be trusted. Nothing is known: nothing. */
static void write_quality(struct flamegraph *graph, const struct profile_quality *quality,
			  FILE *file)
{
	uint64_t n_told = quality->n_user_stacks - quality->n_by_end[STACK_END_UNTRACED];
	char count_text[32];

	if (n_told) {
		double complete_share = (double)quality->n_complete / (double)n_told;

		/* 100.0 is said only of all. */
		fprintf(file,
			"%.1f %% of stacks complete" FLAMEGRAPH_SEPARATOR
			"%.1f %% in named functions" FLAMEGRAPH_SEPARATOR,
			quality->n_complete < n_told ? MIN(100 * complete_share, 99.9) : 100.0,
			quality->named_share < 1 ? MIN(100 * quality->named_share, 99.9) : 100.0);
		graph->is_quality_poor |= complete_share < COMPLETE_SHARE_GOOD;
	}
	if (quality->n_lost) {
		profile_format_count(quality->n_lost, count_text);
		fprintf(file, "%s %s lost (%.2g %%)", count_text,
			count_noun(quality->n_lost, "sample", "samples"),
			100 * quality->lost_share);
		graph->is_quality_poor = true;
	} else if (n_told) {
		fputs("no samples lost", file);
	}
}

/** The library with the most code without names: why, and what mends it. */
static void write_unnamed(struct flamegraph *graph, FILE *file)
{
	const struct profile *profile = graph->profile;
	struct unnamed_object_vector unnamed = { 0 };
	const struct profile_object *object;

	profile_unnamed_of(profile, graph->options->event, &unnamed);
	object = unnamed.count ? &profile->objects.items[unnamed.items[0].object] : NULL;
	if (object && object->problem) {
		fprintf(file, FLAMEGRAPH_SEPARATOR "%.1f %% without a name in %s: %s",
			100 * unnamed.items[0].share, profile_text(profile, object->name),
			profile_text(profile, object->problem));
		if (object->problem_hint)
			fprintf(file, "; %s", profile_text(profile, object->problem_hint));
	}
	unnamed_object_vector_deinit(&unnamed);
}

static bool is_quality_known(const struct profile_quality *quality)
{
	return quality->n_lost || quality->n_user_stacks > quality->n_by_end[STACK_END_UNTRACED];
}

char *flamegraph_make_quality_text(struct flamegraph *graph)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *file = text_stream_open(&text, &size_bytes);

	if (graph->before && is_quality_known(&graph->before_quality)) {
		fputs("before: ", file);
		write_quality(graph, &graph->before_quality, file);
		if (is_quality_known(&graph->quality))
			fputs(FLAMEGRAPH_SEPARATOR "after: ", file);
	}
	write_quality(graph, &graph->quality, file);
	write_unnamed(graph, file);
	text_stream_close(file, &text);
	return text;
}
