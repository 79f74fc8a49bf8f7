/** summary.json: docs/formats/summary.md describes it field by field. */

#include "explain/explanation_internal.h"

#include "base/json_writer.h"

/** Raised when a field changes its meaning or goes away; new fields do not raise it. */
#define SUMMARY_SCHEMA 1

#define FUNCTIONS_WRITTEN_MAX 100

static double share_of(uint64_t period, const struct explanation *explanation)
{
	uint64_t total = explanation->quality.period_total;

	return total ? (double)period / (double)total : 0;
}

static void write_machine(struct json_writer *json, const struct profile_info *info)
{
	json_begin_object(json, "machine");
	json_string(json, "hostname", info->hostname);
	json_string(json, "kernel", info->kernel_release);
	json_string(json, "architecture", info->architecture);
	json_string(json, "cpu", info->cpu_model);
	json_u64(json, "cpus", info->n_cpus);
	json_end_object(json);
}

static void write_command(struct json_writer *json, const struct profile_info *info)
{
	json_begin_object(json, "command");
	json_string(json, "line", info->command);
	json_string(json, "program", info->program);
	json_u64(json, "start_realtime_ns", info->start_realtime_ns);
	json_u64(json, "wall_ns", info->wall_ns);
	json_u64(json, "user_cpu_ns", info->user_cpu_ns);
	json_u64(json, "system_cpu_ns", info->system_cpu_ns);
	json_u64(json, "machine_busy_ns", info->machine_busy_ns);
	json_u64(json, "rss_max_bytes", info->rss_max_bytes);
	json_u64(json, "voluntary_switches", info->voluntary_switches);
	json_u64(json, "involuntary_switches", info->involuntary_switches);
	json_u64(json, "minor_faults", info->minor_faults);
	json_u64(json, "major_faults", info->major_faults);
	if (info->has_exit_status)
		json_i64(json, "wait_status", info->exit_status);
	else
		json_string(json, "wait_status", NULL);
	json_end_object(json);
}

static void write_sampling(struct json_writer *json, const struct explanation *explanation,
			   const struct profile *profile)
{
	const struct profile_event *event = &profile->events.items[explanation->event];
	const struct profile_info *info = &profile->info;

	json_begin_object(json, "sampling");
	json_string(json, "event", profile_text(profile, event->name));
	json_string(json, "period_unit", profile_text(profile, event->unit));
	json_u64(json, "frequency_hz", event->frequency_hz);
	json_u64(json, "fixed_period", event->period);
	json_bool(json, "kernel_side", info->has_kernel_samples);
	json_bool(json, "user_side", !info->is_kernel_only);
	json_u64(json, "stack_copy_bytes", info->stack_copy_bytes);
	json_bool(json, "stack_windows", info->has_stack_windows);
	json_u64(json, "samples", explanation->quality.n_samples);
	json_u64(json, "period_total", explanation->quality.period_total);
	json_double(json, "kernel_share", explanation->kernel_share);
	json_begin_array(json, "degradations");
	for (size_t i = 0; i < info->degradations.count; i++)
		json_string(json, NULL, info->degradations.items[i]);
	json_end_array(json);
	json_end_object(json);
}

static void write_cut_stacks(struct json_writer *json, const struct explanation *explanation,
			     const struct profile *profile)
{
	json_begin_array(json, "cut_stacks");
	for (size_t i = 0; i < explanation->cut_stacks.count; i++) {
		const struct cut_stacks *cut = &explanation->cut_stacks.items[i];

		json_begin_object(json, NULL);
		json_string(json, "path",
			    profile_text(profile, profile->objects.items[cut->object].path));
		json_string(json, "end", stack_end_name(cut->end));
		json_u64(json, "samples", cut->count);
		json_double(json, "share", cut->share);
		json_string(json, "problem", profile_cut_stacks_reason(profile, cut));
		json_end_object(json);
	}
	json_end_array(json);
}

static void write_quality(struct json_writer *json, const struct explanation *explanation,
			  const struct profile *profile)
{
	const struct profile_quality *quality = &explanation->quality;
	const struct profile_losses *losses = &profile->losses;

	json_begin_object(json, "quality");
	json_u64(json, "user_stacks", quality->n_user_stacks);
	json_u64(json, "complete_stacks", quality->n_complete);
	json_double(json, "complete_share", quality->complete_share);
	json_double(json, "named_share", quality->named_share);
	json_begin_object(json, "stack_ends");
	for (enum stack_end end = 0; end < N_STACK_ENDS; end++)
		if (quality->n_by_end[end])
			json_u64(json, stack_end_name(end), quality->n_by_end[end]);
	json_end_object(json);
	json_begin_object(json, "losses");
	json_u64(json, "records", losses->lost_records);
	json_u64(json, "samples", losses->lost_samples);
	json_u64(json, "throttles", losses->throttles);
	json_u64(json, "unreadable_records", losses->unreadable_records);
	json_double(json, "share", quality->lost_share);
	json_end_object(json);
	json_begin_array(json, "unresolved_libraries");
	for (size_t i = 0; i < explanation->unresolved.count; i++) {
		const struct unnamed_object *library = &explanation->unresolved.items[i];
		const struct profile_object *object = &profile->objects.items[library->object];

		json_begin_object(json, NULL);
		json_string(json, "path", profile_text(profile, object->path));
		json_u64(json, "samples", library->count);
		json_double(json, "share", library->share);
		json_string(json, "problem",
			    object->problem ? profile_text(profile, object->problem) : NULL);
		json_string(json, "mend",
			    object->problem_hint ? profile_text(profile, object->problem_hint)
						 : NULL);
		json_end_object(json);
	}
	json_end_array(json);
	write_cut_stacks(json, explanation, profile);
	json_end_object(json);
}

static void write_function(struct json_writer *json, const struct explanation *explanation,
			   const struct profile *profile, const struct profile_function *function)
{
	const struct profile_object *object = &profile->objects.items[function->object];
	double self_share = share_of(function->self_period, explanation);
	uint64_t n_samples = explanation->quality.n_samples;

	json_begin_object(json, NULL);
	json_string(json, "name", profile_text(profile, function->name));
	json_string(json, "library", profile_text(profile, object->path));
	json_double(json, "self_share", self_share);
	json_double(json, "self_share_error", explanation_sampling_error(self_share, n_samples));
	json_double(json, "children_share", share_of(function->children_period, explanation));
	json_u64(json, "self_samples", function->self_count);
	json_u64(json, "children_samples", function->children_count);
	json_end_object(json);
}

static void write_functions(struct json_writer *json, const struct explanation *explanation,
			    const struct profile *profile)
{
	const struct profile_function_vector *functions = &explanation->functions;

	json_u64(json, "functions_total", functions->count);
	json_begin_array(json, "functions");
	for (size_t i = 0; i < MIN(functions->count, (size_t)FUNCTIONS_WRITTEN_MAX); i++)
		write_function(json, explanation, profile, &functions->items[i]);
	json_end_array(json);
}

void path_json_write(struct json_writer *json, const char *name, const struct profile *profile,
		     uint32_t stack)
{
	struct index_vector frames = { 0 };

	profile_expand_stack(profile, stack, &frames);
	json_begin_array(json, name);
	for (size_t i = 0; i < frames.count; i++)
		json_string(json, NULL,
			    profile_text(profile, profile->frames.items[frames.items[i]].name));
	json_end_array(json);
	index_vector_deinit(&frames);
}

static void write_finding_function(struct json_writer *json, const struct explanation *explanation,
				   const struct profile *profile,
				   const struct finding_function *function)
{
	const struct profile_object *object = &profile->objects.items[function->object];

	json_begin_object(json, NULL);
	json_string(json, "name", profile_text(profile, function->name));
	json_string(json, "library", profile_text(profile, object->path));
	json_double(json, "share", share_of(function->period, explanation));
	json_u64(json, "samples", function->count);
	json_end_object(json);
}

static void write_finding(struct json_writer *json, const struct explanation *explanation,
			  const struct profile *profile, const struct finding *finding)
{
	json_begin_object(json, NULL);
	json_string(json, "id", finding->rule->id);
	json_string(json, "title", finding->rule->title);
	json_double(json, "share", finding->share);
	json_double(json, "share_error",
		    explanation_sampling_error(finding->share, explanation->quality.n_samples));
	json_u64(json, "samples", finding->count);
	json_u64(json, "period", finding->period);
	json_string(json, "meaning", finding->rule->meaning);
	json_string(json, "advice", finding->rule->advice);
	json_double(json, "hottest_path_share",
		    share_of(finding->hottest_stack_period, explanation));
	path_json_write(json, "hottest_path", profile, finding->hottest_stack);
	json_begin_array(json, "functions");
	for (size_t i = 0; i < finding->n_functions; i++)
		write_finding_function(json, explanation, profile, &finding->functions[i]);
	json_end_array(json);
	json_end_object(json);
}

static void write_conclusions(struct json_writer *json, const struct explanation *explanation,
			      const struct profile *profile)
{
	json_begin_object(json, "kind");
	json_string(json, "name", program_kind_name(explanation->kind));
	json_string(json, "description", program_kind_description(explanation->kind));
	json_string(json, "reason", explanation->kind_reason);
	json_end_object(json);
	write_functions(json, explanation, profile);
	json_begin_array(json, "findings");
	for (size_t i = 0; i < explanation->findings.count; i++)
		write_finding(json, explanation, profile, &explanation->findings.items[i]);
	json_end_array(json);
	json_begin_array(json, "criteria");
	for (size_t i = 0; i < explanation->criteria.count; i++) {
		const struct criterion *criterion = &explanation->criteria.items[i];

		json_begin_object(json, NULL);
		json_string(json, "name", criterion->name);
		json_string(json, "verdict", criterion_verdict_name(criterion->verdict));
		json_string(json, "detail", criterion->detail);
		json_string(json, "hint", criterion->hint);
		json_end_object(json);
	}
	json_end_array(json);
	json_begin_array(json, "next_commands");
	for (size_t i = 0; i < explanation->next_commands.count; i++)
		json_string(json, NULL, explanation->next_commands.items[i]);
	json_end_array(json);
}

void explanation_write_json(const struct explanation *explanation, const struct profile *profile,
			    FILE *file)
{
	struct json_writer json = json_writer_make(file);

	json_begin_object(&json, NULL);
	json_u64(&json, "schema", SUMMARY_SCHEMA);
	json_string(&json, "tool", "perf-profile");
	json_string(&json, "version", profile->info.tool_version);
	write_machine(&json, &profile->info);
	write_command(&json, &profile->info);
	write_sampling(&json, explanation, profile);
	write_quality(&json, explanation, profile);
	write_conclusions(&json, explanation, profile);
	activity_json_write(&json, explanation, profile);
	json_end_object(&json);
}
