#include "compare/gate.h"

#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/** A limit above this is a slip: a hundred times as slow. */
#define PERCENT_MOST 10000

static struct error *gate_error(const char *text, const char *what)
{
	return error_with_hint(error_new(ERROR_USAGE, "--fail-if '%s': %s", text, what),
			       "METRIC>PERCENT%%, for example 'time>2%%' or 'instructions>0.5%%'");
}

struct error *gate_parse(const char *text, struct gate *ret)
{
	size_t length = strcspn(text, "> \t");
	_cleanup_free_ char *name = memory_format_text("%.*s", (int)length, text);
	const char *cursor = text + length + strspn(text + length, " \t");
	enum metric metric;
	double percent;
	char *end;

	if (!metric_find(name, &metric)) {
		_cleanup_free_ char *what = memory_format_text("there is no metric '%s'", name);

		return gate_error(text, what);
	}
	if (*cursor++ != '>')
		return gate_error(text, "only '>' is known");
	percent = strtod(cursor, &end);
	if (end == cursor || !isfinite(percent) || percent < 0 || percent > PERCENT_MOST)
		return gate_error(text, "no percentage from 0 to 10000");
	end += strspn(end, " \t");
	if (strcmp(end, "%") != 0)
		return gate_error(text, "a percentage ends with '%'");
	*ret = (struct gate){ .text = text, .metric = metric, .share_most = percent / 100 };
	return NULL;
}

enum gate_result gate_judge(const struct gate *gate, const struct comparison *comparison,
			    size_t side)
{
	struct metric_change change = comparison_change(comparison, side, gate->metric);

	if (verdict_kind_of(&change) == VERDICT_UNKNOWN)
		return GATE_NOT_MEASURED;
	return change.is_different && change.ratio.interval.low > 1 + gate->share_most
		       ? GATE_FAILED
		       : GATE_PASSED;
}
