#include "check/checks_internal.h"
#include "check/command_file_internal.h"

#include "base/memory.h"

/* Leaf functions and thunks never set up a frame: all of them is too much to ask. */
#define SHARE_KEPT     0.50
#define SHARE_NOT_KEPT 0.10

static void judge(const struct command_file *file, const struct frame_pointer_count *count,
		  struct check_result *ret)
{
	double share = (double)count->n_keeping / (double)count->n_functions;
	const char *answer = share >= SHARE_KEPT       ? "keeps frame pointers"
			     : share >= SHARE_NOT_KEPT ? "keeps frame pointers in places"
						       : "keeps no frame pointers";

	/* A table of functions means unwind information: stacks do not depend on frame pointers. */
	ret->verdict = CHECK_GOOD;
	ret->fact = memory_format_text("%s has unwind information and %s (%.0f %% of %u functions "
				       "looked at)",
				       file->name, answer, share * 100, count->n_functions);
	if (share < SHARE_KEPT)
		ret->loss =
			memory_format_text("--call-graph fp gives short stacks here; the default "
					   "does not need frame pointers");
}

static void judge_without_table(const struct command_file *file, struct check_result *ret)
{
	/* Go's compiler keeps frame pointers everywhere and writes tables of its own. */
	if (object_section(file->object, ".gopclntab", NULL).size) {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text("%s is a Go program and keeps frame pointers",
					       file->name);
		return;
	}
	if (object_section(file->object, ".eh_frame", NULL).size ||
	    object_section(file->object, ".debug_frame", NULL).size) {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text("%s has unwind information", file->name);
		return;
	}
	ret->verdict = CHECK_WARNING;
	ret->is_vital = true;
	ret->fact = memory_format_text("%s has no unwind information", file->name);
	ret->loss =
		memory_format_text("stacks are complete only where frame pointers are kept: build "
				   "with -fasynchronous-unwind-tables or "
				   "-fno-omit-frame-pointer");
}

static bool run(const struct check_context *context, struct check_result *ret)
{
	struct frame_pointer_count count;
	struct command_file file;

	if (!command_file_open(&file, context, NULL))
		return false;
	if (frame_pointer_count_of(file.object, &count))
		judge(&file, &count, ret);
	else
		judge_without_table(&file, ret);
	command_file_close(&file);
	return true;
}

const struct check check_command_frame_pointers = { "command-frame-pointers", run };
