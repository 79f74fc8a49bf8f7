#pragma once

/** What code is called where it is shown. */

#include "profile/profile.h"

/**
 * The name of a function; of code without a symbol "[OBJECT+0x1f2e]", with the address of its
 * function where that is known, else "[OBJECT]". Free with free().
 *
 * @param name, object, flags  Of its frame.
 */
char *profile_label(const struct profile *profile, string_id name, uint32_t object, uint32_t flags);

/** Whether nothing tells code with this name in a frame apart from any other of its object. */
bool profile_is_nameless(const struct profile *profile, string_id name);

/** The name that naming gives code whose function begins at @p elf_address. Free with free(). */
char *profile_name_by_address(const char *object_name, uint64_t elf_address);

/** Length of the object's name in "OBJECT+0x1f2e"; that of all of @p text when it is not so. */
size_t profile_label_object_length(const char *text);

/**
 * Whether the object with the name @p object (the last part of its path) is the same build in both
 * profiles, so that its functions are at the same addresses.
 */
bool profile_is_same_build(const struct profile *a, const struct profile *b, const char *object);
