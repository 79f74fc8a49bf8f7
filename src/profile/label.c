#include "profile/label.h"

#include <inttypes.h>
#include <string.h>

bool profile_is_nameless(const struct profile *profile, string_id name)
{
	return name == profile->frames.items[PROFILE_FRAME_UNKNOWN].name;
}

char *profile_label(const struct profile *profile, string_id name, uint32_t object, uint32_t flags)
{
	const char *object_name = profile_text(profile, profile->objects.items[object].name);

	if (!(flags & FRAME_IS_UNKNOWN) || object == PROFILE_OBJECT_UNKNOWN ||
	    !profile_is_nameless(profile, name))
		return memory_duplicate_text(profile_text(profile, name));
	return object_name[0] == '[' ? memory_duplicate_text(object_name)
				     : memory_format_text("[%s]", object_name);
}

char *profile_name_by_address(const char *object_name, uint64_t elf_address)
{
	size_t length = strlen(object_name);

	/* "[vdso]" */
	if (length > 1 && object_name[0] == '[' && object_name[length - 1] == ']')
		return memory_format_text("%.*s+0x%" PRIx64 "]", (int)length - 1, object_name,
					  elf_address);
	return memory_format_text("[%s+0x%" PRIx64 "]", object_name, elf_address);
}

size_t profile_label_object_length(const char *text)
{
	size_t length = strlen(text), end = length;

	while (end && strchr("0123456789abcdef", text[end - 1]))
		end--;
	/* The x of 0x is no digit, the 0 before it is. */
	if (end == length || end < strlen("+0x") || strncmp(text + end - 3, "+0x", 3) != 0)
		return length;
	return end - 3;
}

static const struct profile_object *find_object(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->objects.count; i++) {
		const struct profile_object *object = &profile->objects.items[i];

		if (strcmp(profile_text(profile, object->name), name) == 0)
			return object;
	}
	return NULL;
}

bool profile_is_same_build(const struct profile *a, const struct profile *b, const char *object)
{
	const struct profile_object *of_a = find_object(a, object), *of_b = find_object(b, object);

	return of_a && of_b && build_id_equal(&of_a->build_id, &of_b->build_id);
}
