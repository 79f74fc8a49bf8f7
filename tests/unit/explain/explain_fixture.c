#include "explain_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

void explain_fixture_init(struct explain_fixture *fixture, const char *profile, const char *rules)
{
	struct error *error;

	*fixture = (struct explain_fixture){ .profile = profile_build(profile),
					     .rules = rule_set_create() };
	fixture->profile->events.items[0].frequency_hz = 997;
	error = rules ? rule_set_parse(fixture->rules, "test.rules", rules)
		      : rule_set_read_default(fixture->rules);
	if (error)
		fail_msg("%s (%s)", error->message, error->hint ? error->hint : "");
}

void explain_fixture_run(struct explain_fixture *fixture)
{
	explanation_destroy(fixture->explanation);
	fixture->explanation = explanation_create(fixture->profile, fixture->rules, 0);
}

void explain_fixture_deinit(struct explain_fixture *fixture)
{
	explanation_destroy(fixture->explanation);
	rule_set_destroy(fixture->rules);
	profile_destroy(fixture->profile);
}

const struct finding *explain_fixture_finding(const struct explain_fixture *fixture, const char *id)
{
	for (size_t i = 0; i < fixture->explanation->findings.count; i++)
		if (strcmp(fixture->explanation->findings.items[i].rule->id, id) == 0)
			return &fixture->explanation->findings.items[i];
	return NULL;
}

const struct criterion *explain_fixture_criterion(const struct explain_fixture *fixture,
						  const char *name)
{
	for (size_t i = 0; i < fixture->explanation->criteria.count; i++)
		if (strcmp(fixture->explanation->criteria.items[i].name, name) == 0)
			return &fixture->explanation->criteria.items[i];
	return NULL;
}

typedef void (*writer)(const struct explanation *explanation, const struct profile *profile,
		       FILE *file);

static char *written_by(const struct explain_fixture *fixture, writer write)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	write(fixture->explanation, fixture->profile, file);
	assert_int_equal(fclose(file), 0);
	return text;
}

char *explain_fixture_text(const struct explain_fixture *fixture)
{
	return written_by(fixture, explanation_write_text);
}

char *explain_fixture_json(const struct explain_fixture *fixture)
{
	return written_by(fixture, explanation_write_json);
}

void assert_text_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

void assert_text_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in:\n%s", part, text);
}
