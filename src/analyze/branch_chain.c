#include "analyze/branch_chain.h"

/** Filters of a record of calls alone; privilege levels and storage do not count. */
#define BRANCH_CALLS                                                                               \
	(PERF_SAMPLE_BRANCH_ANY_CALL | PERF_SAMPLE_BRANCH_IND_CALL | PERF_SAMPLE_BRANCH_CALL |     \
	 PERF_SAMPLE_BRANCH_CALL_STACK)
#define BRANCH_OTHERS                                                                              \
	(PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_ANY_RETURN | PERF_SAMPLE_BRANCH_COND |        \
	 PERF_SAMPLE_BRANCH_IND_JUMP)

static bool has_calls_alone(uint64_t branch_sample_type)
{
	if (branch_sample_type & PERF_SAMPLE_BRANCH_CALL_STACK)
		return true;
	return branch_sample_type & BRANCH_CALLS && !(branch_sample_type & BRANCH_OTHERS);
}

/** Oldest first: calls open a level, returns close it. */
static void follow_types(const struct sample_record *sample, struct address_vector *ret)
{
	for (uint64_t i = sample->n_branches; i-- > 0;) {
		const struct perf_branch_entry *branch = &sample->branches[i];

		switch (branch->type) {
		case PERF_BR_CALL:
		case PERF_BR_IND_CALL:
		case PERF_BR_SYSCALL:
		case PERF_BR_COND_CALL:
			address_vector_append(ret, branch->from);
			break;
		case PERF_BR_RET:
		case PERF_BR_SYSRET:
		case PERF_BR_COND_RET:
			if (ret->count > 0)
				ret->count--;
			break;
		default:
			break;
		}
	}
	for (size_t i = 0, j = ret->count; i + 1 < j; i++) {
		uint64_t address = ret->items[i];

		ret->items[i] = ret->items[--j];
		ret->items[j] = address;
	}
}

void branch_chain(const struct sample_record *sample, uint64_t branch_sample_type,
		  struct address_vector *ret)
{
	address_vector_clear(ret);
	if (has_calls_alone(branch_sample_type)) {
		for (uint64_t i = 0; i < sample->n_branches; i++)
			address_vector_append(ret, sample->branches[i].from);
	} else if (branch_sample_type & PERF_SAMPLE_BRANCH_TYPE_SAVE) {
		follow_types(sample, ret);
	}
}
