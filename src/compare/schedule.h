#pragma once

/**
 * In which order sides run: blocks of a random order followed by its reverse (ABBA or
 * BAAB for two). In a block each side runs twice, and a machine that becomes steadily
 * faster or slower touches all sides alike.
 */

#include "compare/random.h"

#include <stdlib.h>

/** @param sides_ret  Room for 2 * @p n_sides numbers of sides. */
void schedule_block(struct random *random, size_t n_sides, size_t *sides_ret);
