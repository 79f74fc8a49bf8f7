#include "output/difference.h"

#include "base/escape.h"
#include "base/memory.h"
#include "profile/summary.h"

#include <inttypes.h>
#include <math.h>

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

static void write_side(const char *label, const struct difference_side *side, const char *unit,
		       FILE *file)
{
	char count[PROFILE_NUMBER_SIZE_BYTES];

	profile_format_count(side->n_samples, count);
	fprintf(file, "# %s: ", label);
	escape_write_plain(file, side->path);
	fprintf(file, ": %s samples", count);
	/* Of an event that is counted by samples, these have been told. */
	if (strcmp(unit, "samples") != 0) {
		fputs(" of ", file);
		escape_write_plain(file, side->event_name);
		fprintf(file, ", %.6g %s", side->total, unit);
	}
	if (side->wall_s > 0)
		fprintf(file, " in %.3f s", side->wall_s);
	fputc('\n', file);
}

static void write_head(const struct difference *difference, FILE *file)
{
	static const char *const measures[] = {
		[DIFFERENCE_AS_IS] = "what there was on each side",
		[DIFFERENCE_BY_TOTAL] = "shares of each side's total",
		[DIFFERENCE_BY_TIME] = "what there was per second of each recording",
	};

	write_side("before", &difference->before, difference->unit, file);
	write_side("after", &difference->after, difference->unit, file);
	fprintf(file,
		"# change: %s, of the function itself; +-: 95 %% interval, from\n"
		"#   the numbers of samples; *: more than chance makes of them (Holm's test, 5 "
		"%%)\n"
		"#\n"
		"#       change         +-   self before    after   children before    after  "
		"function\n",
		measures[difference->basis]);
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void write_function(const struct difference *difference,
			   const struct function_change *function, FILE *file)
{
	_cleanup_free_ char *change =
		difference_format_amount(difference, function->change_s, true);
	_cleanup_free_ char *error = difference_format_amount(
		difference, (function->high_s - function->low_s) / 2, false);
	const char *remark = function_change_remark(function);

	fprintf(file, "%c %*s%s %10s      %6.2f %% %6.2f %%          %6.2f %% %6.2f %%  ",
		function->is_significant ? '*' : ' ',
		12 - (int)strlen(difference_amount_unit(difference)), change,
		difference_amount_unit(difference), error,
		percent(function->reference_s, difference->before_whole),
		percent(function->changed_s, difference->after_whole),
		percent(function->reference_children_s, difference->before_whole),
		percent(function->changed_children_s, difference->after_whole));
	escape_write_plain(file, function->name);
	if (function->library) {
		fputs("  (", file);
		escape_write_plain(file, function->library);
		fputc(')', file);
	}
	fprintf(file, "%s%s\n", *remark ? "  " : "", remark);
}

void difference_write_text(const struct difference *difference, double percent_limit, FILE *file)
{
	const struct function_change_vector *functions = &difference->functions;
	uint64_t n_left_out = 0;

	write_head(difference, file);
	for (size_t i = 0; i < functions->count; i++) {
		if (difference_is_shown(difference, &functions->items[i], percent_limit))
			write_function(difference, &functions->items[i], file);
		else
			n_left_out++;
	}
	if (n_left_out)
		fprintf(file, "# %" PRIu64 " more changed by less than %g %% or not at all\n",
			n_left_out, percent_limit);
}
