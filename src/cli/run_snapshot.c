#include "cli/run.h"

#include "base/memory.h"
#include "cli/terminal.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/** What is only written at the end is written for the snapshot, in its folder; else nothing. */
static struct error *redirect_perf_data(struct run_perf_data *data,
					const struct output_folder *folder)
{
	_cleanup_free_ char *path = output_folder_path(folder, "perf.data");

	/* Not closed: they are the recording's, which goes on with them. */
	data->writer = NULL;
	data->file = (struct output_file){ 0 };
	return data->window ? output_file_create(&data->file, path, folder->may_replace) : NULL;
}

/**
 * In a process of its own, which has all that was recorded as it is at this moment: naming and
 * labels are for this snapshot only, and the recording's files are not touched.
 */
static _Noreturn void write_and_exit(struct recording *recording, const struct run_options *options,
				     const struct output_folder *folder)
{
	struct deliverable_vector deliverables = { 0 };
	struct explanation *explanation;
	struct error *error;
	int status = 0;

	error = redirect_perf_data(&recording->perf_data, folder);
	if (!error)
		error = recording_finish(recording, options);
	if (!error) {
		status = recording->perf_data.error != NULL;
		explanation =
			explanation_create(analyzer_profile(recording->analyzer), options->rules,
					   run_shown_event(recording, options));
		deliverables_write(&deliverables, analyzer_profile(recording->analyzer),
				   explanation, options, folder);
	}
	for (size_t i = 0; i < deliverables.count; i++) {
		if (deliverables.items[i].error)
			status = 1;
	}
	_exit(error ? 1 : status);
}

struct error *recording_snapshot_begin(struct recording *recording,
				       const struct run_options *options,
				       const struct output_folder *folder, uint64_t running_ns)
{
	struct output_folder own = { .may_replace = folder->may_replace };
	_cleanup_free_ char *name = memory_format_text("snapshot-%u", ++recording->n_snapshots);
	_cleanup_free_ char *path = output_folder_path(folder, name);
	pid_t pid;

	RETURN_IF_ERROR(output_folder_create(path, name, folder->may_replace, &own));
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		recording->wall_ns += running_ns;
		write_and_exit(recording, options, &own);
	}
	if (pid < 0) {
		output_folder_discard_if_empty(&own);
		output_folder_deinit(&own);
		return error_from_errno(errno, "cannot start a process for %s", name);
	}
	recording->snapshot_pid = pid;
	recording->snapshot_folder = own;
	return NULL;
}

struct error *recording_snapshot_end(struct recording *recording, bool must_wait)
{
	struct output_folder *folder = &recording->snapshot_folder;
	struct error *error = NULL;
	int status = 0;
	pid_t pid;

	if (!recording->snapshot_pid)
		return NULL;
	do
		pid = waitpid(recording->snapshot_pid, &status, must_wait ? 0 : WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return NULL;
	recording->snapshot_pid = 0;
	output_folder_discard_if_empty(folder);
	if (status != 0)
		error = error_new(ERROR_SYSTEM, "%s could not be written whole", folder->path);
	else
		terminal_print_note("%s written", folder->path);
	output_folder_deinit(folder);
	return error;
}
