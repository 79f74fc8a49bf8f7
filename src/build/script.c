#include "build/step_internal.h"

#include <errno.h>

struct error *build_script_run(const char *script, const char *folder_path, const char *log_path,
			       char *const *environment_entries,
			       const struct build_listener *listener)
{
	struct build_step step = { .folder_path = (char *)folder_path };
	struct environment environment;
	FILE *log = fopen(log_path, "we");
	struct error *error;

	if (!log)
		return error_from_errno(errno, "cannot write '%s'", log_path);
	environment_init(&environment, environment_entries);
	text_vector_append_copy(&step.argv, "/bin/sh");
	text_vector_append_copy(&step.argv, "-c");
	text_vector_append_copy(&step.argv, script);
	error = build_step_run(&step, &environment, log, listener);
	text_vector_destroy_items(&step.argv);
	environment_deinit(&environment);
	fclose(log);
	return error_with_hint(error, "everything it said is in %s", log_path);
}
