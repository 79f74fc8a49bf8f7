#include "base/escape.h"
#include "output/report_internal.h"
#include "profile/label.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define ENTRY_NONE UINT32_MAX

/** "FILE:LINE", "FILE" or "" */
static char *source_text(const struct report *report, const struct report_function *function)
{
	_cleanup_free_ char *file =
		escape_plain(function->file ? profile_text(report->profile, function->file) : "??");

	if (report->options->keys & REPORT_BY_SOURCE_LINE)
		return memory_format_text("%s:%u", file, function->line);
	return memory_duplicate_text(file);
}

/** How a function is called in rows and trees. Trees have no column for the object. */
static char *function_display_name(const struct report *report,
				   const struct report_function *function, bool is_only_inlined)
{
	const struct profile *profile = report->profile;
	string_id object_name = profile->objects.items[function->object].name;
	_cleanup_free_ char *name = NULL, *object = NULL;

	if (!(report->options->keys & REPORT_BY_SYMBOL)) {
		if (report->options->keys & (REPORT_BY_SOURCE_LINE | REPORT_BY_SOURCE_FILE))
			return source_text(report, function);
		return escape_plain(profile_text(profile, object_name));
	}
	name = escape_plain(profile_text(profile, function->name));
	object = escape_plain(profile_text(profile, object_name));
	if (function->flags & FRAME_IS_UNKNOWN && function->object != PROFILE_OBJECT_UNKNOWN &&
	    profile_is_nameless(profile, function->name))
		return memory_format_text("%s (%s)", name, object);
	if (is_only_inlined)
		return memory_format_text("%s" INLINED_MARK, name);
	return memory_duplicate_text(name);
}

static void report_name_functions(struct report *report, const uint32_t *function_of_frame)
{
	const struct profile *profile = report->profile;
	bool *is_called = memory_allocate(report->functions.count, sizeof(bool));

	for (size_t i = 0; i < profile->frames.count; i++) {
		if (!(profile->frames.items[i].flags & FRAME_IS_INLINED))
			is_called[function_of_frame[i]] = true;
	}
	report->function_names = memory_allocate(report->functions.count, sizeof(char *));
	for (size_t i = 0; i < report->functions.count; i++)
		report->function_names[i] =
			function_display_name(report, &report->functions.items[i], !is_called[i]);
	free(is_called);
}

static uint64_t function_hash(struct report_function function)
{
	uint64_t hash = hash_u64((uint64_t)function.name << 32 | function.object);

	return hash_combine(hash, (uint64_t)function.file << 32 | function.line);
}

static bool function_equal(struct report_function a, struct report_function b)
{
	return a.name == b.name && a.object == b.object && a.file == b.file && a.line == b.line;
}

DEFINE_HASH_MAP(function_map, struct report_function, uint32_t, function_hash, function_equal)

/** Number the frames by what the report tells apart. */
static void report_number_functions(struct report *report, uint32_t *function_of_frame)
{
	const struct profile *profile = report->profile;
	struct function_map numbers = { 0 };
	uint32_t keys = report->options->keys;

	for (size_t i = 0; i < profile->frames.count; i++) {
		const struct profile_frame *frame = &profile->frames.items[i];
		struct report_function function = {
			.name = keys & REPORT_BY_SYMBOL ? frame->name : 0,
			.object = keys & REPORT_BY_OBJECT ? frame->object : PROFILE_OBJECT_UNKNOWN,
			.file = keys & (REPORT_BY_SOURCE_LINE | REPORT_BY_SOURCE_FILE) ? frame->file
										       : 0,
			.line = keys & REPORT_BY_SOURCE_LINE ? frame->line : 0,
		};
		bool is_new;
		uint32_t *number = function_map_insert(&numbers, function, &is_new);

		if (is_new) {
			*number = (uint32_t)report->functions.count;
			report_function_vector_append(&report->functions, function);
		}
		report->functions.items[*number].flags |= frame->flags;
		function_of_frame[i] = *number;
	}
	function_map_deinit(&numbers);
}

/** "COMM", "PID:COMM", "TID:COMM", "PID:TID:COMM" or "". */
static string_id label_of_thread(struct report *report, const struct profile_thread *thread)
{
	uint32_t keys = report->options->keys;
	_cleanup_free_ char *text = NULL;
	const char *comm = profile_text(report->profile, thread->comm);

	if (keys & REPORT_BY_PID && keys & REPORT_BY_TID)
		text = memory_format_text("%7u:%7u:%s", thread->pid, thread->tid, comm);
	else if (keys & REPORT_BY_PID)
		text = memory_format_text("%7u:%s", thread->pid, comm);
	else if (keys & REPORT_BY_TID)
		text = memory_format_text("%7u:%s", thread->tid, comm);
	else if (keys & (REPORT_BY_COMM | REPORT_BY_CPU))
		text = memory_duplicate_text(comm);
	return string_table_intern(&report->labels, text);
}

/** Weight of each node with all below it; periods, or samples when nothing has a period. */
static void report_weigh(struct report *report)
{
	const struct call_tree_node_vector *nodes = &report->calls.nodes;
	bool has_periods = report->quality.period_total > 0;

	report->weights = memory_allocate(nodes->count, sizeof(uint64_t));
	for (size_t i = nodes->count - 1; i > 0; i--) {
		const struct call_tree_node *node = &nodes->items[i];

		report->weights[i] += has_periods ? node->self_period : node->self_count;
		assert(node->parent < i);
		report->weights[node->parent] += report->weights[i];
	}
	report->total = report->weights[0];
	report->limit =
		MAX((uint64_t)ceil((double)report->total * report->percent_limit / 100), 1u);
}

/** While the entries are made from the tree. */
struct entry_maker {
	struct report *report;
	struct index_vector nodes;        /**< Where an entry is outermost... */
	struct index_vector node_entries; /**< ...and which entry that is. */
	uint32_t *entry_of_function;      /**< Within the comm at hand. */
	uint32_t *n_on_path;              /**< By function. */
};

uint64_t report_node_weight(const struct report *report, uint32_t node)
{
	const struct call_tree_node *found = &report->calls.nodes.items[node];

	if (!report->options->is_by_self)
		return report->weights[node];
	return report->quality.period_total ? found->self_period : found->self_count;
}

uint64_t report_entry_weight(const struct report *report, const struct report_entry *entry)
{
	return report->options->is_by_self ? entry->self : entry->children;
}

static void entry_maker_add_node(struct entry_maker *maker, uint32_t id, uint32_t index)
{
	maker->report->entries.items[index].n_nodes++;
	index_vector_append(&maker->nodes, id);
	index_vector_append(&maker->node_entries, index);
}

static void entry_maker_enter(struct entry_maker *maker, uint32_t id, string_id label)
{
	struct report *report = maker->report;
	const struct call_tree_node *node = &report->calls.nodes.items[id];
	uint32_t *index = &maker->entry_of_function[node->name];
	struct report_entry *entry;

	if (*index == ENTRY_NONE || report->entries.items[*index].label != label) {
		*index = (uint32_t)report->entries.count;
		report_entry_vector_append(
			&report->entries,
			(struct report_entry){ .label = label, .function = node->name });
	}
	entry = &report->entries.items[*index];
	entry->self += report->quality.period_total ? node->self_period : node->self_count;
	entry->self_count += node->self_count;
	if (report->options->is_by_self && node->self_count > 0)
		entry_maker_add_node(maker, id, *index);
	if (maker->n_on_path[node->name]++ > 0)
		return;
	entry->children += report->weights[id];
	if (!report->options->is_by_self)
		entry_maker_add_node(maker, id, *index);
}

/** Bring each entry's nodes together. */
static void entry_maker_group_nodes(struct entry_maker *maker)
{
	struct report *report = maker->report;
	uint32_t n_nodes = 0;

	for (size_t i = 0; i < report->entries.count; i++) {
		struct report_entry *entry = &report->entries.items[i];

		entry->first_node = n_nodes;
		n_nodes += entry->n_nodes;
		entry->n_nodes = 0;
	}
	report->entry_nodes = memory_allocate(n_nodes, sizeof(uint32_t));
	for (size_t i = 0; i < maker->nodes.count; i++) {
		struct report_entry *entry = &report->entries.items[maker->node_entries.items[i]];

		report->entry_nodes[entry->first_node + entry->n_nodes++] = maker->nodes.items[i];
	}
}

static int compare_entries(const void *left, const void *right, void *argument)
{
	const struct report_entry *a = left, *b = right;
	const struct report *report = argument;
	const struct profile *profile = report->profile;
	const struct report_function *a_function = &report->functions.items[a->function];
	const struct report_function *b_function = &report->functions.items[b->function];
	int order;

	if (!report->options->is_by_self && a->children != b->children)
		return a->children < b->children ? 1 : -1;
	if (a->self != b->self)
		return a->self < b->self ? 1 : -1;
	order = strcmp(string_table_text(&report->labels, a->label),
		       string_table_text(&report->labels, b->label));
	if (order == 0)
		order = strcmp(
			profile_text(profile, profile->objects.items[a_function->object].path),
			profile_text(profile, profile->objects.items[b_function->object].path));
	if (order == 0)
		order = strcmp(report->function_names[a->function],
			       report->function_names[b->function]);
	return order ? order : (a->function > b->function) - (a->function < b->function);
}

/** Rows are threads: all their samples, also those without a stack. */
static void report_make_thread_entries(struct report *report)
{
	const struct call_tree_node_vector *nodes = &report->calls.nodes;
	uint32_t *entry_of_node = memory_allocate(nodes->count, sizeof(*entry_of_node));

	/* A parent's id is below its children's. */
	for (uint32_t i = 1; i < nodes->count; i++) {
		const struct call_tree_node *node = &nodes->items[i];

		if (node->parent == 0) {
			entry_of_node[i] = (uint32_t)report->entries.count;
			report_entry_vector_append(
				&report->entries,
				(struct report_entry){ .label = node->name,
						       .children = report->weights[i],
						       .self = report->weights[i] });
		} else {
			entry_of_node[i] = entry_of_node[node->parent];
		}
		report->entries.items[entry_of_node[i]].self_count += node->self_count;
	}
	free(entry_of_node);
}

static void report_make_function_entries(struct report *report)
{
	struct entry_maker maker = { .report = report };
	struct call_tree_walk walk = call_tree_walk_begin(&report->calls);
	size_t n_functions = report->functions.count;
	string_id label = 0;

	maker.n_on_path = memory_allocate(n_functions, sizeof(uint32_t));
	maker.entry_of_function = memory_allocate(n_functions, sizeof(uint32_t));
	memset(maker.entry_of_function, 0xff, n_functions * sizeof(uint32_t)); /* ENTRY_NONE */

	while (call_tree_walk_next(&walk)) {
		const struct call_tree_node *node = &report->calls.nodes.items[walk.node];

		if (node->parent == 0)
			label = node->name;
		else if (walk.is_entering)
			entry_maker_enter(&maker, walk.node, label);
		else
			maker.n_on_path[node->name]--;
	}
	entry_maker_group_nodes(&maker);

	index_vector_deinit(&maker.nodes);
	index_vector_deinit(&maker.node_entries);
	free(maker.entry_of_function);
	free(maker.n_on_path);
}

static void report_make_entries(struct report *report)
{
	if (report->options->keys & REPORT_FRAME_KEYS)
		report_make_function_entries(report);
	else
		report_make_thread_entries(report);
	if (report->entries.count > 0)
		qsort_r(report->entries.items, report->entries.count,
			sizeof(*report->entries.items), compare_entries, report);
}

void report_init(struct report *report, const struct profile *profile,
		 const struct output_options *options)
{
	uint32_t *function_of_frame = memory_allocate(profile->frames.count, sizeof(uint32_t));
	string_id *label_by_thread = memory_allocate(profile->threads.count, sizeof(string_id));

	*report = (struct report){ .profile = profile,
				   .options = &options->report,
				   .event = options->event,
				   .percent_limit = options->percent_limit };
	string_table_init(&report->labels);
	profile_quality_of(profile, options->event, &report->quality);
	report_number_functions(report, function_of_frame);
	report_name_functions(report, function_of_frame);
	for (size_t i = 0; i < profile->threads.count; i++)
		label_by_thread[i] = label_of_thread(report, &profile->threads.items[i]);
	call_tree_init(&report->calls, profile, options->event, label_by_thread, function_of_frame);
	report_weigh(report);
	report_make_entries(report);
	free(label_by_thread);
	free(function_of_frame);
}

void report_deinit(struct report *report)
{
	for (size_t i = 0; i < report->functions.count; i++)
		free(report->function_names[i]);
	free(report->function_names);
	free(report->entry_nodes);
	free(report->weights);
	report_entry_vector_deinit(&report->entries);
	call_tree_deinit(&report->calls);
	report_function_vector_deinit(&report->functions);
	string_table_deinit(&report->labels);
}

double report_percent(const struct report *report, uint64_t weight)
{
	return report->total ? 100.0 * (double)weight / (double)report->total : 0;
}
