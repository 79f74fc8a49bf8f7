#include "cli/run_options.h"

enum {
	OPTION_NO_INLINE = RUN_OPTIONS_SYMBOLS,
	OPTION_NO_DEMANGLE,
};

static const struct option_spec options[] = {
	{ OPTION_NO_INLINE, 0, "no-inline", NULL,
	  "Do not read debug information: no inlined functions, no file:line.", NULL },
	{ OPTION_NO_DEMANGLE, 0, "no-demangle", NULL, "Show names as the linker has them.", NULL },
	SYMBOL_SEARCH_OPTION_SPECS,
	FOLD_OPTION_SPECS,
	OPTION_END,
};

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct run_options *run = context;

	*is_known_ret = true;
	switch (id) {
	case OPTION_NO_INLINE:
		run->symbols.is_without_inlines = true;
		run->symbols.is_without_lines = true;
		return NULL;
	case OPTION_NO_DEMANGLE:
		run->symbols.is_mangled = true;
		return NULL;
	default:
		RETURN_IF_ERROR(symbol_search_apply(&run->search, id, value, is_known_ret));
		return *is_known_ret ? NULL
				     : fold_options_apply(&run->fold, id, value, is_known_ret);
	}
}

const struct option_topic run_options_symbols = {
	.heading = "Names of functions",
	.options = options,
	.apply = apply,
};
