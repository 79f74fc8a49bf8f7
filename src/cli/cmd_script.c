#include "cli/commands.h"

#include "base/memory.h"
#include "cli/input_options.h"
#include "cli/pager.h"
#include "cli/terminal.h"
#include "output/output_format.h"

#include <string.h>

enum {
	OPTION_FIELDS = 1,
};

static const struct option_spec options[] = {
	{ OPTION_INPUT, 'i', "input", "FILE",
	  "What to read; '-' is standard input. Default: the last recording.", "FILE" },
	{ OPTION_FIELDS, 'F', "fields", "FIELDS",
	  "What to print: some of comm,pid,tid,cpu,time,period,event,ip,sym,symoff,dso,srcline; "
	  "+FIELD and -FIELD change the default, which is all but srcline.",
	  "comm pid tid cpu time period event ip sym symoff dso srcline" },
	SYMBOL_OPTION_SPECS,
	FILTER_OPTION_SPECS('c', 0, 'S', 'C'),
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile script", "Every sample of the last recording." },
	{ "perf-profile script -i perf.data --time 10%-20%", "A tenth of a foreign one." },
	{ NULL, NULL },
};

struct script_request {
	struct input_options input;
	uint32_t fields; /**< enum script_field */
};

/** In the order of the bits. */
static const char *const field_names[] = { "comm",  "pid", "tid", "cpu",    "time", "period",
					   "event", "ip",  "sym", "symoff", "dso",  "srcline" };

static struct error *change_field(char *word, uint32_t *fields)
{
	char sign = word[0] == '+' || word[0] == '-' ? *word++ : '+';

	for (uint32_t i = 0; i < ARRAY_SIZE(field_names); i++) {
		if (strcmp(word, field_names[i]) != 0)
			continue;
		if (sign == '-')
			*fields &= ~(1u << i);
		else
			*fields |= 1u << i;
		return NULL;
	}
	return error_with_hint(error_new(ERROR_USAGE, "--fields: unknown field '%s'", word),
			       "known: comm, pid, tid, cpu, time, period, event, ip, sym, symoff, "
			       "dso, srcline");
}

/** As perf script's: "TYPE:" before the list is for all events alike. */
static struct error *read_fields(const char *value, uint32_t *ret)
{
	const char *colon = strchr(value, ':');
	_cleanup_free_ char *text = memory_duplicate_text(colon ? colon + 1 : value);
	bool is_change = text[0] == '+' || text[0] == '-';
	uint32_t fields = is_change ? *ret : 0;
	char *rest = text;

	for (char *word; (word = strsep(&rest, ","));) {
		if (*word)
			RETURN_IF_ERROR(change_field(word, &fields));
	}
	*ret = fields;
	return NULL;
}

static struct error *write_script(struct script_request *request)
{
	struct output_options output = output_options_default();
	struct open_profile opened;
	struct error *error;

	output.script_fields = request->fields;
	RETURN_IF_ERROR(input_options_open(&request->input, &opened, NULL));
	pager_begin();
	error = output_format_find("script")->write(opened.profile, &output, stdout);
	open_profile_close(&opened);
	return error;
}

static struct error *apply_option(void *context, int id, const char *value)
{
	struct script_request *request = context;
	bool is_known;

	switch (id) {
	case OPTION_FIELDS:
		return read_fields(value, &request->fields);
	default:
		return input_options_apply(&request->input, id, value, &is_known);
	}
}

static int run_script(const struct command *command, int argc, char **argv)
{
	struct script_request request = { .fields = SCRIPT_FIELDS_DEFAULT };
	struct error *error =
		input_options_parse(&request.input, command, argc, argv, apply_option, &request);
	int status;

	if (!error)
		error = write_script(&request);
	status = terminal_finish(error);
	pager_end();
	input_options_deinit(&request.input);
	return status;
}

const struct command command_script = {
	.name = "script",
	.summary = "Print every sample of a profile as text, as perf script does",
	.usage = "[OPTIONS] [FILE]",
	.description = "FILE is " INPUT_KINDS_TEXT ". What has no times has no samples to print.",
	.options = options,
	.examples = examples,
	.run = run_script,
};
