#pragma once

/**
 * Long text on a terminal goes through a pager: $PERF_PROFILE_PAGER, $PERF_PAGER,
 * $PAGER or less(1). An empty name or "cat" means none.
 */

/** From here on stdout is the pager's input, if stdout is a terminal. */
void pager_begin(void);

/** Wait until the reader is done. Call after all output, with stdout flushed. */
void pager_end(void);
