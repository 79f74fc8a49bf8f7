#include "cli/run.h"

#include "base/memory.h"

#include <inttypes.h>
#include <string.h>

/** What writes one deliverable; exactly one of the two is set. */
struct deliverable_writer {
	const char *name;
	const char *purpose;
	const char *format; /**< An output format, by name. */
	/** Of the event with this measure, if there is one; PROFILE_SAMPLED: of the chosen event.
	 */
	enum profile_measure measure;
	void (*write_explanation)(const struct explanation *explanation,
				  const struct profile *profile, FILE *file);
};

static const struct deliverable_writer writers[] = {
	{ "flamegraph.svg", "the picture: open it in a browser", "flamegraph", 0, NULL },
	{ "flamegraph-off-cpu.svg", "the same of the waits", "flamegraph", PROFILE_OFF_CPU, NULL },
	{ "analysis.txt", "findings with evidence, and what to try", NULL, 0,
	  explanation_write_text },
	{ "perf-report.txt", "functions, libraries and call trees", "report", 0, NULL },
	{ "perf-report-off-cpu.txt", "the same of the waits", "report", PROFILE_OFF_CPU, NULL },
	{ "events.txt", "functions, with columns for each event", "events", 0, NULL },
	{ "perf-script.txt", "every sample, for other tools", "script", 0, NULL },
	{ "perf-collapsed.txt", "folded stacks, for other flame graphs", "collapsed", 0, NULL },
	{ "perf-collapsed-off-cpu.txt", "the same of the waits, in microseconds", "collapsed",
	  PROFILE_OFF_CPU, NULL },
	{ "summary.json", "the same for programs", NULL, 0, explanation_write_json },
};

static struct deliverable_writer export_writer(const struct output_format *format)
{
	return (struct deliverable_writer){ .name = format->file_name,
					    .purpose = format->description,
					    .format = format->name };
}

/** Bytes of a deliverable that is too large to write unasked; 0: it is not. */
static uint64_t too_large_bytes(const struct deliverable_writer *writer,
				const struct profile *profile, const struct run_options *options)
{
	const struct output_format *format =
		writer->format ? output_format_find(writer->format) : NULL;
	uint64_t size_bytes =
		format && format->size_estimate_bytes ? format->size_estimate_bytes(profile) : 0;

	return size_bytes > options->script_size_max_bytes ? size_bytes : 0;
}

void deliverables_note_too_large(struct recording *recording, const struct run_options *options,
				 const struct output_folder *folder)
{
	const struct profile *profile = analyzer_profile(recording->analyzer);
	_cleanup_free_ char *perf_data = output_folder_path(folder, "perf.data");

	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		uint64_t size_bytes = too_large_bytes(&writers[i], profile, options);

		if (size_bytes)
			string_vector_append(
				&recording->degradations,
				memory_format_text("%s is left out, it would be about %" PRIu64
						   " MiB: perf-profile %s %s prints it",
						   writers[i].name, size_bytes >> 20,
						   writers[i].format, perf_data));
	}
}

static struct error *write_one(const struct deliverable_writer *writer, FILE *file,
			       const struct profile *profile, const struct explanation *explanation,
			       const struct output_options *options)
{
	const struct output_format *format;

	if (writer->write_explanation) {
		writer->write_explanation(explanation, profile, file);
		return NULL;
	}
	format = output_format_find(writer->format);
	if (!format)
		return error_new(ERROR_UNSUPPORTED, "no output format '%s'", writer->format);
	return format->write(profile, options, file);
}

static struct error *deliverable_write(const struct deliverable_writer *writer,
				       const struct profile *profile,
				       const struct explanation *explanation,
				       const struct output_options *options,
				       const struct output_folder *folder)
{
	_cleanup_free_ char *path = output_folder_path(folder, writer->name);
	struct output_file output;

	RETURN_IF_ERROR(output_file_create(&output, path, folder->may_replace));
	return output_file_finish(&output,
				  write_one(writer, output.file, profile, explanation, options));
}

static void add_files_criterion(struct explanation *explanation,
				const struct deliverable_vector *deliverables)
{
	size_t n_written = 0;

	for (size_t i = 0; i < deliverables->count; i++)
		n_written += deliverables->items[i].error == NULL;
	criterion_vector_append(
		&explanation->criteria,
		(struct criterion){
			.name = "files written",
			.verdict =
				n_written == deliverables->count ? CRITERION_MET : CRITERION_FAILED,
			.detail = memory_format_text("%zu of %zu", n_written, deliverables->count),
		});
}

/** Of one event there is nothing to set side by side. */
static bool is_of_use(const struct deliverable_writer *writer, const struct profile *profile)
{
	size_t n_sampled = 0;

	for (size_t i = 0; i < profile->events.count; i++)
		n_sampled += profile->events.items[i].measure == PROFILE_SAMPLED;
	return strcmp(writer->name, "events.txt") != 0 || n_sampled > 1;
}

static bool is_on_list(const struct deliverable_vector *deliverables, const char *name)
{
	for (size_t i = 0; i < deliverables->count; i++) {
		if (strcmp(deliverables->items[i].name, name) == 0)
			return true;
	}
	return false;
}

void deliverables_write(struct deliverable_vector *deliverables, const struct profile *profile,
			struct explanation *explanation, const struct run_options *options,
			const struct output_folder *folder)
{
	for (size_t i = 0; i < ARRAY_SIZE(writers) + options->exports.count; i++) {
		struct deliverable_writer writer;
		struct deliverable deliverable = { 0 };
		struct output_options output;

		if (i < ARRAY_SIZE(writers))
			writer = writers[i];
		else
			writer = export_writer(options->exports.items[i - ARRAY_SIZE(writers)]);
		if (is_on_list(deliverables, writer.name) || !is_of_use(&writer, profile) ||
		    too_large_bytes(&writer, profile, options))
			continue;
		deliverable.name = writer.name;
		deliverable.purpose = writer.purpose;
		output = options->output;
		if (writer.measure != PROFILE_SAMPLED)
			output.event = profile_find_measure(profile, writer.measure);
		if (output.event == UINT32_MAX)
			continue;
		deliverable.error =
			deliverable_write(&writer, profile, explanation, &output, folder);
		deliverable_vector_append(deliverables, deliverable);
	}
	add_files_criterion(explanation, deliverables);
}

void deliverable_vector_destroy_items(struct deliverable_vector *deliverables)
{
	for (size_t i = 0; i < deliverables->count; i++)
		error_destroy(deliverables->items[i].error);
	deliverable_vector_deinit(deliverables);
}
