#include "cli/run_spans.h"

#include "arch/architecture.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/program_search.h"
#include "process/proc_snapshot.h"
#include "symbols/function_search.h"

#include <string.h>
#include <sys/stat.h>

#define RETURN_SUFFIX "%return"

/** One function as it was asked for. */
struct span_function {
	char *name;
	const char *file; /**< NULL: not said. */
	bool is_at_return;
};

/** Where functions are looked for. */
struct span_search {
	struct object_registry *registry;
	const struct run_target *target;
	char *const *command;
	struct string_vector files; /**< Owned: the program first, then what it has mapped. */
	uint32_t pid;               /**< Whose mappings are being listed. */
};

struct error *run_spans_read_scope(const char *value, struct run_spans *ret)
{
	ret->is_per_process = strcmp(value, "process") == 0;
	if (ret->is_per_process || strcmp(value, "thread") == 0)
		return NULL;
	return error_with_hint(error_new(ERROR_USAGE, "--span: unknown scope '%s'", value),
			       "one of: thread, process");
}

/** Take "FUNCTION[%return][@FILE]" apart; function->name is to be freed. */
static struct error *parse_function(const char *option, const char *value, bool may_be_return,
				    struct span_function *ret)
{
	const char *at = strrchr(value, '@');
	size_t length = at ? (size_t)(at - value) : strlen(value);
	_cleanup_free_ char *name = memory_format_text("%.*s", (int)length, value);

	*ret = (struct span_function){ .file = at ? at + 1 : NULL };
	ret->is_at_return = text_ends_with(name, RETURN_SUFFIX);
	if (ret->is_at_return)
		length -= strlen(RETURN_SUFFIX);
	if (ret->is_at_return && !may_be_return)
		return error_with_hint(
			error_new(ERROR_USAGE, "%s: spans begin at an entry", option),
			"leave %s out", RETURN_SUFFIX);
	if (!length || (at && !at[1]))
		return error_with_hint(
			error_new(ERROR_USAGE, "%s: '%s' is no function", option, value),
			"FUNCTION, or FUNCTION@FILE for one of a library");
	ret->name = memory_format_text("%.*s", (int)length, value);
	return NULL;
}

static void add_file(struct span_search *search, char *path)
{
	for (size_t i = 0; i < search->files.count; i++) {
		if (strcmp(search->files.items[i], path) == 0) {
			free(path);
			return;
		}
	}
	string_vector_append(&search->files, path);
}

/** @p path of a process as we reach it: the same file may have another name here, or none. */
static char *path_from_here(uint32_t pid, const char *path)
{
	char *there = memory_format_text("/proc/%u/root%s", pid, path);
	struct stat here_status, there_status;

	if (stat(there, &there_status) != 0 || stat(path, &here_status) != 0 ||
	    here_status.st_dev != there_status.st_dev || here_status.st_ino != there_status.st_ino)
		return there;
	free(there);
	return memory_duplicate_text(path);
}

static struct error *add_mapped_file(void *context, const struct record *record)
{
	struct span_search *search = context;

	if (record->type == PERF_RECORD_MMAP2 && record->mapping.path[0] == '/' &&
	    record->mapping.inode)
		add_file(search, path_from_here(search->pid, record->mapping.path));
	return NULL;
}

/** The program of the command, or all that the processes have mapped. */
static struct error *list_files(struct span_search *search)
{
	char *program;

	if (search->command[0] && program_search(search->command[0], &program))
		add_file(search, program);
	for (size_t i = 0; i < search->target->pids.count + search->target->tids.count; i++) {
		const struct index_vector *pids = &search->target->pids;

		search->pid = i < pids->count ? pids->items[i]
					      : search->target->tids.items[i - pids->count];
		RETURN_IF_ERROR(proc_snapshot_read(search->pid, add_mapped_file, search));
	}
	return NULL;
}

static struct error *open_file(struct span_search *search, const char *path, struct object **ret)
{
	const struct object_identity identity = { .path = path };
	struct object *object = object_registry_find(search->registry, &identity);

	object_open(object, NULL);
	if (object->state != OBJECT_OPEN)
		return error_with_hint(
			error_new(ERROR_NOT_FOUND, "no functions can be found in %s: %s", path,
				  object->problem ? object->problem : "no program"),
			"FUNCTION@FILE says in which program or library it is, such as "
			"@/usr/bin/python3");
	*ret = object;
	return NULL;
}

/** Whether a file is one that may hold the function. */
static bool is_wanted(const struct span_function *function, const char *path)
{
	const char *slash = strrchr(path, '/');

	return !function->file || strcmp(slash ? slash + 1 : path, function->file) == 0;
}

/** The first of the files that has the function; the error of the first one if none has. */
static struct error *find_function(struct span_search *search, const struct span_function *function,
				   struct object **object_ret, struct found_function_vector *ret)
{
	struct error *first_error = NULL;

	if (function->file && strchr(function->file, '/')) {
		RETURN_IF_ERROR(open_file(search, function->file, object_ret));
		return function_search(*object_ret, function->name, ret);
	}
	for (size_t i = 0; i < search->files.count; i++) {
		struct error *error;

		if (!is_wanted(function, search->files.items[i]))
			continue;
		error = open_file(search, search->files.items[i], object_ret);
		if (!error)
			error = function_search(*object_ret, function->name, ret);
		if (!error || error->code != ERROR_NOT_FOUND) {
			error_destroy(first_error);
			return error;
		}
		if (first_error)
			error_destroy(error);
		else
			first_error = error;
	}
	if (first_error)
		return first_error;
	return error_with_hint(error_new(ERROR_USAGE, "in which file is '%s'?", function->name),
			       "FUNCTION@FILE with the path of a program or library");
}

static struct error *add_edge(struct run_spans *spans, const struct object *object,
			      uint64_t elf_address, bool is_end)
{
	uint64_t file_offset;

	if (!object_offset_of_elf_address(object, elf_address, &file_offset))
		return error_new(ERROR_FORMAT, "%s: no code at 0x%llx", object->path,
				 (unsigned long long)elf_address);
	if (spans->edges.count == SPAN_EDGES_MAX)
		return error_new(ERROR_USAGE, "--begin and --end come to more than %d places",
				 SPAN_EDGES_MAX);
	string_vector_append(&spans->paths, memory_duplicate_text(object->path));
	span_edge_vector_append(&spans->edges,
				(struct span_edge){
					.path = spans->paths.items[spans->paths.count - 1],
					.file_offset = file_offset,
					.is_end = is_end,
				});
	return NULL;
}

static bool is_inside(const struct found_function_vector *functions, uint64_t elf_address)
{
	for (size_t i = 0; i < functions->count; i++) {
		if (elf_address - functions->items[i].elf_address < functions->items[i].size_bytes)
			return true;
	}
	return false;
}

/** Where @p part of the function is left. */
static struct error *add_exits(struct run_spans *spans, const struct object *object,
			       const struct found_function_vector *functions,
			       const struct found_function *part)
{
	struct code_exit_vector exits = { 0 };
	struct bytes code = object_bytes_at(object, part->elf_address);
	struct error *error = NULL;

	code.size = MIN(code.size, (size_t)part->size_bytes);
	if (!object->architecture || !object->architecture->find_exits)
		error = error_new(ERROR_UNSUPPORTED,
				  "returns of functions are not found on this CPU");
	else if (!object->architecture->find_exits(code, part->elf_address, &exits))
		error = error_new(ERROR_UNSUPPORTED,
				  "%s: the code at 0x%llx cannot be followed to "
				  "its returns",
				  object->path, (unsigned long long)part->elf_address);
	for (size_t i = 0; i < exits.count && !error; i++) {
		/* From one part to another it is still the same call. */
		if (!is_inside(functions, exits.items[i].target))
			error = add_edge(spans, object, exits.items[i].address, /* is_end= */ true);
	}
	code_exit_vector_deinit(&exits);
	return error_with_hint(error, "name another function's entry as --end");
}

static struct error *add_edges(struct run_spans *spans, struct span_search *search,
			       const struct span_function *function, bool is_end)
{
	struct found_function_vector functions = { 0 };
	struct object *object = NULL;
	struct error *error = find_function(search, function, &object, &functions);
	size_t n_before = spans->edges.count;

	for (size_t i = 0; i < functions.count && !error; i++) {
		const struct found_function *found = &functions.items[i];

		if (function->is_at_return)
			error = add_exits(spans, object, &functions, found);
		else if (!found->is_part)
			error = add_edge(spans, object, found->elf_address, is_end);
	}
	if (!error && spans->edges.count == n_before)
		error = error_with_hint(
			error_new(ERROR_UNSUPPORTED, "'%s' never returns", function->name),
			"name another function's entry as --end");
	found_function_vector_deinit(&functions);
	return error;
}

static struct error *resolve(struct run_spans *spans, struct span_search *search,
			     struct span_function *begin, struct span_function *end)
{
	RETURN_IF_ERROR(parse_function("--begin", spans->begin, false, begin));
	if (spans->end)
		RETURN_IF_ERROR(parse_function("--end", spans->end, true, end));
	else
		*end = (struct span_function){ .name = memory_duplicate_text(begin->name),
					       .file = begin->file,
					       .is_at_return = true };
	spans->is_call = end->is_at_return && strcmp(begin->name, end->name) == 0;
	RETURN_IF_ERROR(list_files(search));
	RETURN_IF_ERROR(add_edges(spans, search, begin, /* is_end= */ false));
	return add_edges(spans, search, end, /* is_end= */ true);
}

struct error *run_spans_resolve(struct run_spans *spans, const struct run_target *target,
				char *const *command)
{
	struct span_search search = { .target = target, .command = command };
	struct span_function begin = { 0 }, end = { 0 };
	struct error *error;

	if (!spans->begin)
		return NULL;
	search.registry = object_registry_create(/* symfs_path= */ NULL);
	error = resolve(spans, &search, &begin, &end);
	string_vector_destroy_items(&search.files);
	object_registry_destroy(search.registry);
	free(begin.name);
	free(end.name);
	return error;
}

void run_spans_apply(const struct run_spans *spans, struct sampler_options *options)
{
	options->spans = (struct sampler_spans){
		.edges = spans->edges.items,
		.n_edges = spans->edges.count,
		.is_call = spans->is_call,
		.is_per_process = spans->is_per_process,
	};
}

void run_spans_deinit(struct run_spans *spans)
{
	span_edge_vector_deinit(&spans->edges);
	string_vector_destroy_items(&spans->paths);
	*spans = (struct run_spans){ 0 };
}
