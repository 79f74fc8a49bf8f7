#pragma once

#include <stdbool.h>

/**
 * Why unwinding a user stack ended. Every sample has one; only the root ends
 * are complete. The unwinder sets it, the profile counts it, every report shows it. The
 * numbers are stored in perf.data (RECORD_MISC_STACK_END_MASK): new ones go to the end.
 */
enum stack_end {
	STACK_END_NONE,        /**< No user stack: none asked for, or a kernel thread. */
	STACK_END_ROOT,        /**< Its rule says outermost: return address undefined. */
	STACK_END_ENTRY,       /**< Reached the entry point of the program or of ld.so. */
	STACK_END_NULL_RETURN, /**< Return address 0: the convention for a thread's first frame. */
	STACK_END_FP_ROOT,     /**< Frame-pointer chain ended with a null frame pointer. */
	STACK_END_SWITCH,      /**< Reached where Go went over to this stack from another. */
	STACK_END_RECOVERED,   /**< Complete, outer frames from beyond the copied stack. */
	STACK_END_COPY_ENDED,  /**< The copied stack ended before the stack did. */
	STACK_END_NO_COPY,     /**< The kernel could not copy the stack at all. */
	STACK_END_NO_MAPPING,  /**< An address in no executable mapping we know. */
	STACK_END_NO_RULE,     /**< Mapped code without unwind information or frame pointer. */
	STACK_END_BAD_RULE,    /**< Unwind information that cannot be evaluated. */
	STACK_END_STUCK,       /**< The stack pointer did not move outwards. */
	STACK_END_TOO_DEEP,    /**< More frames than the limit. */
	STACK_END_UNTRACED,    /**< A foreign profile that does not say. */
	N_STACK_ENDS,
};

/** "complete", "stack copy too short", ...: for reports. */
const char *stack_end_description(enum stack_end end);

/** "root", "copy-ended", ...: stable words for JSON. */
const char *stack_end_name(enum stack_end end);

bool stack_end_is_complete(enum stack_end end);
