#include "cli/disassembly.h"

#include "base/escape.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void disassembly_deinit(struct instruction_vector *instructions)
{
	for (size_t i = 0; i < instructions->count; i++)
		free(instructions->items[i].text);
	instruction_vector_deinit(instructions);
}

/** "  401136:<tab>push   %rbp" */
static void take_line(char *line, struct instruction_vector *ret)
{
	char *end, *text;
	uint64_t address = strtoull(line, &end, 16);

	line[strcspn(line, "\n")] = '\0';
	if (end == line || *end != ':' || !(text = strchr(end, '\t')))
		return;
	for (char *at = ++text; *at; at++) {
		if (*at == '\t')
			*at = ' ';
	}
	instruction_vector_append(
		ret, (struct instruction){ .elf_address = address, .text = escape_plain(text) });
}

static struct error *start_objdump(const char *objdump, char *const *arguments, int *pipe_ret,
				   pid_t *pid_ret)
{
	posix_spawn_file_actions_t actions;
	int ends[2], status;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_from_errno(errno, "cannot make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	status = posix_spawnp(pid_ret, objdump, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (status != 0) {
		close(ends[0]);
		return error_with_hint(error_from_errno(status, "cannot run %s", objdump),
				       "it is in the package binutils; --objdump names another");
	}
	*pipe_ret = ends[0];
	return NULL;
}

struct error *disassembly_read(const char *objdump, const char *path, uint64_t start_elf_address,
			       uint64_t end_elf_address, struct instruction_vector *ret)
{
	_cleanup_free_ char *start =
		memory_format_text("--start-address=0x%" PRIx64, start_elf_address);
	_cleanup_free_ char *stop =
		memory_format_text("--stop-address=0x%" PRIx64, end_elf_address);
	_cleanup_free_ char *name = memory_duplicate_text(objdump);
	_cleanup_free_ char *file_path = memory_duplicate_text(path);
	char *const arguments[] = { name,
				    (char[]){ "-d" },
				    (char[]){ "-C" },
				    (char[]){ "--no-show-raw-insn" },
				    start,
				    stop,
				    (char[]){ "--" },
				    file_path,
				    NULL };
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0;
	int descriptor = -1, status;
	pid_t pid = -1;
	FILE *file;

	RETURN_IF_ERROR(start_objdump(objdump, arguments, &descriptor, &pid));
	file = fdopen(descriptor, "r");
	while (file && getline(&line, &capacity, file) >= 0)
		take_line(line, ret);
	if (file)
		fclose(file);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ret->count == 0)
		return error_new(ERROR_FORMAT, "%s has no code at 0x%" PRIx64 " of %s", objdump,
				 start_elf_address, path);
	return NULL;
}
