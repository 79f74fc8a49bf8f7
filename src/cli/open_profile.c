#include "cli/open_profile.h"

#include "base/clock.h"
#include "base/count_noun.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/program_text.h"
#include "cli/terminal.h"
#include "input/bundle_profile.h"
#include "input/text_profile.h"
#include "perfdata/perf_data_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LATEST_RECORDING "perf-profile.out/latest/perf.data"

static const char *latest_recording(void)
{
	return access(LATEST_RECORDING, F_OK) == 0 ? LATEST_RECORDING : "perf.data";
}

bool open_profile_is_folder(const char *path)
{
	struct stat status;

	return strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void open_profile_warn_lines(const char *name, const struct strange_lines *lines)
{
	uint64_t n_shown = MIN(lines->count, (uint64_t)STRANGE_LINES_SHOWN);

	if (lines->count == 0)
		return;
	terminal_print_warning("%s: %" PRIu64 " %s not understood and left out", name, lines->count,
			       count_noun(lines->count, "line", "lines"));
	for (uint64_t i = 0; i < n_shown; i++)
		terminal_print_note("  line %" PRIu64 ": %s", lines->shown[i].number,
				    lines->shown[i].text);
	if (n_shown < lines->count)
		terminal_print_note("  and %" PRIu64 " more", lines->count - n_shown);
}

void open_profile_warn_damage(const struct input_stream *stream)
{
	if (input_stream_damage(stream))
		terminal_print_warning("%s; what came before is all that is read",
				       input_stream_damage(stream));
}

/* perf.data */

static void fill_info(struct profile *profile, const struct perf_data_header *header,
		      const struct record_source *source)
{
	struct profile_info *info = &profile->info;
	const struct profile_tick_vector *ticks = &profile->ticks;

	info->command = memory_duplicate_text(header->command);
	info->hostname = memory_duplicate_text(header->hostname);
	info->kernel_release = memory_duplicate_text(header->os_release);
	info->architecture = memory_duplicate_text(header->arch);
	info->cpu_model = memory_duplicate_text(header->cpu_description);
	info->n_cpus = header->n_cpus_online;
	info->tool_version = memory_duplicate_text(header->version);
	if (ticks->count > 0)
		info->wall_ns = ticks->items[ticks->count - 1].time_ns - ticks->items[0].time_ns;
	for (uint32_t i = 0; i < source->layouts->n_layouts; i++) {
		info->stack_copy_bytes =
			MAX(info->stack_copy_bytes, (uint64_t)source->attrs[i].sample_stack_user);
		info->has_kernel_samples |= !source->attrs[i].exclude_kernel;
	}
	if (header->is_unfinished)
		string_vector_append(&info->degradations,
				     memory_duplicate_text("the recorder was stopped before it "
							   "finished the file"));
}

/** Take what one bad record costs as a loss. The first one is worth a line. */
static void note_bad_record(struct profile *profile, struct error *error)
{
	if (profile->losses.unreadable_records++ == 0)
		terminal_print_warning("%s", error->message);
	error_destroy(error);
}

/** @return an error only when it is all there is. */
static struct error *read_records(struct open_profile *opened, struct record_source *source)
{
	struct profile *profile = analyzer_profile(opened->analyzer);

	for (;;) {
		enum record_source_state state;
		struct record record;
		struct error *error = source->next(source, 0, &record, &state);

		if (error) {
			if (error->code != ERROR_FORMAT)
				return error;
			note_bad_record(profile, error);
			continue;
		}
		if (state == RECORD_SOURCE_END)
			return NULL;
		if (state == RECORD_SOURCE_IDLE)
			continue;
		if (record.type < RECORD_TYPES_MAX)
			opened->n_records[record.type]++;
		RETURN_IF_ERROR(analyzer_apply(opened->analyzer, &record));
	}
}

/** Whoever sends a recording puts the programs into the same folder, and we know them by build id.
 */
static void look_beside(struct object_registry *objects, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder =
		slash ? memory_format_text("%.*s", (int)(slash - path), path) : NULL;

	object_registry_add_debug_folder(objects, !folder ? "." : folder[0] ? folder : "/");
}

static struct error *analyze(const struct open_profile_options *options,
			     const struct symbol_search *search, struct record_source *source,
			     struct open_profile *opened)
{
	const struct perf_data_header *header = perf_data_reader_header(source);
	const struct record_origin origin = {
		.hostname = header->hostname,
		.os_release = header->os_release,
		.architecture = header->arch,
		.build_ids = header->build_ids,
		.n_build_ids = header->n_build_ids,
		.is_unfinished = header->is_unfinished,
		.tells_stack_ends = header->version &&
				    text_begins_with(header->version, PROGRAM_VERSION_BEGINNING),
	};
	struct symbolizer_options symbols = options->symbols;
	const struct analyzer_options analyzer_options = {
		.symbols = &symbols,
		.symfs_path = options->symfs_path,
		.debug_folders = &search->debug_folders,
		.servers = search->servers,
		.origin = &origin,
		.is_without_ticks = options->is_without_ticks,
	};

	symbols.cache = search->cache;
	opened->analyzer = analyzer_create(source, &analyzer_options);
	look_beside(analyzer_objects(opened->analyzer), opened->path);
	opened->profile = analyzer_profile(opened->analyzer);
	RETURN_IF_ERROR(read_records(opened, source));
	RETURN_IF_ERROR(analyzer_finish(opened->analyzer));
	analyzer_keep(opened->analyzer);
	fill_info(opened->profile, header, source);
	return NULL;
}

/** @param name  What it is a copy of; NULL: it is none. */
static struct error *open_perf_data(const struct open_profile_options *options, const char *path,
				    const char *name, struct open_profile *opened)
{
	struct symbol_search search = options->search;
	struct record_source *source;
	struct error *error;

	RETURN_IF_ERROR(perf_data_reader_open_as(path, name, &source));
	error = symbol_search_start(&search);
	if (!error)
		error = analyze(options, &search, source, opened);
	symbol_search_finish(&search);
	source->destroy(source);
	return error;
}

/** A file without a name, gone when it is closed. */
static struct error *create_temporary_file(int *ret)
{
	const char *folder = secure_getenv("TMPDIR");
	int descriptor;

	if (!folder || !folder[0])
		folder = "/tmp";
	descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return error_with_hint(
			error_from_errno(errno, "cannot make a temporary file in %s", folder),
			"TMPDIR=FOLDER names another folder");
	*ret = descriptor;
	return NULL;
}

static struct error *write_all(int descriptor, struct bytes bytes)
{
	while (bytes.size > 0) {
		ssize_t n = write(descriptor, bytes.data, bytes.size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_from_errno(errno, "cannot write a temporary file");
		bytes.data += n;
		bytes.size -= (size_t)n;
	}
	return NULL;
}

static struct error *copy_stream(struct input_stream *stream, int descriptor)
{
	for (;;) {
		struct bytes bytes;

		RETURN_IF_ERROR(input_stream_peek(stream, 1, &bytes));
		if (bytes.size == 0)
			return NULL;
		RETURN_IF_ERROR(write_all(descriptor, bytes));
		input_stream_advance(stream, bytes.size);
	}
}

/** perf.data is read from a file: what comes compressed or from a pipe is put into one. */
static struct error *open_perf_data_stream(const struct open_profile_options *options,
					   struct input_stream *stream, struct open_profile *opened)
{
	_cleanup_free_ char *path = NULL;
	struct error *error;
	int descriptor = -1;

	RETURN_IF_ERROR(create_temporary_file(&descriptor));
	error = copy_stream(stream, descriptor);
	if (!error) {
		path = memory_format_text("/proc/self/fd/%d", descriptor);
		error = open_perf_data(options, path, input_stream_name(stream), opened);
	}
	close(descriptor);
	return error;
}

/* Text */

static struct error *open_text(const struct open_profile_options *options,
			       struct input_stream *stream, struct open_profile *opened)
{
	const struct text_profile_options text_options = {
		.is_without_ticks = options->is_without_ticks,
		.has_line_ticks = options->has_line_ticks,
		.has_both_counts = options->has_both_counts,
		.keeps_fractions = options->keeps_fractions,
	};
	struct text_profile_losses losses = { 0 };
	const char *name = input_stream_name(stream);

	if (opened->kind == INPUT_EMPTY && !options->may_be_empty)
		return error_new(ERROR_FORMAT, "%s: no profile: empty, or only comments", name);
	opened->profile = profile_create();
	if (opened->kind == INPUT_SCRIPT)
		RETURN_IF_ERROR(
			script_profile_read(stream, &text_options, opened->profile, &losses));
	else if (opened->kind == INPUT_FOLDED)
		RETURN_IF_ERROR(
			folded_profile_read(stream, &text_options, opened->profile, &losses));
	else if (opened->kind == INPUT_PPROF)
		RETURN_IF_ERROR(pprof_profile_read(stream, opened->profile));
	else if (opened->kind == INPUT_SPEEDSCOPE)
		RETURN_IF_ERROR(speedscope_profile_read(stream, opened->profile));
	open_profile_warn_lines(name, &losses.unrecognised);
	opened->count_scale = MAX(losses.count_scale, (uint64_t)1);
	if (losses.has_fractions && opened->count_scale == 1)
		terminal_print_warning("%s: counts are not whole numbers and are rounded", name);
	if (losses.is_cut)
		terminal_print_warning("%s: the last sample is cut off and left out", name);
	if (losses.has_two_counts)
		terminal_print_warning("%s: lines have two counts; the second is shown", name);
	return NULL;
}

static struct error *open_kind(const struct open_profile_options *options,
			       struct input_stream *stream, struct open_profile *opened)
{
	bool is_plain_file;

	if (opened->kind == INPUT_BUNDLE)
		return bundle_profile_read(stream, options->is_without_ticks, &opened->profile);
	if (opened->kind != INPUT_PERF_DATA)
		return open_text(options, stream, opened);
	is_plain_file = strcmp(opened->path, "-") != 0 && !input_stream_is_compressed(stream);
	return is_plain_file ? open_perf_data(options, opened->path, NULL, opened)
			     : open_perf_data_stream(options, stream, opened);
}

static struct error *open_stream(const struct open_profile_options *options,
				 struct input_stream *stream, struct open_profile *opened)
{
	RETURN_IF_ERROR(input_kind_of(stream, &opened->kind));
	RETURN_IF_ERROR(open_kind(options, stream, opened));
	open_profile_warn_damage(stream);
	return NULL;
}

static struct error *open_path(const struct open_profile_options *options,
			       struct open_profile *opened)
{
	struct input_stream *stream;
	struct error *error;

	if (options->stream)
		return open_stream(options, options->stream, opened);
	if (open_profile_is_folder(opened->path)) {
		opened->kind = INPUT_PERF_DATA;
		return open_perf_data(options, opened->path, NULL, opened);
	}
	error = input_stream_open(opened->path, &stream);
	if (error && !options->path)
		error = error_with_hint(error, "record one first: perf-profile COMMAND; or name "
					       "the input");
	if (error)
		return error;
	error = open_stream(options, stream, opened);
	input_stream_close(stream);
	return error;
}

struct error *open_profile(const struct open_profile_options *options, struct open_profile *ret)
{
	struct open_profile opened = {
		.path = memory_duplicate_text(options->path ? options->path : latest_recording()),
	};
	struct error *error = open_path(options, &opened);

	if (error) {
		open_profile_close(&opened);
		return error;
	}
	profile_release_indexes(opened.profile);
	*ret = opened;
	return NULL;
}

void open_profile_close(struct open_profile *opened)
{
	if (opened->analyzer)
		analyzer_destroy(opened->analyzer);
	else
		profile_destroy(opened->profile);
	free(opened->path);
	*opened = (struct open_profile){ 0 };
}

static struct error *unknown_event(const struct profile *profile, const char *name)
{
	struct error *error = error_new(ERROR_NOT_FOUND, "no event '%s' in this profile", name);
	char *known = memory_duplicate_text("");

	for (size_t i = 0; i < profile->events.count; i++) {
		char *longer =
			memory_format_text("%s%s%s", known, i ? ", " : "",
					   profile_text(profile, profile->events.items[i].name));

		free(known);
		known = longer;
	}
	error = error_with_hint(error, "it has: %s", known);
	free(known);
	return error;
}

/** Where there are both, their sum can be asked for. */
static void add_wall(struct profile *profile)
{
	uint32_t off_cpu = profile_find_measure(profile, PROFILE_OFF_CPU);
	const char *unit =
		profile->events.count ? profile_text(profile, profile->events.items[0].unit) : "";

	if (off_cpu != UINT32_MAX && off_cpu > 0 && strcmp(unit, "ns") == 0 &&
	    profile_find_measure(profile, PROFILE_WALL) == UINT32_MAX)
		profile_add_sum(profile, WALL_EVENT_NAME, PROFILE_WALL, 0, off_cpu);
}

struct error *open_profile_event(struct profile *profile, const char *name, uint32_t *ret)
{
	uint64_t *counts;
	uint32_t best = 0;

	if (name && strcmp(name, WALL_EVENT_NAME) == 0)
		add_wall(profile);
	for (uint32_t i = 0; name && i < profile->events.count; i++) {
		if (strcmp(profile_text(profile, profile->events.items[i].name), name) == 0) {
			*ret = i;
			return NULL;
		}
	}
	if (name)
		return unknown_event(profile, name);
	if (profile->event_shown_first) {
		*ret = profile->event_shown_first - 1;
		return NULL;
	}
	counts = memory_allocate(profile->events.count + 1, sizeof(*counts));
	for (size_t i = 0; i < profile->samples.count; i++)
		counts[profile->samples.items[i].event] += profile->samples.items[i].count;
	for (uint32_t i = 1; i < profile->events.count; i++) {
		/* Waits are another matter than CPU samples, and often more in number. */
		bool is_wait = profile->events.items[i].measure != PROFILE_SAMPLED;

		if (counts[i] > counts[best] && !(is_wait && counts[best]))
			best = i;
	}
	free(counts);
	*ret = best;
	return NULL;
}
