#include "cli/compare.h"

#include "base/memory.h"
#include "base/shell_quote.h"
#include "base/text_stream.h"
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
	file = text_stream_open(&replaced, &size_bytes);
	while (*text) {
		size_t range =
			*text == '{' ? find_placeholder(choice, text) : choice->ranges->count;

		if (range < choice->ranges->count) {
			fputs(choice_value(choice, range), file);
			text += strlen(choice->ranges->items[range].name) + 2;
		} else {
			fputc(*text++, file);
		}
	}
	text_stream_close(file, &replaced);
	kept = arena_duplicate_text(arena, replaced, size_bytes);
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
static struct error *check_program(const struct side *side)
{
	const struct command_line *line = &side->command;

	/* A relative path in another folder is judged when it runs. */
	if (program_search(line->argv[0], NULL) || (side->folder && line->argv[0][0] != '/'))
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

/**
 * Complete @p given, with its command, place and perhaps name, and add it.
 *
 * @param given  Its command is taken.
 */
static struct error *add_side(struct compare_request *request, const struct choice *choice,
			      size_t command, struct side *given, struct comparison *comparison)
{
	const char *name =
		side_name(request, choice, comparison->sides.count,
			  given->name ? given->name : given->command.text, &request->texts);
	struct error *error = check_program(given);
	struct side *side;

	if (!error && comparison->sides.count >= COMPARISON_SIDES_MAX)
		error = error_new(ERROR_USAGE, "more than %d commands to compare",
				  COMPARISON_SIDES_MAX);
	if (error) {
		command_line_deinit(&given->command);
		return error;
	}
	side = comparison_add_side(comparison, name, given->command);
	side->folder = given->folder;
	side->commit = given->commit;
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

/** Whether @p program stands in a place of its own among the words, as {}. */
static bool has_place(const struct compare_request *request)
{
	for (char **word = request->command; *word; word++) {
		if (strcmp(*word, "{}") == 0)
			return true;
	}
	return false;
}

/**
 * The words after "--" with {} replaced by the target's program, or with it in front; of a
 * revision the program takes the place of the first word.
 */
static void command_of_target(const struct compare_request *request, const struct choice *choice,
			      const struct compare_target *target, struct arena *arena,
			      struct command_line *ret)
{
	/* A baseline's command has its program among the words. */
	bool is_whole = target->is_revision || !target->name;
	char **words = request->command + is_whole;
	struct string_vector built = { 0 };
	const char *program = replace_parameters(choice, target->program, arena);
	bool is_placed = !is_whole && has_place(request);

	if (!is_placed)
		string_vector_append(&built, program);
	for (char **word = words; *word; word++)
		string_vector_append(&built, is_placed && strcmp(*word, "{}") == 0
						     ? program
						     : replace_parameters(choice, *word, arena));
	string_vector_append(&built, NULL);
	command_line_from_words((char *const *)built.items, ret);
	string_vector_deinit(&built);
	if (target->is_revision) {
		/* Where the tree was tells nobody anything. */
		free(ret->text);
		ret->text = shell_quote_words(request->command);
	}
}

static struct error *check_per_command(const char *option, const struct string_vector *texts,
				       size_t n_commands)
{
	if (texts->count <= 1 || texts->count == n_commands)
		return NULL;
	return error_new(ERROR_USAGE, "%s: given %zu times, for %zu commands (once, or one each)",
			 option, texts->count, n_commands);
}

/** Commands, each one operand. */
static struct error *add_commands(struct compare_request *request, const struct choice *choice,
				  struct comparison *comparison)
{
	for (size_t i = 0; i < request->n_operands; i++) {
		const char *text =
			replace_parameters(choice, request->operands[i], &request->texts);
		struct side side = { 0 };

		RETURN_IF_ERROR(command_line_parse(text, &request->options.shell, &side.command));
		RETURN_IF_ERROR(add_side(request, choice, i, &side, comparison));
	}
	return NULL;
}

/** One command, of several programs or revisions. */
static struct error *add_targets(struct compare_request *request, const struct choice *choice,
				 struct comparison *comparison)
{
	for (size_t i = 0; i < request->targets.count; i++) {
		const struct compare_target *target = &request->targets.items[i];

		if (target->is_baseline) {
			_cleanup_free_ char *command = shell_quote_words(request->command);

			RETURN_IF_ERROR(
				compare_add_baseline(request, target->name, command, comparison));
			continue;
		}
		struct side side = { .folder = target->folder, .commit = target->commit };

		command_of_target(request, choice, target, &request->texts, &side.command);
		if (target->is_revision)
			side.name = (char *)target->name;
		RETURN_IF_ERROR(add_side(request, choice, i, &side, comparison));
	}
	return NULL;
}

static struct error *add_combination(struct compare_request *request, const struct choice *choice,
				     struct comparison *comparison)
{
	return request->command ? add_targets(request, choice, comparison)
				: add_commands(request, choice, comparison);
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

	RETURN_IF_ERROR(compare_find_targets(request));
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
