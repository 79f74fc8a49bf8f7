#include "cli/compare_options.h"

#include <string.h>

/** Values of one --parameter-scan; more is a slip. */
#define PARAMETER_VALUES_MAX 1000

enum {
	OPTION_NAME = COMPARE_OPTIONS_SIDES,
	OPTION_SHELL,
	OPTION_NO_SHELL,
	OPTION_PARAMETER_LIST,
	OPTION_PARAMETER_SCAN,
	OPTION_PARAMETER_STEP,
	OPTION_BUILD_COMMAND,
	OPTION_NO_BUILD,
};

static const struct option_spec options[] = {
	{ OPTION_NAME, 'n', "command-name", "NAME", "Name of the first command, the second, ...",
	  NULL },
	{ OPTION_SHELL, 'S', "shell", "SHELL|default|none",
	  "Run all commands by SHELL -c, or by /bin/sh -c, or none by a shell. Default: /bin/sh if "
	  "any command has syntax of a shell, else none. The time a shell needs to start is "
	  "measured and taken off.",
	  "default none" },
	{ OPTION_NO_SHELL, 'N', NULL, NULL, "The same as --shell none.", NULL },
	{ OPTION_PARAMETER_LIST, 'L', "parameter-list", "VAR VALUES",
	  "Compare with {VAR} replaced by each of the comma-separated VALUES. May be given again.",
	  NULL },
	{ OPTION_PARAMETER_SCAN, 'P', "parameter-scan", "VAR MIN MAX",
	  "Compare with {VAR} replaced by the numbers from MIN to MAX.", NULL },
	{ OPTION_PARAMETER_STEP, 'D', "parameter-step-size", "STEP",
	  "Step of the --parameter-scan that follows. Default: 1.", NULL },
	{ OPTION_BUILD_COMMAND, 0, "build-command", "SCRIPT",
	  "Build each git revision by SCRIPT, run by a shell in its tree, and use the program "
	  "where "
	  "SCRIPT puts it. Default: as perf-profile build does.",
	  NULL },
	{ OPTION_NO_BUILD, 0, "no-build", NULL,
	  "Build nothing: the program is among the files of each git revision, or is no part of "
	  "it.",
	  NULL },
	OPTION_END,
};

/** One more word of an option that has several. */
static struct error *take_word(struct option_parser *parser, const char *option, const char **ret)
{
	if (parser->index >= parser->argc - parser->n_operands)
		return error_new(ERROR_USAGE, "option '%s' needs more values", option);
	*ret = parser->argv[parser->index++];
	return NULL;
}

static struct error *read_parameter_list(struct option_parser *parser, const char *name,
					 struct compare_request *request)
{
	struct parameter_range *range = parameter_range_vector_append_new(&request->parameters);
	const char *values = "";

	range->name = name;
	RETURN_IF_ERROR(take_word(parser, "--parameter-list", &values));
	for (;;) {
		size_t length = strcspn(values, ",");

		string_vector_append(&range->values,
				     arena_duplicate_text(&request->texts, values, length));
		if (!values[length])
			return NULL;
		values += length + 1;
	}
}

static struct error *read_parameter_scan(struct option_parser *parser, const char *name,
					 struct compare_request *request)
{
	struct parameter_range *range = parameter_range_vector_append_new(&request->parameters);
	const char *low_text = "", *high_text = "";
	double low, high, step = request->parameter_step;

	range->name = name;
	RETURN_IF_ERROR(take_word(parser, "--parameter-scan", &low_text));
	RETURN_IF_ERROR(take_word(parser, "--parameter-scan", &high_text));
	RETURN_IF_ERROR(option_read_double("--parameter-scan", low_text, -1e15, 1e15, &low));
	RETURN_IF_ERROR(option_read_double("--parameter-scan", high_text, low, 1e15, &high));
	if ((high - low) / step >= PARAMETER_VALUES_MAX)
		return error_new(ERROR_USAGE, "--parameter-scan: more than %d values",
				 PARAMETER_VALUES_MAX);
	/* Counted, not added up: 0.1 ten times is not 1. */
	for (int i = 0; low + i * step <= high + step * 1e-9; i++) {
		char text[64];
		int length = snprintf(text, sizeof(text), "%.15g", low + i * step);

		string_vector_append(&range->values,
				     arena_duplicate_text(&request->texts, text, (size_t)length));
	}
	return NULL;
}

static void read_shell(const char *value, struct shell_choice *shell)
{
	bool is_none = strcmp(value, "none") == 0;
	bool is_default = strcmp(value, "default") == 0;

	shell->use = is_none ? SHELL_NEVER : SHELL_ALWAYS;
	shell->path = is_none || is_default ? NULL : value;
}

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct compare_request *request = context;

	*is_known_ret = true;
	switch (id) {
	case OPTION_NAME:
		string_vector_append(&request->names, value);
		return NULL;
	case OPTION_SHELL:
		read_shell(value, &request->options.shell);
		return NULL;
	case OPTION_NO_SHELL:
		request->options.shell = (struct shell_choice){ .use = SHELL_NEVER };
		return NULL;
	case OPTION_PARAMETER_LIST:
		return read_parameter_list(&request->parser, value, request);
	case OPTION_PARAMETER_SCAN:
		return read_parameter_scan(&request->parser, value, request);
	case OPTION_PARAMETER_STEP:
		return option_read_double("--parameter-step-size", value, 1e-9, 1e15,
					  &request->parameter_step);
	case OPTION_BUILD_COMMAND:
		request->build_command = value;
		return NULL;
	case OPTION_NO_BUILD:
		request->is_without_build = true;
		return NULL;
	default:
		*is_known_ret = false;
		return NULL;
	}
}

const struct option_topic compare_options_sides = {
	.heading = "What is compared",
	.options = options,
	.apply = apply,
};
