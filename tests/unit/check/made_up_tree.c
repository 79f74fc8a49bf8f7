#include "made_up_tree.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int made_up_tree_set_up(void **state)
{
	struct made_up_tree *tree = memory_allocate(1, sizeof(*tree));

	strcpy(tree->path, "/tmp/made_up_tree.XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	tree->proc_path = memory_format_text("%s/proc", tree->path);
	tree->sys_path = memory_format_text("%s/sys", tree->path);
	tree->context =
		(struct check_context){ .proc_path = tree->proc_path, .sys_path = tree->sys_path };
	*state = tree;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	return remove(path);
}

int made_up_tree_tear_down(void **state)
{
	struct made_up_tree *tree = *state;

	nftw(tree->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	check_result_deinit(&tree->result);
	free(tree->proc_path);
	free(tree->sys_path);
	free(tree);
	return 0;
}

void made_up_tree_write(void **state, const char *path, const char *content)
{
	struct made_up_tree *tree = *state;
	_cleanup_free_ char *full_path = memory_format_text("%s/%s", tree->path, path);
	FILE *file;

	for (char *slash = full_path + strlen(tree->path); (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(full_path, 0700);
		*slash = '/';
	}
	file = fopen(full_path, "we");
	assert_non_null(file);
	fputs(content, file);
	assert_int_equal(fclose(file), 0);
}

void made_up_tree_set_process(void **state, uint64_t capabilities, int seccomp_mode)
{
	_cleanup_free_ char *status =
		memory_format_text("Name:\tx\nCapPrm:\t0\nCapEff:\t%016" PRIx64
				   "\nSeccomp:\t%d\nSeccomp_filters:\t0\n",
				   capabilities, seccomp_mode);

	made_up_tree_write(state, "proc/self/status", status);
	made_up_tree_write(state, "proc/self/uid_map", "         0          0 4294967295\n");
}

const struct check_result *made_up_tree_run(void **state, const struct check *check)
{
	struct made_up_tree *tree = *state;

	check_result_deinit(&tree->result);
	return check->run(&tree->context, &tree->result) ? &tree->result : NULL;
}

static void assert_part(const char *what, const char *text, const char *part)
{
	if (!text != !part || (part && !strstr(text, part)))
		fail_msg("%s is \"%s\", not \"%s\"", what, text ? text : "(none)",
			 part ? part : "(none)");
}

void assert_result(const struct check_result *result, enum check_verdict verdict, const char *fact,
		   const char *loss, const char *mend)
{
	assert_non_null(result);
	assert_part("fact", result->fact, fact);
	assert_part("loss", result->loss, loss);
	assert_part("mend", result->mend, mend);
	assert_int_equal(result->verdict, verdict);
}
