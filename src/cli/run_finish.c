#include "cli/run.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/shell_quote.h"
#include "cli/program_text.h"

#include <string.h>
#include <time.h>

static uint64_t timeval_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_usec * 1000;
}

/** "-a -- sleep 10"; NULL: a command alone. */
static char *target_with_command(const struct run_options *options)
{
	_cleanup_free_ char *target = run_target_options(&options->target);
	_cleanup_free_ char *command = NULL;

	if (!target || !options->command[0])
		return memory_duplicate_text(target);
	command = shell_quote_words(options->command);
	return memory_format_text("%s -- %s", target, command);
}

static void fill_command(const struct recording *recording, const struct run_options *options,
			 struct profile_info *info)
{
	const char *word = options->command[0] ? options->command[0] : options->target.name;
	const char *slash = strrchr(word, '/');

	info->program = memory_duplicate_text(slash ? slash + 1 : word);
	info->command = options->target.description
				? memory_duplicate_text(options->target.description)
				: shell_quote_words(options->command);
	info->target = target_with_command(options);
	info->has_exit_status = recording->has_command;
	info->exit_status = recording->wait_status;
}

static void fill_info(const struct recording *recording, const struct run_options *options,
		      struct profile_info *info)
{
	const struct machine *machine = &recording->machine;

	fill_command(recording, options, info);
	info->hostname = memory_duplicate_text(machine->hostname);
	info->kernel_release = memory_duplicate_text(machine->kernel_release);
	info->architecture = memory_duplicate_text(machine->architecture);
	info->cpu_model = memory_duplicate_text(machine->cpu_model);
	info->n_cpus = machine->n_cpus_online;
	info->tool_version = memory_duplicate_text(PROGRAM_VERSION);
	info->start_realtime_ns = recording->start_realtime_ns;
	info->wall_ns = recording->wall_ns;
	info->machine_busy_ns = recording->machine_busy_ns;
	info->user_cpu_ns = timeval_ns(recording->usage.ru_utime);
	info->system_cpu_ns = timeval_ns(recording->usage.ru_stime);
	info->rss_max_bytes = (uint64_t)recording->usage.ru_maxrss * 1024;
	info->voluntary_switches = (uint64_t)recording->usage.ru_nvcsw;
	info->involuntary_switches = (uint64_t)recording->usage.ru_nivcsw;
	info->minor_faults = (uint64_t)recording->usage.ru_minflt;
	info->major_faults = (uint64_t)recording->usage.ru_majflt;
	info->has_kernel_samples = recording->facts.has_kernel;
	info->is_kernel_only = !recording->facts.has_user;
	info->stack_copy_bytes = recording->facts.stack_copy_bytes;
	info->has_stack_windows = recording->facts.has_stack_windows;
	for (size_t i = 0; i < recording->degradations.count; i++)
		string_vector_append(&info->degradations,
				     memory_duplicate_text(recording->degradations.items[i]));
}

uint32_t run_shown_event(const struct recording *recording, const struct run_options *options)
{
	uint32_t wall = profile_find_measure(analyzer_profile(recording->analyzer), PROFILE_WALL);

	return options->is_wall && wall != UINT32_MAX ? wall : 0;
}

/** Time on and off the CPU are of one kind: together they are the wall-clock time of threads. */
static void add_wall(struct profile *profile)
{
	uint32_t off_cpu = profile_find_measure(profile, PROFILE_OFF_CPU);

	if (off_cpu != UINT32_MAX)
		profile_add_sum(profile, WALL_EVENT_NAME, PROFILE_WALL, 0, off_cpu);
}

struct error *recording_finish(struct recording *recording, const struct run_options *options)
{
	struct profile *profile;

	if (recording->perf_data.window)
		RETURN_IF_ERROR(run_window_analyze(recording, options));
	profile = analyzer_profile(recording->analyzer);
	RETURN_IF_ERROR(analyzer_finish(recording->analyzer));
	recording->timings.named_ns = clock_monotonic_ns();
	if (options->is_wall)
		add_wall(profile);
	fill_info(recording, options, &profile->info);
	if (recording->containers)
		run_containers_label(recording->containers, profile);
	profile_fold_apply(&options->fold, profile);
	/* The kernel's account is of what we started and waited for, and of all of it. */
	if (run_target_is_attached(&options->target) || recording->perf_data.window)
		profile_take_cpu_time(profile, 0);
	run_perf_data_finish(recording, options);
	recording->timings.perf_data_ns = clock_monotonic_ns();
	return NULL;
}
