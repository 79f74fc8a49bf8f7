#pragma once

/** The difference of two profiles as text. Write errors are left in the file. */

#include "output/flame_tree.h"

#include <stdio.h>

/**
 * difffolded.pl's: "STACK BEFORE AFTER" lines, sorted. Normalised, before's counts are those
 * of a profile as large as after, rounded down.
 */
void difference_write_folded(const struct flame_tree *tree, FILE *file);

/**
 * The functions whose own share changed, largest change first; those that changed by less
 * than @p percent_limit of all samples are left out.
 */
void difference_write_functions(const struct flame_tree *tree, double percent_limit, FILE *file);
