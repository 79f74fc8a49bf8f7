#pragma once

/** The formats behind output_formats[]; everyone else finds them there. */

#include "output/output_format.h"

extern const struct output_format flamegraph_format;
extern const struct output_format folded_format;
extern const struct output_format callgrind_format;
extern const struct output_format chrome_trace_format;
extern const struct output_format csv_format;
extern const struct output_format firefox_format;
extern const struct output_format markdown_format;
extern const struct output_format event_columns_format;
extern const struct output_format pprof_format;
extern const struct output_format report_format;
extern const struct output_format script_format;
extern const struct output_format speedscope_format;
