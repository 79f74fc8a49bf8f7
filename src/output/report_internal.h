#pragma once

/** The parts of perf-report.txt; report.c puts them together. */

#include "output/call_tree_internal.h"
#include "output/output_format.h"
#include "profile/summary.h"

/** A row: one function in the threads of one name. */
struct report_entry {
	string_id comm;
	uint32_t function;
	uint64_t children; /**< Weight of samples with it anywhere on the stack, each once. */
	uint64_t self;
	uint32_t first_node; /**< Into report.entry_nodes: where it is outermost on its path. */
	uint32_t n_nodes;
};

DEFINE_VECTOR(report_entry_vector, struct report_entry)

struct report {
	const struct profile *profile; /**< Borrowed. */
	uint32_t event;
	struct profile_quality quality;
	struct profile_function_vector functions;
	char **function_names;  /**< By function: harmless text, "(inlined)" included. */
	struct call_tree calls; /**< First level: comms; below: functions. */
	uint64_t *weights;      /**< By call tree node: of it and all below. */
	uint64_t total;         /**< Weight of everything. */
	uint64_t limit;         /**< What weighs less is left out. At least 1. */
	double percent_limit;
	struct report_entry_vector entries; /**< Descending children, then self. */
	uint32_t *entry_nodes;              /**< Call tree nodes, one run per entry. */
};

void report_init(struct report *report, const struct profile *profile,
		 const struct output_options *options);
void report_deinit(struct report *report);

/** 100 * weight / total; 0 of nothing. */
double report_percent(const struct report *report, uint64_t weight);

/** What the entry calls, then what calls it: two trees under its row. */
void report_write_trees(const struct report *report, const struct report_entry *entry, FILE *file);

/** Samples by thread and by object. */
void report_write_totals(const struct report *report, FILE *file);
