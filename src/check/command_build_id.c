#include "check/checks_internal.h"
#include "check/command_file_internal.h"

#include "base/memory.h"

static bool run(const struct check_context *context, struct check_result *ret)
{
	char build_id[BUILD_ID_TEXT_SIZE_BYTES];
	struct command_file file;

	if (!command_file_open(&file, context, NULL))
		return false;
	build_id_format(&file.object->build_id, build_id);
	if (*build_id) {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text("%s has build id %s", file.name, build_id);
	} else {
		ret->verdict = CHECK_NOTE;
		ret->fact = memory_format_text("%s has no build id", file.name);
		ret->loss = memory_format_text("a profile read later cannot tell this build from "
					       "another: link with -Wl,--build-id");
	}
	command_file_close(&file);
	return true;
}

const struct check check_command_build_id = { "command-build-id", run };
