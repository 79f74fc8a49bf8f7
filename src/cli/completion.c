#include "cli/completion.h"

#include <string.h>

static const struct completion_shell *const shells[] = {
	&completion_bash,
	&completion_zsh,
	&completion_fish,
};

const struct completion_shell *completion_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		if (strcmp(shells[i]->name, name) == 0)
			return shells[i];
	}
	return NULL;
}
