#pragma once

/**
 * The parts of the flame graph's file.
 *
 *   flame_tree.c        what is drawn
 *   flamegraph.c        the file as a whole: head, legend, styles, script
 *   flamegraph_colors.c what colour everything has, and the legend
 *   flamegraph_text.c   heading, subtitle, what the samples are worth
 *   flamegraph_static.c frames as plain SVG, for <img> and readers without script
 *   flamegraph_data.c   the frame tree as JSON, for the viewer
 *   flamegraph_label.c  names cut to fit
 *   flamegraph/         the viewer (script and style), embedded by tools/embed
 */

#include "output/flame_tree.h"
#include "output/output_format.h"
#include "output/palette.h"
#include "profile/summary.h"

/** A colour for both themes; drawn by CSS class "c<index>". */
struct flamegraph_color {
	uint32_t by_theme[N_PALETTE_THEMES];
};

DEFINE_VECTOR(flamegraph_color_vector, struct flamegraph_color)

struct flamegraph_legend_entry {
	const char *name;     /**< Hostile text. */
	uint32_t color;       /**< Index; that of its hottest function. */
	uint64_t color_count; /**< Samples of that function. */
	uint64_t self_count;
};

DEFINE_VECTOR(flamegraph_legend, struct flamegraph_legend_entry)

struct flamegraph {
	const struct profile *profile;
	const struct profile *before; /**< Of a difference; NULL. */
	const char *compared_by;      /**< What of both sides of a difference. */
	const struct output_options *options;
	const struct flamegraph_options *look; /**< Of the options. */
	const struct palette *palette;
	struct profile_quality quality, before_quality;
	struct flame_tree tree;
	struct flamegraph_color_vector colors;
	struct index_vector frame_colors;      /**< By frame of the tree. */
	struct flamegraph_legend legend;       /**< Largest first. */
	char *title, *subtitle, *quality_text; /**< Hostile text. */
	bool is_quality_poor;
	uint64_t total_count; /**< What the width stands for: all samples or more. */
	double factor;        /**< Counts are shown times this. 0: as they are. */
	double change_max;    /**< Samples; the strongest colour of differences. */
	uint64_t chance;      /**< For FLAMEGRAPH_SPREAD_CHANCE. */
};

/** Differences have so many colours for more and for less: "d-8" to "d8". */
#define FLAMEGRAPH_CHANGE_STEPS 8

#define FLAMEGRAPH_CLASS_SIZE 24

/** -8 to 8 by the square root of the change, so that small ones show. */
int flamegraph_change_step(const struct flamegraph *graph, double before_count, double after_count);

/** The CSS classes of a node. */
void flamegraph_node_class(const struct flamegraph *graph, const struct flame_tree *tree,
			   const struct flame_node *node, char class_ret[FLAMEGRAPH_CLASS_SIZE]);

/** Fills colors, frame_colors, legend, change_max. */
void flamegraph_choose_colors(struct flamegraph *graph);

void flamegraph_write_color_rules(const struct flamegraph *graph, enum palette_theme theme,
				  FILE *file);

/* Made by flamegraph_text.c; free with free(). The last sets is_quality_poor. */
char *flamegraph_make_title(const struct flamegraph *graph);
char *flamegraph_make_subtitle(const struct flamegraph *graph);
char *flamegraph_make_quality_text(struct flamegraph *graph);

/** As the viewer and the tooltips show it: times the factor asked for. */
void flamegraph_format_count(const struct flamegraph *graph, uint64_t count, char text_ret[32]);

/** The theme that a background asked for needs; N_PALETTE_THEMES: the reader's. */
enum palette_theme flamegraph_forced_theme(const struct flamegraph *graph);

/** "+1.2 %": a change in samples as a share of after's. Free with free(). */
char *flamegraph_format_change(const struct flamegraph *graph, double change);

double flamegraph_row_height_px(const struct flamegraph *graph);
double flamegraph_font_size_px(const struct flamegraph *graph);

#define FLAMEGRAPH_SEPARATOR " \xc2\xb7 " /* U+00B7 */

/** Flags of a frame in the file: enum frame_flags and what kind of frame it is. */
enum flamegraph_frame_flags {
	FLAMEGRAPH_IS_ALL = 1 << 8,
	FLAMEGRAPH_IS_THREAD = 1 << 9,
	FLAMEGRAPH_IS_INCOMPLETE = 1 << 10,
	FLAMEGRAPH_IS_ELIDED = 1 << 11,
	FLAMEGRAPH_IS_GAP = 1 << 12,
};

/** The CSS class of a frame: "c12", or "c-all", "c-thread"... @p class_ret at least 16 bytes. */
void flamegraph_frame_class(const struct flamegraph *graph, uint32_t frame, char *class_ret);

const char *flamegraph_count_name(const struct flamegraph *graph);

/** Microseconds are shown as milliseconds unless options say something else. */
double flamegraph_count_factor(const struct flamegraph *graph);

/** The object's name for people; "" for frames that are no code or whose object is unknown. */
const char *flamegraph_object_name(const struct flame_frame *frame);

/** The data element's contents: safe inside XML. */
void flamegraph_write_data(const struct flamegraph *graph, FILE *file);

/** Where the static picture has its parts, in pixels from the top. */
struct flamegraph_geometry {
	double width_px;
	double frames_top_px;
	double row_height_px;
	double height_px;
	double pixels_per_sample;
	uint64_t limit_count; /**< Frames with fewer samples are not drawn. */
	uint32_t n_rows;
	uint64_t n_hidden; /**< Frames not drawn. */
};

/** Left and right of the frames. */
#define FLAMEGRAPH_PADDING_PX 10

/**
 * Decide what is drawn of @p tree (the graph's own, or reversed) below a head of
 * @p head_height_px.
 */
void flamegraph_measure(const struct flamegraph *graph, const struct flame_tree *tree,
			double head_height_px, struct flamegraph_geometry *ret);

/** Frames below this share of what the width stands for are not drawn in the picture... */
double flamegraph_limit_share(const struct flamegraph *graph);

/** ...which are those with fewer samples than this. At least 1. */
uint64_t flamegraph_limit_count(const struct flamegraph *graph);

void flamegraph_write_frames(const struct flamegraph *graph, const struct flame_tree *tree,
			     const struct flamegraph_geometry *geometry, FILE *file);

/**
 * As much of a function's name as fits, the last part of a::b::c before the
 * others, cut between words where possible. Valid UTF-8 in and out.
 * @return NULL when not even a few letters fit. Free with free().
 */
char *flamegraph_label_fit(const char *name, double width_px, double font_size_px);

/** As much of the beginning as fits. */
char *flamegraph_label_cut_right(const char *name, double width_px, double font_size_px);

/** An estimate on the wide side (the reader's fonts are unknown). */
double flamegraph_label_width_px(const char *text, double font_size_px);
