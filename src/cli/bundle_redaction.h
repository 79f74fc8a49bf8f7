#pragma once

/** What a bundle does not tell: bundle --redact. */

#include "profile/profile_file.h"

/** Words that are taken out of all texts. Owned. */
struct redaction {
	char *user, *home, *host; /**< NULL: unknown, or nothing to hide ("root"). */
};

/** Of who runs this, on this machine and on the recorded one. */
void redaction_init(struct redaction *redaction, const char *recorded_host);
void redaction_deinit(struct redaction *redaction);

/**
 * A profile_text_change: paths outside the system's folders lose their folders, commands and
 * hosts are left out; names of users and machines are replaced everywhere else.
 *
 * @param context  A struct redaction.
 */
char *redaction_change(void *context, enum profile_text_kind kind, const char *text);
