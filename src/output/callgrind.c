/**
 * Callgrind's profile format, for KCachegrind and callgrind_annotate.
 *
 * Source: https://valgrind.org/docs/manual/cl-format.html (format version 1). Names are
 * compressed: "(ID) name" the first time, "(ID)" after.
 *
 * Samples do not count calls. What is known is the inclusive cost of a call, the samples
 * taken below it; their number also stands for the number of calls, because readers
 * take a count of 0 for no call. A sample counts once per pair of caller
 * and callee, however often that pair is on its stack, and a function calling itself is
 * no call: otherwise recursion would multiply costs. What calls itself through others is
 * a cycle to KCachegrind, as with callgrind's own files.
 */

#include "base/escape.h"
#include "output/call_tree_internal.h"
#include "output/event_measure_internal.h"
#include "output/named_functions_internal.h"
#include "output/output_formats_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

struct cost {
	uint64_t count;
	uint64_t period;
};

/** From a line of one function into another function. */
struct call {
	uint32_t frame;  /**< Of the caller: says its line. */
	uint32_t callee; /**< Function. */
	struct cost cost;
};

DEFINE_VECTOR(call_vector, struct call)
DEFINE_HASH_MAP(pair_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct callgrind_writer {
	const struct profile *profile;
	struct named_functions functions;
	struct call_tree tree; /**< Of frames: lines matter here, threads do not. */
	struct cost *totals;   /**< By node: of it and all below. */
	struct cost *self;     /**< By frame. */
	struct call_vector calls;
	struct pair_map call_of_pair;    /**< frame << 32 | callee: index + 1 into calls. */
	struct pair_map n_pairs_on_path; /**< caller << 32 | callee. */
	bool *is_object_named, *is_function_named, *is_file_named; /**< By id: has been written. */
	struct event_measure measure;
	FILE *file;
};

static void cost_add(struct cost *cost, struct cost more)
{
	cost->count += more.count;
	cost->period += more.period;
}

static uint64_t pair_key(uint32_t first, uint32_t second)
{
	return (uint64_t)first << 32 | second;
}

static void callgrind_sum_up(struct callgrind_writer *writer)
{
	const struct call_tree_node_vector *nodes = &writer->tree.nodes;

	writer->totals = memory_allocate(nodes->count, sizeof(*writer->totals));
	writer->self = memory_allocate(writer->profile->frames.count, sizeof(*writer->self));
	for (size_t i = nodes->count; i-- > 1;) {
		const struct call_tree_node *node = &nodes->items[i];
		struct cost self = { .count = node->self_count, .period = node->self_period };

		cost_add(&writer->totals[i], self);
		cost_add(&writer->totals[node->parent], writer->totals[i]);
		if (node->parent != 0) /* the first level are threads */
			cost_add(&writer->self[node->name], self);
	}
}

static void callgrind_add_call(struct callgrind_writer *writer, uint32_t frame, uint32_t callee,
			       struct cost cost)
{
	bool is_new;
	uint32_t *index = pair_map_insert(&writer->call_of_pair, pair_key(frame, callee), &is_new);

	if (is_new) {
		call_vector_append(&writer->calls,
				   (struct call){ .frame = frame, .callee = callee });
		*index = (uint32_t)writer->calls.count;
	}
	cost_add(&writer->calls.items[*index - 1].cost, cost);
}

/** Visit all nodes and count the calls on the way in. */
static void callgrind_find_calls(struct callgrind_writer *writer)
{
	const struct call_tree_node *nodes = writer->tree.nodes.items;
	struct call_tree_walk walk = call_tree_walk_begin(&writer->tree);

	while (call_tree_walk_next(&walk)) {
		uint32_t parent = nodes[walk.node].parent;
		uint32_t caller, callee, *n_on_path;

		if (parent == 0 || nodes[parent].parent == 0)
			continue; /* a thread, or a root: nobody calls it */
		caller = writer->functions.of_frame[nodes[parent].name];
		callee = writer->functions.of_frame[nodes[walk.node].name];
		if (caller == callee)
			continue;
		n_on_path =
			pair_map_insert(&writer->n_pairs_on_path, pair_key(caller, callee), NULL);
		if (!walk.is_entering)
			(*n_on_path)--;
		else if ((*n_on_path)++ == 0)
			callgrind_add_call(writer, nodes[parent].name, callee,
					   writer->totals[walk.node]);
	}
}

/** "KEY=(ID) NAME", or without the name once it is known. @p id from 0. */
static void write_name(struct callgrind_writer *writer, const char *key, bool *is_named,
		       uint32_t id, const char *name)
{
	fprintf(writer->file, "%s=(%" PRIu32 ")", key, id + 1);
	if (!is_named[id]) {
		is_named[id] = true;
		fputc(' ', writer->file);
		escape_write_plain(writer->file, name);
	}
	fputc('\n', writer->file);
}

static void write_file_name(struct callgrind_writer *writer, const char *key, string_id file)
{
	const char *path = profile_text(writer->profile, file);

	write_name(writer, key, writer->is_file_named, file, *path ? path : "???");
}

static void write_object_name(struct callgrind_writer *writer, const char *key, uint32_t object)
{
	const struct profile *profile = writer->profile;

	write_name(writer, key, writer->is_object_named, object,
		   profile_text(profile, profile->objects.items[object].path));
}

static void write_cost(struct callgrind_writer *writer, uint32_t line, struct cost cost)
{
	fprintf(writer->file, "%" PRIu32 " %" PRIu64, line, cost.count);
	if (writer->measure.has_periods)
		fprintf(writer->file, " %" PRIu64, cost.period);
	fputc('\n', writer->file);
}

static void write_call(struct callgrind_writer *writer, const struct call *call)
{
	const struct named_functions *functions = &writer->functions;

	write_object_name(writer, "cob", functions->functions.items[call->callee].object);
	write_file_name(writer, "cfi", functions->files[call->callee]);
	write_name(writer, "cfn", writer->is_function_named, call->callee,
		   functions->names[call->callee]);
	fprintf(writer->file, "calls=%" PRIu64 " 0\n", call->cost.count);
	write_cost(writer, writer->profile->frames.items[call->frame].line, call->cost);
}

struct frame_order {
	const struct profile *profile;
	const uint32_t *function_of_frame;
};

/** By function, then file, then line. */
static int compare_frames(const void *left, const void *right, void *argument)
{
	const struct frame_order *order = argument;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct profile_frame *a_frame = &order->profile->frames.items[a];
	const struct profile_frame *b_frame = &order->profile->frames.items[b];
	uint32_t a_function = order->function_of_frame[a];
	uint32_t b_function = order->function_of_frame[b];

	if (a_function != b_function)
		return a_function < b_function ? -1 : 1;
	if (a_frame->file != b_frame->file)
		return a_frame->file < b_frame->file ? -1 : 1;
	if (a_frame->line != b_frame->line)
		return a_frame->line < b_frame->line ? -1 : 1;
	return (a > b) - (a < b);
}

static int compare_calls(const void *left, const void *right)
{
	const struct call *a = left, *b = right;

	if (a->frame != b->frame)
		return a->frame < b->frame ? -1 : 1;
	return (a->callee > b->callee) - (a->callee < b->callee);
}

/** The run of calls out of @p frame, in the sorted calls. */
static size_t first_call_of(const struct call_vector *calls, uint32_t frame)
{
	size_t low = 0, high = calls->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (calls->items[middle].frame < frame)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void write_function_head(struct callgrind_writer *writer, uint32_t function)
{
	fputc('\n', writer->file);
	write_object_name(writer, "ob", writer->functions.functions.items[function].object);
	write_file_name(writer, "fl", writer->functions.files[function]);
	write_name(writer, "fn", writer->is_function_named, function,
		   writer->functions.names[function]);
}

static void callgrind_write_functions(struct callgrind_writer *writer)
{
	const struct profile *profile = writer->profile;
	struct frame_order order = { .profile = profile,
				     .function_of_frame = writer->functions.of_frame };
	uint32_t *frames = memory_allocate(profile->frames.count, sizeof(*frames));
	uint32_t function_at_hand = UINT32_MAX;
	string_id file_at_hand = 0;

	for (uint32_t i = 0; i < profile->frames.count; i++)
		frames[i] = i;
	qsort_r(frames, profile->frames.count, sizeof(*frames), compare_frames, &order);
	if (writer->calls.count)
		qsort(writer->calls.items, writer->calls.count, sizeof(struct call), compare_calls);

	for (size_t i = 0; i < profile->frames.count; i++) {
		const struct profile_frame *frame = &profile->frames.items[frames[i]];
		size_t call = first_call_of(&writer->calls, frames[i]);
		uint32_t function = writer->functions.of_frame[frames[i]];
		bool has_calls =
			call < writer->calls.count && writer->calls.items[call].frame == frames[i];

		if (!writer->self[frames[i]].count && !has_calls)
			continue;
		if (function != function_at_hand) {
			write_function_head(writer, function);
			function_at_hand = function;
			file_at_hand = writer->functions.files[function];
		}
		if (frame->file && frame->file != file_at_hand) {
			write_file_name(writer, "fe", frame->file);
			file_at_hand = frame->file;
		}
		if (writer->self[frames[i]].count)
			write_cost(writer, frame->line, writer->self[frames[i]]);
		for (; call < writer->calls.count && writer->calls.items[call].frame == frames[i];
		     call++)
			write_call(writer, &writer->calls.items[call]);
	}
	free(frames);
}

/** Event names are identifiers in this format. */
static void write_event_name(const struct event_measure *measure, FILE *file)
{
	if (measure->is_time) {
		fputs(" Nanoseconds", file);
		return;
	}
	fputs(" Event_", file);
	for (const char *from = measure->name; *from; from++)
		fputc(isalnum((unsigned char)*from) ? *from : '_', file);
}

static void callgrind_write_head(const struct callgrind_writer *writer)
{
	const struct profile_info *info = &writer->profile->info;
	struct cost total = writer->totals[0];

	fprintf(writer->file, "# callgrind format\nversion: 1\ncreator: %s\n",
		info->tool_version ? info->tool_version : "perf-profile");
	fputs("cmd: ", writer->file);
	escape_write_plain(writer->file, info->command ? info->command : "");
	fputs("\npositions: line\nevents: Samples", writer->file);
	if (writer->measure.has_periods)
		write_event_name(&writer->measure, writer->file);
	fprintf(writer->file, "\nsummary: %" PRIu64, total.count);
	if (writer->measure.has_periods)
		fprintf(writer->file, " %" PRIu64, total.period);
	fputc('\n', writer->file);
}

static void callgrind_writer_init(struct callgrind_writer *writer, const struct profile *profile,
				  uint32_t event, FILE *file)
{
	uint32_t *same = memory_allocate(profile->threads.count, sizeof(*same));
	uint32_t *itself = memory_allocate(profile->frames.count, sizeof(*itself));

	*writer = (struct callgrind_writer){ .profile = profile,
					     .measure = event_measure_of(profile, event),
					     .file = file };
	for (uint32_t i = 0; i < profile->frames.count; i++)
		itself[i] = i;
	named_functions_init(&writer->functions, profile);
	call_tree_init(&writer->tree, profile, event, same, itself);
	free(itself);
	free(same);

	writer->is_object_named = memory_allocate(profile->objects.count, sizeof(bool));
	writer->is_function_named =
		memory_allocate(writer->functions.functions.count, sizeof(bool));
	writer->is_file_named = memory_allocate(profile->strings.texts.count, sizeof(bool));
	callgrind_sum_up(writer);
	callgrind_find_calls(writer);
}

static void callgrind_writer_deinit(struct callgrind_writer *writer)
{
	free(writer->is_file_named);
	free(writer->is_function_named);
	free(writer->is_object_named);
	pair_map_deinit(&writer->n_pairs_on_path);
	pair_map_deinit(&writer->call_of_pair);
	call_vector_deinit(&writer->calls);
	free(writer->self);
	free(writer->totals);
	call_tree_deinit(&writer->tree);
	named_functions_deinit(&writer->functions);
}

static struct error *callgrind_write(const struct profile *profile,
				     const struct output_options *options, FILE *file)
{
	struct callgrind_writer writer;

	callgrind_writer_init(&writer, profile, options->event, file);
	callgrind_write_head(&writer);
	callgrind_write_functions(&writer);
	callgrind_writer_deinit(&writer);
	return NULL;
}

const struct output_format callgrind_format = {
	.name = "callgrind",
	.file_name = "callgrind.out",
	.description = "for KCachegrind and callgrind_annotate: costs by file, line and call",
	.write = callgrind_write,
};
