#include "compare/annotations.h"

#include "base/escape.h"
#include "base/memory.h"

static void write_escaped(const char *text, bool is_title, FILE *file)
{
	_cleanup_free_ char *safe = escape_plain(text);

	for (const char *letter = safe; *letter; letter++) {
		bool is_special = *letter == '%' || *letter == '\r' || *letter == '\n' ||
				  (is_title && (*letter == ':' || *letter == ','));

		if (is_special)
			fprintf(file, "%%%02X", (unsigned char)*letter);
		else
			fputc(*letter, file);
	}
}

static void write_line(const char *kind, const char *title, const char *message, FILE *file)
{
	fprintf(file, "::%s title=", kind);
	write_escaped(title, true, file);
	fputs("::", file);
	write_escaped(message, false, file);
	fputc('\n', file);
}

static void write_gate(const struct comparison *comparison, const struct gate *gate, size_t side,
		       FILE *file)
{
	static const char *const kinds[] = {
		[GATE_PASSED] = "notice",
		[GATE_FAILED] = "error",
		[GATE_NOT_MEASURED] = "warning",
	};
	struct metric_change change = comparison_change(comparison, side, gate->metric);
	enum gate_result result = gate_judge(gate, comparison, side);
	_cleanup_free_ char *text = verdict_change_text(&change);
	_cleanup_free_ char *summary = verdict_summary(comparison, side);
	_cleanup_free_ char *title = memory_format_text("perf-profile %s", gate->text);
	_cleanup_free_ char *message =
		result == GATE_NOT_MEASURED
			? memory_format_text("%s: %s cannot be measured here",
					     comparison->sides.items[side].name,
					     metrics[gate->metric].label)
			: memory_format_text("%s: %s %s; %s", comparison->sides.items[side].name,
					     metrics[gate->metric].label, text, summary);

	write_line(kinds[result], title, message, file);
}

void annotations_write(const struct comparison *comparison, const struct gate_vector *gates,
		       FILE *file)
{
	for (size_t side = 1; side < comparison->sides.count; side++) {
		for (size_t i = 0; i < gates->count; i++)
			write_gate(comparison, &gates->items[i], side, file);
		if (gates->count == 0) {
			_cleanup_free_ char *summary = verdict_summary(comparison, side);

			write_line("notice", "perf-profile compare", summary, file);
		}
	}
}
