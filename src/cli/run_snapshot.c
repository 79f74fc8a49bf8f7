#include "cli/run.h"

#include "base/memory.h"
#include "cli/terminal.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/**
 * In a process of its own, which has all that was recorded as it is at this moment: naming and
 * labels are for this snapshot only, and the recording's files are not touched.
 */
static _Noreturn void write_and_exit(struct recording *recording, const struct run_options *options,
				     const struct output_folder *folder)
{
	struct deliverable_vector deliverables = { 0 };
	struct explanation *explanation;
	struct machine machine;
	struct error *error;
	int status = 0;

	machine_init(&machine);
	recording->writer = NULL;
	error = recording_finish(recording, options, &machine);
	if (!error) {
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

struct error *recording_snapshot(struct recording *recording, const struct run_options *options,
				 const struct output_folder *folder)
{
	struct output_folder own = { .may_replace = folder->may_replace };
	_cleanup_free_ char *name = memory_format_text("snapshot-%u", ++recording->n_snapshots);
	_cleanup_free_ char *path = output_folder_path(folder, name);
	struct error *error;
	int status = 0;
	pid_t pid;

	RETURN_IF_ERROR(output_folder_create(path, name, folder->may_replace, &own));
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		write_and_exit(recording, options, &own);
	error = pid < 0 ? error_from_errno(errno, "cannot start a process for %s", name) : NULL;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	output_folder_discard_if_empty(&own);
	if (!error && status != 0)
		error = error_new(ERROR_SYSTEM, "%s could not be written whole", path);
	if (!error)
		terminal_print_note("%s written", path);
	output_folder_deinit(&own);
	return error;
}
