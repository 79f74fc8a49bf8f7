/**
 * Call trees in the drawing of `perf report`:
 *
 *     ---main
 *        |
 *        |--90.50%--work
 *        |          |
 *        |           --1.12%--format
 *        |
 *         --9.22%--flush
 *                  write
 *
 * Percentages are of all samples. What weighs all of what is above it goes on
 * below it without a branch.
 *
 * No tree is built: a level is a group of nodes of the call tree with the same
 * function, and the next levels are found from it, towards the leaves (what it
 * calls) or towards the root (what calls it). Groups below the limit are dropped
 * unseen, so the cost follows what is printed.
 *
 * A tree longer than a reader follows is drawn again with a higher limit, and says so.
 */

#include "output/report_internal.h"

#include "base/function_name.h"
#include "base/text_stream.h"

#include <assert.h>
#include <stdlib.h>

/** Column of the trees, under the rows. */
#define TREE_INDENT "            "

/** Branches in branches; each costs 11 columns. */
#define TREE_BRANCH_DEPTH_MAX 20

/** Raise the limit of a tree above this. Half of what is above stays in it at the least. */
#define TREE_LINES_AIM 100

/** A tree ends here even so: stacks may be a single chain of thousands. */
#define TREE_LINES_MAX 300

/** Longer names are in short or even cut: they are whole in their own row. */
#define TREE_NAME_USUAL_BYTES    80
#define TREE_NAME_SIZE_MAX_BYTES 160

/** A call tree node with the weight that counts for it here. */
struct tree_member {
	uint32_t node;
	uint64_t weight;
};

DEFINE_VECTOR(tree_member_vector, struct tree_member)

/** A run of members with one function: one line of the tree. */
struct tree_group {
	uint32_t function;
	uint32_t first, n_members;
	uint64_t weight;
};

DEFINE_VECTOR(tree_group_vector, struct tree_group)

/** The groups one step away from a group. */
struct tree_level {
	struct tree_member_vector members;
	struct tree_group_vector groups; /**< Descending weight, none below the limit. */
};

static void tree_level_deinit(struct tree_level *level)
{
	tree_member_vector_deinit(&level->members);
	tree_group_vector_deinit(&level->groups);
}

/** Appends the nodes one step away from @p member. */
typedef void tree_step(const struct report *report, const struct tree_member *member,
		       struct tree_member_vector *ret);

static void step_to_callees(const struct report *report, const struct tree_member *member,
			    struct tree_member_vector *ret)
{
	uint32_t child = report->calls.nodes.items[member->node].first_child;

	for (; child != 0; child = report->calls.nodes.items[child].next_sibling)
		tree_member_vector_append(
			ret,
			(struct tree_member){ .node = child, .weight = report->weights[child] });
}

static void step_to_callers(const struct report *report, const struct tree_member *member,
			    struct tree_member_vector *ret)
{
	uint32_t parent = report->calls.nodes.items[member->node].parent;

	if (report->calls.nodes.items[parent].parent != 0) /* else the thread's name */
		tree_member_vector_append(
			ret, (struct tree_member){ .node = parent, .weight = member->weight });
}

static int compare_members(const void *left, const void *right, void *argument)
{
	const struct tree_member *a = left, *b = right;
	const struct call_tree_node *nodes = argument;
	uint32_t a_name = nodes[a->node].name, b_name = nodes[b->node].name;

	if (a_name != b_name)
		return a_name < b_name ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static int compare_groups(const void *left, const void *right, void *argument)
{
	const struct tree_group *a = left, *b = right;
	char *const *names = argument;

	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return strcmp(names[a->function], names[b->function]);
}

/** What one tree shows and how. */
struct tree_view {
	const struct report *report;
	tree_step *step;
	uint64_t limit; /**< Lighter groups are left out. */
};

/** The level after @p n_members members. The caller deinits it. */
static void tree_level_init(struct tree_level *level, const struct tree_view *view,
			    const struct tree_member *members, uint32_t n_members)
{
	const struct report *report = view->report;
	const struct call_tree_node *nodes = report->calls.nodes.items;
	uint32_t first = 0;

	*level = (struct tree_level){ 0 };
	for (uint32_t i = 0; i < n_members; i++)
		view->step(report, &members[i], &level->members);
	if (level->members.count == 0)
		return;
	qsort_r(level->members.items, level->members.count, sizeof(*level->members.items),
		compare_members, (void *)nodes);

	while (first < level->members.count) {
		struct tree_group group = {
			.function = nodes[level->members.items[first].node].name,
			.first = first,
		};

		while (first < level->members.count &&
		       nodes[level->members.items[first].node].name == group.function)
			group.weight += level->members.items[first++].weight;
		group.n_members = first - group.first;
		if (group.weight >= view->limit)
			tree_group_vector_append(&level->groups, group);
	}
	if (level->groups.count > 0)
		qsort_r(level->groups.items, level->groups.count, sizeof(*level->groups.items),
			compare_groups, report->function_names);
}

/** One tree being printed. */
struct tree_printer {
	struct tree_view view;
	FILE *file;
	struct byte_vector prefix; /**< What stands before each line: the bars of open branches. */
	unsigned int n_lines;
	unsigned int n_branches; /**< Open ones. */
};

static void tree_printer_begin_line(struct tree_printer *printer)
{
	printer->n_lines++;
	fputs(TREE_INDENT, printer->file);
	fwrite(printer->prefix.items, 1, printer->prefix.count, printer->file);
}

/** Long names in short (base/function_name.h); they may end with INLINED_MARK. */
static char *tree_name(const char *name)
{
	size_t length = strlen(name), mark_length = strlen(INLINED_MARK);
	_cleanup_free_ char *plain = NULL, *in_short = NULL;
	bool is_inlined;

	if (length <= TREE_NAME_USUAL_BYTES)
		return memory_duplicate_text(name);
	is_inlined = strcmp(name + length - mark_length, INLINED_MARK) == 0;
	plain = memory_format_text("%.*s", (int)(is_inlined ? length - mark_length : length), name);
	in_short = function_name_shorten(plain, "...");
	return memory_format_text("%s%s", in_short, is_inlined ? INLINED_MARK : "");
}

static void tree_printer_print_name(struct tree_printer *printer, uint32_t function)
{
	_cleanup_free_ char *name = tree_name(printer->view.report->function_names[function]);
	size_t length = strlen(name);

	if (length > TREE_NAME_SIZE_MAX_BYTES) {
		length = TREE_NAME_SIZE_MAX_BYTES;
		while ((name[length] & 0xc0) == 0x80) /* not inside a character */
			length--;
		fwrite(name, 1, length, printer->file);
		fputs("...\n", printer->file);
	} else {
		fwrite(name, 1, length, printer->file);
		fputc('\n', printer->file);
	}
}

/** @return whether the tree ends here, and say so. */
static bool tree_printer_is_full(struct tree_printer *printer)
{
	if (printer->n_lines < TREE_LINES_MAX && printer->n_branches < TREE_BRANCH_DEPTH_MAX)
		return false;
	tree_printer_begin_line(printer);
	fputs("[cut here]\n", printer->file);
	return true;
}

static void tree_printer_print_below(struct tree_printer *printer,
				     const struct tree_member *members, uint32_t n_members,
				     uint64_t weight);

static void tree_printer_print_branches(struct tree_printer *printer,
					const struct tree_level *level)
{
	size_t prefix_size_bytes = printer->prefix.count;

	printer->n_branches++;
	for (size_t i = 0; i < level->groups.count && printer->n_lines < TREE_LINES_MAX; i++) {
		const struct tree_group *group = &level->groups.items[i];
		bool is_last = i + 1 == level->groups.count;

		tree_printer_begin_line(printer);
		fputs("|\n", printer->file);
		tree_printer_begin_line(printer);
		fprintf(printer->file, "%s--%.2f%%--", is_last ? " " : "|",
			report_percent(printer->view.report, group->weight));
		tree_printer_print_name(printer, group->function);

		byte_vector_append_bytes(&printer->prefix, is_last ? "           " : "|          ",
					 11);
		tree_printer_print_below(printer, level->members.items + group->first,
					 group->n_members, group->weight);
		printer->prefix.count = prefix_size_bytes;
	}
	printer->n_branches--;
}

/** Everything under a line that has been printed. */
static void tree_printer_print_below(struct tree_printer *printer,
				     const struct tree_member *members, uint32_t n_members,
				     uint64_t weight)
{
	struct tree_level level, next;

	tree_level_init(&level, &printer->view, members, n_members);
	while (level.groups.count == 1 && level.groups.items[0].weight == weight) {
		const struct tree_group *group = &level.groups.items[0];

		if (tree_printer_is_full(printer))
			goto out;
		tree_printer_begin_line(printer);
		tree_printer_print_name(printer, group->function);
		tree_level_init(&next, &printer->view, level.members.items + group->first,
				group->n_members);
		tree_level_deinit(&level);
		level = next;
	}
	if (level.groups.count > 0 && !tree_printer_is_full(printer))
		tree_printer_print_branches(printer, &level);
out:
	tree_level_deinit(&level);
}

/** Draw a tree under @p members into fresh text, to be freed. @return its lines. */
static unsigned int draw_tree(const struct tree_view *view,
			      const struct tree_member_vector *members, uint64_t weight,
			      char **text_ret)
{
	struct tree_printer printer = { .view = *view };
	size_t size_bytes;

	*text_ret = NULL;
	printer.file = text_stream_open(text_ret, &size_bytes);
	assert(printer.file);
	byte_vector_append_bytes(&printer.prefix, "   ", 3);
	tree_printer_print_below(&printer, members->items, (uint32_t)members->count, weight);
	byte_vector_deinit(&printer.prefix);
	text_stream_close(printer.file, text_ret);
	return printer.n_lines;
}

static void collect_members(const struct report *report, const struct report_entry *entry,
			    struct tree_member_vector *ret)
{
	for (uint32_t i = 0; i < entry->n_nodes; i++) {
		uint32_t node = report->entry_nodes[entry->first_node + i];

		tree_member_vector_append(
			ret, (struct tree_member){ .node = node,
						   .weight = report_node_weight(report, node) });
	}
}

/** @return false when there is nothing to draw. */
static bool write_tree(const struct report *report, const struct report_entry *entry,
		       tree_step *step, const char *heading, FILE *file)
{
	struct tree_view view = { .report = report, .step = step, .limit = report->limit };
	uint64_t weight = report_entry_weight(report, entry);
	struct tree_member_vector members = { 0 };
	unsigned int n_lines;
	char *text;

	collect_members(report, entry, &members);
	n_lines = draw_tree(&view, &members, weight, &text);
	while (n_lines > TREE_LINES_AIM && view.limit <= weight / 4) {
		free(text);
		view.limit = MAX(view.limit * 2, weight / 256);
		n_lines = draw_tree(&view, &members, weight, &text);
	}
	if (n_lines > 0) {
		fprintf(file, TREE_INDENT "|\n" TREE_INDENT "%s", heading);
		if (view.limit > report->limit)
			fprintf(file, " (%.1f %% and more)", report_percent(report, view.limit));
		fprintf(file, "\n%s", text);
	}
	free(text);
	tree_member_vector_deinit(&members);
	return n_lines > 0;
}

static int compare_weights(const void *left, const void *right)
{
	const struct tree_member *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return (a->node > b->node) - (a->node < b->node);
}

/** From the entry's function to its thread. */
static void write_stack(const struct report *report, const struct tree_member *member, FILE *file)
{
	const struct call_tree_node *nodes = report->calls.nodes.items;
	bool is_folded = report->options->trees == REPORT_TREES_FOLDED;

	fprintf(file, is_folded ? "%.2f%% " : TREE_INDENT "%.2f%%\n",
		report_percent(report, member->weight));
	for (uint32_t node = member->node; nodes[node].parent != 0; node = nodes[node].parent) {
		if (is_folded)
			fprintf(file, "%s%s", node == member->node ? "" : ";",
				report->function_names[nodes[node].name]);
		else
			fprintf(file, TREE_INDENT "   %s\n",
				report->function_names[nodes[node].name]);
	}
	fputc('\n', file);
}

/** The ways the entry was reached, heaviest first. @return false: none above the limit. */
static bool write_stacks(const struct report *report, const struct report_entry *entry, FILE *file)
{
	struct tree_member_vector members = { 0 };
	size_t n_written = 0;

	collect_members(report, entry, &members);
	if (members.count > 0)
		qsort(members.items, members.count, sizeof(*members.items), compare_weights);
	while (n_written < members.count && members.items[n_written].weight >= report->limit)
		write_stack(report, &members.items[n_written++], file);
	tree_member_vector_deinit(&members);
	return n_written > 0;
}

void report_write_trees(const struct report *report, const struct report_entry *entry, FILE *file)
{
	bool has_any = false;

	switch (report->options->trees) {
	case REPORT_TREES_GRAPH:
		if (!report->options->is_by_self)
			has_any = write_tree(report, entry, step_to_callees, "---calls", file);
		has_any |= write_tree(report, entry, step_to_callers, "---called by", file);
		break;
	case REPORT_TREES_FLAT:
	case REPORT_TREES_FOLDED:
		has_any = write_stacks(report, entry, file);
		break;
	case REPORT_TREES_NONE:
		break;
	}
	if (has_any)
		fputc('\n', file);
}
