#include "explain/explanation_internal.h"

#include "explain/layout_internal.h"

#include <math.h>
#include <string.h>
#include <sys/wait.h>

/** The rules that tell kinds of programs apart, by id. */
static const char *const lock_rules[] = { "locks", NULL };
static const char *const io_rules[] = { "file-io", "network-io", "storage-sync", "dns", NULL };

/** 97.5 % quantile of the normal distribution: both ends together are 95 %. */
#define NORMAL_QUANTILE_95 1.959964

double explanation_sampling_error(double share, uint64_t n_samples)
{
	double n = (double)n_samples;
	double z2 = NORMAL_QUANTILE_95 * NORMAL_QUANTILE_95;

	if (!n_samples)
		return 1;
	return NORMAL_QUANTILE_95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n));
}

/** Share of the period in samples whose innermost location is in the kernel. */
static double kernel_share_of(const struct profile *profile, uint32_t event, uint64_t period_total)
{
	uint64_t kernel_period = 0;

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		uint32_t location = profile->stacks.items[sample->stack].location;

		if (sample->event == event && sample->stack &&
		    profile->locations.items[location].kind == LOCATION_KERNEL)
			kernel_period += sample->period;
	}
	return period_total ? (double)kernel_period / (double)period_total : 0;
}

/** How the command ended, when not with status 0; NULL: it did, or nobody knows. */
static char *ending_of(const struct profile_info *info)
{
	if (!info->has_exit_status || !info->exit_status)
		return NULL;
	if (WIFSIGNALED(info->exit_status))
		return memory_format_text(
			"the command was killed by signal %d (%s)%s", WTERMSIG(info->exit_status),
			strsignal(WTERMSIG(info->exit_status)),
			WCOREDUMP(info->exit_status) ? " and left a core dump" : "");
	return memory_format_text("the command ended with status %d",
				  WEXITSTATUS(info->exit_status));
}

/** The largest share among the rules with these ids. */
static double rule_share(const struct rule_set *rules, const struct rule_weight *weights,
			 uint64_t period_total, const char *const *ids)
{
	double share = 0;

	for (; *ids && period_total; ids++) {
		for (size_t i = 0; i < rules->entries.count; i++)
			if (equal_text(rules->entries.items[i]->rule.id, *ids))
				share = MAX(share,
					    (double)weights[i].period / (double)period_total);
	}
	return share;
}

/** Of what was sampled, even where the explanation is of waits too. */
static void collect_activity(struct explanation *explanation, const struct profile *profile)
{
	uint32_t sampled = profile_find_measure(profile, PROFILE_SAMPLED);
	uint32_t event = explanation->event;

	if (event < profile->events.count &&
	    profile->events.items[event].measure != PROFILE_SAMPLED && sampled != UINT32_MAX)
		event = sampled;
	activity_init(&explanation->activity, profile, event);
	waits_init(&explanation->waits, profile, profile_find_measure(profile, PROFILE_OFF_CPU));
}

struct explanation *explanation_create(const struct profile *profile, const struct rule_set *rules,
				       uint32_t event)
{
	struct explanation *explanation = memory_allocate(1, sizeof(*explanation));
	_cleanup_free_ struct rule_weight *weights =
		memory_allocate(rules->entries.count, sizeof(*weights));
	const struct profile_info *info = &profile->info;
	uint64_t period_total;
	struct program_facts facts;

	explanation->event = event;
	profile_quality_of(profile, event, &explanation->quality);
	period_total = explanation->quality.period_total;
	profile_functions_of(profile, event, &explanation->functions);
	explanation->kernel_share = kernel_share_of(profile, event, period_total);
	profile_unnamed_of(profile, event, &explanation->unresolved);
	profile_cut_stacks_of(profile, event, &explanation->cut_stacks);
	findings_collect(explanation, profile, rules, weights);
	collect_activity(explanation, profile);

	facts = (struct program_facts){
		.n_samples = explanation->quality.n_samples,
		.wall_ns = info->wall_ns,
		.user_cpu_ns = info->user_cpu_ns,
		.system_cpu_ns = info->system_cpu_ns,
		.machine_busy_ns = info->machine_busy_ns,
		.n_cpus = info->n_cpus,
		.voluntary_switches = info->voluntary_switches,
		.involuntary_switches = info->involuntary_switches,
		.major_faults = info->major_faults,
		.kernel_share = explanation->kernel_share,
		.lock_share = rule_share(rules, weights, period_total, lock_rules),
		.io_share = rule_share(rules, weights, period_total, io_rules),
	};
	explanation->kind = program_kind_of(&facts, &explanation->kind_reason);
	/* Who is kept from running by others is not idle. */
	if (explanation->kind != PROGRAM_CROWDED_OUT)
		serial_finding_collect(explanation, profile);
	explanation->ending = ending_of(info);
	explanation->others_cpus = program_others_cpus(&facts);
	explanation->is_machine_full = machine_is_full(&facts);
	criteria_collect(explanation, profile);
	next_commands_append(explanation, profile, &explanation->next_commands);
	return explanation;
}

void explanation_destroy(struct explanation *explanation)
{
	if (!explanation)
		return;
	profile_function_vector_deinit(&explanation->functions);
	finding_vector_deinit(&explanation->findings);
	activity_deinit(&explanation->activity);
	waits_deinit(&explanation->waits);
	unnamed_object_vector_deinit(&explanation->unresolved);
	cut_stacks_vector_deinit(&explanation->cut_stacks);
	for (size_t i = 0; i < explanation->criteria.count; i++) {
		free(explanation->criteria.items[i].detail);
		free(explanation->criteria.items[i].hint);
	}
	criterion_vector_deinit(&explanation->criteria);
	string_vector_destroy_items(&explanation->next_commands);
	free(explanation->ending);
	free(explanation->kind_reason);
	free(explanation);
}

void explanation_write_quality_line(const struct explanation *explanation, FILE *file)
{
	profile_quality_write(&explanation->quality, file);
}
