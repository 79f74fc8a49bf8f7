#pragma once

/** From a name to the code of functions: the symbol table, read the other way round. */

#include "base/error.h"
#include "object/object.h"

/** More functions of one name are not told apart by it. */
#define FUNCTIONS_OF_NAME_MAX 16

/** A function, or a part of one that the compiler put elsewhere ("f.cold"). */
struct found_function {
	uint64_t elf_address;
	uint64_t size_bytes;
	bool is_part; /**< Entered only from the function. */
};

DEFINE_VECTOR(found_function_vector, struct found_function)

/**
 * The functions of @p object (open) called @p name, and their parts: by the name in the file, as
 * it is shown, or shown without parameters and template arguments.
 *
 * @param ret  Appended to.
 * @return ERROR_NOT_FOUND with the nearest names as its hint, ERROR_USAGE when there are more than
 *         FUNCTIONS_OF_NAME_MAX.
 */
struct error *function_search(struct object *object, const char *name,
			      struct found_function_vector *ret) MUST_CHECK;
