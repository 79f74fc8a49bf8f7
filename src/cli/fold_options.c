#include "cli/fold_options.h"

#include "base/memory.h"

#include <string.h>

static struct error *read_names(struct profile_fold *fold, const char *value)
{
	if (strcmp(value, "full") != 0 && strcmp(value, "short") != 0)
		return error_with_hint(error_new(ERROR_USAGE, "--names: no form '%s'", value),
				       "full or short");
	fold->is_short = strcmp(value, "short") == 0;
	return NULL;
}

static struct error *read_kind(struct profile_fold *fold, const char *kind)
{
	bool is_all = strcmp(kind, "all") == 0;

	const struct {
		const char *name;
		bool *flag;
	} kinds[] = {
		{ "closures", &fold->folds_closures },
		{ "async", &fold->folds_async },
		{ "recursion", &fold->folds_recursion },
		{ "unnamed", &fold->folds_unnamed },
	};

	bool is_known = is_all;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!is_all && strcmp(kind, kinds[i].name) != 0)
			continue;
		*kinds[i].flag = true;
		is_known = true;
	}
	return is_known ? NULL
			: error_with_hint(
				  error_new(ERROR_USAGE, "--fold: nothing called '%s'", kind),
				  "closures, async, recursion, unnamed or all");
}

static struct error *read_fold(struct profile_fold *fold, const char *value)
{
	_cleanup_free_ char *text = memory_duplicate_text(value);
	char *rest = text;

	for (char *kind; (kind = strsep(&rest, ","));)
		RETURN_IF_ERROR(read_kind(fold, kind));
	return NULL;
}

struct error *fold_options_apply(struct profile_fold *fold, int id, const char *value,
				 bool *is_known_ret)
{
	*is_known_ret = true;
	switch (id) {
	case OPTION_NAMES:
		return read_names(fold, value);
	case OPTION_FOLD:
		return read_fold(fold, value);
	default:
		*is_known_ret = false;
		return NULL;
	}
}
