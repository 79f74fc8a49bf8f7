#include "unwind/walk_internal.h"

/** Where stacks begin without saying so: in Go's runtime, in the hand-written start of threads. */

/** So soon does the start of a thread end it when its function returns. */
#define THREAD_EXIT_SIZE_MAX_BYTES 16

/** More than a frame of Go's takes in practice: its stacks start at 2 KiB and are moved. */
#define GO_FRAME_SIZE_MAX_BYTES (UINT64_C(1) << 16)

bool walk_is_in_file(const struct object *object)
{
	return object && object->state == OBJECT_OPEN && object->image.size;
}

/*
 * runtime.systemstack and runtime.mcall go over to the stack of the system's thread and leave
 * the frame pointer on that of the goroutine, or zero; in runtime.mstart, below them, it is
 * whatever the thread began with. All other Go code keeps it (since 1.7), so that is where this
 * stack began.
 */
static bool is_go_stack_switch(const struct walk *walk, struct object *object,
			       uint64_t frame_pointer)
{
	return (frame_pointer < walk->stack_pointer ||
		frame_pointer - walk->stack_pointer >= GO_FRAME_SIZE_MAX_BYTES) &&
	       walk_is_in_file(object) && object_section(object, ".note.go.buildid", NULL).size;
}

bool walk_is_switched(const struct walk *walk, const struct site *site)
{
	/* Zero has a meaning of its own. */
	return !walk->is_exact && walk->is_by_frame_pointer && walk->has_frame_pointer &&
	       walk->frame_pointer && is_go_stack_switch(walk, site->object, walk->frame_pointer);
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

/*
 * Where Go has unwind information, it says that runtime.systemstack was called on this stack,
 * and what is found above it is left from something else. The function that it called on this
 * stack has saved the frame pointer below its return address, as all of Go's do.
 */
static bool was_switched_to(const struct walk *walk, struct object *left)
{
	const uint64_t word_size_bytes = walk->architecture->is_64_bit ? 8 : 4;
	const size_t n_steps = walk->steps->count;
	uint64_t frame_pointer;

	return n_steps >= 2 &&
	       walk_read_word(walk, walk->steps->items[n_steps - 2].cfa - 2 * word_size_bytes,
			      &frame_pointer) &&
	       frame_pointer % word_size_bytes == 0 &&
	       is_go_stack_switch(walk, left, frame_pointer);
}

enum stack_end walk_end_without_code(const struct walk *walk, const struct address_frame *left)
{
	if (left->flags & ADDRESS_FRAME_IS_RETURN && ends_thread(walk, left))
		return STACK_END_ROOT;
	return was_switched_to(walk, left->object) ? STACK_END_SWITCH : STACK_END_NO_MAPPING;
}
