#pragma once

/** The processes that a command has started and that have not ended. */

#include "base/vector.h"
#include "record/record.h"

/** Look at FORK and EXIT records, in time order. */
void run_children_note(struct index_vector *children, const struct record *record);

/**
 * Those that run on although the command has ended, with their names: "123 (nginx), 124 (nginx)".
 *
 * @param ids_ret  "123,124", for -p; to be freed, as is the result.
 * @return NULL: none, and *ids_ret is untouched.
 */
char *run_children_describe(const struct index_vector *children, char **ids_ret);
