#include "cli/run.h"

#include "base/clock.h"
#include "base/memory.h"
#include "capture/launch.h"
#include "cli/run_children.h"
#include "cli/run_session.h"
#include "cli/run_signals.h"
#include "cli/run_status.h"
#include "cli/terminal.h"
#include "process/proc_list.h"
#include "process/proc_snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/** How long one look at the rings may wait: the reaction time to signals and --duration. */
#define RECORD_WAIT_NS (100 * NS_PER_MS)

/** How often threads that sleep for long are looked up. */
#define SLEEPERS_PERIOD_NS (20 * NS_PER_MS)

/** What the checklist of the report asks for. */
#define SAMPLES_ENOUGH 1000

/** Records between two looks at the clock. */
#define RECORDS_PER_CHECK 64

/** One run of the command. */
struct run {
	struct recording *recording;
	const struct run_options *options;
	const struct output_folder *folder; /**< For snapshots; NULL: none can be written. */
	const struct sampler *sampler;
	struct sampler_session *session;
	struct run_control control;
	pid_t pid;
	uint64_t start_ns;
	uint64_t machine_busy_ns; /**< When it started. */
	struct run_status status;
	uint64_t end_ns; /**< When sampling was stopped; 0: it was not. */
	bool is_stopped;
	bool is_terminated;
	uint8_t *record_buffer;
};

static void stop_session(struct run *run)
{
	if (!run->is_stopped) {
		run->end_ns = clock_monotonic_ns();
		run->sampler->stop(run->session);
	}
	run->is_stopped = true;
}

/** What was only attached to is never ended. */
static void end_command(struct run *run)
{
	if (run->pid > 0 && !run->is_terminated)
		kill(run->pid, SIGTERM);
	run->is_terminated = true;
}

/** See to it that the recording ends when time is up or the user insists. */
static void look_after_end(struct run *run, uint64_t now_ns)
{
	const struct run_signals signals = run_signals_state();

	if (run->options->duration_ns && now_ns - run->start_ns >= run->options->duration_ns) {
		stop_session(run);
		end_command(run);
	}
	if (!signals.ending_signal)
		return;
	run->recording->is_stopped_by_user = true;
	if (signals.n_interrupts > 1) {
		run->recording->is_aborted = true;
		end_command(run);
	}
	if (run->pid == 0)
		stop_session(run);
	else if (now_ns - signals.first_time_ns >= INTERRUPT_GRACE_NS)
		end_command(run);
}

static void print_warning_of(struct error *error)
{
	if (error)
		terminal_print_warning("%s", error->message);
	error_destroy(error);
}

/** The next request waits for it, so that answers come in order. */
static bool is_writing_snapshot(struct run *run, bool must_wait)
{
	struct recording *recording = run->recording;

	if (!recording->snapshot_pid)
		return false;
	print_warning_of(recording_snapshot_end(recording, must_wait));
	if (!recording->snapshot_pid)
		run_control_acknowledge(&run->control);
	return recording->snapshot_pid != 0;
}

static void obey_one(struct run *run, enum run_request request, uint64_t now_ns)
{
	switch (request) {
	case RUN_REQUEST_NONE:
		break;
	case RUN_REQUEST_ENABLE:
	case RUN_REQUEST_DISABLE:
		run->sampler->set_enabled(run->session, request == RUN_REQUEST_ENABLE);
		break;
	case RUN_REQUEST_SNAPSHOT:
		if (run->folder)
			print_warning_of(recording_snapshot_begin(
				run->recording, run->options, run->folder, now_ns - run->start_ns));
		break;
	case RUN_REQUEST_SWITCH:
		run_perf_data_switch(run->recording, run->options);
		break;
	case RUN_REQUEST_STOP:
		stop_session(run);
		end_command(run);
	}
}

/** What was asked for through --control or signals, or was to be done after a while (-D). */
static void obey(struct run *run, uint64_t now_ns)
{
	struct run_control *control = &run->control;
	enum run_request request;

	while (!is_writing_snapshot(run, false) &&
	       (request = run_control_next(control, now_ns)) != RUN_REQUEST_NONE) {
		obey_one(run, request, now_ns);
		if (!run->recording->snapshot_pid)
			run_control_acknowledge(control);
	}
	for (size_t i = 0; i < control->problems.count; i++)
		terminal_print_warning("%s", control->problems.items[i]);
	string_vector_destroy_items(&control->problems);
}

static void store_record(struct run *run, const struct record *record)
{
	struct recording *recording = run->recording;

	if (recording->containers)
		run_containers_note(recording->containers, record);
	if (run->pid > 0 && !run->options->target.is_system)
		run_children_note(&recording->children, record);
	if (record->type == PERF_RECORD_SAMPLE &&
	    !analyzer_is_off_cpu_source(recording->analyzer, record->event_index))
		recording->n_samples++;
	run_perf_data_append(&recording->perf_data, recording->analyzer,
			     run->session->source.layouts, record);
}

/** Not of repeated runs' ends, nor so often that it would be felt. */
static void look_at_sleepers(struct recording *recording, uint64_t now_ns)
{
	if (now_ns - recording->looked_at_sleepers_ns < SLEEPERS_PERIOD_NS)
		return;
	recording->looked_at_sleepers_ns = now_ns;
	analyzer_look_at_sleepers(recording->analyzer, now_ns);
}

static struct error *take_record(struct run *run, const struct record *record)
{
	struct stack_extent extent;

	if (!run_target_keeps(&run->options->target, record))
		return NULL;
	RETURN_IF_ERROR(analyzer_apply(run->recording->analyzer, record));
	if (record->type == PERF_RECORD_SAMPLE && run->sampler->learn) {
		extent = analyzer_stack_extent(run->recording->analyzer);
		run->sampler->learn(run->session, record, &extent);
	}
	store_record(run, record);
	return NULL;
}

static struct error *take_records(struct run *run)
{
	struct record_source *source = &run->session->source;
	enum record_source_state state = RECORD_SOURCE_IDLE;
	unsigned int n_unchecked = 0;
	struct record record;
	uint64_t now_ns;

	while (state != RECORD_SOURCE_END && !run->recording->is_aborted &&
	       !run->recording->perf_data.is_full) {
		RETURN_IF_ERROR(source->next(source, RECORD_WAIT_NS, &record, &state));
		if (state == RECORD_SOURCE_RECORD) {
			RETURN_IF_ERROR(take_record(run, &record));
			if (++n_unchecked < RECORDS_PER_CHECK)
				continue;
		}
		n_unchecked = 0;
		now_ns = clock_monotonic_ns();
		run_perf_data_finish_round(&run->recording->perf_data, now_ns);
		look_at_sleepers(run->recording, now_ns);
		look_after_end(run, now_ns);
		obey(run, now_ns);
		if (run_perf_data_part_is_full(&run->recording->perf_data, now_ns))
			run_perf_data_switch(run->recording, run->options);
		run_status_show(&run->status, run->recording, now_ns);
	}
	return NULL;
}

static void add_usage(struct rusage *total, const struct rusage *usage)
{
	timeradd(&total->ru_utime, &usage->ru_utime, &total->ru_utime);
	timeradd(&total->ru_stime, &usage->ru_stime, &total->ru_stime);
	total->ru_maxrss = MAX(total->ru_maxrss, usage->ru_maxrss);
	total->ru_minflt += usage->ru_minflt;
	total->ru_majflt += usage->ru_majflt;
	total->ru_nvcsw += usage->ru_nvcsw;
	total->ru_nivcsw += usage->ru_nivcsw;
}

static void wait_for_command(struct run *run)
{
	struct rusage usage = { 0 };
	pid_t pid;

	do {
		pid = wait4(run->pid, &run->recording->wait_status, 0, &usage);
		/* A command that takes SIGTERM calmly is the user's to deal with. */
		if (pid < 0 && errno == EINTR && run_signals_state().n_interrupts > 1)
			kill(run->pid, SIGKILL);
	} while (pid < 0 && errno == EINTR);
	add_usage(&run->recording->usage, &usage);
}

struct analyzer_options run_analyzer_options(const struct run_options *options)
{
	return (struct analyzer_options){
		.symbols = &options->symbols,
		.is_of_cpus = options->target.is_system,
		.completes_stacks = options->recovers_stacks,
		.off_cpu_least_ns = options->off_cpu_least_ns,
		.debug_folders = &options->search.debug_folders,
		.servers = options->search.servers,
	};
}

/** Made at the first run, when the events are known; later runs add to them. */
static struct error *begin_recording(struct recording *recording, const struct run_options *options,
				     const struct record_source *source)
{
	struct analyzer_options analyzer_options = run_analyzer_options(options);

	if (recording->analyzer)
		return NULL;
	machine_init(&recording->machine);
	if (options->target.is_system)
		recording->containers = run_containers_create();
	analyzer_options.is_for_callchains = options->keeping.is_last_only;
	recording->analyzer = analyzer_create(source, &analyzer_options);
	return run_perf_data_begin(&recording->perf_data, source, recording->analyzer);
}

static void keep_facts(struct recording *recording, const struct sampler_facts *facts)
{
	if (recording->facts.n_rings)
		return;
	recording->facts = *facts;
	recording->facts.degradations = (struct string_vector){ 0 };
	for (size_t i = 0; i < facts->degradations.count; i++)
		string_vector_append(&recording->degradations,
				     memory_duplicate_text(facts->degradations.items[i]));
}

static struct error *take_snapshot_record(void *context, const struct record *snapshot)
{
	struct run *run = context;
	const struct record_layout_table *layouts = run->session->source.layouts;
	struct record record = *snapshot;

	for (uint32_t i = 0; i < layouts->n_ids && !record.id; i++)
		record.id = layouts->event_of_id[i] == 0 ? layouts->ids[i] : 0;
	record.bytes.data = run->record_buffer;
	record.bytes.size =
		record_encode_side_band(&layouts->layouts[0], &record, run->record_buffer);
	RETURN_IF_ERROR(analyzer_apply(run->recording->analyzer, &record));
	store_record(run, &record);
	return NULL;
}

/** What ran before we came. After the events are open, so that nothing falls in between. */
static struct error *take_snapshot(struct run *run)
{
	const struct run_target *target = &run->options->target;

	struct error *error = NULL;

	if (target->is_system)
		return proc_snapshot_read_all(take_snapshot_record, run);
	for (size_t i = 0; i < target->pids.count + target->tids.count && !error; i++) {
		error = proc_snapshot_read(
			i < target->pids.count
				? target->pids.items[i]
				: proc_process_of_thread(
					  target->tids.items[i - target->pids.count]),
			take_snapshot_record, run);
		/* It has just ended: what was sampled of it is all there is. */
		if (error && error->code == ERROR_NOT_FOUND) {
			error_destroy(error);
			error = NULL;
		}
	}
	return error;
}

static void note_start(struct run *run)
{
	struct recording *recording = run->recording;

	run->start_ns = clock_monotonic_ns();
	run->machine_busy_ns = machine_busy_ns();
	run_status_start(&run->status, run->pid, run->start_ns);
	if (!recording->timings.sampling_ns) {
		recording->timings.sampling_ns = run->start_ns;
		recording->start_realtime_ns = clock_realtime_ns();
	}
}

/** Nothing where it is not known at both ends; stolen time may be corrected downwards. */
static void count_machine_busy(struct run *run)
{
	const uint64_t end_ns = machine_busy_ns();

	if (run->machine_busy_ns && end_ns > run->machine_busy_ns)
		run->recording->machine_busy_ns += end_ns - run->machine_busy_ns;
}

static void count_spans(struct run *run)
{
	struct sampler_progress progress;

	run->sampler->progress(run->session, &progress);
	run->recording->n_spans += progress.n_spans;
}

static struct error *run_prepared(struct run *run, struct launch *launch)
{
	struct recording *recording = run->recording;
	const bool is_begun = run_target_is_attached(&run->options->target);
	struct error *error = NULL;

	if (is_begun)
		note_start(run);
	RETURN_IF_ERROR(begin_recording(recording, run->options, &run->session->source));
	keep_facts(recording, &run->session->facts);
	analyzer_begin_run(recording->analyzer, clock_monotonic_ns());
	RETURN_IF_ERROR(take_snapshot(run));
	run_signals_watch(run->pid);
	if (run->control.listens_to_signals)
		run_signals_listen(run->control.takes_toggles);
	if (run->pid > 0 && !recording->counters)
		recording->counters = run_counters_open(run->pid);
	if (!is_begun)
		note_start(run);
	run_control_start(&run->control, &run->options->control, run->start_ns);
	if (!run->options->is_quiet && run->folder)
		run_degradations_print(recording);
	if (run->pid > 0)
		error = launch_exec(launch);
	if (error) {
		recording->has_exec_failed = true;
		return error;
	}
	error = take_records(run);
	recording->timings.drained_ns = clock_monotonic_ns();
	count_spans(run);
	is_writing_snapshot(run, true);
	recording->wall_ns += recording->timings.drained_ns - run->start_ns;
	if (!is_begun)
		count_machine_busy(run);
	analyzer_end_run(recording->analyzer,
			 run->end_ns ? run->end_ns : recording->timings.drained_ns);
	run_perf_data_append_waits(&recording->perf_data, recording->analyzer);
	if (error || recording->perf_data.is_full)
		end_command(run);
	if (run->pid > 0)
		wait_for_command(run);
	run_counters_stop(recording->counters, recording->wall_ns);
	terminal_set_status(NULL);
	return error;
}

static struct error *add_run(struct recording *recording, struct run_options *options,
			     const struct output_folder *folder)
{
	struct run run = {
		.recording = recording,
		.options = options,
		.folder = folder,
	};
	struct launch_place place = { .input_fd = -1, .output_fd = -1, .error_fd = -1 };
	struct sampler_options sampler_options = run_sampler_options(options);
	struct run_session opened = { 0 };
	struct launch launch = { 0 };
	uint32_t launched_pid;
	struct error *error;

	RETURN_IF_ERROR(run_control_open(&options->control, &run.control));
	if (options->command[0]) {
		if (options->place)
			place = *options->place;
		if (options->has_user)
			place.user = &options->user.launch;
		RETURN_IF_ERROR(launch_prepare_in(&place, options->command, NULL, &launch));
		run.pid = launch.pid;
		launched_pid = (uint32_t)launch.pid;
		sampler_options.pid = launch.pid;
		sampler_options.watched_pids = &launched_pid;
		sampler_options.n_watched_pids = 1;
		recording->has_command = true;
	}
	error = run_session_open(options, &sampler_options, &opened);
	if (!error) {
		run.sampler = opened.sampler;
		run.session = opened.session;
		run.record_buffer = memory_allocate(1, RECORD_SIZE_MAX_BYTES);
		error = run_prepared(&run, &launch);
		run.session->source.destroy(&run.session->source);
		free(run.record_buffer);
		run_signals_release();
	}
	run_control_close(&run.control);
	launch_abandon(&launch);
	return error;
}

struct error *recording_add_run(struct recording *recording, struct run_options *options)
{
	return add_run(recording, options, NULL);
}

struct error *recording_run(struct recording *recording, struct run_options *options,
			    const struct output_folder *folder)
{
	_cleanup_free_ char *path = output_folder_path(folder, "perf.data");

	RETURN_IF_ERROR(run_perf_data_create(&recording->perf_data, &options->keeping, path,
					     folder->may_replace));
	for (unsigned int run = 0; run < options->n_repeats; run++) {
		RETURN_IF_ERROR(add_run(recording, options, folder));
		recording->n_runs++;
		if (recording->is_stopped_by_user || recording->perf_data.is_full ||
		    (options->is_repeated_until_enough && recording->n_samples >= SAMPLES_ENOUGH))
			break;
	}
	if (options->spans.begin && !recording->n_spans)
		string_vector_append(&recording->degradations,
				     memory_format_text("everything: '%s' was never called",
							options->spans.begin));
	if (recording->perf_data.is_full)
		string_vector_append(&recording->degradations,
				     memory_format_text("what came after %" PRIu64
							" KiB of records (--max-size)",
							options->keeping.size_max_bytes >> 10));
	return NULL;
}

void recording_deinit(struct recording *recording)
{
	run_perf_data_deinit(&recording->perf_data);
	machine_deinit(&recording->machine);
	run_counters_destroy(recording->counters);
	run_containers_destroy(recording->containers);
	index_vector_deinit(&recording->children);
	analyzer_destroy(recording->analyzer);
	string_vector_destroy_items(&recording->degradations);
	*recording = (struct recording){ 0 };
}
