#pragma once

/** The user's history, and what this machine is, for commands. */

#include "history/history.h"

/** Open the history at its default place. */
struct error *history_open_default(struct history **ret) MUST_CHECK;

/** Whether there is a history yet; opening would make one. */
bool history_is_there(void);

/** This machine as it is now; free the members with free(). */
void history_setting_take(struct history_setting *ret);
