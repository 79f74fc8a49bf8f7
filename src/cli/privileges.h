#pragma once

/** What this program may do beyond its user, and how it holds itself back. */

#include "base/error.h"

/**
 * To be called before anything else. With file capabilities only those for measuring are kept;
 * running set-user-ID is refused.
 */
struct error *privileges_restrict(void) MUST_CHECK;

/** As root through sudo(8): outputs are the invoking user's, where that user may write. */
void privileges_take_invoker(void);
