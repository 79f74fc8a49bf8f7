#include "../base/cmocka_headers.h"

#include "cli/options.h"

#include "base/memory.h"
#include "cli/completion.h"
#include "cli/manual.h"
#include "sample_commands.h"

#include <string.h>

static char *text_of(void (*write)(FILE *, const struct command *), const struct command *command)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);

	write(file, command);
	fclose(file);
	return text;
}

static void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		print_error("'%s' is not in:\n%s\n", part, text);
	assert_non_null(strstr(text, part));
}

static void help_of_a_command(void **state)
{
	_cleanup_free_ char *help = text_of(help_write, &sample_report);

	assert_string_equal(help, "Usage: perf-profile report [OPTIONS] [FILE...]\n"
				  "Print a report.\n"
				  "\n"
				  "First paragraph.\n"
				  "\n"
				  ".Second paragraph - with a dash.\n"
				  "\n"
				  "Options:\n"
				  "  -F, --freq HZ|max         Samples per second.\n"
				  "  -o, --output DIR          Where the files go.\n"
				  "  -q, --quiet               Say nothing.\n"
				  "  -v, --verbose             Say more.\n"
				  "      --colors PALETTE      Colours: it's \\ 'quoted' [so].\n"
				  "  -c, --count N             Every N events.\n"
				  "  -g                        A letter without a name.\n"
				  "  -z, --zip[=LEVEL]         Smaller.\n"
				  "  -t, --trees [TYPE]        What trees.\n"
				  "  -h, --help                Print this help.\n");
}

static void help_of_the_main_command_needs_no_name(void **state)
{
	_cleanup_free_ char *help = text_of(help_write, &sample_run);

	assert_memory_equal(help, "Usage: perf-profile [OPTIONS] [--] COMMAND [ARG...]\n", 52);
	assert_holds(help, "  perf-profile -F max ./server\n      As often as allowed.\n");
}

static void help_of_the_program_lists_all_commands(void **state)
{
	_cleanup_free_ char *help = text_of(help_write, NULL);
	_cleanup_free_ char *usage = text_of(help_write_usage, NULL);

	assert_holds(help, "       perf-profile report|bare [OPTIONS]\n");
	assert_holds(help, "  bare                      Nothing to choose\n");
	assert_holds(help, "  -F, --freq HZ|max         Samples per second.\n");
	assert_holds(usage, "  report                    Print a report\n");
	assert_null(strstr(usage, "--freq"));
}

static void manual_of_a_command(void **state)
{
	_cleanup_free_ char *page = text_of(manual_write, &sample_report);

	assert_holds(page, ".TH \"PERF-PROFILE-REPORT\" 1 ");
	assert_holds(page, ".SH NAME\nperf\\-profile\\-report \\- print a report\n");
	/* A text that begins with a dot is no request, a backslash no escape. */
	assert_holds(page, "\n.PP\n\\&.Second paragraph \\- with a dash.\n");
	assert_holds(page, ".TP\n\\fB\\-F\\fR, \\fB\\-\\-freq\\fR \\fIHZ|max\\fR\n");
	assert_holds(page, "it's \\e 'quoted' [so].\n");
	assert_holds(page, ".TP\n\\fB\\-g\\fR\n");
	assert_holds(page, ".BR perf\\-profile (1)");
	/* Exit statuses are of commands that run something. */
	assert_null(strstr(page, "EXIT STATUS"));
}

static void manual_of_the_program(void **state)
{
	_cleanup_free_ char *page = text_of(manual_write, NULL);

	assert_holds(page, ".TH \"PERF-PROFILE\" 1 ");
	assert_holds(page, ".BR perf\\-profile\\-bare (1)\nNothing to choose.\n");
	assert_holds(page, ".SH \"EXIT STATUS\"\n");
	assert_holds(page, ".B perf\\-profile \\-F max ./server\n");
}

static char *script_of(const char *shell)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);

	completion_find(shell)->write(file);
	fclose(file);
	return text;
}

static void completion_quotes_what_help_says(void **state)
{
	_cleanup_free_ char *zsh = script_of("zsh");
	_cleanup_free_ char *fish = script_of("fish");
	_cleanup_free_ char *bash = script_of("bash");

	assert_holds(zsh, "'--colors=[Colours\\: it'\\''s \\\\ '\\''quoted'\\'' \\[so\\].]:PALETTE:"
			  "(hot rust)'");
	assert_holds(fish, "-l colors -x -a 'hot rust' -d 'Colours: it\\'s \\\\ \\'quoted\\' "
			   "[so].'");
	assert_holds(bash, "'run --colors')\n\t\tmapfile -t COMPREPLY < <(compgen -W 'hot rust'");
	assert_null(completion_find("csh"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_of_a_command),
		cmocka_unit_test(help_of_the_main_command_needs_no_name),
		cmocka_unit_test(help_of_the_program_lists_all_commands),
		cmocka_unit_test(manual_of_a_command),
		cmocka_unit_test(manual_of_the_program),
		cmocka_unit_test(completion_quotes_what_help_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
