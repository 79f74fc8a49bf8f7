#pragma once

/**
 * One sample's registers, stack bytes and kernel callchain to an address_stack
 * and to the finished callchain that perf.data stores.
 */

#include "analyze/origin.h"
#include "process/process.h"
#include "record/record.h"
#include "unwind/unwinder.h"

struct sample_stack {
	const struct architecture *architecture;
	struct object_registry *objects;
	struct process_table *processes;
	struct unwinder *unwinder; /**< NULL: no unwinder for this CPU. */
	struct origin *origin;     /**< NULL: records of processes that run here now. */
	bool completes_stacks; /**< From the process as it is now, where their copy ended. */
	uint64_t branch_sample_type; /**< Of the event of the sample to come. */

	/* Of the last sample. */
	struct address_stack stack;
	struct address_vector branches;  /**< Call sites from its branch stack. */
	struct address_vector callchain; /**< Kernel style, with PERF_CONTEXT_* markers. */
};

/** Replace stack and callchain by those of @p record, a sample. */
void sample_stack_resolve(struct sample_stack *context, const struct record *record);

/**
 * The same for a thread that is asleep now.
 *
 * @param record  Says whose it is.
 * @param stack   Its memory from the stack pointer up.
 */
void sample_stack_resolve_sleeper(struct sample_stack *context, const struct record *record,
				  uint64_t stack_pointer, uint64_t instruction_pointer,
				  struct bytes stack);

/** No frames. */
void sample_stack_clear(struct sample_stack *context);

void sample_stack_deinit(struct sample_stack *context);
