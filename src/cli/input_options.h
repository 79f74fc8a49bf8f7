#pragma once

/** Options that all commands share that read a profile: which one, and what part of it. */

#include "cli/fold_options.h"
#include "cli/open_profile.h"
#include "cli/options.h"
#include "profile/filter.h"

enum {
	OPTION_INPUT = 1000,
	OPTION_SYMFS,
	OPTION_INPUT_NO_INLINE,
	OPTION_INPUT_NO_DEMANGLE,
	OPTION_INPUT_EVENT,
	OPTION_COMMS,
	OPTION_DSOS,
	OPTION_SYMBOLS,
	OPTION_PID,
	OPTION_TID,
	OPTION_CPU,
	OPTION_TIME,
	OPTION_FOCUS,
	OPTION_IGNORE,
	OPTION_HIDE,
	OPTION_BY,
};

/** Where symbols of a perf.data file come from. */
#define SYMBOL_OPTION_SPECS                                                                        \
	{ OPTION_SYMFS,                                                                            \
	  0,                                                                                       \
	  "symfs",                                                                                 \
	  "DIR",                                                                                   \
	  "Folder that holds the recorded machine's files, under their paths or by their names "   \
	  "alone; they are taken on trust.",                                                       \
	  "DIR" },                                                                                 \
		{ OPTION_INPUT_NO_INLINE,                                                          \
		  0,                                                                               \
		  "no-inline",                                                                     \
		  NULL,                                                                            \
		  "Do not read debug information: no inlined functions, no file:line.",            \
		  NULL },                                                                          \
		{ OPTION_INPUT_NO_DEMANGLE,                                                        \
		  0,                                                                               \
		  "no-demangle",                                                                   \
		  NULL,                                                                            \
		  "Show names as the linker has them.",                                            \
		  NULL },                                                                          \
		SYMBOL_SEARCH_OPTION_SPECS, FOLD_OPTION_SPECS

/** What part of the profile. The letters are perf report's; 0 where a tool means others. */
#define FILTER_OPTION_SPECS(comm_letter, dso_letter, symbol_letter, cpu_letter)            \
	{ OPTION_COMMS, comm_letter, "comms", "NAME,...", "Only threads of these names.", NULL }, \
		{ OPTION_DSOS,                                                             \
		  dso_letter,                                                              \
		  "dsos",                                                                  \
		  "FILE,...",                                                              \
		  "Only samples in these programs and libraries.",                         \
		  NULL },                                                                  \
		{ OPTION_SYMBOLS,                                                          \
		  symbol_letter,                                                           \
		  "symbols",                                                               \
		  "NAME,...",                                                              \
		  "Only samples in these functions.",                                      \
		  NULL },                                                                  \
		{ OPTION_PID, 0, "pid", "PID,...", "Only these processes.", NULL },        \
		{ OPTION_TID, 0, "tid", "TID,...", "Only these threads.", NULL },          \
		{ OPTION_CPU, cpu_letter, "cpu", "LIST", "Only these CPUs, such as 0,2-3.",        \
		  NULL },                                                                  \
		{ OPTION_TIME,                                                             \
		  0,                                                                       \
		  "time",                                                                  \
		  "FROM,TO",                                                               \
		  "Only this part of the recording: seconds after its first sample, or "   \
		  "percent (10%-20%). Either may be left out.",                            \
		  NULL },                                                                  \
		{ OPTION_FOCUS,                                                            \
		  0,                                                                       \
		  "focus",                                                                 \
		  "REGEX",                                                                 \
		  "Only samples with such a function on their stack. May be given again.", \
		  NULL },                                                                  \
		{ OPTION_IGNORE, 0, "ignore", "REGEX",                                     \
		  "No samples with such a function on their stack. May be given again.", NULL }, \
		{ OPTION_HIDE, 0, "hide", "REGEX",                                         \
		  "Leave such functions out of the stacks; the samples stay. May be given again.", \
		  NULL },                                                                  \
	{                                                                                  \
		OPTION_BY, 0, "by", "GROUP",                                               \
			"Put samples together by comm (the thread's name, default), thread, " \
			"process or cpu.",                                                 \
			"comm thread process cpu"                                          \
	}

struct input_options {
	struct open_profile_options open;
	struct profile_filter filter;
	struct profile_fold fold; /**< After the filter, which knows the whole names. */
	const char *event;        /**< NULL: the one with the most samples. */
	double time_begin_share, time_end_share; /**< Of the recording; 0: not given so. */
	struct string_vector more_paths; /**< Further inputs, merged with the first. */
	struct arena texts;
};

void input_options_deinit(struct input_options *input);

/** Take one option; @p is_known_ret false: it is none of these. */
struct error *input_options_apply(struct input_options *input, int id, const char *value,
				  bool *is_known_ret) MUST_CHECK;

/** Operands are inputs; several are merged. */
struct error *input_options_take_operand(struct input_options *input,
					 const struct option_parser *parser) MUST_CHECK;

/**
 * The command line of a command that has options and inputs only: each option to @p handler with
 * @p context, which holds @p input.
 */
struct error *input_options_parse(struct input_options *input, const struct command *command,
				  int argc, char **argv, option_handler *handler,
				  void *context) MUST_CHECK;

/** Read the profile, keep the wanted part of it. @p event_ret may be NULL. */
struct error *input_options_open(struct input_options *input, struct open_profile *ret,
				 uint32_t *event_ret) MUST_CHECK;
