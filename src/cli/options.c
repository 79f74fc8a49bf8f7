#include "cli/options.h"

#include "base/memory.h"
#include "base/suggestion.h"

#include <string.h>

/** Every command has it. */
static const struct option_spec help_option = {
	.id = OPTION_ID_HELP,
	.letter = 'h',
	.name = "help",
	.help = "Print this help.",
};

/** The entry at @p index, or NULL with the entries of the table taken off the index. */
static const struct option_spec *table_entry(const struct option_spec *table, size_t *index)
{
	for (; table && table->id != OPTION_ID_END; table++) {
		if (*index == 0)
			return table;
		--*index;
	}
	return NULL;
}

const struct option_spec *command_option(const struct command *command, size_t index)
{
	const struct option_topic *const *topic = command->topics;
	const struct option_spec *spec = NULL;

	for (; topic && *topic && !spec; topic++)
		spec = table_entry((*topic)->options, &index);
	if (!spec)
		spec = table_entry(command->options, &index);
	return spec || index > 0 ? spec : &help_option;
}

const struct option_topic *command_topic_at(const struct command *command, size_t index)
{
	const struct option_topic *const *topic = command->topics;

	for (; topic && *topic; topic++) {
		if (index == 0)
			return *topic;
		if (table_entry((*topic)->options, &index))
			return NULL;
	}
	return NULL;
}

struct error *command_topics_apply(const struct command *command, void *context, int id,
				   const char *value, bool *is_known_ret)
{
	const struct option_topic *const *topic = command->topics;

	*is_known_ret = false;
	for (; topic && *topic && !*is_known_ret; topic++)
		RETURN_IF_ERROR((*topic)->apply(context, id, value, is_known_ret));
	return NULL;
}

struct option_parser option_parser_make(const struct command *command, int argc, char **argv)
{
	return (struct option_parser){ .command = command, .argc = argc, .argv = argv, .index = 1 };
}

bool option_takes_word(const struct option_spec *spec)
{
	return spec->argument && (spec->argument[0] != '[' || spec->argument[1] == ' ');
}

static bool may_leave_out_word(const struct option_spec *spec)
{
	return spec->argument[0] == '[';
}

char *option_value_label(const struct option_spec *spec)
{
	if (!spec->argument)
		return memory_duplicate_text("");
	if (option_takes_word(spec) && may_leave_out_word(spec))
		return memory_format_text(" [%s", spec->argument + 2);
	if (option_takes_word(spec))
		return memory_format_text(" %s", spec->argument);
	return memory_format_text("[%s%s", spec->name ? "=" : "", spec->argument + 1);
}

/** Words that may still be options: before the operands moved to the end. */
static int parser_end(const struct option_parser *parser)
{
	return parser->argc - parser->n_operands;
}

static void reverse_words(char **words, int count)
{
	for (int i = 0; i < count / 2; i++) {
		char *word = words[i];

		words[i] = words[count - 1 - i];
		words[count - 1 - i] = word;
	}
}

/** Bring the last @p n_last of @p count words to the front; both parts keep their order. */
static void rotate_words(char **words, int count, int n_last)
{
	reverse_words(words, count - n_last);
	reverse_words(words + count - n_last, n_last);
	reverse_words(words, count);
}

static void move_operand_behind(struct option_parser *parser)
{
	char **words = parser->argv + parser->index;
	int count = parser->argc - parser->index;

	rotate_words(words, count, count - 1);
	parser->n_operands++;
}

/** All that follows is operands; those moved behind came before them. */
static void end_options(struct option_parser *parser)
{
	rotate_words(parser->argv + parser->index, parser->argc - parser->index,
		     parser->n_operands);
	parser->n_operands = parser->argc - parser->index;
}

static const struct option_spec *find_letter(const struct command *command, char letter)
{
	const struct option_spec *spec;

	for (size_t i = 0; (spec = command_option(command, i)); i++) {
		if (spec->letter == letter)
			return spec;
	}
	return NULL;
}

static bool has_prefix(const char *name, const char *prefix, size_t length)
{
	return name && strncmp(name, prefix, length) == 0;
}

static struct error *ambiguous_name_error(const struct command *command, const char *name,
					  size_t length)
{
	_cleanup_free_ char *candidates = memory_duplicate_text("");
	const struct option_spec *spec;

	for (size_t i = 0; (spec = command_option(command, i)); i++) {
		if (has_prefix(spec->name, name, length)) {
			_cleanup_free_ char *before = candidates;

			candidates = memory_format_text("%s%s'--%s'", before, *before ? ", " : "",
							spec->name);
		}
	}
	return error_with_hint(
		error_new(ERROR_USAGE, "option '--%.*s' is ambiguous", (int)length, name),
		"it may be %s", candidates);
}

static struct error *unknown_name_error(const struct command *command, const char *name,
					size_t length)
{
	_cleanup_free_ char *mistyped = memory_format_text("%.*s", (int)length, name);
	_cleanup_free_ char *suggestion = NULL;
	struct error *error = error_new(ERROR_USAGE, "unknown option '--%s'", mistyped);
	struct word_vector names = { 0 };
	const struct option_spec *spec;

	for (size_t i = 0; (spec = command_option(command, i)); i++) {
		if (spec->name)
			word_vector_append(&names, spec->name);
	}
	suggestion = suggestion_make(mistyped, &names, "--");
	word_vector_deinit(&names);
	if (suggestion)
		return error_with_hint(error, "did you mean %s?", suggestion);
	return error_with_hint(error, "'perf-profile %s --help' lists the options", command->name);
}

/** By its whole name, with or without the s of the plural, or by an unambiguous beginning. */
static struct error *find_name(const struct command *command, const char *name, size_t length,
			       const struct option_spec **ret)
{
	const struct option_spec *found = NULL, *plural = NULL, *spec;
	size_t n_found = 0;

	for (size_t i = 0; (spec = command_option(command, i)); i++) {
		if (!has_prefix(spec->name, name, length))
			continue;
		found = spec;
		n_found++;
		if (!spec->name[length]) {
			*ret = spec;
			return NULL;
		}
		if (strcmp(spec->name + length, "s") == 0)
			plural = spec;
	}
	if (!found || length == 0)
		return unknown_name_error(command, name, length);
	if (n_found > 1 && !plural)
		return ambiguous_name_error(command, name, length);
	*ret = plural ? plural : found;
	return NULL;
}

/** The word at @p index is the value of the option before it. Moves behind it. */
static struct error *take_word(struct option_parser *parser, const struct option_spec *spec,
			       const char *shown, const char **value_ret)
{
	bool is_there = parser->index < parser_end(parser);

	if (may_leave_out_word(spec) && (!is_there || parser->argv[parser->index][0] == '-')) {
		*value_ret = NULL;
		return NULL;
	}
	if (!is_there)
		return error_new(ERROR_USAGE, "option '%s' needs a value: %s", shown,
				 spec->argument);
	*value_ret = parser->argv[parser->index++];
	return NULL;
}

static struct error *next_name(struct option_parser *parser, int *id_ret, const char **value_ret)
{
	const char *name = parser->argv[parser->index] + 2;
	size_t length = strcspn(name, "=");
	const struct option_spec *spec = NULL;

	RETURN_IF_ERROR(find_name(parser->command, name, length, &spec));
	parser->index++;
	/* The analyser does not follow far enough to see that spec is set. NOLINTNEXTLINE */
	if (!spec->argument) {
		if (name[length])
			return error_new(ERROR_USAGE, "option '--%s' takes no value", spec->name);
		*value_ret = NULL;
	} else if (name[length]) {
		*value_ret = name + length + 1;
	} else if (!option_takes_word(spec)) {
		*value_ret = NULL;
	} else {
		_cleanup_free_ char *shown = memory_format_text("--%s", spec->name);

		RETURN_IF_ERROR(take_word(parser, spec, shown, value_ret));
	}
	*id_ret = spec->id;
	return NULL;
}

static struct error *next_letter(struct option_parser *parser, int *id_ret, const char **value_ret)
{
	const char *letters = parser->letters;
	const struct option_spec *spec = find_letter(parser->command, *letters);
	char shown[] = { '-', *letters, '\0' };

	if (!spec)
		return error_with_hint(
			error_new(ERROR_USAGE, "unknown option '%s'",
				  (*letters & 0x80) ? parser->argv[parser->index] : shown),
			"'perf-profile %s --help' lists the options", parser->command->name);
	letters++;
	parser->letters = NULL;
	if (!spec->argument && *letters) {
		parser->letters = letters;
		*value_ret = NULL;
	} else if (!spec->argument) {
		parser->index++;
		*value_ret = NULL;
	} else if (*letters || !option_takes_word(spec)) {
		parser->index++;
		*value_ret = *letters ? letters : NULL;
	} else {
		parser->index++;
		RETURN_IF_ERROR(take_word(parser, spec, shown, value_ret));
	}
	*id_ret = spec->id;
	return NULL;
}

struct error *option_parser_next(struct option_parser *parser, int *id_ret, const char **value_ret)
{
	if (parser->letters)
		return next_letter(parser, id_ret, value_ret);
	while (parser->index < parser_end(parser)) {
		const char *word = parser->argv[parser->index];

		if (strcmp(word, "--") == 0) {
			parser->index++;
			break;
		}
		if (word[0] == '-' && word[1] == '-')
			return next_name(parser, id_ret, value_ret);
		if (word[0] == '-' && word[1]) {
			parser->letters = word + 1;
			return next_letter(parser, id_ret, value_ret);
		}
		if (parser->command->takes_command)
			break;
		move_operand_behind(parser);
	}
	end_options(parser);
	*id_ret = OPTION_ID_END;
	*value_ret = NULL;
	return NULL;
}

struct error *option_parser_refuse_operands(const struct option_parser *parser)
{
	if (parser->index >= parser->argc)
		return NULL;
	return error_with_hint(error_new(ERROR_USAGE, "'%s' takes no '%s'", parser->command->name,
					 parser->argv[parser->index]),
			       "usage: perf-profile %s %s", parser->command->name,
			       parser->command->usage);
}

bool option_parser_finds_help(const struct command *command, int argc, char **argv)
{
	_cleanup_free_ char **words = memory_allocate((size_t)argc + 1, sizeof(char *));
	struct option_parser parser = option_parser_make(command, argc, words);
	struct error *error = NULL;
	int id = OPTION_ID_END;
	const char *value;

	memcpy(words, argv, (size_t)argc * sizeof(char *)); /* Operands are moved. */
	do {
		error = option_parser_next(&parser, &id, &value);
	} while (!error && id != OPTION_ID_END && id != OPTION_ID_HELP);
	if (error) {
		error_destroy(error);
		return false;
	}
	return id == OPTION_ID_HELP;
}

struct error *option_parser_run(struct option_parser *parser, option_handler *handler,
				void *context)
{
	const char *value;
	int id;

	for (;;) {
		RETURN_IF_ERROR(option_parser_next(parser, &id, &value));
		if (id == OPTION_ID_END)
			return NULL;
		RETURN_IF_ERROR(handler(context, id, value));
	}
}
