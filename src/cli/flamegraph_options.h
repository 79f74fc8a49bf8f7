#pragma once

/** The options of flame graphs, for every command that draws one. */

#include "cli/options.h"
#include "output/output_format.h"

enum {
	OPTION_GRAPH_TITLE = 2000,
	OPTION_GRAPH_SUBTITLE,
	OPTION_GRAPH_WIDTH,
	OPTION_GRAPH_HEIGHT,
	OPTION_GRAPH_LEAST_WIDTH,
	OPTION_GRAPH_COLORS,
	OPTION_GRAPH_BACKGROUND,
	OPTION_GRAPH_UI_COLOR,
	OPTION_GRAPH_STROKE_COLOR,
	OPTION_GRAPH_SEARCH_COLOR,
	OPTION_GRAPH_DIFFUSION,
	OPTION_GRAPH_HASH,
	OPTION_GRAPH_RANDOM,
	OPTION_GRAPH_DETERMINISTIC,
	OPTION_GRAPH_PALETTE_MAP,
	OPTION_GRAPH_FONT_TYPE,
	OPTION_GRAPH_FONT_SIZE,
	OPTION_GRAPH_FONT_WIDTH,
	OPTION_GRAPH_CUT_RIGHT,
	OPTION_GRAPH_COUNT_NAME,
	OPTION_GRAPH_NAME_LABEL,
	OPTION_GRAPH_NAME_ATTRIBUTES,
	OPTION_GRAPH_TOTAL,
	OPTION_GRAPH_FACTOR,
	OPTION_GRAPH_REVERSED,
	OPTION_GRAPH_INVERTED,
	OPTION_GRAPH_CHART,
	OPTION_GRAPH_NEGATED,
	OPTION_GRAPH_BASE,
	OPTION_GRAPH_UNSORTED,
	OPTION_GRAPH_NOTES,
	OPTION_GRAPH_ENCODING,
	OPTION_GRAPH_NO_SCRIPT,
};

#define FLAMEGRAPH_PALETTES									\
	"library kind safe rust hot mem io wakeup chain java js python perl red "		\
	"green blue aqua yellow purple orange"

/* clang-format off: one option after the other. */
/** The letters are 0 where a command means other options by them. */
#define FLAMEGRAPH_OPTION_SPECS(colors_letter, inverted_letter)					\
	{ OPTION_GRAPH_TITLE, 0, "title", "TEXT",						\
	  "Heading of the flame graph. Default: the command.",					\
	  NULL },										\
	{ OPTION_GRAPH_SUBTITLE, 0, "subtitle", "TEXT",						\
	  "Second heading of the flame graph.",							\
	  NULL },										\
	{ OPTION_GRAPH_WIDTH, 0, "width", "PIXELS",						\
	  "Width of the flame graph. Default: it follows the window.",				\
	  NULL },										\
	{ OPTION_GRAPH_COLORS, colors_letter, "colors", "PALETTE",				\
	  "Colours of the flame graph: library, kind, rust, hot and others; safe is "		\
	  "for colour-blind eyes. Default: library.",						\
	  FLAMEGRAPH_PALETTES },								\
	{ OPTION_GRAPH_REVERSED, 0, "reverse", NULL,						\
	  "Merge stacks from the innermost function on.",					\
	  NULL },										\
	{ OPTION_GRAPH_INVERTED, inverted_letter, "inverted", NULL,				\
	  "Root at the top (icicle graph).",							\
	  NULL },										\
	{ OPTION_GRAPH_CHART, 0, "flamechart", NULL,						\
	  "Stacks in order of time, thread by thread, only neighbours merged.",			\
	  NULL },										\
	{ OPTION_GRAPH_COUNT_NAME, 0, "countname", "TEXT",					\
	  "What is counted. Default: samples.",							\
	  NULL },										\
	{ OPTION_GRAPH_NAME_LABEL, 0, "nametype", "TEXT",					\
	  "What stands before names in the details, such as 'Function:'. Default: "		\
	  "nothing.",										\
	  NULL },										\
	{ OPTION_GRAPH_HEIGHT, 0, "height", "PIXELS",						\
	  "Height of each frame. Default: 18.",							\
	  NULL },										\
	{ OPTION_GRAPH_LEAST_WIDTH, 0, "minwidth", "N[%]",					\
	  "Leave out narrower frames: N pixels, or N % of all samples (a bare N is "		\
	  "pixels, as in flamegraph.pl; inferno takes it as percent). Default: 0.1% in "	\
	  "the picture; when zoomed, what is too narrow to be seen.",				\
	  NULL },										\
	{ OPTION_GRAPH_FONT_TYPE, 0, "fonttype", "NAME",					\
	  "Font. Default: the reader's.",							\
	  NULL },										\
	{ OPTION_GRAPH_FONT_SIZE, 0, "fontsize", "N",						\
	  "Size of names in pixels. Default: 12.",						\
	  NULL },										\
	{ OPTION_GRAPH_FONT_WIDTH, 0, "fontwidth", "N",						\
	  "Average width of a letter, in font sizes; for the picture without script. "		\
	  "Default: estimated letter by letter.",						\
	  NULL },										\
	{ OPTION_GRAPH_CUT_RIGHT, 0, "truncate-text-right", NULL,				\
	  "Cut names that do not fit at their end. Default: keep the part that says "		\
	  "most.",										\
	  NULL },										\
	{ OPTION_GRAPH_BACKGROUND, 0, "bgcolors", "COLOR",					\
	  "Background: yellow, blue, green, grey or #rrggbb. Default: white, or black "		\
	  "for readers who prefer dark pages.",							\
	  "yellow blue green grey" },								\
	{ OPTION_GRAPH_UI_COLOR, 0, "uicolor", "#RRGGBB",					\
	  "Colour of headings and buttons.",							\
	  NULL },										\
	{ OPTION_GRAPH_STROKE_COLOR, 0, "stroke-color", "#RRGGBB",				\
	  "Colour of frames' outlines, or none. Default: none.",				\
	  NULL },										\
	{ OPTION_GRAPH_SEARCH_COLOR, 0, "search-color", "#RRGGBB",				\
	  "Colour of what a search finds.",							\
	  NULL },										\
	{ OPTION_GRAPH_DIFFUSION, 0, "colordiffusion", NULL,					\
	  "Wide frames in strong colours, narrow ones in pale.",				\
	  NULL },										\
	{ OPTION_GRAPH_HASH, 0, "hash", NULL,							\
	  "Names with the same beginning get colours that are close.",				\
	  NULL },										\
	{ OPTION_GRAPH_RANDOM, 0, "random", NULL,						\
	  "Other colours on every run.",							\
	  NULL },										\
	{ OPTION_GRAPH_DETERMINISTIC, 0, "deterministic", NULL,					\
	  "The same colours on every run (default).",						\
	  NULL },										\
	{ OPTION_GRAPH_PALETTE_MAP, 0, "cp", NULL,						\
	  "Take colours from ./palette.map, and add those of new names to it.",			\
	  NULL },										\
	{ OPTION_GRAPH_NAME_ATTRIBUTES, 0, "nameattr", "FILE",					\
	  "Titles, links and attributes by function: lines of NAME, tab, KEY=VALUE... "		\
	  "What could run script is left out.",							\
	  "FILE" },										\
	{ OPTION_GRAPH_TOTAL, 0, "total", "N",							\
	  "Samples the whole width stands for, to compare graphs at one scale.",		\
	  NULL },										\
	{ OPTION_GRAPH_FACTOR, 0, "factor", "N",						\
	  "Show counts times N. Default: 1.",							\
	  NULL },										\
	{ OPTION_GRAPH_NEGATED, 0, "negate", NULL,						\
	  "Of differences: swap the colours of more and less.",					\
	  NULL },										\
	{ OPTION_GRAPH_BASE, 0, "base", "FUNCTION",						\
	  "Let stacks start at this function. May be given again.",				\
	  NULL },										\
	{ OPTION_GRAPH_UNSORTED, 0, "no-sort", NULL,						\
	  "Frames in the order of the input, not of their names.",				\
	  NULL },										\
	{ OPTION_GRAPH_NOTES, 0, "notes", "TEXT",						\
	  "A comment in the file.",								\
	  NULL },										\
	{ OPTION_GRAPH_ENCODING, 0, "encoding", "NAME",						\
	  "Of the file. Default: UTF-8.",							\
	  "UTF-8 US-ASCII ISO-8859-1" },							\
	{ OPTION_GRAPH_NO_SCRIPT, 0, "no-javascript", NULL,					\
	  "Only the picture, without the interactive viewer.",					\
	  NULL }
/* clang-format on */

/** The options' values: in @c output, and what it refers to. Zeroed but for output. */
struct flamegraph_setup {
	struct output_options *output; /**< Borrowed. */
	bool keeps_map;                /**< --cp */
};

/** Take one option; @p is_known_ret false: it is none of these. Files are read at once. */
struct error *flamegraph_setup_apply(struct flamegraph_setup *setup, int id, const char *value,
				     bool *is_known_ret) MUST_CHECK;

/** After the graph is drawn: write ./palette.map if asked for. */
struct error *flamegraph_setup_finish(const struct flamegraph_setup *setup) MUST_CHECK;

void flamegraph_setup_deinit(struct flamegraph_setup *setup);
