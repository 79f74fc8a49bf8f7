#include "check/checks_internal.h"
#include "check/command_file_internal.h"

#include "base/memory.h"

#include <string.h>

/** What makes debug information in the language the program was written in. */
static const char *rebuild_advice(struct object *object)
{
	struct bytes comment = object_section(object, ".comment", NULL);

	/* rustc names itself where other compilers do (readelf -p .comment). */
	if (comment.size && memmem(comment.data, comment.size, "rustc", 5))
		return "build with CARGO_PROFILE_RELEASE_DEBUG=1 cargo build --release";
	if (object_section(object, ".go.buildinfo", NULL).size)
		return "build without -ldflags '-s -w'";
	return "build with -g and do not strip";
}

static bool has_section(struct object *object, const char *name)
{
	return object && object_section(object, name, NULL).size > 0;
}

static void judge(const struct command_file *file, struct check_result *ret)
{
	struct object *object = file->object;
	struct object *debug_file = object_debug_file(object);
	const char *advice = rebuild_advice(object);

	ret->verdict = CHECK_GOOD;
	if (has_section(object, ".debug_info")) {
		ret->fact = memory_format_text("%s has debug information", file->name);
		return;
	}
	if (has_section(debug_file, ".debug_info")) {
		ret->fact = memory_format_text("%s has its debug information in %s", file->name,
					       debug_file->path);
		return;
	}
	if (has_section(object, ".symtab") || has_section(debug_file, ".symtab")) {
		ret->verdict = CHECK_NOTE;
		ret->fact = memory_format_text("%s has function names but no debug information",
					       file->name);
		ret->loss = memory_format_text("no lines and no inlined functions: %s", advice);
		return;
	}
	ret->verdict = CHECK_WARNING;
	ret->is_vital = true;
	ret->fact = memory_format_text("%s is stripped", file->name);
	ret->loss = memory_format_text("only exported functions have names: %s, or install its "
				       "debug symbols (-dbgsym, -debuginfo packages)",
				       advice);
}

static bool run(const struct check_context *context, struct check_result *ret)
{
	struct command_file file;

	if (!command_file_open(&file, context, ret))
		return ret->fact != NULL;
	judge(&file, ret);
	command_file_close(&file);
	return true;
}

const struct check check_command_symbols = { "command-symbols", run };
