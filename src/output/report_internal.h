#pragma once

/** The parts of perf-report.txt; report.c puts them together. */

#include "output/call_tree_internal.h"
#include "output/output_format.h"
#include "profile/summary.h"

/** What frames that are one in this report have in common; what is no key of it is 0. */
struct report_function {
	string_id name;
	uint32_t object;
	string_id file;
	uint32_t line;
	uint32_t flags; /**< enum frame_flags of the frames merged here. */
};

/** A row: one function in the threads of one label. */
struct report_entry {
	string_id label; /**< In report.labels. */
	uint32_t function;
	uint64_t children; /**< Weight of samples with it anywhere on the stack, each once. */
	uint64_t self;
	uint64_t self_count; /**< Samples. */

	/**
	 * Into report.entry_nodes: where it is outermost on its path; in a report by
	 * self, where it was the innermost.
	 */
	uint32_t first_node;
	uint32_t n_nodes;
};

DEFINE_VECTOR(report_entry_vector, struct report_entry)
DEFINE_VECTOR(report_function_vector, struct report_function)

struct report {
	const struct profile *profile; /**< Borrowed. */
	uint32_t event;
	struct profile_quality quality;
	const struct report_options *options; /**< Borrowed. */
	struct string_table labels;           /**< What threads are called here. */
	struct report_function_vector functions;
	char **function_names;  /**< By function: harmless text, "(inlined)" included. */
	struct call_tree calls; /**< First level: labels; below: functions. */
	uint64_t *weights;      /**< By call tree node: of it and all below. */
	uint64_t total;         /**< Weight of everything. */
	uint64_t limit;         /**< What weighs less is left out. At least 1. */
	double percent_limit;
	struct report_entry_vector entries; /**< Descending children, then self; or self alone. */
	uint32_t *entry_nodes;              /**< Call tree nodes, one run per entry. */
};

void report_init(struct report *report, const struct profile *profile,
		 const struct output_options *options);
void report_deinit(struct report *report);

/** What decides whether and where an entry is shown. */
uint64_t report_entry_weight(const struct report *report, const struct report_entry *entry);

/** Weight of a node of entry_nodes that counts for its entry. */
uint64_t report_node_weight(const struct report *report, uint32_t node);

/** Keys that tell frames apart; without any, rows are threads. */
/** Behind the names of functions that are nowhere but inlined. */
#define INLINED_MARK " (inlined)"

#define REPORT_FRAME_KEYS                                                                          \
	(REPORT_BY_OBJECT | REPORT_BY_SYMBOL | REPORT_BY_SOURCE_LINE | REPORT_BY_SOURCE_FILE)

/** 100 * weight / total; 0 of nothing. */
double report_percent(const struct report *report, uint64_t weight);

/** The rows, each with what stands under it. */
void report_write_rows(const struct report *report, FILE *file);

/** What the entry calls, then what calls it: two trees under its row; or stacks in lists. */
void report_write_trees(const struct report *report, const struct report_entry *entry, FILE *file);

/** Pools of threads, CPUs busy at once, work over time, waits. */
void report_write_activity(const struct report *report, FILE *file);

/** Samples by thread and by object. */
void report_write_totals(const struct report *report, FILE *file);
