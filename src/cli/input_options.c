#include "cli/input_options.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/rounding.h"
#include "profile/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/** CPUs the kernel can be built for; an end to ranges such as 0-4294967295. */
#define CPUS_MAX 8192

void input_options_deinit(struct input_options *input)
{
	profile_filter_deinit(&input->filter);
	symbol_search_deinit(&input->open.search);
	string_vector_deinit(&input->more_paths);
	arena_deinit(&input->texts);
}

/** The words of "a,b,c". */
static void append_words(struct input_options *input, const char *value, struct string_vector *ret)
{
	char *text = arena_duplicate_text(&input->texts, value, strlen(value));

	for (char *word; (word = strsep(&text, ","));) {
		if (*word)
			string_vector_append(ret, word);
	}
}

static struct error *append_ids(struct input_options *input, const char *option, const char *value,
				struct id_vector *ret)
{
	struct string_vector words = { 0 };
	struct error *error = NULL;

	append_words(input, value, &words);
	for (size_t i = 0; i < words.count && !error; i++) {
		uint64_t id = 0;

		error = option_read_u64(option, words.items[i], 0, UINT32_MAX, &id);
		if (!error)
			id_vector_append(ret, (uint32_t)id);
	}
	string_vector_deinit(&words);
	return error;
}

/** "3" or "0-3" */
static struct error *append_cpu_range(const char *word, struct id_vector *ret)
{
	_cleanup_free_ char *first_text = memory_duplicate_text(word);
	char *dash = strchr(first_text, '-');
	uint64_t first, last;

	if (dash)
		*dash = '\0';
	RETURN_IF_ERROR(option_read_u64("--cpu", first_text, 0, CPUS_MAX - 1, &first));
	last = first;
	if (dash)
		RETURN_IF_ERROR(option_read_u64("--cpu", dash + 1, first, CPUS_MAX - 1, &last));
	for (; first <= last; first++)
		id_vector_append(ret, (uint32_t)first);
	return NULL;
}

static struct error *append_cpus(struct input_options *input, const char *value)
{
	struct string_vector words = { 0 };
	struct error *error = NULL;

	append_words(input, value, &words);
	for (size_t i = 0; i < words.count && !error; i++)
		error = append_cpu_range(words.items[i], &input->filter.cpus);
	string_vector_deinit(&words);
	return error;
}

static struct error *read_time_end(const char *text, uint64_t *ns_ret, double *share_ret)
{
	size_t length = strlen(text);

	if (length == 0)
		return NULL;
	if (text[length - 1] == '%') {
		_cleanup_free_ char *number = memory_duplicate_text(text);
		double percent;

		number[length - 1] = '\0';
		RETURN_IF_ERROR(option_read_double("--time", number, 0, 100, &percent));
		*share_ret = percent / 100;
		return NULL;
	}
	return option_read_duration("--time", text, ns_ret);
}

/** "FROM,TO" or, as perf has percents, "FROM-TO". */
static struct error *read_time(struct input_options *input, const char *value)
{
	_cleanup_free_ char *begin = memory_duplicate_text(value);
	char *end = strchr(begin, ',');

	if (!end)
		end = strchr(begin, '-');
	if (!end)
		return error_with_hint(error_new(ERROR_USAGE, "--time: '%s' is no range", value),
				       "FROM,TO in seconds, or 10%%-20%%");
	*end++ = '\0';
	RETURN_IF_ERROR(
		read_time_end(begin, &input->filter.time_begin_ns, &input->time_begin_share));
	return read_time_end(end, &input->filter.time_end_ns, &input->time_end_share);
}

static struct error *read_grouping(const char *value, enum profile_grouping *ret)
{
	static const struct {
		const char *name;
		enum profile_grouping grouping;
	} groupings[] = { { "comm", PROFILE_BY_COMM },
			  { "thread", PROFILE_BY_THREAD },
			  { "process", PROFILE_BY_PROCESS },
			  { "cpu", PROFILE_BY_CPU } };

	for (size_t i = 0; i < ARRAY_SIZE(groupings); i++) {
		if (strcmp(groupings[i].name, value) == 0) {
			*ret = groupings[i].grouping;
			return NULL;
		}
	}
	return error_with_hint(error_new(ERROR_USAGE, "--by: unknown group '%s'", value),
			       "one of: comm, thread, process, cpu");
}

struct error *input_options_apply(struct input_options *input, int id, const char *value,
				  bool *is_known_ret)
{
	*is_known_ret = true;
	switch (id) {
	case OPTION_INPUT:
		input->open.path = value;
		return NULL;
	case OPTION_SYMFS:
		input->open.symfs_path = value;
		return NULL;
	case OPTION_INPUT_NO_INLINE:
		input->open.symbols.is_without_inlines = true;
		input->open.symbols.is_without_lines = true;
		return NULL;
	case OPTION_INPUT_NO_DEMANGLE:
		input->open.symbols.is_mangled = true;
		return NULL;
	case OPTION_INPUT_EVENT:
		input->event = value;
		return NULL;
	case OPTION_COMMS:
		append_words(input, value, &input->filter.comms);
		return NULL;
	case OPTION_DSOS:
		append_words(input, value, &input->filter.objects);
		return NULL;
	case OPTION_SYMBOLS:
		append_words(input, value, &input->filter.symbols);
		return NULL;
	case OPTION_PID:
		return append_ids(input, "--pid", value, &input->filter.pids);
	case OPTION_TID:
		return append_ids(input, "--tid", value, &input->filter.tids);
	case OPTION_CPU:
		return append_cpus(input, value);
	case OPTION_TIME:
		return read_time(input, value);
	case OPTION_FOCUS:
		string_vector_append(&input->filter.focus, value);
		return NULL;
	case OPTION_IGNORE:
		string_vector_append(&input->filter.ignore, value);
		return NULL;
	case OPTION_HIDE:
		string_vector_append(&input->filter.hide, value);
		return NULL;
	case OPTION_BY:
		return read_grouping(value, &input->filter.grouping);
	default:
		RETURN_IF_ERROR(symbol_search_apply(&input->open.search, id, value, is_known_ret));
		return *is_known_ret ? NULL
				     : fold_options_apply(&input->fold, id, value, is_known_ret);
	}
}

struct error *input_options_take_operand(struct input_options *input,
					 const struct option_parser *parser)
{
	for (int i = parser->index; i < parser->argc; i++) {
		if (input->open.path)
			string_vector_append(&input->more_paths, parser->argv[i]);
		else
			input->open.path = parser->argv[i];
	}
	return NULL;
}

struct error *input_options_parse(struct input_options *input, const struct command *command,
				  int argc, char **argv, option_handler *handler, void *context)
{
	struct option_parser parser = option_parser_make(command, argc, argv);

	RETURN_IF_ERROR(option_parser_run(&parser, handler, context));
	return input_options_take_operand(input, &parser);
}

/** Shares of the recording become times after its first sample. */
static void resolve_shares(struct input_options *input, const struct profile *profile)
{
	const struct profile_tick_vector *ticks = &profile->ticks;
	uint64_t length_ns;

	if (ticks->count == 0)
		return;
	length_ns = ticks->items[ticks->count - 1].time_ns - ticks->items[0].time_ns;
	if (input->time_begin_share > 0)
		input->filter.time_begin_ns =
			round_u64((double)length_ns * input->time_begin_share);
	if (input->time_end_share > 0)
		input->filter.time_end_ns =
			round_u64((double)length_ns * input->time_end_share) + 1;
}

/** Shares of the time are of each input's own. */
static struct error *open_part(struct input_options *input, struct open_profile *ret)
{
	struct open_profile opened;
	struct error *error;

	RETURN_IF_ERROR(open_profile(&input->open, &opened));
	resolve_shares(input, opened.profile);
	error = profile_filter_apply(&input->filter, opened.profile);
	if (error)
		open_profile_close(&opened);
	else
		*ret = opened;
	return error;
}

static struct error *merge_more(struct input_options *input, struct open_profile *opened)
{
	struct input_options other = *input;

	other.open.stream = NULL;
	for (size_t i = 0; i < input->more_paths.count; i++) {
		struct open_profile more;

		other.open.path = input->more_paths.items[i];
		RETURN_IF_ERROR(open_part(&other, &more));
		profile_merge(opened->profile, more.profile);
		for (size_t type = 0; type < RECORD_TYPES_MAX; type++)
			opened->n_records[type] += more.n_records[type];
		open_profile_close(&more);
	}
	return NULL;
}

struct error *input_options_open(struct input_options *input, struct open_profile *ret,
				 uint32_t *event_ret)
{
	struct open_profile opened;
	struct error *error;

	if (profile_filter_needs_ticks(&input->filter) || input->time_begin_share > 0 ||
	    input->time_end_share > 0)
		input->open.is_without_ticks = false;
	RETURN_IF_ERROR(open_part(input, &opened));
	error = merge_more(input, &opened);
	if (!error)
		profile_fold_apply(&input->fold, opened.profile);
	if (!error && event_ret)
		error = open_profile_event(opened.profile, input->event, event_ret);
	if (error) {
		open_profile_close(&opened);
		return error;
	}
	*ret = opened;
	return NULL;
}
