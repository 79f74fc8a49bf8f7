#include "cli/commands.h"

#include "cli/export.h"
#include "cli/open_profile.h"
#include "output/output_format.h"

static const struct command_example examples[] = {
	{ "perf-profile merge -o all.pb.gz run1/perf.data run2/perf.data",
	  "Two recordings as one pprof file, which every subcommand reads." },
	{ "perf-profile merge --format collapsed *.folded > all.folded", "Folded stacks." },
	{ "perf-profile merge --by process --format flamegraph -o all.svg a.data b.data",
	  "A picture of both, process by process." },
	{ NULL, NULL },
};

static int run_merge(const struct command *command, int argc, char **argv)
{
	return export_run(command, argc, argv, output_format_find("pprof"));
}

const struct command command_merge = {
	.name = "merge",
	.summary = "Make one profile of several",
	.usage = "[--format FORMAT] [-o FILE] INPUT...",
	.description =
		"Each INPUT is " INPUT_KINDS_TEXT
		".\n\n"
		"Events of the same name are added up; stacks, threads and functions that are "
		"the same become one. The format is pprof unless another is asked for. "
		"The other subcommands that read a profile merge several inputs, too.",
	.options = export_options,
	.examples = examples,
	.run = run_merge,
};
