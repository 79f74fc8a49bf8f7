#include "build/environment.h"

#include <string.h>

void environment_init(struct environment *environment, char *const *entries)
{
	*environment = (struct environment){ 0 };
	for (; *entries; entries++)
		text_vector_append_copy(&environment->entries, *entries);
}

void environment_deinit(struct environment *environment)
{
	text_vector_destroy_items(&environment->entries);
}

/** The entry of @p name; NULL: none. */
static char **find_entry(const struct environment *environment, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < environment->entries.count; i++) {
		char **entry = &environment->entries.items[i];

		if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
			return entry;
	}
	return NULL;
}

const char *environment_value(const struct environment *environment, const char *name)
{
	char **entry = find_entry(environment, name);

	return entry ? *entry + strlen(name) + 1 : NULL;
}

void environment_set(struct environment *environment, const char *name, const char *value)
{
	char **entry = find_entry(environment, name);
	char *fresh = memory_format_text("%s=%s", name, value);

	if (!entry) {
		text_vector_append(&environment->entries, fresh);
		return;
	}
	free(*entry);
	*entry = fresh;
}

void environment_add(struct environment *environment, const char *name, char separator,
		     const char *text)
{
	const char *value = environment_value(environment, name);
	_cleanup_free_ char *joined = NULL;

	if (value && *value)
		joined = memory_format_text("%s%c%s", value, separator, text);
	environment_set(environment, name, joined ? joined : text);
}
