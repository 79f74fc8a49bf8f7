#pragma once

/** The commands of the tests: a program of its own instead of the real list. */

#include "cli/options.h"

enum {
	SAMPLE_FREQUENCY = 1,
	SAMPLE_OUTPUT,
	SAMPLE_QUIET,
	SAMPLE_VERBOSE,
	SAMPLE_COLORS,
	SAMPLE_COUNT,
	SAMPLE_LETTER_ONLY,
	SAMPLE_ZIP,
	SAMPLE_TREES,
};

static const struct option_spec sample_options[] = {
	{ SAMPLE_FREQUENCY, 'F', "freq", "HZ|max", "Samples per second.", "997 max" },
	{ SAMPLE_OUTPUT, 'o', "output", "DIR", "Where the files go.", "DIR" },
	{ SAMPLE_QUIET, 'q', "quiet", NULL, "Say nothing.", NULL },
	{ SAMPLE_VERBOSE, 'v', "verbose", NULL, "Say more.", NULL },
	{ SAMPLE_COLORS, 0, "colors", "PALETTE", "Colours: it's \\ 'quoted' [so].", "hot rust" },
	{ SAMPLE_COUNT, 'c', "count", "N", "Every N events.", NULL },
	{ SAMPLE_LETTER_ONLY, 'g', NULL, NULL, "A letter without a name.", NULL },
	{ SAMPLE_ZIP, 'z', "zip", "[LEVEL]", "Smaller.", NULL },
	{ SAMPLE_TREES, 't', "trees", "[ TYPE]", "What trees.", NULL },
	OPTION_END,
};

static const struct command_example sample_examples[] = {
	{ "perf-profile -F max ./server", "As often as allowed." },
	{ NULL, NULL },
};

static const struct command sample_run = {
	.name = "run",
	.summary = "Profile a command",
	.usage = "[OPTIONS] [--] COMMAND [ARG...]",
	.options = sample_options,
	.examples = sample_examples,
	.takes_command = true,
};

static const struct command sample_report = {
	.name = "report",
	.summary = "Print a report",
	.usage = "[OPTIONS] [FILE...]",
	.description = "First paragraph.\n\n.Second paragraph - with a dash.",
	.options = sample_options,
};

static const struct command sample_bare = {
	.name = "bare",
	.summary = "Nothing to choose",
	.usage = "",
};

const struct command *const commands[] = { &sample_run, &sample_report, &sample_bare, NULL };
