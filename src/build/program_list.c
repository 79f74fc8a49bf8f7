#include "build/program_list_internal.h"

#include "base/bytes.h"
#include "base/text_stream.h"
#include "build/paths.h"

#include <elf.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTED_PROGRAMS_MAX 8

/** System V ABI, ELF header: identification, then the type. Shared libraries have ".so" names. */
static bool is_program(const char *path, const struct stat *status)
{
	unsigned char header[EI_NIDENT + 2];
	FILE *file;
	size_t size;

	if (!S_ISREG(status->st_mode) || !(status->st_mode & S_IXUSR) ||
	    strstr(path_name(path), ".so"))
		return false;
	file = fopen(path, "re");
	if (!file)
		return false;
	size = fread(header, 1, sizeof(header), file);
	fclose(file);
	if (size != sizeof(header) || memcmp(header, ELFMAG, SELFMAG) != 0)
		return false;
	unsigned int type = header[EI_DATA] == ELFDATA2MSB
				    ? header[EI_NIDENT] << 8 | header[EI_NIDENT + 1]
				    : header[EI_NIDENT] | header[EI_NIDENT + 1] << 8;

	return type == ET_EXEC || type == ET_DYN;
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

void program_list_find(const char *folder_path, struct text_vector *paths_ret)
{
	char *roots[] = { (char *)folder_path, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, compare_names);
	FTSENT *entry;

	while (walk && (entry = fts_read(walk))) {
		/* Programs that CMake and Meson try the compilers with. */
		if (entry->fts_info == FTS_D && (strcmp(entry->fts_name, "CMakeFiles") == 0 ||
						 strcmp(entry->fts_name, "meson-private") == 0))
			fts_set(walk, entry, FTS_SKIP);
		else if (entry->fts_info == FTS_F && is_program(entry->fts_path, entry->fts_statp))
			text_vector_append_copy(paths_ret, entry->fts_path);
	}
	if (walk)
		fts_close(walk);
}

/** "a, b, c and 4 more" */
static char *name_programs(const struct text_vector *found)
{
	char *text = NULL;
	size_t size_bytes = 0;
	FILE *file = text_stream_open(&text, &size_bytes);

	for (size_t i = 0; i < MIN(found->count, (size_t)LISTED_PROGRAMS_MAX); i++)
		fprintf(file, "%s%s", i ? ", " : "", path_name(found->items[i]));
	if (found->count > LISTED_PROGRAMS_MAX)
		fprintf(file, " and %zu more", found->count - LISTED_PROGRAMS_MAX);
	text_stream_close(file, &text);
	return text;
}

/** The path that is @p path, else the one nearest to the top that has the name; NULL: none. */
static const char *find_program(const struct text_vector *found, const char *name, const char *path)
{
	const char *best = NULL;

	for (size_t i = 0; i < found->count; i++) {
		const char *candidate = found->items[i];

		if (path && strcmp(candidate, path) == 0)
			return candidate;
		if (strcmp(path_name(candidate), name) == 0 &&
		    (!best || strlen(candidate) < strlen(best)))
			best = candidate;
	}
	return best;
}

struct error *program_list_choose(const struct build_plan *plan, const struct text_vector *found,
				  struct text_vector *paths_ret)
{
	_cleanup_free_ char *names = NULL;
	const char *program;

	if (found->count == 0)
		return error_new(ERROR_NOT_FOUND, "the build made no program");
	if (!plan->wanted_name) {
		for (size_t i = 0; i < found->count; i++)
			text_vector_append_copy(paths_ret, found->items[i]);
		return NULL;
	}
	program = find_program(found, plan->wanted_name, plan->wanted_path);
	if (program) {
		text_vector_append_copy(paths_ret, program);
		return NULL;
	}
	names = name_programs(found);
	return error_with_hint(error_new(ERROR_NOT_FOUND, "the build made no program called '%s'",
					 plan->wanted_name),
			       "it made: %s", names);
}
