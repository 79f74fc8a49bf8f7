#include "base/stack_end.h"

#include <assert.h>

static const struct {
	const char *name;
	const char *description;
	bool is_complete;
} ends[N_STACK_ENDS] = {
	[STACK_END_NONE] = { "none", "no user stack", false },
	[STACK_END_ROOT] = { "root", "complete, to the outermost frame", true },
	[STACK_END_ENTRY] = { "entry", "complete, to the entry point", true },
	[STACK_END_NULL_RETURN] = { "null-return", "complete, to a null return address", true },
	[STACK_END_FP_ROOT] = { "fp-root", "complete, to a null frame pointer", true },
	[STACK_END_SWITCH] = { "switch", "complete, to a change of stacks by Go's runtime", true },
	[STACK_END_RECOVERED] = { "recovered",
				  "complete, outer frames from beyond the copied stack", true },
	[STACK_END_COPY_ENDED] = { "copy-ended", "the copied stack was too short", false },
	[STACK_END_NO_COPY] = { "no-copy", "the stack could not be copied", false },
	[STACK_END_NO_MAPPING] = { "no-mapping", "an address outside all known code", false },
	[STACK_END_NO_RULE] = { "no-rule", "code without unwind information", false },
	[STACK_END_BAD_RULE] = { "bad-rule", "unwind information that cannot be used", false },
	[STACK_END_STUCK] = { "stuck", "a stack pointer that does not move", false },
	[STACK_END_TOO_DEEP] = { "too-deep", "more frames than the limit", false },
	[STACK_END_UNTRACED] = { "untraced", "unknown (the recording does not say)", false },
};

const char *stack_end_description(enum stack_end end)
{
	assert(end < N_STACK_ENDS);
	return ends[end].description;
}

const char *stack_end_name(enum stack_end end)
{
	assert(end < N_STACK_ENDS);
	return ends[end].name;
}

bool stack_end_is_complete(enum stack_end end)
{
	assert(end < N_STACK_ENDS);
	return ends[end].is_complete;
}
