#pragma once

/**
 * The difference of two profiles as text, function by function: own time and that of all they
 * call, on both sides, with what chance alone may make of it. Write errors are left in the file.
 */

#include "base/error.h"
#include "output/flame_tree.h"
#include "profile/diff.h"

#include <stdio.h>

/**
 * difffolded.pl's: "STACK BEFORE AFTER" lines, sorted. Normalised, before's counts are those
 * of a profile as large as after, rounded down.
 */
void difference_write_folded(const struct flame_tree *tree, FILE *file);

enum difference_basis {
	DIFFERENCE_AS_IS,    /**< What there was: time, events, samples. */
	DIFFERENCE_BY_TOTAL, /**< Shares of each side's total. */
	DIFFERENCE_BY_TIME,  /**< What there was per second of each recording. */
};

struct difference_side {
	const char *path; /**< Borrowed. */
	const struct profile *profile;
	uint32_t event;

	/* Filled in by difference_init(). */
	const char *event_name;
	uint64_t n_samples;
	double total;  /**< What all samples stand for, in the difference's unit. */
	double wall_s; /**< How long the recording took; 0: unknown. */
};

struct difference_options {
	enum difference_basis basis;
	bool is_hex_stripped; /**< Names that differ in addresses only are one. */
};

struct difference {
	struct difference_side before, after;
	enum difference_basis basis;
	const char *unit; /**< Of totals: "s", "samples", or the event's own. */

	/**
	 * Reference is before. Their *_s are what is compared: of the unit, shares, or of the unit
	 * per second.
	 */
	struct function_change_vector functions;
	double before_whole, after_whole; /**< What all of a side is in that measure. */
};

/**
 * @return ERROR_UNSUPPORTED when the basis needs what a side does not say: the recording's time,
 * or the same unit on both sides.
 */
struct error *difference_init(struct difference *ret, const struct difference_side *before,
			      const struct difference_side *after,
			      const struct difference_options *options) MUST_CHECK;
void difference_deinit(struct difference *difference);

/** @return ERROR_UNSUPPORTED when one of them does not say how long it took. */
struct error *difference_check_time(const struct difference_side *before,
				    const struct difference_side *after) MUST_CHECK;

/** Changed by at least @p percent_limit of the larger side, itself or with what it calls. */
bool difference_is_shown(const struct difference *difference,
			 const struct function_change *function, double percent_limit);

/** The same way in all formats: "+0.123", of how much. Free with free(). */
char *difference_format_amount(const struct difference *difference, double amount, bool is_signed);

/** " s", " %", " s/s": behind such amounts. */
const char *difference_amount_unit(const struct difference *difference);

/** A table, largest change first. Functions below the limit are counted only. */
void difference_write_text(const struct difference *difference, double percent_limit, FILE *file);

/** A table for pull requests, of 20 functions at most. */
void difference_write_markdown(const struct difference *difference, double percent_limit,
			       FILE *file);

/** All functions; docs/formats/diff.md. */
void difference_write_json(const struct difference *difference, FILE *file);
