#include "profile/diff.h"

#include "profile/label.h"
#include "profile/summary.h"

#include <math.h>

/** Standard errors on each side of a 95 % interval. */
#define ERRORS_95 1.96

#define SIGNIFICANCE_LEVEL 0.05

/** The key of code of the profiled program without a name, whatever the program is called. */
#define PROGRAM_UNNAMED "[program]"

struct function_key {
	const char *name;
	bool is_kernel;
};

static uint64_t function_key_hash(struct function_key key)
{
	return hash_combine(hash_text(key.name), key.is_kernel);
}

static bool function_key_equal(struct function_key a, struct function_key b)
{
	return a.is_kernel == b.is_kernel && strcmp(a.name, b.name) == 0;
}

DEFINE_HASH_MAP(function_map, struct function_key, size_t, function_key_hash, function_key_equal)

struct diff {
	const struct profile *reference, *changed;
	struct function_map numbers; /**< Into changes, which own the keys. */
	struct function_change_vector changes;
};

/** What all samples of an event weigh. */
struct event_total {
	uint64_t count;
	uint64_t period;
};

static struct event_total event_total_of(const struct diff_side *side)
{
	const struct profile_sample_vector *samples = &side->profile->samples;
	struct event_total total = { 0 };

	for (size_t i = 0; i < samples->count; i++) {
		if (samples->items[i].event != side->event)
			continue;
		total.count += samples->items[i].count;
		total.period += samples->items[i].period;
	}
	return total;
}

char *function_name_without_hex(const char *name)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char *stripped = memory_allocate(2 * strlen(name) + 1, 1);
	size_t length = 0;

	while (*name) {
		size_t n_digits = name[0] == '0' && name[1] == 'x' ? strspn(name + 2, digits) : 0;

		if (n_digits) {
			memcpy(stripped + length, "0x...", 5);
			length += 5;
			name += 2 + n_digits;
		} else {
			stripped[length++] = *name++;
		}
	}
	return stripped;
}

/** Of another build, addresses of code without a name are no help. */
static char *diff_label(const struct profile *profile, string_id name, uint32_t object,
			uint32_t flags, bool is_placed)
{
	if (!is_placed)
		name = profile->frames.items[PROFILE_FRAME_UNKNOWN].name;
	return profile_label(profile, name, object, flags);
}

static struct function_change *diff_find(struct diff *diff, const struct diff_side *side,
					 string_id name_id, uint32_t object, uint32_t flags)
{
	const struct profile *profile = side->profile;
	const char *library = profile_text(profile, profile->objects.items[object].name);
	const char *program = profile->info.program;
	bool is_placed = !(flags & FRAME_IS_UNKNOWN) ||
			 profile_is_same_build(diff->reference, diff->changed, library);
	_cleanup_free_ char *label = diff_label(profile, name_id, object, flags, is_placed);
	_cleanup_free_ char *stripped = NULL;
	const char *name = label;
	struct function_key key = { name, flags & FRAME_IS_KERNEL };
	struct function_change *change;
	const size_t *known;
	bool is_new;

	if (side->is_hex_stripped)
		name = key.name = stripped = function_name_without_hex(name);
	/* "[old-name]" and "[new-name]" are the same code without a name. */
	if (!is_placed && program && strcmp(library, program) == 0)
		key.name = PROGRAM_UNNAMED;
	known = function_map_find(&diff->numbers, key);
	if (known)
		return &diff->changes.items[*known];
	change = function_change_vector_append_new(&diff->changes);
	change->name = memory_duplicate_text(name);
	change->is_kernel = key.is_kernel;
	if (object != PROFILE_OBJECT_UNKNOWN)
		change->library = memory_duplicate_text(library);
	if (key.name == name)
		key.name = change->name;
	*function_map_insert(&diff->numbers, key, &is_new) = diff->changes.count - 1;
	return change;
}

static void diff_add(struct diff *diff, const struct diff_side *side, bool is_changed,
		     const struct event_total *total)
{
	struct profile_function_vector functions = { 0 };
	double scale = total->period ? side->time_s / (double)total->period : 0;

	profile_functions_of(side->profile, side->event, &functions);
	for (size_t i = 0; i < functions.count; i++) {
		const struct profile_function *function = &functions.items[i];
		struct function_change *change =
			diff_find(diff, side, function->name, function->object, function->flags);
		double self_s = (double)function->self_period * scale;
		double children_s = (double)function->children_period * scale;

		*(is_changed ? &change->changed_count : &change->reference_count) +=
			function->self_count;
		*(is_changed ? &change->changed_s : &change->reference_s) += self_s;
		/* Two functions of one name may call each other: an upper bound then. */
		*(is_changed ? &change->changed_children_s : &change->reference_children_s) +=
			children_s;
	}
	profile_function_vector_deinit(&functions);
}

/** Whether an inner frame of the location is the same function: it has counted already. */
static bool is_repeated(const struct profile *profile, uint32_t location, uint32_t index)
{
	string_id name = profile_location_frame(profile, location, index)->name;

	for (uint32_t i = 0; i < index; i++) {
		if (profile_location_frame(profile, location, i)->name == name)
			return true;
	}
	return false;
}

/** Boyer and Moore's majority vote; @p name NULL: inlined into none. */
static void vote_for_outer(struct function_change *change, const char *name, double weight)
{
	bool is_same = name && change->inlined_into ? strcmp(name, change->inlined_into) == 0
						    : !name && !change->inlined_into;

	if (is_same) {
		change->inlined_weight += weight;
	} else if (change->inlined_weight >= weight) {
		change->inlined_weight -= weight;
	} else {
		free(change->inlined_into);
		change->inlined_into = memory_duplicate_text(name);
		change->inlined_weight = weight - change->inlined_weight;
	}
}

/** The function around frame @p index of a location; NULL: it is the outermost. */
static const char *outer_name(const struct profile *profile, uint32_t location, uint32_t index)
{
	uint32_t n_frames = profile->locations.items[location].n_frames;
	string_id name = profile_location_frame(profile, location, index)->name;

	while (++index < n_frames) {
		string_id outer = profile_location_frame(profile, location, index)->name;

		if (outer != name)
			return profile_text(profile, outer);
	}
	return NULL;
}

/** Each sample counts for the function it was in and for those that one was inlined into. */
static void diff_add_whole(struct diff *diff, const struct diff_side *side, bool is_changed,
			   const struct event_total *total)
{
	const struct profile *profile = side->profile;
	double scale = total->period ? side->time_s / (double)total->period : 0;

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		uint32_t location = profile->stacks.items[sample->stack].location;

		if (sample->event != side->event || !sample->stack)
			continue;
		for (uint32_t n = 0; n < profile->locations.items[location].n_frames; n++) {
			const struct profile_frame *frame =
				profile_location_frame(profile, location, n);
			struct function_change *change;

			if (is_repeated(profile, location, n))
				continue;
			change = diff_find(diff, side, frame->name, frame->object, frame->flags);
			*(is_changed ? &change->changed_whole_s : &change->reference_whole_s) +=
				(double)sample->period * scale;
			vote_for_outer(change, outer_name(profile, location, n),
				       (double)sample->period * scale);
		}
	}
}

/**
 * The variance of a function's time: its share of the samples is binomial. Half a sample more
 * keeps "none seen" from being certain (Agresti and Coull, The American Statistician 52, 1998).
 */
static double time_variance(const struct diff_side *side, const struct event_total *total,
			    uint64_t count)
{
	double n = (double)total->count + 1, share = ((double)count + 0.5) / n;
	double sampling = side->time_s * side->time_s * share * fmax(1 - share, 0) / n;
	double timing = share * side->time_error_s;

	return sampling + timing * timing;
}

/** A change of this many samples per run may be the sampler's beat with the program's start. */
#define SAMPLES_PER_RUN_LEAST 2

/** What one sample per run weighs. */
static double sample_time(const struct diff_side *side, const struct event_total *total)
{
	return total->count ? side->time_s * (double)side->n_runs / (double)total->count : 0;
}

static int compare_significance(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/** Holm, Scandinavian Journal of Statistics 6, 1979: step down while p < level / left. */
static double holm_limit(const double *p, size_t count)
{
	_cleanup_free_ double *sorted = memory_duplicate(p, count * sizeof(double));
	double limit = -1;

	qsort(sorted, count, sizeof(double), compare_significance);
	for (size_t i = 0; i < count; i++) {
		if (sorted[i] >= SIGNIFICANCE_LEVEL / (double)(count - i))
			break;
		limit = sorted[i];
	}
	return limit;
}

static void judge_changes(struct function_change_vector *changes, const struct diff_side *reference,
			  const struct event_total *reference_total,
			  const struct diff_side *changed, const struct event_total *changed_total)
{
	_cleanup_free_ double *p = memory_allocate(changes->count, sizeof(double));
	double limit, grain_s = fmax(sample_time(reference, reference_total),
				     sample_time(changed, changed_total));

	for (size_t i = 0; i < changes->count; i++) {
		struct function_change *change = &changes->items[i];
		double error =
			sqrt(time_variance(reference, reference_total, change->reference_count) +
			     time_variance(changed, changed_total, change->changed_count));

		change->change_s = change->changed_s - change->reference_s;
		change->low_s = change->change_s - ERRORS_95 * error;
		change->high_s = change->change_s + ERRORS_95 * error;
		p[i] = error > 0 ? erfc(fabs(change->change_s) / error / M_SQRT2) : 1;
	}
	limit = holm_limit(p, changes->count);
	for (size_t i = 0; i < changes->count; i++)
		changes->items[i].is_significant =
			p[i] <= limit &&
			fabs(changes->items[i].change_s) > SAMPLES_PER_RUN_LEAST * grain_s;
}

static int compare_changes(const void *left, const void *right)
{
	const struct function_change *a = left, *b = right;
	double a_s = fabs(a->change_s), b_s = fabs(b->change_s);

	if (a_s != b_s)
		return a_s < b_s ? 1 : -1;
	return strcmp(a->name, b->name);
}

void profile_diff(const struct diff_side *reference, const struct diff_side *changed,
		  struct function_change_vector *ret)
{
	struct event_total reference_total = event_total_of(reference);
	struct event_total changed_total = event_total_of(changed);
	struct diff diff = { .reference = reference->profile, .changed = changed->profile };

	diff_add(&diff, reference, false, &reference_total);
	diff_add(&diff, changed, true, &changed_total);
	diff_add_whole(&diff, reference, false, &reference_total);
	diff_add_whole(&diff, changed, true, &changed_total);
	if (diff.changes.count) {
		judge_changes(&diff.changes, reference, &reference_total, changed, &changed_total);
		qsort(diff.changes.items, diff.changes.count, sizeof(*diff.changes.items),
		      compare_changes);
	}
	function_map_deinit(&diff.numbers);
	*ret = diff.changes;
}

bool function_change_is_new(const struct function_change *change)
{
	return change->reference_s <= 0 && change->reference_children_s <= 0 &&
	       change->changed_children_s > 0;
}

bool function_change_is_gone(const struct function_change *change)
{
	return change->changed_s <= 0 && change->changed_children_s <= 0 &&
	       change->reference_children_s > 0;
}

const char *function_change_remark(const struct function_change *change)
{
	return function_change_is_new(change)    ? "new"
	       : function_change_is_gone(change) ? "gone"
						 : "";
}

void function_changes_deinit(struct function_change_vector *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->items[i].name);
		free(changes->items[i].library);
		free(changes->items[i].inlined_into);
	}
	function_change_vector_deinit(changes);
}
