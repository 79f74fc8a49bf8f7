#include "check/command_file_internal.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/** The first line of a script without its "#!", or NULL: no script. free() it. */
static char *read_interpreter(const char *path)
{
	char line[256] = "";
	FILE *file = fopen(path, "re");
	char *start;

	if (!file)
		return NULL;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	if (!text_begins_with(line, "#!"))
		return NULL;
	line[strcspn(line, "\r\n")] = '\0';
	start = line + 2 + strspn(line + 2, " \t");
	return memory_duplicate_text(start);
}

/** What is known of a command that is no ELF file. */
static void explain_unreadable(const struct command_file *file, struct check_result *ret)
{
	_cleanup_free_ char *interpreter = read_interpreter(file->object->path);

	ret->verdict = CHECK_NOTE;
	if (interpreter) {
		ret->fact = memory_format_text("%s is a script run by %s", file->name, interpreter);
		ret->loss = memory_format_text("the profile shows the interpreter's functions, not "
					       "those of the script");
	} else {
		ret->fact = memory_format_text("%s cannot be looked at: %s", file->name,
					       file->object->problem ? file->object->problem
								     : "no ELF file");
	}
}

bool command_file_open(struct command_file *file, const struct check_context *context,
		       struct check_result *ret)
{
	struct object_identity identity = { .path = context->command };
	const char *slash;

	*file = (struct command_file){ 0 };
	if (!context->command)
		return false;
	slash = strrchr(context->command, '/');
	file->name = slash ? slash + 1 : context->command;
	file->registry = object_registry_create(/* symfs_path= */ NULL);
	file->object = object_registry_find(file->registry, &identity);
	object_open(file->object, NULL);
	if (file->object->state == OBJECT_OPEN)
		return true;
	if (ret)
		explain_unreadable(file, ret);
	command_file_close(file);
	return false;
}

void command_file_close(struct command_file *file)
{
	object_registry_destroy(file->registry);
	*file = (struct command_file){ 0 };
}
