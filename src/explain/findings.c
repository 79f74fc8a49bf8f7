/**
 * Rules to findings. Every frame is held against the rules once, each stack
 * node gets its rules from its parent's in one pass (a parent's id is smaller
 * than its child's), then samples are only added up. Evidence is gathered for
 * the rules that are heavy enough to be shown.
 */

#include "explain/explanation_internal.h"

#include <string.h>

#define WORD_BITS 64

struct function_key {
	string_id name;
	uint32_t object;
};

static inline uint64_t function_key_hash(struct function_key key)
{
	return hash_u64((uint64_t)key.name << 32 | key.object);
}

static inline bool function_key_equal(struct function_key a, struct function_key b)
{
	return a.name == b.name && a.object == b.object;
}

DEFINE_HASH_MAP(function_map, struct function_key, uint32_t, function_key_hash, function_key_equal)
DEFINE_HASH_MAP(path_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct collector {
	const struct profile *profile;
	const struct rule_set *rules;
	const struct explanation *explanation;
	struct rule_bits bits;

	uint64_t *states; /**< By stack id * bits.n_words: the rules it matches. */

	/* Made when there is a first finding. */
	uint32_t *function_of_frame; /**< Index in explanation->functions; FUNCTION_NONE. */
	uint32_t *path_of;           /**< First stack id with the same functions from the root. */

	/* Scratch of one finding. */
	uint32_t *origins;      /**< By stack id: where it came to match; 0: it does not. */
	uint32_t *owners;       /**< By stack id: its innermost match. */
	uint64_t *path_periods; /**< By path_of[origin]. */
};

#define FUNCTION_NONE UINT32_MAX

static bool test_bit(const uint64_t *bits, size_t n_words, size_t set, size_t rule)
{
	return bits[set * n_words + rule / WORD_BITS] >> rule % WORD_BITS & 1;
}

static void collect_states(struct collector *collector)
{
	const struct profile *profile = collector->profile;
	size_t n_words = collector->bits.n_words;

	collector->states = memory_allocate(profile->stacks.count * n_words, sizeof(uint64_t));
	if (!n_words)
		return;
	for (uint32_t i = 1; i < profile->stacks.count; i++) {
		const struct profile_stack *stack = &profile->stacks.items[i];
		uint64_t *state = collector->states + i * n_words;

		memcpy(state, collector->states + stack->parent * n_words,
		       n_words * sizeof(*state));
		rule_bits_apply_location(&collector->bits, profile, stack->location, state);
	}
}

static void collect_weights(const struct collector *collector, struct rule_weight *weights_ret)
{
	const struct profile *profile = collector->profile;
	size_t n_words = collector->bits.n_words;

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		const uint64_t *state = collector->states + sample->stack * n_words;

		if (sample->event != collector->explanation->event)
			continue;
		for (size_t word = 0; word < n_words; word++) {
			for (uint64_t left = state[word]; left; left &= left - 1) {
				size_t rule = word * WORD_BITS + (size_t)__builtin_ctzll(left);

				weights_ret[rule].count += sample->count;
				weights_ret[rule].period += sample->period;
			}
		}
	}
}

static void number_functions(struct collector *collector)
{
	const struct profile *profile = collector->profile;
	const struct profile_function_vector *functions = &collector->explanation->functions;
	struct function_map map = { 0 };

	for (uint32_t i = 0; i < functions->count; i++) {
		const struct profile_function *function = &functions->items[i];
		bool is_new;

		*function_map_insert(&map,
				     (struct function_key){ function->name, function->object },
				     &is_new) = i;
	}
	collector->function_of_frame = memory_allocate(profile->frames.count, sizeof(uint32_t));
	for (size_t i = 0; i < profile->frames.count; i++) {
		const struct profile_frame *frame = &profile->frames.items[i];
		const uint32_t *index = function_map_find(
			&map, (struct function_key){ frame->name, frame->object });

		collector->function_of_frame[i] = index ? *index : FUNCTION_NONE;
	}
	function_map_deinit(&map);
}

/**
 * Merge the stacks that differ only in lines and call sites. Paths are told
 * apart by a 64-bit hash: among a million of them, two are mixed up once in
 * some 37 million recordings.
 */
static void number_paths(struct collector *collector)
{
	const struct profile *profile = collector->profile;
	_cleanup_free_ uint64_t *hashes = memory_allocate(profile->stacks.count, sizeof(*hashes));
	struct path_map map = { 0 };

	collector->path_of = memory_allocate(profile->stacks.count, sizeof(uint32_t));
	for (uint32_t i = 1; i < profile->stacks.count; i++) {
		const struct profile_stack *stack = &profile->stacks.items[i];
		uint32_t n_frames;
		const uint32_t *frames = location_frame_ids(profile, stack->location, &n_frames);
		uint32_t *first;
		bool is_new;

		hashes[i] = hash_combine(hashes[stack->parent], 1);
		while (n_frames-- > 0)
			hashes[i] = hash_combine(hashes[i],
						 collector->function_of_frame[frames[n_frames]]);
		first = path_map_insert(&map, hashes[i], &is_new);
		if (is_new)
			*first = i;
		collector->path_of[i] = *first;
	}
	path_map_deinit(&map);
}

/** The innermost frame that makes a location match; FUNCTION_NONE: its callers decide. */
static uint32_t location_owner(const struct collector *collector, uint32_t location_id, size_t rule)
{
	size_t n_words = collector->bits.n_words;
	uint32_t n_frames;
	const uint32_t *frames = location_frame_ids(collector->profile, location_id, &n_frames);

	for (uint32_t i = 0; i < n_frames; i++) {
		if (test_bit(collector->bits.match, n_words, frames[i], rule))
			return frames[i];
		if (!test_bit(collector->bits.through, n_words, frames[i], rule))
			return FUNCTION_NONE;
	}
	return FUNCTION_NONE;
}

/** Where stacks came to match @p rule, and their innermost match. */
static void collect_origins(struct collector *collector, size_t rule)
{
	const struct profile *profile = collector->profile;
	size_t n_words = collector->bits.n_words;
	bool is_leaf = collector->rules->entries.items[rule]->scope == SCOPE_LEAF;

	for (uint32_t i = 1; i < profile->stacks.count; i++) {
		const struct profile_stack *stack = &profile->stacks.items[i];
		uint32_t outer = collector->origins[stack->parent];

		collector->origins[i] = 0;
		collector->owners[i] = 0;
		if (!test_bit(collector->states, n_words, i, rule))
			continue;
		collector->owners[i] = collector->owners[stack->parent];
		if (location_owner(collector, stack->location, rule) != FUNCTION_NONE)
			collector->owners[i] = i;
		collector->origins[i] = is_leaf ? collector->owners[i] : outer ? outer : i;
	}
}

/** The samples of @p rule by path and by function. */
static void collect_samples(struct collector *collector, size_t rule, struct finding *finding,
			    struct rule_weight *by_function)
{
	const struct profile *profile = collector->profile;

	memset(collector->path_periods, 0,
	       profile->stacks.count * sizeof(*collector->path_periods));
	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		uint32_t origin = collector->origins[sample->stack];
		uint32_t owner = collector->owners[sample->stack];
		uint32_t path, frame;

		if (sample->event != collector->explanation->event || !origin)
			continue;
		path = collector->path_of[origin];
		collector->path_periods[path] += sample->period;
		if (collector->path_periods[path] > finding->hottest_stack_period) {
			finding->hottest_stack_period = collector->path_periods[path];
			finding->hottest_stack = path;
		}
		frame = location_owner(collector, profile->stacks.items[owner].location, rule);
		by_function[collector->function_of_frame[frame]].count += sample->count;
		by_function[collector->function_of_frame[frame]].period += sample->period;
	}
}

/** Put @p function where it belongs among the heaviest so far. */
static void finding_offer(struct finding *finding, const struct finding_function *function)
{
	size_t position = finding->n_functions;

	while (position > 0 && finding->functions[position - 1].period < function->period)
		position--;
	if (position == EXPLANATION_FUNCTIONS_MAX)
		return;
	if (finding->n_functions < EXPLANATION_FUNCTIONS_MAX)
		finding->n_functions++;
	memmove(&finding->functions[position + 1], &finding->functions[position],
		(finding->n_functions - position - 1) * sizeof(*function));
	finding->functions[position] = *function;
}

static void collect_finding(struct collector *collector, size_t rule,
			    const struct rule_weight *weight, struct finding *finding)
{
	const struct profile_function_vector *functions = &collector->explanation->functions;
	_cleanup_free_ struct rule_weight *by_function =
		memory_allocate(functions->count, sizeof(*by_function));

	finding->rule = &collector->rules->entries.items[rule]->rule;
	finding->count = weight->count;
	finding->period = weight->period;
	finding->share =
		(double)weight->period / (double)collector->explanation->quality.period_total;
	collect_origins(collector, rule);
	collect_samples(collector, rule, finding, by_function);
	for (size_t i = 0; i < functions->count; i++) {
		const struct finding_function function = { .name = functions->items[i].name,
							   .object = functions->items[i].object,
							   .count = by_function[i].count,
							   .period = by_function[i].period };

		if (function.period)
			finding_offer(finding, &function);
	}
}

static int compare_findings(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;

	if (a->period != b->period)
		return a->period < b->period ? 1 : -1;
	return strcmp(a->rule->id, b->rule->id);
}

static void collector_prepare_evidence(struct collector *collector)
{
	size_t n_stacks = collector->profile->stacks.count;

	number_functions(collector);
	number_paths(collector);
	collector->origins = memory_allocate(n_stacks, sizeof(*collector->origins));
	collector->owners = memory_allocate(n_stacks, sizeof(*collector->owners));
	collector->path_periods = memory_allocate(n_stacks, sizeof(*collector->path_periods));
}

static void collector_deinit(struct collector *collector)
{
	rule_bits_deinit(&collector->bits);
	free(collector->states);
	free(collector->function_of_frame);
	free(collector->path_of);
	free(collector->origins);
	free(collector->owners);
	free(collector->path_periods);
}

void findings_collect(struct explanation *explanation, const struct profile *profile,
		      const struct rule_set *rules, struct rule_weight *weights_ret)
{
	struct collector collector = { .profile = profile,
				       .rules = rules,
				       .explanation = explanation };
	double period_total = (double)explanation->quality.period_total;

	rule_bits_init(&collector.bits, rules, profile);
	collect_states(&collector);
	collect_weights(&collector, weights_ret);
	for (size_t i = 0; i < rules->entries.count; i++) {
		double least = rules->entries.items[i]->rule.share_least;

		if (!weights_ret[i].period || (double)weights_ret[i].period < least * period_total)
			continue;
		if (!collector.path_of)
			collector_prepare_evidence(&collector);
		collect_finding(&collector, i, &weights_ret[i],
				finding_vector_append_new(&explanation->findings));
	}
	if (explanation->findings.count)
		qsort(explanation->findings.items, explanation->findings.count,
		      sizeof(*explanation->findings.items), compare_findings);
	collector_deinit(&collector);
}
