#include "output/output_format.h"

#include "output/output_formats_internal.h"

#include <string.h>

const struct output_format *const output_formats[] = {
	&flamegraph_format,
	&folded_format,
	&pprof_format,
	&speedscope_format,
	&firefox_format,
	&callgrind_format,
	&chrome_trace_format,
	&csv_format,
	&markdown_format,
	&event_columns_format,
	&report_format,
	&script_format,
	NULL,
};

const struct output_format *output_format_find(const char *name)
{
	for (const struct output_format *const *format = output_formats; *format; format++) {
		if (strcmp((*format)->name, name) == 0)
			return *format;
	}
	return NULL;
}

struct output_options output_options_default(void)
{
	return (struct output_options){
		.percent_limit = 0.5,
		.script_fields = SCRIPT_FIELDS_DEFAULT,
		.report.keys = REPORT_BY_COMM | REPORT_BY_OBJECT | REPORT_BY_SYMBOL,
	};
}
