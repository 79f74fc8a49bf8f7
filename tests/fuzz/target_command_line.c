/** The words of a command line, NUL between them: options, their values, commands as text. */

#include "base/shell_quote.h"
#include "cli/options.h"
#include "compare/command_line.h"
#include "capture/counters/counter_list.h"
#include "fuzz_target.h"

#define WORDS_MAX 64

static struct error *take_option(void *context, int id, const char *value)
{
	uint64_t number;
	double real;

	(void)context;
	if (id == OPTION_ID_HELP || !value)
		return NULL;
	fuzz_check_error(option_read_u64("--number", value, 1, 1000, &number));
	fuzz_check_error(option_read_double("--real", value, 0, 1, &real));
	fuzz_check_error(option_read_size("--size", value, 0, UINT64_MAX, &number));
	fuzz_check_error(option_read_duration("--time", value, &number));
	return NULL;
}

static void parse_options(const struct command *command, char **words, int n_words)
{
	/* The parser moves operands, so each command gets words of its own. */
	char *moved[WORDS_MAX + 2];
	struct option_parser parser;

	memcpy(moved, words, sizeof(*moved) * (size_t)(n_words + 1));
	parser = option_parser_make(command, n_words, moved);
	fuzz_check_error(option_parser_run(&parser, take_option, NULL));
	FUZZ_CHECK(parser.index >= 0 && parser.index <= n_words);
}

static void parse_text(const char *text)
{
	static const struct event_places nowhere = { "/nonexistent", "/nonexistent" };

	static const enum shell_use uses[] = { SHELL_AUTOMATIC, SHELL_ALWAYS, SHELL_NEVER };
	struct counter_list list = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
		const struct shell_choice shell = { .use = uses[i] };
		struct command_line line;
		struct error *error = command_line_parse(text, &shell, &line);

		if (!error) {
			free(shell_quote_words(line.argv));
			command_line_deinit(&line);
		}
		fuzz_check_error(error);
	}
	fuzz_check_error(counter_list_add(&list, &nowhere, text));
	counter_list_deinit(&list);
	free(command_suggest(text));
}

static void run(struct bytes input)
{
	char *text = memory_allocate(input.size + 1, 1);
	char *words[WORDS_MAX + 2] = { (char *)"perf-profile" };
	int n_words = 1;

	if (input.size)
		memcpy(text, input.data, input.size);
	for (char *at = text; at < text + input.size && n_words < WORDS_MAX; at += strlen(at) + 1)
		words[n_words++] = at;
	for (const struct command *const *command = commands; *command; command++)
		parse_options(*command, words, n_words);
	for (int i = 1; i < n_words && i < 8; i++)
		parse_text(words[i]);
	free(text);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	static const char words[] = "-F\0"
				    "99\0--output=x\0-o\0dir\0--\0true\0a b";
	static const char stat[] = "stat\0-e\0{cycles,instructions}:u,cpu/event=0x3c,umask=1/\0-r5";
	static const char text[] = "echo 'a b' \"c \\\" d\" e\\ f | wc -l > $HOME/x; A=1 b\0--warm";

	fuzz_seeds_add(seeds, (struct bytes){ (const uint8_t *)words, sizeof(words) });
	fuzz_seeds_add(seeds, (struct bytes){ (const uint8_t *)stat, sizeof(stat) });
	fuzz_seeds_add(seeds, (struct bytes){ (const uint8_t *)text, sizeof(text) });
	fuzz_seeds_add_text(seeds, "--duration=1.5h");
	fuzz_seeds_add_text(seeds, "sched:sched_switch:u");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
