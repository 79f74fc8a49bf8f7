#pragma once

/** Where: the second contract of the pipeline, between unwinding and naming. */

#include "base/bytes.h"
#include "base/stack_end.h"
#include "base/vector.h"

struct object;

enum address_frame_flags {
	/** The address is a return address: look up address - 1 to find the call. */
	ADDRESS_FRAME_IS_RETURN = 1 << 0,
	ADDRESS_FRAME_IS_KERNEL = 1 << 1,
	/** Not unwound but recovered beyond the copied stack; shown apart. */
	ADDRESS_FRAME_IS_RECOVERED = 1 << 2,
	/** Found through the frame pointer for want of unwind information. */
	ADDRESS_FRAME_BY_FRAME_POINTER = 1 << 3,
	/** Found by whoever recorded the sample, not here. */
	ADDRESS_FRAME_IS_RECORDED = 1 << 4,
};

struct address_frame {
	uint64_t runtime_address; /**< As the CPU had it: not lowered by one for callers. */
	uint64_t elf_address;     /**< In object's own address space; 0 with no object. */
	struct object *object;    /**< NULL: in no known mapping. */
	uint32_t flags;           /**< enum address_frame_flags */
};

DEFINE_VECTOR(address_frame_vector, struct address_frame)

/** One sample's stack, innermost frame first: kernel frames, then user frames. */
struct address_stack {
	struct address_frame_vector frames;
	enum stack_end end; /**< Of the user part. */
};
