/** A recording all the way: analysed, explained, and written in every format. */

#include "analyze/analyzer.h"
#include "explain/explanation.h"
#include "output/output_format.h"
#include "perfdata/perf_data_reader.h"
#include "read_recording.h"
#include "seed_recordings.h"

static void write_everything(const struct profile *profile)
{
	struct rule_set *rules = rule_set_create();
	struct explanation *explanation;

	FUZZ_CHECK(!rule_set_read_default(rules));
	explanation = explanation_create(profile, rules, 0);
	explanation_write_text(explanation, profile, fuzz_nowhere());
	explanation_write_json(explanation, profile, fuzz_nowhere());
	explanation_destroy(explanation);
	rule_set_destroy(rules);
	for (const struct output_format *const *format = output_formats; *format; format++) {
		struct output_options options = output_options_default();

		fuzz_check_error((*format)->write(profile, &options, fuzz_nowhere()));
	}
}

static void analyze(struct record_source *source)
{
	static const struct symbolizer_options symbols = { .kallsyms_path = "/nonexistent" };
	const struct perf_data_header *header = perf_data_reader_header(source);
	const struct record_origin origin = {
		.hostname = header->hostname,
		.os_release = header->os_release,
		.architecture = header->arch,
		.tells_stack_ends = true,
		.build_ids = header->build_ids,
		.n_build_ids = header->n_build_ids,
		.is_unfinished = header->is_unfinished,
	};
	/* No file of this machine is opened: what is found must not depend on it. */
	const struct analyzer_options options = { .symbols = &symbols,
						  .symfs_path = "/nonexistent",
						  .origin = &origin };
	struct analyzer *analyzer = analyzer_create(source, &options);
	enum record_source_state state = RECORD_SOURCE_RECORD;

	for (size_t n = 0; n < READ_RECORDS_MAX && state == RECORD_SOURCE_RECORD; n++) {
		struct record record;
		struct error *error = source->next(source, 0, &record, &state);

		if (!error && state == RECORD_SOURCE_RECORD)
			error = analyzer_apply(analyzer, &record);
		fuzz_check_error(error);
	}
	fuzz_check_error(analyzer_finish(analyzer));
	write_everything(analyzer_profile(analyzer));
	analyzer_destroy(analyzer);
}

static void run(struct bytes input)
{
	struct record_source *source;
	struct error *error = perf_data_reader_open(fuzz_file(input), &source);

	if (error) {
		fuzz_check_error(error);
		return;
	}
	analyze(source);
	source->destroy(source);
}

const struct fuzz_target fuzz_target = { run, seed_recordings_add };
