#include "explain/counter_verdicts_internal.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

/*
 * Shares of the width, so that a wide and a narrow core are held to the same: below a sixth of its
 * slots a core is stalled most of the time whatever the mix of instructions; above half, little is
 * left to gain but by doing less.
 */
#define IPC_SHARE_BAD  (1.0 / 6)
#define IPC_SHARE_GOOD (1.0 / 2)

/** Share of cycles that mispredicted branches may cost before they are worth a look. */
#define BRANCH_COST_SHARE_BAD  0.10
#define BRANCH_COST_SHARE_GOOD 0.03

/**
 * A miss of the last cache goes to memory: some 80 ns, here in cycles of a 3 GHz core. Misses may
 * overlap, so what is computed from it is a ceiling.
 */
#define MEMORY_LATENCY_CYCLES 240

#define MISS_COST_SHARE_BAD  0.30
#define MISS_COST_SHARE_GOOD 0.10

/** Top-down: the share of slots above which a loss is the one to go after. */
#define TOP_DOWN_LOSS_BAD      0.30
#define TOP_DOWN_RETIRING_GOOD 0.50

/** One verdict in the making. */
struct judging {
	const struct counter_scene *scene;
	const struct counter_value *cycles;
	const struct processor_width *width; /**< NULL: unknown processor. */
	struct counter_verdict_vector *verdicts;
};

const char *counter_judgement_name(enum counter_judgement judgement)
{
	static const char *const names[] = {
		[JUDGEMENT_GOOD] = "good",
		[JUDGEMENT_MIDDLING] = "middling",
		[JUDGEMENT_BAD] = "bad",
		[JUDGEMENT_NONE] = "none",
	};

	return names[judgement];
}

static enum counter_judgement judge_cost(double share, double good, double bad)
{
	return share >= bad ? JUDGEMENT_BAD : share <= good ? JUDGEMENT_GOOD : JUDGEMENT_MIDDLING;
}

/** Takes the texts. */
static void add_verdict(struct judging *judging, enum counter_judgement judgement, const char *name,
			const char *sampling_event, char *text, char *reason)
{
	counter_verdict_vector_append(
		judging->verdicts,
		(struct counter_verdict){
			.judgement = judgement,
			.name = name,
			.pmu = judging->cycles->pmu,
			.text = text,
			.reason = reason,
			.sampling_event = judgement == JUDGEMENT_BAD ? sampling_event : NULL,
		});
}

/** Both ran long enough to be believed; otherwise says why there is no verdict. */
static bool are_believable(struct judging *judging, const char *name, const struct counter_value *a,
			   const struct counter_value *b)
{
	const struct counter_value *least = a->running_share <= b->running_share ? a : b;

	if (least->running_share < VERDICT_RUNNING_SHARE_LEAST) {
		add_verdict(judging, JUDGEMENT_NONE, name, NULL,
			    memory_format_text("no verdict: %s was on a counter %.0f %% of the "
					       "time",
					       least->name, 100 * least->running_share),
			    memory_format_text("below %.0f %% a multiplexed count is too much of a "
					       "guess; count fewer events at once",
					       100 * VERDICT_RUNNING_SHARE_LEAST));
		return false;
	}
	if (MIN(a->running_ns, b->running_ns) < VERDICT_RUNNING_LEAST_NS) {
		add_verdict(judging, JUDGEMENT_NONE, name, NULL,
			    memory_format_text("no verdict: counted for %.1f ms only",
					       MIN(a->running_ns, b->running_ns) / 1e6),
			    memory_format_text("in less than %.0f ms a program mostly starts up",
					       VERDICT_RUNNING_LEAST_NS / 1e6));
		return false;
	}
	return true;
}

static void judge_ipc(struct judging *judging)
{
	const struct counter_value *instructions =
		counter_value_find(judging->scene, "instructions", judging->cycles);
	double ipc, share;

	if (!instructions || !are_believable(judging, "ipc", judging->cycles, instructions))
		return;
	ipc = instructions->value / judging->cycles->value;
	if (!judging->width) {
		add_verdict(judging, JUDGEMENT_NONE, "ipc", NULL,
			    memory_format_text("%.2f instructions per cycle: no verdict", ipc),
			    memory_format_text("how many this processor could do (%s family %u "
					       "model %u) is not in the table",
					       judging->scene->processor.vendor,
					       judging->scene->processor.family,
					       judging->scene->processor.model));
		return;
	}
	share = ipc / judging->width->issue_width;
	add_verdict(
		judging,
		share < IPC_SHARE_BAD     ? JUDGEMENT_BAD
		: share >= IPC_SHARE_GOOD ? JUDGEMENT_GOOD
					  : JUDGEMENT_MIDDLING,
		"ipc", "cycles",
		memory_format_text("%.2f instructions per cycle, %.0f %% of what %s can do: %s",
				   ipc, 100 * share, judging->width->name,
				   share < IPC_SHARE_BAD
					   ? "it mostly waits, for memory or mispredicted branches"
				   : share >= IPC_SHARE_GOOD
					   ? "the core is well used; gains come from doing less"
					   : "neither stalled nor full"),
		memory_format_text("%u operations can start per cycle; under a sixth of that "
				   "(%.1f) is bad, half (%.1f) is good",
				   judging->width->issue_width,
				   judging->width->issue_width * IPC_SHARE_BAD,
				   judging->width->issue_width * IPC_SHARE_GOOD));
}

/** By what they cost, not by their rate: few branches may miss often and harm nobody. */
static void judge_branches(struct judging *judging)
{
	const struct counter_value *misses =
		counter_value_find(judging->scene, "branch-misses", judging->cycles);
	double share;

	if (!misses || !judging->width ||
	    !are_believable(judging, "branch-misses", judging->cycles, misses))
		return;
	share = MIN(misses->value * judging->width->branch_penalty_cycles / judging->cycles->value,
		    1.0);
	add_verdict(judging, judge_cost(share, BRANCH_COST_SHARE_GOOD, BRANCH_COST_SHARE_BAD),
		    "branch-misses", "branch-misses",
		    memory_format_text("mispredicted branches cost about %.0f %% of the cycles",
				       100 * share),
		    memory_format_text("each costs about %u cycles on %s; over %.0f %% of all "
				       "cycles is bad",
				       judging->width->branch_penalty_cycles, judging->width->name,
				       100 * BRANCH_COST_SHARE_BAD));
}

static void judge_cache(struct judging *judging)
{
	const struct counter_value *misses =
		counter_value_find(judging->scene, "cache-misses", judging->cycles);
	enum counter_judgement judgement;
	double share;

	if (!misses || !are_believable(judging, "cache-misses", judging->cycles, misses))
		return;
	share = MIN(misses->value * MEMORY_LATENCY_CYCLES / judging->cycles->value, 1.0);
	judgement = judge_cost(share, MISS_COST_SHARE_GOOD, MISS_COST_SHARE_BAD);
	add_verdict(judging, judgement, "cache-misses", "cache-misses",
		    judgement == JUDGEMENT_GOOD
			    ? memory_format_text("cache misses cannot cost more than %.0f %% of "
						 "the cycles: they are not the problem",
						 100 * share)
			    : memory_format_text("cache misses may cost up to %.0f %% of the "
						 "cycles",
						 100 * share),
		    memory_format_text("a miss waits about %d cycles for memory, less where "
				       "several overlap: a ceiling; over %.0f %% is bad",
				       MEMORY_LATENCY_CYCLES, 100 * MISS_COST_SHARE_BAD));
}

/** One part of top-down level 1, and of what it is made where level 2 is counted. */
struct top_down_part {
	const char *metric;
	const char *meaning;
	const char *detail_metric;
	const char *detail_meaning, *rest_meaning;
};

static const struct top_down_part top_down_losses[] = {
	{ "frontend-bound", "waiting for instructions (code too large or too branchy)",
	  "fetch-latency", "for them to arrive", "in decoding them" },
	{ "bad-speculation", "undone work after mispredicted branches", "branch-mispredicts",
	  "after branches", "after other wrong guesses (memory order, self-modifying code)" },
	{ "backend-bound", "waiting for data or for execution units", "memory-bound", "for memory",
	  "for execution units" },
};

static const struct top_down_part *worst_loss(const struct judging *judging, double *share_ret)
{
	const struct top_down_part *worst = NULL;
	struct counter_share loss;

	*share_ret = 0;
	for (size_t i = 0; i < ARRAY_SIZE(top_down_losses); i++) {
		if (!counter_share_find(judging->scene, top_down_losses[i].metric, judging->cycles,
					&loss) ||
		    loss.value <= *share_ret)
			continue;
		worst = &top_down_losses[i];
		*share_ret = loss.value;
	}
	return worst;
}

/** "; 70 % of that for memory, the rest for execution units"; "": not counted. Free it. */
static char *describe_detail(const struct judging *judging, const struct top_down_part *part,
			     double part_share)
{
	struct counter_share detail;

	if (!counter_share_find(judging->scene, part->detail_metric, judging->cycles, &detail))
		return memory_duplicate_text("");
	return memory_format_text("; %.0f %% of that %s, the rest %s",
				  100 * MIN(detail.value / part_share, 1.0), part->detail_meaning,
				  part->rest_meaning);
}

static void judge_top_down(struct judging *judging)
{
	const struct top_down_part *worst;
	_cleanup_free_ char *detail = NULL;
	struct counter_share retiring;
	double worst_share;

	if (!counter_share_find(judging->scene, "retiring", judging->cycles, &retiring) ||
	    !are_believable(judging, "top-down", retiring.whole, retiring.of))
		return;
	worst = worst_loss(judging, &worst_share);
	if (!worst)
		return;
	detail = describe_detail(judging, worst, worst_share);
	add_verdict(judging,
		    retiring.value >= TOP_DOWN_RETIRING_GOOD ? JUDGEMENT_GOOD
		    : worst_share >= TOP_DOWN_LOSS_BAD       ? JUDGEMENT_BAD
							     : JUDGEMENT_MIDDLING,
		    "top-down", "cycles",
		    memory_format_text("%.0f %% of the slots did useful work; most was lost by %s: "
				       "%.0f %%%s",
				       100 * retiring.value, worst->meaning, 100 * worst_share,
				       detail),
		    memory_format_text("half useful is good; a single loss of %.0f %% or more is "
				       "bad",
				       100 * TOP_DOWN_LOSS_BAD));
}

void counter_verdicts_derive(const struct counter_scene *scene, struct counter_verdict_vector *ret)
{
	for (size_t i = 0; i < scene->n_values; i++) {
		struct judging judging = { .scene = scene, .verdicts = ret };

		if (strcmp(scene->values[i].name, "cycles") != 0 || !scene->values[i].is_counted ||
		    scene->values[i].value <= 0)
			continue;
		judging.cycles = &scene->values[i];
		/* Asked for twice: judged once. */
		if (counter_value_find(scene, "cycles", judging.cycles) != judging.cycles)
			continue;
		judging.width = processor_width_find(&scene->processor, judging.cycles->pmu);
		judge_ipc(&judging);
		judge_branches(&judging);
		judge_cache(&judging);
		judge_top_down(&judging);
	}
}

void counter_verdict_vector_destroy_items(struct counter_verdict_vector *verdicts)
{
	for (size_t i = 0; i < verdicts->count; i++) {
		free(verdicts->items[i].text);
		free(verdicts->items[i].reason);
	}
	counter_verdict_vector_deinit(verdicts);
}
