#pragma once

/** The program a check is to look at, as an ELF file. */

#include "check/check.h"
#include "object/object.h"

struct command_file {
	struct object_registry *registry;
	struct object *object; /**< Open. */
	const char *name;      /**< Last part of the path; borrowed from the context. */
};

/**
 * @return false: no command given, or it is no ELF file we can read (then a
 *         result that says so is in @p ret when it is not NULL).
 */
bool command_file_open(struct command_file *file, const struct check_context *context,
		       struct check_result *ret);
void command_file_close(struct command_file *file);

/** The part of a program's code that keeps frame pointers. */
struct frame_pointer_count {
	uint32_t n_functions; /**< Looked at. */
	uint32_t n_keeping;   /**< Begin by setting up a frame pointer. */
};

/**
 * Look at the first bytes of functions named by .eh_frame_hdr, at most
 * FRAME_POINTER_FUNCTIONS_MAX of them, evenly chosen. False: the file has no
 * table that can be read, or is for a CPU whose code is not known here.
 */
bool frame_pointer_count_of(struct object *object, struct frame_pointer_count *ret);

#define FRAME_POINTER_FUNCTIONS_MAX 2000
