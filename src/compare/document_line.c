#include "compare/document_line.h"

#include "base/escape.h"
#include "base/memory.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

/** Decimals that tell the bounds of an interval apart. */
static int percent_decimals(double low, double high)
{
	double width = fabs(high - low);

	return width >= 2 ? 0 : width >= 0.2 ? 1 : 2;
}

/** Of the time of the first: what is saved, or what is more. */
static char *change_text(const struct metric_change *change)
{
	const struct estimate *ratio = &change->ratio;
	bool is_faster = ratio->value < 1;
	double sign = is_faster ? -100 : 100;
	double value = sign * (ratio->value - 1);
	double low = sign * ((is_faster ? ratio->interval.high : ratio->interval.low) - 1);
	double high = sign * ((is_faster ? ratio->interval.low : ratio->interval.high) - 1);
	int n_decimals = percent_decimals(low, high);

	if (!change->is_different)
		return memory_format_text(
			"no difference shown (±%.1f %%)",
			100 * fmax(fabs(ratio->interval.low - 1), fabs(ratio->interval.high - 1)));
	return memory_format_text("%.*f %% %s (%.*f–%.*f %%)", n_decimals, value,
				  is_faster ? "faster" : "slower", n_decimals, low, n_decimals,
				  high);
}

char *document_line(const struct comparison *comparison, size_t side, const char *label)
{
	struct metric_change change = comparison_change(comparison, side, METRIC_TIME);
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *safe = escape_plain(label);
	char before[METRIC_TEXT_SIZE_BYTES], after[METRIC_TEXT_SIZE_BYTES];

	metric_format(METRIC_TIME, change.reference, before);
	metric_format(METRIC_TIME, change.changed, after);
	text = change.has_ratio ? change_text(&change) : memory_duplicate_text("not comparable");
	return memory_format_text("%s: %s → %s, %s", safe, before, after, text);
}

static bool is_about(const char *line, const char *label)
{
	size_t length = strlen(label);

	line += strspn(line, " \t");
	if ((line[0] == '-' || line[0] == '*') && line[1] == ' ')
		line += 2;
	return strncmp(line, label, length) == 0 && text_begins_with(line + length, ": ");
}

char *document_replace_line(const char *text, const char *label, const char *line)
{
	for (const char *at = text; *at;) {
		size_t length = strcspn(at, "\n");

		if (is_about(at, label)) {
			size_t mark = strspn(at, " \t");

			mark += at[mark] == '-' || at[mark] == '*' ? 2 : 0;
			return memory_format_text("%.*s%s%s", (int)(at - text + (ptrdiff_t)mark),
						  text, line, at + length);
		}
		at += length + (at[length] == '\n');
	}
	return memory_format_text("%s%s- %s\n", text,
				  *text && text[strlen(text) - 1] != '\n' ? "\n" : "", line);
}
