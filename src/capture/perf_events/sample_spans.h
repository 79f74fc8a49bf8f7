#pragma once

/**
 * Which samples lie between the begin and the end of a span: the state of --begin and --end, fed in
 * time order with the hits of their probes and with threads that come and go.
 */

#include "record/record.h"

struct sample_spans;

/**
 * @param is_call  Ends are the ways out of the function that begins are the entry of: only the
 *                 outermost of nested calls ends the span. Else any end does.
 * @param is_per_process  A span is of all threads of its process, not of its own thread.
 */
struct sample_spans *sample_spans_create(bool is_call, bool is_per_process);
void sample_spans_destroy(struct sample_spans *spans);

/** A thread has come to the begin of a span; @p caller is where the function is to return. */
void sample_spans_begin(struct sample_spans *spans, uint32_t pid, uint32_t tid,
			uint64_t stack_pointer, uint64_t caller);
void sample_spans_end(struct sample_spans *spans, uint32_t pid, uint32_t tid,
		      uint64_t stack_pointer);

/** FORK, EXIT and COMM of an exec; others are ignored. */
void sample_spans_apply(struct sample_spans *spans, const struct record *record);

/**
 * What a sample shows of a thread's stack, from the stack pointer up: a call that was left by other
 * ways than its ends (longjmp(3), an exception) has not left its caller there.
 */
void sample_spans_see_stack(struct sample_spans *spans, uint32_t tid, uint64_t stack_pointer,
			    struct bytes stack);

bool sample_spans_are_open(const struct sample_spans *spans, uint32_t pid, uint32_t tid);

/** How many there have been. */
uint64_t sample_spans_count(const struct sample_spans *spans);
