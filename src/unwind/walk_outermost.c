#include "unwind/walk_internal.h"

/** Where stacks begin without saying so: in the hand-written start of threads. */

/** So soon does the start of a thread end it when its function returns. */
#define THREAD_EXIT_SIZE_MAX_BYTES 16

bool walk_is_in_file(const struct object *object)
{
	return object && object->state == OBJECT_OPEN && object->image.size;
}

/** The first function of a thread returned here, to where nothing is left but to end it. */
static bool ends_thread(const struct walk *walk, const struct address_frame *frame)
{
	struct bytes code;

	if (!walk_is_in_file(frame->object))
		return false;
	code = object_bytes_at(frame->object, frame->elf_address);
	code.size = MIN(code.size, (size_t)THREAD_EXIT_SIZE_MAX_BYTES);
	return walk->architecture->has_exit(code);
}

enum stack_end walk_end_without_code(const struct walk *walk, const struct address_frame *left)
{
	return left->flags & ADDRESS_FRAME_IS_RETURN && ends_thread(walk, left)
		       ? STACK_END_ROOT
		       : STACK_END_NO_MAPPING;
}
