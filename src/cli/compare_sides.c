#include "cli/compare.h"

#include "base/memory.h"
#include "cli/program_search.h"

#include <string.h>

/** Each parameter's present value. */
struct choice {
	const struct parameter_range_vector *ranges;
	size_t *indexes; /**< By range. */
};

static char *choice_value(const struct choice *choice, size_t range)
{
	return (char *)choice->ranges->items[range].values.items[choice->indexes[range]];
}

/** The next combination, the last parameter fastest. @return false after the last. */
static bool choice_advance(struct choice *choice)
{
	for (size_t range = choice->ranges->count; range-- > 0;) {
		if (++choice->indexes[range] < choice->ranges->items[range].values.count)
			return true;
		choice->indexes[range] = 0;
	}
	return false;
}

/** The range whose {NAME} stands at @p text, or the number of ranges. */
static size_t find_placeholder(const struct choice *choice, const char *text)
{
	size_t range;

	for (range = 0; range < choice->ranges->count; range++) {
		const char *name = choice->ranges->items[range].name;
		size_t length = strlen(name);

		if (strncmp(text + 1, name, length) == 0 && text[1 + length] == '}')
			break;
	}
	return range;
}

/** @p text with each {NAME} replaced; in @p arena. NULL stays NULL. */
static char *replace_parameters(const struct choice *choice, const char *text, struct arena *arena)
{
	char *replaced = NULL, *kept;
	size_t size_bytes = 0;
	FILE *file;

	if (!text)
		return NULL;
	file = open_memstream(&replaced, &size_bytes);
	while (file && *text) {
		size_t range =
			*text == '{' ? find_placeholder(choice, text) : choice->ranges->count;

		if (range < choice->ranges->count) {
			fputs(choice_value(choice, range), file);
			text += strlen(choice->ranges->items[range].name) + 2;
		} else {
			fputc(*text++, file);
		}
	}
	if (file)
		fclose(file);
	kept = arena_duplicate_text(arena, replaced ? replaced : "", size_bytes);
	free(replaced);
	return kept;
}

/** From -n, else the command itself. */
static char *side_name(const struct compare_request *request, const struct choice *choice,
		       size_t number, const char *text, struct arena *arena)
{
	if (number < request->names.count)
		return replace_parameters(choice, request->names.items[number], arena);
	return arena_duplicate_text(arena, text, strlen(text));
}

/** Fail before anything runs when the program is not there. */
static struct error *check_program(const struct command_line *line)
{
	if (program_search(line->argv[0], NULL))
		return NULL;
	return error_with_hint(
		error_new(ERROR_NOT_FOUND, "cannot run '%s': no such program", line->argv[0]),
		strchr(line->argv[0], '/')
			? "check the path"
			: "it is not on PATH; a program in this folder needs './' "
			  "before its name");
}

static const char *pick(const struct string_vector *texts, size_t command)
{
	if (texts->count == 0)
		return NULL;
	return texts->items[texts->count == 1 ? 0 : command];
}

/** Takes @p line. */
static struct error *add_side(struct compare_request *request, const struct choice *choice,
			      size_t command, struct command_line line,
			      struct comparison *comparison)
{
	const char *name =
		side_name(request, choice, comparison->sides.count, line.text, &request->texts);
	struct error *error = check_program(&line);
	struct side *side;

	if (!error && comparison->sides.count >= COMPARISON_SIDES_MAX)
		error = error_new(ERROR_USAGE, "more than %d commands to compare",
				  COMPARISON_SIDES_MAX);
	if (error) {
		command_line_deinit(&line);
		return error;
	}
	side = comparison_add_side(comparison, name, line);
	side->hooks = (struct side_hooks){
		.setup = replace_parameters(choice, request->setup, &request->texts),
		.prepare = replace_parameters(choice, pick(&request->prepares, command),
					      &request->texts),
		.conclude = replace_parameters(choice, pick(&request->conclusions, command),
					       &request->texts),
		.cleanup = replace_parameters(choice, request->cleanup, &request->texts),
	};
	for (size_t i = 0; i < choice->ranges->count; i++)
		parameter_vector_append(&side->parameters,
					(struct parameter){ choice->ranges->items[i].name,
							    choice_value(choice, i) });
	return NULL;
}

/** The words after "--" with {} replaced by @p program, or with it in front. */
static void command_of_program(const struct compare_request *request, const char *program,
			       struct command_line *ret)
{
	struct string_vector words = { 0 };
	bool has_place = false;

	for (char **word = request->command; *word; word++)
		has_place = has_place || strcmp(*word, "{}") == 0;
	if (!has_place)
		string_vector_append(&words, program);
	for (char **word = request->command; *word; word++)
		string_vector_append(&words, strcmp(*word, "{}") == 0 ? program : *word);
	string_vector_append(&words, NULL);
	command_line_from_words((char *const *)words.items, ret);
	string_vector_deinit(&words);
}

static struct error *check_per_command(const char *option, const struct string_vector *texts,
				       size_t n_commands)
{
	if (texts->count <= 1 || texts->count == n_commands)
		return NULL;
	return error_new(ERROR_USAGE, "%s: given %zu times, for %zu commands (once, or one each)",
			 option, texts->count, n_commands);
}

static struct error *add_combination(struct compare_request *request, const struct choice *choice,
				     struct comparison *comparison)
{
	for (size_t i = 0; i < request->n_operands; i++) {
		const char *text =
			replace_parameters(choice, request->operands[i], &request->texts);
		struct command_line line;

		if (request->command)
			command_of_program(request, text, &line);
		else
			RETURN_IF_ERROR(command_line_parse(text, &request->options.shell, &line));
		RETURN_IF_ERROR(add_side(request, choice, i, line, comparison));
	}
	return NULL;
}

/** Commands that need a shell are not compared with some that have none: all get one. */
static void share_shell(const struct compare_request *request, struct comparison *comparison)
{
	bool is_needed = false;

	for (size_t i = 0; i < comparison->sides.count; i++)
		is_needed = is_needed || comparison->sides.items[i].command.is_shell;
	for (size_t i = 0; i < comparison->sides.count && is_needed; i++) {
		struct command_line *line = &comparison->sides.items[i].command;
		struct command_line direct = *line;

		command_line_for_shell(direct.text, &request->options.shell, line);
		command_line_deinit(&direct);
	}
}

struct error *compare_add_sides(struct compare_request *request, struct comparison *comparison)
{
	struct choice choice = { .ranges = &request->parameters };
	struct error *error = NULL;

	RETURN_IF_ERROR(check_per_command("--prepare", &request->prepares, request->n_operands));
	RETURN_IF_ERROR(
		check_per_command("--conclude", &request->conclusions, request->n_operands));
	choice.indexes = memory_allocate(request->parameters.count, sizeof(size_t));
	do
		error = add_combination(request, &choice, comparison);
	while (!error && choice_advance(&choice));
	free(choice.indexes);
	if (!error)
		share_shell(request, comparison);
	return error;
}
