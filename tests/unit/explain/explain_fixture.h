#pragma once

/** A profile in profile_builder.h's notation, rules as text, and what comes of them. */

#include "explain/explanation.h"
#include "explain/rule_internal.h"
#include "profile_builder.h"

struct explain_fixture {
	struct profile *profile;
	struct rule_set *rules;
	struct explanation *explanation;
};

/** @param rules  NULL: the shipped ones. Fails the test when they cannot be read. */
void explain_fixture_init(struct explain_fixture *fixture, const char *profile, const char *rules);

/** Explain event 0; again after the profile's info was changed. */
void explain_fixture_run(struct explain_fixture *fixture);

void explain_fixture_deinit(struct explain_fixture *fixture);

/** NULL: the rule found nothing. */
const struct finding *explain_fixture_finding(const struct explain_fixture *fixture,
					      const char *id);

/** NULL: there is no such criterion. */
const struct criterion *explain_fixture_criterion(const struct explain_fixture *fixture,
						  const char *name);

/** analysis.txt and summary.json; free() them. */
char *explain_fixture_text(const struct explain_fixture *fixture);
char *explain_fixture_json(const struct explain_fixture *fixture);

/** Both strings, or a failure that shows @p text. */
void assert_text_has(const char *text, const char *part);
void assert_text_lacks(const char *text, const char *part);
