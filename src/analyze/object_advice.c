#include "analyze/object_advice.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

struct advice {
	char *problem;
	char *hint;
};

static struct advice advice_for_kernel(const char *problem)
{
	return (struct advice){
		.problem = memory_duplicate_text(problem ? problem : "no kernel symbol there"),
		.hint = memory_duplicate_text("sudo sysctl kernel.kptr_restrict=0"),
	};
}

static struct advice advice_for_jit(const char *problem)
{
	return (struct advice){
		.problem = memory_duplicate_text(
			problem ? problem : "code made at run time, without a symbol map"),
		.hint = memory_duplicate_text(
			"write a map: node --perf-basic-prof, java -XX:+DumpPerfMapAtExit, "
			"DOTNET_PerfMapEnabled=1, python3.12 -X perf"),
	};
}

static struct advice advice_for_file(struct object *object, struct symbolizer *symbolizer)
{
	struct advice advice = { 0 };

	switch (symbolizer_source_kind(symbolizer, object)) {
	case SYMBOLS_NONE:
		advice.problem = memory_duplicate_text("stripped: no symbol table");
		break;
	case SYMBOLS_DYNAMIC:
		advice.problem = memory_duplicate_text("stripped: only exported names");
		break;
	case SYMBOLS_FULL:
	case SYMBOLS_DEBUG:
		advice.problem = memory_duplicate_text("code outside every function of its "
						       "symbol table");
		return advice;
	}
	advice.hint =
		text_begins_with(object->path, "/usr/") || text_begins_with(object->path, "/lib")
			? memory_format_text("install its debug symbols: find-dbgsym-packages "
					     "%s (package debian-goodies)",
					     object->path)
			: memory_format_text("build it with -g and without strip");
	return advice;
}

static struct advice advice_for(struct object *object, struct symbolizer *symbolizer)
{
	const char *problem = symbolizer_object_problem(symbolizer, object);

	if (object->kind == OBJECT_KERNEL && object->state != OBJECT_REPLACED)
		return advice_for_kernel(problem);
	if (object->kind == OBJECT_KERNEL)
		return (struct advice){ .problem = memory_duplicate_text(object->problem),
					.hint = memory_duplicate_text(
						"read the profile on the machine and in the "
						"boot it was recorded in") };
	if (object->kind == OBJECT_PERF_MAP || object->kind == OBJECT_ANONYMOUS)
		return advice_for_jit(problem);
	switch (object->state) {
	case OBJECT_MISSING:
		return (struct advice){
			.problem = memory_format_text("file is gone: %s", object->problem),
			.hint = memory_duplicate_text("profile again while the file is in place")
		};
	case OBJECT_REPLACED:
		return (struct advice){ .problem = memory_duplicate_text(object->problem),
					.hint = memory_duplicate_text(
						"profile again: the file was rebuilt meanwhile") };
	case OBJECT_DENIED:
		return (struct advice){ .problem = memory_duplicate_text(object->problem),
					.hint = memory_format_text(
						"make it readable: sudo chmod a+r '%s'",
						object->path) };
	case OBJECT_BROKEN:
		return (struct advice){ .problem = memory_duplicate_text(object->problem) };
	default:
		if (problem)
			return (struct advice){ .problem = memory_duplicate_text(problem) };
		return advice_for_file(object, symbolizer);
	}
}

void object_advice_set(struct profile *profile, uint32_t object_id, struct object *object,
		       struct symbolizer *symbolizer)
{
	struct advice advice = advice_for(object, symbolizer);

	profile->objects.items[object_id].problem = profile_intern_text(profile, advice.problem);
	profile->objects.items[object_id].problem_hint = profile_intern_text(profile, advice.hint);
	free(advice.problem);
	free(advice.hint);
}
