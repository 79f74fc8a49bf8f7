#include "explain/rule_internal.h"

#include "base/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* share/rules/default.rules, put into the program by tools/embed. */
extern const char default_rules[];

struct rule_set *rule_set_create(void)
{
	return memory_allocate(1, sizeof(struct rule_set));
}

void rule_set_destroy(struct rule_set *rules)
{
	if (!rules)
		return;
	rule_entry_vector_deinit(&rules->entries);
	arena_deinit(&rules->arena);
	free(rules);
}

size_t rule_set_count(const struct rule_set *rules)
{
	return rules->entries.count;
}

struct error *rule_set_read_default(struct rule_set *rules)
{
	return rule_set_parse(rules, "default.rules", default_rules);
}

static void file_cleanup(FILE **file)
{
	if (*file)
		fclose(*file);
}

struct error *rule_set_read(struct rule_set *rules, const char *path)
{
	CLEANUP(file_cleanup) FILE *file = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length;

	RETURN_IF_ERROR(error_wrap(trusted_file_open(path, &file), "rule file"));
	text = memory_allocate(1, RULE_FILE_SIZE_MAX_BYTES + 2);
	length = fread(text, 1, RULE_FILE_SIZE_MAX_BYTES + 1, file);
	if (ferror(file))
		return error_from_errno(errno, "rule file %s", path);
	if (length > RULE_FILE_SIZE_MAX_BYTES)
		return error_new(ERROR_FORMAT, "rule file %s: larger than %d bytes", path,
				 RULE_FILE_SIZE_MAX_BYTES);
	if (strlen(text) != length)
		return error_with_hint(
			error_new(ERROR_FORMAT, "rule file %s: holds a NUL byte", path),
			"a rule file is plain text");
	return rule_set_parse(rules, path, text);
}
