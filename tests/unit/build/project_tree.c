#include "../base/cmocka_headers.h"

#include "project_tree.h"

#include "build/paths.h"

#include <ftw.h>
#include <stdio.h>

char *project_tree_create(void)
{
	char *path = memory_duplicate_text("/tmp/project tree.XXXXXX");

	assert_non_null(mkdtemp(path));
	return path;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	return remove(path);
}

void project_tree_remove(const char *path)
{
	assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void project_tree_write(const char *tree_path, const char *name, const char *text)
{
	_cleanup_free_ char *path = path_join(tree_path, name);
	_cleanup_free_ char *folder = path_parent(path);
	FILE *file;

	assert_null(path_make_folders(folder));
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

bool project_tree_has(const char *tree_path, const char *name, const char *text)
{
	_cleanup_free_ char *present = path_read_text(tree_path, name);

	return present && strcmp(present, text) == 0;
}

struct build_plan *project_tree_plan(const char *tree_path, const char *program,
				     char *const *environment)
{
	const struct build_request request = { .program = program,
					       .folder_path = tree_path,
					       .cache_path = "/tmp/project-tree-cache",
					       .environment = environment };
	struct build_project project;
	struct build_plan *plan;

	assert_null(build_recognize(&request, &project));
	assert_null(build_plan_create(&request, &project, &plan));
	build_project_deinit(&project);
	return plan;
}

char *project_tree_words(const struct build_step *step)
{
	char *text = memory_duplicate_text("");

	for (size_t i = 0; i < step->argv.count; i++) {
		char *longer = memory_format_text("%s%s ", text, step->argv.items[i]);

		free(text);
		text = longer;
	}
	return text;
}
