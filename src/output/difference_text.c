#include "output/difference_text.h"

#include "base/escape.h"
#include "base/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static void write_stack(const struct flame_tree *tree, uint32_t node, FILE *file)
{
	struct index_vector path = { 0 };

	for (uint32_t i = node; i != FLAME_NODE_ROOT; i = tree->nodes.items[i].parent)
		index_vector_append(&path, tree->nodes.items[i].frame);
	for (size_t i = path.count; i-- > 0;) {
		escape_write_folded(file, tree->frames.items[path.items[i]].name);
		if (i > 0)
			fputc(';', file);
	}
	index_vector_deinit(&path);
}

void difference_write_folded(const struct flame_tree *tree, FILE *file)
{
	for (uint32_t i = FLAME_NODE_ROOT; i != FLAME_NODE_NONE; i = flame_tree_next(tree, i)) {
		const struct flame_change *change = &tree->changes.items[i];
		double before = floor((double)change->before_self_count * tree->before_factor);

		if (i == FLAME_NODE_ROOT ||
		    (!change->before_self_count && !change->after_self_count))
			continue;
		write_stack(tree, i, file);
		fprintf(file, " %.0f %" PRIu64 "\n", before, change->after_self_count);
	}
}

struct function_change {
	uint32_t frame;
	double before, after; /**< Own samples, as they are compared. */
};

static int compare_changes(const void *a_pointer, const void *b_pointer)
{
	const struct function_change *a = a_pointer, *b = b_pointer;
	double a_change = fabs(a->after - a->before), b_change = fabs(b->after - b->before);

	if (a_change != b_change)
		return a_change < b_change ? 1 : -1;
	return (a->frame > b->frame) - (a->frame < b->frame);
}

static void write_function(const struct flame_tree *tree, const struct function_change *change,
			   double all, FILE *file)
{
	const struct flame_frame *frame = &tree->frames.items[change->frame];

	fprintf(file, "%+9.2f %%  %8.2f %%  %8.2f %%  ",
		100 * (change->after - change->before) / all, 100 * change->before / all,
		100 * change->after / all);
	escape_write_plain(file, frame->name);
	if (frame->object != PROFILE_OBJECT_UNKNOWN) {
		const struct profile_object *objects = frame->profile->objects.items;

		fputs("  (", file);
		escape_write_plain(file, profile_text(frame->profile, objects[frame->object].name));
		fputc(')', file);
	}
	fputs(change->before <= 0 ? "  new\n" : change->after <= 0 ? "  gone\n" : "\n", file);
}

void difference_write_functions(const struct flame_tree *tree, double percent_limit, FILE *file)
{
	const struct flame_change *root = &tree->changes.items[FLAME_NODE_ROOT];
	double all = fmax((double)root->after_total_count,
			  (double)root->before_total_count * tree->before_factor);
	_cleanup_free_ struct function_change *changes =
		memory_allocate(tree->frames.count, sizeof(*changes));
	uint64_t n_left_out = 0;

	for (uint32_t i = 0; i < tree->frames.count; i++)
		changes[i].frame = i;
	for (size_t i = 0; i < tree->nodes.count; i++) {
		const struct flame_change *counts = &tree->changes.items[i];
		uint32_t frame = tree->nodes.items[i].frame;

		changes[frame].before += (double)counts->before_self_count * tree->before_factor;
		changes[frame].after += (double)counts->after_self_count;
	}
	qsort(changes, tree->frames.count, sizeof(*changes), compare_changes);
	fprintf(file,
		"# before: %" PRIu64 " samples, after: %" PRIu64 "\n"
		"#  change      before       after   function, by its own samples; shares of "
		"%.0f\n",
		root->before_total_count, root->after_total_count, all);
	for (uint32_t i = 0; i < tree->frames.count; i++) {
		double change = fabs(changes[i].after - changes[i].before);

		if (tree->frames.items[changes[i].frame].kind != FLAME_FRAME_CODE || change <= 0)
			continue;
		if (change < all * percent_limit / 100)
			n_left_out++;
		else
			write_function(tree, &changes[i], all, file);
	}
	if (n_left_out)
		fprintf(file, "# %" PRIu64 " functions changed by less than %g %%\n", n_left_out,
			percent_limit);
}
