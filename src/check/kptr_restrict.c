#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

/** Whether the addresses in /proc/kallsyms are real: zeroes when they are kept from us. */
static bool shows_addresses(const struct check_context *context)
{
	_cleanup_free_ char *path = memory_format_text("%s/kallsyms", context->proc_path);
	FILE *file = fopen(path, "re");
	bool is_shown = false;
	char line[512];

	/* The first symbols of x86 are per-CPU offsets from 0: look at a few. */
	for (int i = 0; file && i < 1000 && !is_shown && fgets(line, sizeof(line), file); i++)
		is_shown = strspn(line, "0") < strcspn(line, " ");
	if (file)
		fclose(file);
	return is_shown;
}

static bool run(const struct check_context *context, struct check_result *ret)
{
	int64_t level;

	if (!facts_read_integer(context->proc_path, "sys/kernel/kptr_restrict", &level))
		return false;
	if (shows_addresses(context)) {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text(
			"kptr_restrict is %lld: kernel addresses can be named", (long long)level);
		return true;
	}
	ret->verdict = CHECK_WARNING;
	ret->fact = memory_format_text("kernel addresses are hidden (kptr_restrict is %lld)",
				       (long long)level);
	/* At 0 they are hidden only from those who may not sample the kernel: kernel/ksyms_common.c
	 */
	if (level == 0) {
		ret->loss = memory_format_text("kernel functions have no names while "
					       "perf_event_paranoid is above 1");
		ret->mend = memory_format_text("sudo sysctl kernel.perf_event_paranoid=1");
	} else {
		ret->loss = memory_format_text(
			"kernel functions have no names" KEEP_SYSCTL("kernel.kptr_restrict=0"));
		ret->mend = memory_format_text(
			"sudo sysctl kernel.kptr_restrict=0 kernel.perf_event_paranoid=1");
	}
	return true;
}

const struct check check_kptr_restrict = { "kptr-restrict", run };
