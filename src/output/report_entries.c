#include "base/escape.h"
#include "output/report_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define ENTRY_NONE UINT32_MAX

/** How a function is called in rows and trees. Trees have no column for the object. */
static char *function_display_name(const struct profile *profile,
				   const struct profile_function *function, bool is_only_inlined)
{
	char *name = escape_plain(profile_text(profile, function->name));
	_cleanup_free_ char *bare = NULL;

	if (function->flags & FRAME_IS_UNKNOWN && function->object != PROFILE_OBJECT_UNKNOWN) {
		string_id object_name = profile->objects.items[function->object].name;
		_cleanup_free_ char *object = escape_plain(profile_text(profile, object_name));

		bare = name;
		return memory_format_text("%s (%s)", bare, object);
	}
	if (is_only_inlined) {
		bare = name;
		return memory_format_text("%s (inlined)", bare);
	}
	return name;
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
			function_display_name(profile, &report->functions.items[i], !is_called[i]);
	free(is_called);
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

static void entry_maker_enter(struct entry_maker *maker, uint32_t id, string_id comm)
{
	struct report *report = maker->report;
	const struct call_tree_node *node = &report->calls.nodes.items[id];
	uint32_t *index = &maker->entry_of_function[node->name];
	struct report_entry *entry;

	if (*index == ENTRY_NONE || report->entries.items[*index].comm != comm) {
		*index = (uint32_t)report->entries.count;
		report_entry_vector_append(
			&report->entries,
			(struct report_entry){ .comm = comm, .function = node->name });
	}
	entry = &report->entries.items[*index];
	entry->self += report->quality.period_total ? node->self_period : node->self_count;
	if (maker->n_on_path[node->name]++ > 0)
		return;
	entry->children += report->weights[id];
	entry->n_nodes++;
	index_vector_append(&maker->nodes, id);
	index_vector_append(&maker->node_entries, *index);
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
	const struct profile_function *a_function = &report->functions.items[a->function];
	const struct profile_function *b_function = &report->functions.items[b->function];
	int order;

	if (a->children != b->children)
		return a->children < b->children ? 1 : -1;
	if (a->self != b->self)
		return a->self < b->self ? 1 : -1;
	order = strcmp(profile_text(profile, a->comm), profile_text(profile, b->comm));
	if (order == 0)
		order = strcmp(
			profile_text(profile, profile->objects.items[a_function->object].path),
			profile_text(profile, profile->objects.items[b_function->object].path));
	if (order == 0)
		order = strcmp(profile_text(profile, a_function->name),
			       profile_text(profile, b_function->name));
	return order ? order : (a->function > b->function) - (a->function < b->function);
}

static void report_make_entries(struct report *report)
{
	struct entry_maker maker = { .report = report };
	struct call_tree_walk walk = call_tree_walk_begin(&report->calls);
	size_t n_functions = report->functions.count;
	string_id comm = 0;

	maker.n_on_path = memory_allocate(n_functions, sizeof(uint32_t));
	maker.entry_of_function = memory_allocate(n_functions, sizeof(uint32_t));
	memset(maker.entry_of_function, 0xff, n_functions * sizeof(uint32_t)); /* ENTRY_NONE */

	while (call_tree_walk_next(&walk)) {
		const struct call_tree_node *node = &report->calls.nodes.items[walk.node];

		if (node->parent == 0)
			comm = node->name;
		else if (walk.is_entering)
			entry_maker_enter(&maker, walk.node, comm);
		else
			maker.n_on_path[node->name]--;
	}
	entry_maker_group_nodes(&maker);
	if (report->entries.count > 0)
		qsort_r(report->entries.items, report->entries.count,
			sizeof(*report->entries.items), compare_entries, report);

	index_vector_deinit(&maker.nodes);
	index_vector_deinit(&maker.node_entries);
	free(maker.entry_of_function);
	free(maker.n_on_path);
}

void report_init(struct report *report, const struct profile *profile,
		 const struct output_options *options)
{
	uint32_t *function_of_frame = memory_allocate(profile->frames.count, sizeof(uint32_t));
	string_id *comm_of_thread = memory_allocate(profile->threads.count, sizeof(string_id));

	*report = (struct report){ .profile = profile,
				   .event = options->event,
				   .percent_limit = options->percent_limit };
	profile_quality_of(profile, options->event, &report->quality);
	profile_number_functions(profile, &report->functions, function_of_frame);
	report_name_functions(report, function_of_frame);
	for (size_t i = 0; i < profile->threads.count; i++)
		comm_of_thread[i] = profile->threads.items[i].comm;
	call_tree_init(&report->calls, profile, options->event, comm_of_thread, function_of_frame);
	report_weigh(report);
	report_make_entries(report);
	free(comm_of_thread);
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
	profile_function_vector_deinit(&report->functions);
}

double report_percent(const struct report *report, uint64_t weight)
{
	return report->total ? 100.0 * (double)weight / (double)report->total : 0;
}
