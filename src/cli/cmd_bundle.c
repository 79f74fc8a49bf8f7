#include "cli/commands.h"

#include "base/memory.h"
#include "base/output_file.h"
#include "base/text_stream.h"
#include "check/check.h"
#include "cli/bundle_redaction.h"
#include "cli/machine.h"
#include "cli/open_profile.h"
#include "cli/terminal.h"
#include "output/bundle.h"
#include "output/output_format.h"
#include "profile/profile_file.h"

#include <inttypes.h>
#include <string.h>

enum {
	OPTION_OUTPUT = 1,
	OPTION_FORCE,
	OPTION_REDACT,
	OPTION_NO_TICKS,
	OPTION_SYMFS,
	OPTION_QUIET,
};

static const struct option_spec options[] = {
	{ OPTION_OUTPUT, 'o', "output", "FILE",
	  "Where to write. Default: PROGRAM.bundle.tar.zst in this folder.", "FILE" },
	{ OPTION_FORCE, 'f', "force", NULL, "Replace the file.", NULL },
	{ OPTION_REDACT, 0, "redact", NULL,
	  "Leave out what others need not know: names of users and machines, folders outside the "
	  "system's, arguments. Names of functions stay.",
	  NULL },
	{ OPTION_NO_TICKS, 0, "no-times", NULL,
	  "Leave out when each sample was taken: a smaller file, without charts over time.", NULL },
	{ OPTION_SYMFS, 0, "symfs", "DIR",
	  "Folder that holds the recorded machine's files; they are taken on trust.", "DIR" },
	{ OPTION_QUIET, 'q', "quiet", NULL, "Only errors on the terminal.", NULL },
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile bundle", "Pack the last recording." },
	{ "perf-profile bundle --redact -o slow.tar.zst perf.data", "For a public bug report." },
	{ "perf-profile report slow.tar.zst", "Open it, on any machine." },
	{ NULL, NULL },
};

struct bundle_request {
	struct open_profile_options how;
	const char *output_path;
	bool may_replace, is_redacted, is_quiet;
};

static struct error *apply_option(void *context, int id, const char *value)
{
	struct bundle_request *request = context;

	switch (id) {
	case OPTION_OUTPUT:
		request->output_path = value;
		return NULL;
	case OPTION_FORCE:
		request->may_replace = true;
		return NULL;
	case OPTION_REDACT:
		request->is_redacted = true;
		return NULL;
	case OPTION_NO_TICKS:
		request->how.is_without_ticks = true;
		return NULL;
	case OPTION_SYMFS:
		request->how.symfs_path = value;
		return NULL;
	default: /* OPTION_QUIET */
		request->is_quiet = true;
		return NULL;
	}
}

/** A member that is text being made. */
struct member {
	FILE *file;
	char *text;
	size_t size;
};

static struct error *add_member(struct bundle_writer *writer, const char *name,
				struct member *member)
{
	struct error *error;

	text_stream_close(member->file, &member->text);
	error = bundle_writer_add(writer, name,
				  (struct bytes){ (const uint8_t *)member->text, member->size });
	free(member->text);
	return error;
}

static struct error *add_readme(struct bundle_writer *writer, bool is_redacted)
{
	struct member member = { 0 };

	member.file = text_stream_open(&member.text, &member.size);
	fprintf(member.file,
		"A bundle of perf-profile %s: one recording, to be opened on any machine with\n\n"
		"    perf-profile report FILE.tar.zst\n\n"
		"and every other command that takes a recording. report.txt is the report as "
		"text,\n"
		"machine.txt says where the bundle was made, profile holds the samples with all\n"
		"names.\n",
		PERF_PROFILE_VERSION);
	if (is_redacted)
		fputs("\nNames of users and machines, folders and arguments were left out.\n",
		      member.file);
	return add_member(writer, "README.txt", &member);
}

static void write_changed(FILE *file, struct redaction *redaction, const char *text)
{
	_cleanup_free_ char *changed =
		redaction ? redaction_change(redaction, PROFILE_TEXT_OTHER, text) : NULL;

	fputs(changed ? changed : text, file);
}

static void write_checks(FILE *file, struct redaction *redaction)
{
	const struct check_context context = { .proc_path = "/proc", .sys_path = "/sys" };

	for (const struct check *const *check = checks; *check; check++) {
		struct check_result result = { 0 };

		if ((*check)->run(&context, &result) && result.fact) {
			fprintf(file, "%s: ", (*check)->name);
			write_changed(file, redaction, result.fact);
			fputc('\n', file);
		}
		check_result_deinit(&result);
	}
}

static struct error *add_machine(struct bundle_writer *writer, struct redaction *redaction)
{
	struct member member = { 0 };
	struct machine machine;

	member.file = text_stream_open(&member.text, &member.size);
	machine_init(&machine);
	fprintf(member.file,
		"host: %s\nkernel: %s %s\nCPU: %s\nCPUs: %" PRIu32 "\nmemory: %" PRIu64 " KiB\n",
		redaction || !machine.hostname ? "-" : machine.hostname,
		machine.kernel_release ? machine.kernel_release : "-",
		machine.architecture ? machine.architecture : "-",
		machine.cpu_model ? machine.cpu_model : "-", machine.n_cpus_online,
		machine.memory_total_kib);
	machine_deinit(&machine);
	write_checks(member.file, redaction);
	return add_member(writer, "machine.txt", &member);
}

/** From what the bundle holds, not from the recording: so it is redacted as well. */
static struct error *add_report(struct bundle_writer *writer, struct bytes content)
{
	struct output_options output = output_options_default();
	struct member member = { 0 };
	struct profile *profile;
	struct error *error, *add_error;

	RETURN_IF_ERROR(profile_file_read(content, "the bundle", true, &profile));
	member.file = text_stream_open(&member.text, &member.size);
	error = open_profile_event(profile, NULL, &output.event);
	if (!error)
		error = output_format_find("report")->write(profile, &output, member.file);
	profile_destroy(profile);
	add_error = add_member(writer, "report.txt", &member);
	if (!error)
		return add_error;
	error_destroy(add_error);
	return error;
}

static struct error *write_members(const struct bundle_request *request, struct bytes content,
				   struct redaction *redaction, FILE *file)
{
	struct bundle_writer *writer;
	struct error *error;

	RETURN_IF_ERROR(bundle_writer_create(file, &writer));
	error = add_readme(writer, request->is_redacted);
	if (!error)
		error = add_report(writer, content);
	if (!error)
		error = add_machine(writer, redaction);
	if (!error)
		error = bundle_writer_add(writer, "profile", content);
	if (!error)
		error = bundle_writer_finish(writer);
	bundle_writer_destroy(writer);
	return error;
}

/** PROGRAM.bundle.tar.zst; free it. */
static char *default_path(const struct profile *profile)
{
	const char *command = profile->info.program   ? profile->info.program
			      : profile->info.command ? profile->info.command
						      : "recording";
	_cleanup_free_ char *word = memory_format_text("%.*s", (int)strcspn(command, " "), command);
	const char *slash = strrchr(word, '/');

	return memory_format_text("%.100s.bundle.tar.zst", slash && slash[1] ? slash + 1
							   : *word == '/'    ? "recording"
									     : word);
}

static struct error *write_bundle(const struct bundle_request *request,
				  const struct profile *profile)
{
	_cleanup_free_ char *path = request->output_path
					    ? memory_duplicate_text(request->output_path)
					    : default_path(profile);
	struct byte_vector content = { 0 };
	struct redaction redaction = { 0 };
	struct output_file output;
	struct error *error;

	redaction_init(&redaction, profile->info.hostname);
	error = profile_file_write(profile, request->is_redacted ? redaction_change : NULL,
				   &redaction, &content);
	if (!error)
		error = output_file_create(&output, path, request->may_replace);
	if (!error)
		error = output_file_finish(
			&output,
			write_members(request, (struct bytes){ content.items, content.count },
				      request->is_redacted ? &redaction : NULL, output.file));
	byte_vector_deinit(&content);
	redaction_deinit(&redaction);
	if (!error)
		terminal_print_note("%s: perf-profile report %s opens it anywhere", path, path);
	return error;
}

static struct error *bundle(const struct bundle_request *request)
{
	struct open_profile opened;
	struct error *error;

	RETURN_IF_ERROR(open_profile(&request->how, &opened));
	error = write_bundle(request, opened.profile);
	open_profile_close(&opened);
	return error;
}

static int cmd_bundle(const struct command *command, int argc, char **argv)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	struct bundle_request request = { 0 };
	struct error *error = option_parser_run(&parser, apply_option, &request);

	terminal_init(request.is_quiet);
	if (!error && argc - parser.index > 1)
		error = error_new(ERROR_USAGE, "only one recording goes into a bundle");
	request.how.path = !error && parser.index < argc ? argv[parser.index] : NULL;
	if (!error)
		error = bundle(&request);
	if (!error)
		return EXIT_SUCCESS;
	terminal_print_error(error);
	return EXIT_OURS;
}

const struct command command_bundle = {
	.name = "bundle",
	.summary = "Pack a recording into one file that any machine opens",
	.usage = "[OPTIONS] [INPUT]",
	.description =
		"Writes a tar archive compressed with zstd: the profile with the names and lines "
		"of "
		"all that was sampled, the report, and facts about this machine. perf-profile "
		"report, flamegraph, export and all others open it without the programs that were "
		"recorded. Environment variables are never in it.\n\n"
		"INPUT is what report takes; by default the last recording.",
	.options = options,
	.examples = examples,
	.run = cmd_bundle,
};
